/** Made-up Rollouts for pages to show: everything that a page has to cope with, without a cluster. */
import type { Card, May, Session } from "../../dashboard/model.ts";

export const ago = (seconds: number): string =>
  new Date(Date.now() - seconds * 1_000).toISOString().replace(/\.\d+/, "");

export const ALL: May = {
  promote: true,
  "promote-full": true,
  abort: true,
  retry: true,
  restart: true,
  undo: true,
  "set-image": true,
  pause: true,
  resume: true,
  "terminate-run": true,
  "terminate-experiment": true,
  "retry-experiment": true,
};

export const session: Session = {
  user: { name: "mira@example.com", groups: ["team:shop"] },
  how: "token",
  logins: ["token", "oidc"],
  readOnly: false,
  csrf: "csrf-of-this-session",
  version: "1.2.3",
  namespaces: ["checkout", "payments", "search", "shop"],
  namespace: "",
  allNamespaces: true,
  cluster: "staging",
};

const pods = (desired: number, available = desired): Card["pods"] => ({
  desired,
  current: desired,
  updated: desired,
  ready: available,
  available,
});

export const card = (namespace: string, name: string, more: Partial<Card> = {}): Card => ({
  namespace,
  name,
  uid: `${namespace}-${name}`,
  labels: { app: name, team: namespace },
  phase: "Healthy",
  icon: "✔",
  message: "",
  needsAttention: false,
  strategy: "Canary",
  step: 6,
  steps: 6,
  stepText: "",
  setWeight: 100,
  actualWeight: 100,
  fullWeight: 100,
  pods: pods(5),
  images: [`registry.example.com/${namespace}/${name}:2.14.0`],
  revision: 7,
  sentence: `Rollout "${name}" serves revision 7 with all its pods.`,
  createdAt: ago(86_400 * 20),
  ...more,
});

export const paused = card("shop", "web", {
  phase: "Paused",
  icon: "॥",
  message: "CanaryPauseStep",
  step: 3,
  stepText: "pause: 10m",
  setWeight: 40,
  actualWeight: 40,
  pods: pods(10),
  images: ["registry.example.com/shop/web:2.15.0"],
  revision: 12,
  sentence: 'Rollout "web" is paused at step 4/6 (pause: 10m) until 12:10:00Z (in 7m12s).',
});

export const degraded = card("payments", "ledger-api", {
  phase: "Degraded",
  icon: "✖",
  needsAttention: true,
  step: 0,
  message: "RolloutAborted: Rollout aborted update to revision 31",
  setWeight: 0,
  actualWeight: 0,
  pods: pods(6, 5),
  revision: 31,
  sentence: 'Rollout "ledger-api" is aborted: metric "success-rate" failed 3 times, more than its failureLimit of 2.',
});

const progressing = card("search", "indexer", {
  phase: "Progressing",
  icon: "◌",
  step: 1,
  stepText: "set weight 20",
  setWeight: 20,
  actualWeight: 12,
  pods: pods(8, 7),
  sentence: 'Rollout "indexer" waits for 1 pod of revision 8 to become available.',
});

const blueGreen = card("checkout", "cart", {
  strategy: "BlueGreen",
  steps: 0,
  phase: "Paused",
  needsAttention: true,
  message: "BlueGreenPause",
  sentence: 'Rollout "cart" waits for a person to promote revision 9: autoPromotionEnabled is false.',
});

export const few: readonly Card[] = [
  blueGreen,
  card("checkout", "receipts"),
  degraded,
  card("payments", "fraud-scoring", {
    images: ["registry.example.com/payments/fraud:4.2.0", "envoyproxy/envoy:v1.33"],
  }),
  progressing,
  card("search", "suggest"),
  card("shop", "api-gateway-with-a-rather-long-name-that-has-to-be-cut"),
  card("shop", "images"),
  paused,
];

const PHASES = ["Healthy", "Healthy", "Healthy", "Progressing", "Healthy", "Paused", "Healthy", "Healthy", "Degraded"];

/** `team-01/service-0001` and so on. */
export const many = (count: number): readonly Card[] =>
  Array.from({ length: count }, (_, index) => {
    const phase = PHASES[index % PHASES.length] ?? "Healthy";
    const isUnderWay = phase !== "Healthy";
    return card(
      `team-${String(Math.floor(index / 50)).padStart(2, "0")}`,
      `service-${String(index).padStart(4, "0")}`,
      {
        phase,
        needsAttention: phase === "Degraded",
        ...(isUnderWay && { step: index % 6, stepText: "pause: 10m", actualWeight: (index % 6) * 20 }),
      },
    );
  });
