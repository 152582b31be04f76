/** A Rollout's world before an action, for tests. */
import { HASH_LABEL } from "../../../schema/labels.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { AskBalancer } from "./askBalancer.ts";
import type { CallStepPlugin } from "./callStepPlugin.ts";
import type { AnalysisRunFacts, ExperimentFacts, ReplicaSetFacts, World } from "../model/model.ts";

export const rollout: Rollout = {
  metadata: { name: "web", namespace: "shop", uid: "r", resourceVersion: "7", generation: 1 },
  spec: { replicas: 3 },
};

export const set: ReplicaSetFacts = {
  namespace: "shop",
  name: "web-1",
  uid: "1",
  resourceVersion: "5",
  labels: { [HASH_LABEL]: "1" },
  annotations: { old: "yes" },
  controllerUid: "r",
  selector: "app=web",
  createdAt: 0,
  deleting: false,
  observed: true,
  minReadySeconds: 0,
  replicas: 3,
  status: { replicas: 3, readyReplicas: 3, availableReplicas: 3 },
  templateDigest: "d1",
};

export const run: AnalysisRunFacts = {
  name: "web-1-1",
  uid: "a",
  labels: {},
  createdAt: 0,
  deleting: false,
  phase: "Running",
  message: "",
  terminated: false,
  measured: true,
  generations: "AnalysisTemplate/errors:1",
  spec: { metrics: [] },
};

export const experiment: ExperimentFacts = {
  name: "web-1-1-0",
  uid: "e",
  labels: {},
  createdAt: 0,
  deleting: false,
  phase: "Running",
  message: "",
  terminated: false,
  templates: [],
  outline: {},
};

export const world: World = {
  rollout,
  replicaSets: [set],
  analysisRuns: [run],
  experiments: [experiment],
  services: new Map([["active", { name: "active", resourceVersion: "2", selector: { app: "web" }, annotations: {} }]]),
};

export const basis = { now: 5_000, snapshot: { templateDigest: "d2" } };
export const rs = { name: "web-1", uid: "1", resourceVersion: "5" };
export const manifest = {
  metadata: { name: "web-2", namespace: "shop", creationTimestamp: undefined, labels: { [HASH_LABEL]: "2" } },
  spec: { replicas: 1, selector: { matchLabels: { app: "web" } } },
};
export const ask: CallStepPlugin = {
  kind: "callStepPlugin",
  op: "run",
  index: 1,
  plugin: "acme/load",
  key: "u/h/1/Run//0",
  config: undefined,
  status: undefined,
};
export const question: AskBalancer = {
  kind: "askBalancer",
  inquiry: { kind: "targets", key: "targets/active/2/9", service: "active", podPrefix: "web-2-" },
};
