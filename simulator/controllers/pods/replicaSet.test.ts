import { expect, test } from "bun:test";
import { namespace, refusing, stage, startMs, workload } from "../../../test/contract/stage.ts";
import { StatusError } from "../../model/statusError.ts";
import type { DeploymentStatus, Pod, ReplicaSet } from "../loop/objects.ts";
import { decideReplicaSet } from "./replicaSet.ts";

const quota = (): Error => new StatusError(403, "Forbidden", 'pods "web-x" is forbidden: exceeded quota: few');

test("pods that cannot be created are told of in a condition and in events, and created when there is room", () => {
  let isFull = true;
  const refused = refusing("pods", () => isFull, quota);
  const { create, pass, get, events } = stage({ through: refused });
  create("replicasets.apps", workload("web", 2));
  pass(0.001);
  expect(get("replicasets.apps", "web")?.status).toEqual({
    replicas: 0,
    observedGeneration: 1,
    terminatingReplicas: 0,
    conditions: [
      {
        type: "ReplicaFailure",
        status: "True",
        reason: "FailedCreate",
        message: 'pods "web-x" is forbidden: exceeded quota: few',
        lastTransitionTime: "2030-01-01T00:00:00Z",
      },
    ],
  });
  expect(events("web")).toEqual(['FailedCreate "Error creating: pods "web-x" is forbidden: exceeded quota: few" ×2']);
  pass(1);
  isFull = false;
  pass(60);
  expect(get("replicasets.apps", "web")?.status).toMatchObject({ replicas: 2, availableReplicas: 2 });
  expect(get("replicasets.apps", "web")?.status).not.toHaveProperty("conditions");
});

test("a Deployment passes the failure of its ReplicaSet on", () => {
  const { create, pass, get } = stage({ through: refusing("pods", () => true, quota) });
  create("deployments.apps", workload("web", 2));
  pass(1);
  const status = get("deployments.apps", "web")?.["status"] as DeploymentStatus | undefined;
  expect(status?.unavailableReplicas).toBe(2);
  expect(status?.conditions?.map(({ type, reason }) => `${type} ${reason}`)).toContain("ReplicaFailure FailedCreate");
});

const set = (spec: Partial<ReplicaSet["spec"]>): ReplicaSet => ({
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  metadata: {
    name: "web",
    namespace,
    uid: "set",
    resourceVersion: "1",
    generation: 1,
    creationTimestamp: "2030-01-01T00:00:00Z",
  },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: {} },
    ...spec,
  },
});

const readyPod = (name: string, since: string): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name,
    namespace,
    uid: name,
    resourceVersion: "1",
    creationTimestamp: "2030-01-01T00:00:00Z",
    labels: { app: "web" },
    ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "web", uid: "set", controller: true }],
  },
  spec: { nodeName: "a", containers: [] },
  status: { phase: "Running", conditions: [{ type: "Ready", status: "True", lastTransitionTime: since }] },
});

test("it comes back when the next pod becomes available", () => {
  const own = [readyPod("a", "2030-01-01T00:00:00Z"), readyPod("b", "2030-01-01T00:00:05Z")];
  const facts = { rs: set({ replicas: 2, minReadySeconds: 10 }), own, orphans: [], related: () => [] };
  const wakeAfter = (ms: number) => {
    const { wakeAtMs } = decideReplicaSet(facts, startMs + ms);
    return wakeAtMs === undefined ? undefined : wakeAtMs - startMs;
  };
  expect([wakeAfter(0), wakeAfter(9_999), wakeAfter(10_000), wakeAfter(15_000)]).toEqual([
    10_000,
    10_000,
    15_000,
    undefined,
  ]);
});

test("one that is being deleted creates and deletes no pods", () => {
  const { metadata, ...rest } = set({ replicas: 5 });
  const rs = { ...rest, metadata: { ...metadata, deletionTimestamp: "2030-01-01T00:00:00Z" } };
  const { writes } = decideReplicaSet({ rs, own: [], orphans: [], related: () => [] }, startMs);
  expect(writes.map(({ kind }) => kind)).toEqual(["change"]);
});
