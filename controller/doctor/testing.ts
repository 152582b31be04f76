/** A healthy cluster, for tests that break one thing of it. */
import type { Json } from "../../kube/object/json.ts";
import { crds } from "../../schema/crd.ts";
import { type CheckName, examined } from "./checks.ts";
import type { ControllerLease, DoctorFacts, InstalledController, WebhookFacts } from "./facts/facts.ts";
import { lockOf, olderLockOf } from "../../schema/locks.ts";
import { known } from "./facts/finding.ts";

export const NOW = Date.UTC(2026, 0, 1);
export const DAY = 86_400_000;
const HOLDER = "sluice_pod-1_a";

export const unknown = { kind: "unknown", why: "Cannot list: HTTP 403 Forbidden: not for you." } as const;

/** As a Sluice holds it. */
export const lease = (more: Partial<ControllerLease> = {}): ControllerLease => {
  const { namespace = "argo-rollouts", instanceId = "", isOlder = false } = more;
  const name = isOlder ? olderLockOf(instanceId) : lockOf(instanceId);
  const renewed = { holder: HOLDER, renewedMs: NOW - 1_000, durationMs: 15_000 };
  return { namespace, name, isOlder, instanceId, ...renewed, ...more };
};

export const controller = (more: Partial<InstalledController> = {}): InstalledController => ({
  program: "Sluice",
  namespace: "argo-rollouts",
  name: "sluice",
  instanceId: "",
  watches: undefined,
  electsLeader: true,
  isEdge: false,
  servesWebhook: true,
  rewritesDeployments: false,
  wanted: 1,
  ready: 1,
  ...more,
});

export const hook = (more: Partial<WebhookFacts> = {}): WebhookFacts => ({
  configuration: "sluice",
  instanceId: "",
  failurePolicy: "Ignore",
  service: { namespace: "argo-rollouts", name: "sluice-webhook" },
  readyEndpoints: known(1),
  authorities: [{ notBeforeMs: NOW - 1_000, notAfterMs: NOW + 300 * DAY }],
  reached: known({ kind: "reached" }),
  wrongRollout: known({ kind: "refused" }),
  ...more,
});

export const rollout = (
  name: string,
  more: { readonly metadata?: Json; readonly status?: Json; readonly spec?: Json } = {},
): Json => ({
  kind: "Rollout",
  metadata: {
    namespace: "shop",
    name,
    generation: 2,
    creationTimestamp: new Date(NOW - 3_600_000).toISOString(),
    ...more.metadata,
  },
  spec: more.spec ?? {},
  status: more.status ?? { observedGeneration: "2" },
});

export const definitions: readonly Json[] = crds.map((crd) => ({
  ...(structuredClone(crd) as unknown as Json),
  status: { conditions: [{ type: "Established", status: "True" }], storedVersions: ["v1alpha1"] },
}));

export const facts = (more: Partial<DoctorFacts> = {}): DoctorFacts => ({
  nowMs: NOW,
  controllerNamespace: "argo-rollouts",
  version: known("v1.36.3"),
  serverClock: known({ serverMs: NOW - 500, askedMs: NOW - 20, answeredMs: NOW }),
  definitions: known(definitions),
  controllers: known([controller()]),
  leases: known([lease()]),
  rights: known([]),
  webhooks: known([hook()]),
  mutating: known([]),
  rollouts: known([rollout("web")]),
  judged: [],
  unjudged: [],
  stranded: [],
  routed: [],
  plugins: {
    kind: "read",
    lists: { metricProviderPlugins: new Map(), stepPlugins: new Map(), trafficRouterPlugins: new Map() },
  },
  templates: [],
  secrets: [],
  silences: undefined,
  ...more,
});

/** What one check says of a cluster that is healthy but for this: `error: ABOUT: WHAT`. */
export const said = (check: CheckName, broken: Partial<DoctorFacts>): readonly string[] =>
  examined(facts(broken))
    .filter((each) => each.check === check)
    .map(({ severity, about, what }) => `${severity}: ${about}: ${what}`);

/** Without what is well. */
export const wrong = (check: CheckName, broken: Partial<DoctorFacts>): readonly string[] =>
  said(check, broken).filter((line) => !line.startsWith("info: "));
