/** One made-up Rollout with all that may belong to one. */
import type { Detail, ExperimentView, MetricView, RevisionView, RunView } from "../../dashboard/model.ts";
import type { PodInfo } from "../../controller/view/info.ts";
import { ago, ALL, paused } from "./cards.ts";

const meta = (name: string, seconds: number) => ({
  name,
  namespace: "shop",
  uid: name,
  creationTimestamp: ago(seconds),
});

const pod = (name: string, status = "Running", ready = "2/2", restarts = 0): PodInfo => ({
  objectMeta: meta(name, 600),
  status,
  icon: "✔",
  ready,
  restarts,
});

function revision(
  number: number,
  hash: string,
  pods: readonly PodInfo[],
  more: Partial<RevisionView> = {},
): RevisionView {
  const images = [`registry.example.com/shop/web:2.${number + 3}.0`];
  return {
    revision: number,
    tags: [],
    images,
    pods,
    runs: [],
    experiments: [],
    ...more,
    replicaSet: {
      objectMeta: meta(`web-${hash}`, number === 12 ? 900 : 86_400 * (13 - number)),
      status: "Healthy",
      icon: "✔",
      revision: number,
      stable: number === 11,
      canary: number === 12,
      active: false,
      preview: false,
      ping: false,
      pong: false,
      replicas: pods.length,
      available: pods.filter(({ status }) => status === "Running").length,
      template: "",
      scaleDownDeadline: "",
      images,
      initContainerImages: [],
      pods,
    },
  };
}

const measured = [0.991, 0.987, 0.993, 0.962, 0.981, 0.944, 0.986];

export const successRate: MetricView = {
  name: "success-rate",
  provider: "prometheus",
  query: 'sum(rate(http_requests_total{app="web",code!~"5.."}[1m])) / sum(rate(http_requests_total{app="web"}[1m]))',
  phase: "Running",
  dryRun: false,
  message: "",
  successCondition: "result[0] >= 0.95",
  failureCondition: "result[0] < 0.9",
  lines: [
    { of: "success", name: "0", op: ">=", value: 0.95 },
    { of: "failure", name: "0", op: "<", value: 0.9 },
  ],
  interval: "1m",
  count: 10,
  taken: measured.length,
  successful: 6,
  failed: 0,
  failureLimit: 2,
  inconclusive: 1,
  inconclusiveLimit: 3,
  errors: 0,
  consecutiveErrors: 0,
  errorLimit: 4,
  nextAt: ago(-42),
  measurements: measured.map((value, index) => ({
    startedAt: ago((measured.length - index) * 60),
    finishedAt: ago((measured.length - index) * 60),
    phase: value < 0.95 ? "Inconclusive" : "Successful",
    value: `[${value}]`,
    numbers: { "0": value },
    message: "",
    metadata: {},
  })),
};

const words: MetricView = {
  ...successRate,
  name: "smoke-test",
  provider: "job",
  query: "",
  phase: "Successful",
  successCondition: "",
  failureCondition: "",
  lines: [],
  count: 1,
  taken: 1,
  successful: 1,
  inconclusive: 0,
  failureLimit: 0,
  measurements: [
    {
      startedAt: ago(400),
      finishedAt: ago(380),
      phase: "Successful",
      value: "",
      numbers: {},
      message: "",
      metadata: { "job-name": "web-7-smoke-test-1" },
    },
  ],
};

const said = (name: string, sentence: string): RunView["explanation"] => ({
  name,
  namespace: "shop",
  standing: "waiting",
  reason: "Moving",
  sentence,
  facts: [],
  goesOnWhen: ["metric success-rate has been measured 3 more times"],
  commands: [],
});

export const run = (name: string, phase: string, revisionNumber: number): RunView => ({
  namespace: "shop",
  name,
  revision: revisionNumber,
  phase,
  icon: "◌",
  message: phase === "Failed" ? 'Metric "success-rate" assessed Failed due to failed (3) > failureLimit (2)' : "",
  role: "background",
  owner: "Rollout/web",
  startedAt: ago(480),
  completedAt: "",
  args: [{ name: "service", value: "web-canary.shop.svc" }],
  metrics: [successRate, words],
  sentence: `7 of 10 measurements of success-rate are taken: 6 succeeded, 1 says neither.`,
  explanation: said(name, "It measures."),
  info: {
    objectMeta: meta(name, 480),
    icon: "◌",
    revision: revisionNumber,
    status: phase,
    successful: 7,
    failed: 0,
    inconclusive: 1,
    error: 0,
    jobs: [],
    nonJobInfo: [],
    metrics: [],
  },
  may: ALL,
});

export const experiment: ExperimentView = {
  namespace: "shop",
  name: "web-12-1",
  revision: 12,
  phase: "Running",
  icon: "◌",
  message: "",
  owner: "Rollout/web",
  startedAt: ago(300),
  duration: "30m",
  templates: [
    { name: "baseline", phase: "Running", message: "", replicas: 1, available: 1, weight: 5 },
    { name: "canary", phase: "Progressing", message: "", replicas: 1, available: 0, weight: 5 },
  ],
  runs: [run("web-12-1-rate", "Running", 12)],
  sentence: "Two versions run for 30m, of which 25m are left.",
  explanation: said("web-12-1", "It runs."),
  info: {
    objectMeta: meta("web-12-1", 300),
    icon: "◌",
    revision: 12,
    status: "Running",
    message: "",
    replicaSets: [],
  },
  may: ALL,
};

const STEPS = ["set weight 20", "pause: 5m", "set weight 40", "pause: 10m", "analysis success-rate", "set weight 80"];

const newPods = ["x2k9p", "m4vzt", "q8d7n", "bb5lw"].map((end) => pod(`web-6d4f9c7b8-${end}`));
const oldPods = ["a1", "b2", "c3", "d4", "e5", "f6"].map((end) =>
  pod(`web-59c8b7f64-${end}xyz`, "Running", "2/2", end === "c3" ? 2 : 0),
);

export const detail: Detail = {
  card: paused,
  steps: STEPS.map((text, index) => ({
    index,
    kind: text.split(/[ :]/)[0] ?? "",
    text,
    state: index < 3 ? "done" : index === 3 ? "current" : "ahead",
    weight: [20, 20, 40, 40, 40, 80][index] ?? 0,
    ...(index === 3 && { until: ago(-432), why: "7m12s of its 10m are left" }),
  })),
  explanation: {
    name: "web",
    namespace: "shop",
    standing: "waiting",
    reason: "CanaryPauseStep",
    sentence: 'Rollout "web" is paused at step 4/6 (pause: 10m): revision 12 gets 40% of the requests.',
    since: ago(168),
    until: ago(-432),
    facts: [
      { about: "gate", text: "CanaryPauseStep" },
      { about: "weights", text: "canary 40, stable 60, verified" },
    ],
    goesOnWhen: ["10m have passed", "somebody promotes it"],
    commands: [{ command: "sluice promote web -n shop", does: "goes on with step 5" }],
  },
  revisions: [
    revision(12, "6d4f9c7b8", newPods, { tags: ["canary"], runs: ["web-12-success"], experiments: ["web-12-1"] }),
    revision(11, "59c8b7f64", oldPods, { tags: ["stable"], runs: ["web-11-success"] }),
    revision(10, "7c9dd5f6c", []),
    revision(9, "84b6c9d7f", [], { notUndoable: "its ReplicaSet has another selector" }),
  ],
  traffic: {
    fullWeight: 100,
    stable: { hash: "59c8b7f64", service: "web-stable", weight: 60 },
    canary: { hash: "6d4f9c7b8", service: "web-canary", weight: 40 },
    additional: [],
    wanted: 40,
    verified: true,
    routers: ["nginx"],
  },
  runs: [run("web-12-success", "Running", 12), run("web-11-success", "Successful", 11)],
  experiments: [experiment],
  conditions: [
    {
      type: "Available",
      status: "True",
      reason: "AvailableReason",
      message: "Rollout has minimum availability",
      changedAt: ago(86_400),
    },
    {
      type: "Progressing",
      status: "Unknown",
      reason: "RolloutPaused",
      message: "Rollout is paused",
      changedAt: ago(168),
    },
  ],
  events: [
    {
      type: "Normal",
      reason: "RolloutPaused",
      message: "Rollout is paused (CanaryPauseStep)",
      count: 1,
      at: ago(168),
      about: "Rollout/web",
    },
    {
      type: "Normal",
      reason: "RolloutStepCompleted",
      message: "Rollout step 3/6 completed (setWeight: 40)",
      count: 1,
      at: ago(170),
      about: "Rollout/web",
    },
    {
      type: "Warning",
      reason: "MetricInconclusive",
      message: 'Metric "success-rate": 0.944 is neither success nor failure',
      count: 1,
      at: ago(240),
      about: "AnalysisRun/web-12-success",
    },
  ],
  containers: [
    { name: "web", image: "registry.example.com/shop/web:2.15.0" },
    { name: "proxy", image: "envoyproxy/envoy:v1.33.0" },
  ],
  initContainers: [{ name: "migrate", image: "registry.example.com/shop/migrate:2.15.0" }],
  workload: "",
  restartedAt: "",
  may: ALL,
  troubles: [],
};
