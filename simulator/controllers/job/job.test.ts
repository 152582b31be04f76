import { expect, test } from "bun:test";
import { refusing, stage, type Stage } from "../../../test/contract/stage.ts";
import type { Draft } from "../../model/model.ts";
import { StatusError } from "../../model/statusError.ts";
import type { JobStatus } from "../loop/objects.ts";

const job = (script: string, spec: Readonly<Record<string, unknown>> = {}): Draft => ({
  metadata: { name: "work" },
  spec: {
    template: {
      spec: {
        restartPolicy: "Never",
        containers: [{ name: "main", image: "busybox", command: ["sh", "-c", script] }],
      },
    },
    ...spec,
  },
});
const statusOf = ({ get }: Stage) => get("jobs.batch", "work")?.["status"] as JobStatus;
const created = ({ changes }: Stage): number[] =>
  changes
    .filter(({ resource, type }) => resource === "pods" && type === "ADDED")
    .map(({ object }) => Date.parse(object.metadata.creationTimestamp) / 1000);

test("after failures in a row there is a pause of 10, 20, 40 seconds", () => {
  const world = stage();
  world.create("jobs.batch", job("exit 1", { backoffLimit: 3 }));
  world.pass(600);
  const times = created(world);
  // A second passes until a pod of the fake kubelet has failed.
  expect(times.slice(1).map((time, n) => time - (times[n] ?? 0))).toEqual([11, 21, 41]);
  expect(statusOf(world)).toMatchObject({ failed: 4, ready: 0, terminating: 0 });
  expect(statusOf(world).conditions?.map(({ type, reason }) => `${type} ${reason}`)).toEqual([
    "FailureTarget BackoffLimitExceeded",
    "Failed BackoffLimitExceeded",
  ]);
});

test.each([
  ["completionMode: Indexed", { completionMode: "Indexed", completions: 2 }],
  ["podFailurePolicy", { podFailurePolicy: { rules: [] } }],
  ["backoffLimitPerIndex", { backoffLimitPerIndex: 1 }],
])("a Job with %s fails at once and says why", (what, spec) => {
  const world = stage();
  world.create("jobs.batch", job("exit 0", spec));
  world.pass(1);
  expect(world.events("work")).toEqual([`NotSupported "This simulator cannot run a Job with ${what}" ×1`]);
  expect(statusOf(world).conditions?.at(-1)).toMatchObject({ type: "Failed", reason: "NotSupported" });
});

test("pods of a deleted Job are let go, whether it takes them along or not", () => {
  for (const propagationPolicy of ["Background", "Foreground", "Orphan"] as const) {
    const world = stage();
    world.create("jobs.batch", job("sleep 1000", { parallelism: 2, completions: 2 }));
    world.pass(10);
    world.core.delete({ resource: "jobs.batch", namespace: "default", name: "work" }, { propagationPolicy });
    world.pass(30);
    const pods = world.core.list("pods");
    expect(world.get("jobs.batch", "work")).toBeUndefined();
    expect(pods.map(({ metadata }) => metadata.finalizers)).toEqual(
      propagationPolicy === "Orphan" ? [undefined, undefined] : [],
    );
  }
});

test("a pod that cannot be created is told of and comes later", () => {
  let isFull = true;
  const refusal = () => new StatusError(403, "Forbidden", "exceeded quota");
  const world = stage({ through: refusing("pods", () => isFull, refusal) });
  world.create("jobs.batch", job("exit 0"));
  world.pass(1);
  expect(world.events("work")[0]).toStartWith('FailedCreate "Error creating: exceeded quota"');
  expect(statusOf(world)).toEqual({
    startTime: "2030-01-01T00:00:00Z",
    ready: 0,
    terminating: 0,
    uncountedTerminatedPods: {},
  });
  isFull = false;
  world.pass(60);
  expect(statusOf(world).succeeded).toBe(1);
});

test("its pods carry the labels by which they are found", () => {
  const world = stage();
  world.create("jobs.batch", job("sleep 1000"));
  world.pass(1);
  expect(world.core.list("pods", { labelSelector: "batch.kubernetes.io/job-name=work,job-name=work" })).toHaveLength(1);
});
