import { expect, test } from "bun:test";
import type { Write } from "../cluster/harness/auditLog.ts";
import { beginnings, countWrites, ofDeploymentController, ofUser } from "./writesByKind.ts";

const write = (change: Partial<Write>): Write => ({
  user: "bench-sluice",
  userAgent: "sluice/0.1.0",
  verb: "patch",
  resource: "rollouts",
  subresource: "",
  namespace: "bench-1",
  name: "bench-00000",
  code: 200,
  receivedMs: 0,
  doneMs: 0,
  ...change,
});

/** A write of one of its controllers. */
const ofManager = (controller: string, change: Partial<Write>): Write =>
  write({
    user: "system:kube-controller-manager",
    userAgent: `controller-manager/v0.0.0 (linux/amd64) kubernetes/$Format/${controller}`,
    ...change,
  });

const asked = write({ user: "bench", receivedMs: 1_000, doneMs: 1_010 });

test("each write of an update is counted once, as what it is", () => {
  const writes = [
    asked,
    write({ resource: "replicasets", name: "bench-00000-abc", verb: "create" }),
    write({ resource: "replicasets", name: "bench-00000-abc", code: 409 }),
    write({ subresource: "status" }),
    write({}),
    write({ resource: "events", name: "bench-00000.18" }),
    write({ resource: "leases", name: "sluice-controller-lock" }),
    write({ user: "system:kube-scheduler", resource: "pods", subresource: "binding" }),
    write({ user: "system:kube-controller-manager", resource: "leases" }),
  ];
  expect(countWrites(writes, ofUser("bench-sluice"), 1)).toEqual({
    objects: 4,
    statuses: 1,
    replicaSets: 2,
    owners: 1,
    events: 1,
    cluster: 1,
    refused: 1,
  });
  expect(countWrites(writes, ofUser("bench-sluice"), 2).objects).toBe(2);
});

test("of the controllers of kube-controller-manager, only that of Deployments is the floor's own", () => {
  const own = ofManager("deployment-controller", { resource: "deployments", subresource: "status" });
  const other = ofManager("replicaset-controller", { resource: "replicasets", subresource: "status" });
  expect(countWrites([own, other], ofDeploymentController, 1)).toMatchObject({ objects: 1, statuses: 1, cluster: 1 });
});

test("an update begins with the first write after it on an object of that Rollout, and on a ReplicaSet of it", () => {
  const later = write({ user: "bench", name: "bench-00001", receivedMs: 1_002, doneMs: 1_012 });
  const writes = [
    write({ subresource: "status", receivedMs: 900 }),
    asked,
    later,
    write({ resource: "events", name: "bench-00000.18", receivedMs: 1_011 }),
    write({ subresource: "status", receivedMs: 1_013 }),
    write({ resource: "replicasets", name: "bench-00000-abc", receivedMs: 1_020 }),
    write({ name: "bench-00001", receivedMs: 1_040 }),
  ];
  const began = beginnings(writes, ofUser("bench-sluice"));
  expect(began.get("bench-00000")).toEqual({ storedMs: 10, firstWriteMs: 13, firstReplicaSetMs: 20 });
  expect(began.get("bench-00001")).toEqual({ storedMs: 12, firstWriteMs: 40, firstReplicaSetMs: Number.NaN });
});

test("an update that nothing has answered has not begun", () => {
  expect(beginnings([asked], ofUser("bench-sluice")).size).toBe(0);
});
