import { describe, expect, test } from "bun:test";
import type { AnalysisRun } from "../../schema/analysis.ts";
import type { Experiment } from "../../schema/experiment.ts";
import type { ReplicaSet } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { Owned } from "./owned.ts";
import { rolloutInfo } from "./rollout.ts";

const meta = (name: string, annotations: Readonly<Record<string, string>> = {}) => ({
  name,
  namespace: "shop",
  uid: name,
  creationTimestamp: "2026-01-01T00:00:00Z",
  annotations,
});
const template = {
  spec: { containers: [{ name: "c", image: "reg/app:2" }], initContainers: [{ name: "i", image: "i" }] },
};
const rollout = (spec: object = {}, status: Rollout["status"] = {}): Rollout => ({
  metadata: meta("web"),
  spec: { template, ...spec },
  status,
});

const nobody: Owned = { replicaSets: () => [], pods: () => [], experiments: () => [], analysisRuns: () => [] };

const replicaSet = (name: string, hash: string, available: number): ReplicaSet => ({
  metadata: {
    ...meta(name, { "rollout.argoproj.io/revision": "3" }),
    labels: { "rollouts-pod-template-hash": hash },
    generation: 1,
  },
  spec: { replicas: available, selector: {}, template },
  status: { replicas: available, availableReplicas: available, observedGeneration: 1 },
});

const run: AnalysisRun = {
  metadata: meta("run"),
  spec: {
    metrics: [
      { name: "m", provider: {}, successCondition: "result < 1", count: 3, failureLimit: 2, inconclusiveLimit: "4" },
    ],
  },
  status: {
    phase: "Running",
    metricResults: [
      {
        name: "m",
        phase: "Running",
        successful: 1,
        measurements: [
          { phase: "Successful", value: "0.5", startedAt: "2026-01-01T00:00:01Z" },
          { phase: "Running", metadata: { "job-name": "j" } },
          { phase: "Running", metadata: { other: "x" } },
        ],
      },
    ],
  },
};

const experiment: Experiment = { metadata: meta("trial"), spec: { templates: [] }, status: { phase: "Running" } };

const owned: Owned = {
  replicaSets: (owner) => (owner === "web" ? [replicaSet("new", "n", 1), replicaSet("old", "o", 3)] : []),
  pods: (owner) => (owner === "new" ? [{ metadata: meta("pod") }] : []),
  experiments: () => [experiment],
  analysisRuns: (owner) => (owner === "web" ? [run] : []),
};

const members = (object: object | undefined): string =>
  Object.keys(object ?? {})
    .toSorted()
    .join(" ");

test("all objects have the members of the dashboard's API, by the same names", () => {
  const info = rolloutInfo(rollout(), owned);
  const [first] = info.replicaSets;
  const [analysis] = info.analysisRuns;
  expect([
    members(first),
    members(first?.pods[0]),
    members(info.experiments[0]),
    members(analysis),
    members(analysis?.jobs[0]),
    members(analysis?.nonJobInfo[0]),
    members(analysis?.metrics[0]),
  ]).toEqual([
    "active available canary icon images initContainerImages objectMeta ping pods pong preview replicas revision scaleDownDeadline stable status template",
    "icon objectMeta ready restarts status",
    "analysisRuns icon message objectMeta replicaSets revision status",
    "error failed icon inconclusive jobs metrics nonJobInfo objectMeta revision specAndStatus status successful",
    "icon metricName objectMeta startedAt status",
    "metricName startedAt status value",
    "count failureLimit inconclusiveLimit name successCondition",
  ]);
});

test("measurements are a Job's, nobody's, or something else's, which is not shown", () => {
  const [info] = rolloutInfo(rollout(), owned).analysisRuns;
  expect(info?.jobs.map(({ objectMeta }) => objectMeta.name)).toEqual(["j"]);
  expect(info?.nonJobInfo).toEqual([
    { value: "0.5", status: "Successful", metricName: "m", startedAt: "2026-01-01T00:00:01Z" },
  ]);
  expect(info?.metrics).toEqual([
    { name: "m", successCondition: "result < 1", count: 3, failureLimit: 2, inconclusiveLimit: 0 },
  ]);
});

describe("the actual weight", () => {
  const steps = [{ setWeight: 20 }, { pause: {} }];
  const at = { currentStepIndex: 1, currentPodHash: "n", stableRS: "o", availableReplicas: 4 };
  const trafficRouting = { nginx: { stableIngress: "web" } };
  const weights = (weight: number) => ({
    canary: { weights: { canary: { weight }, stable: { weight: 100 - weight } } },
  });
  test.each([
    ["the canary's share of the pods", { steps }, at, "25"],
    ["nothing without a canary", { steps }, { ...at, currentPodHash: "other" }, "0"],
    ["nothing without an available pod", { steps }, { ...at, availableReplicas: 0 }, "0"],
    ["all after the last step", { steps }, { ...at, currentStepIndex: 2 }, "100"],
    ["all without steps", {}, at, "100"],
    ["what the router was told", { steps, trafficRouting }, { ...at, ...weights(15) }, "15"],
    ["what the steps ask for, until a router was told", { steps, trafficRouting }, at, "20"],
    ["all of a router's own scale", { trafficRouting: { ...trafficRouting, maxTrafficWeight: 1000 } }, at, "1000"],
  ])("is %s", (_, canary, status, weight) => {
    expect(rolloutInfo(rollout({ strategy: { canary } }, status), owned).actualWeight).toBe(weight);
  });

  test("is none for blue-green", () => {
    const info = rolloutInfo(rollout({ strategy: { blueGreen: { activeService: "a" } } }), owned);
    expect([info.strategy, info.setWeight, info.actualWeight, info.step]).toEqual(["BlueGreen", "", "", ""]);
  });
});

test("times of a restart are as Go prints them", () => {
  expect(rolloutInfo(rollout(), nobody).restartedAt).toBe("Never");
  expect(rolloutInfo(rollout({}, { restartedAt: "2026-01-02T03:04:05Z" }), nobody).restartedAt).toBe(
    "2026-01-02 03:04:05 +0000 UTC",
  );
});

test("containers are those of the workload that it refers to", () => {
  const { containers, initContainers } = rolloutInfo(rollout(), nobody);
  expect({ containers, initContainers }).toEqual({
    containers: [{ name: "c", image: "reg/app:2" }],
    initContainers: [{ name: "i", image: "i" }],
  });
  const workload = { metadata: meta("d"), spec: { template: { spec: { containers: [{ name: "d", image: "x" }] } } } };
  expect(rolloutInfo(rollout({ template: undefined }), nobody, workload).containers).toEqual([
    { name: "d", image: "x" },
  ]);
});
