import { describe, expect, test } from "bun:test";
import { podRestart, podWait, type PodStatusView } from "./podWait.ts";

const spec = { containers: [{ name: "web", image: "web:2" }], initContainers: [{ name: "setup", image: "setup:1" }] };
const pod = (status: NonNullable<PodStatusView["status"]>): PodStatusView => ({ spec, status });
const web = (
  status: Partial<NonNullable<NonNullable<PodStatusView["status"]>["containerStatuses"]>[number]>,
): PodStatusView => pod({ phase: "Running", containerStatuses: [{ name: "web", ready: false, ...status }] });

test("a ready pod waits for nothing", () => {
  expect(podWait(pod({ conditions: [{ type: "Ready", status: "True" }] }))).toBeUndefined();
});

test("a ready pod tells of the crash behind it", () => {
  const crashed = { restartCount: 2, lastState: { terminated: { exitCode: 1, reason: "Error" } } };
  expect(podRestart(web({ ready: true, ...crashed }))).toEqual({
    reason: "Restarted",
    container: "web",
    exit: { code: 1, reason: "Error" },
    restarts: 2,
  });
  expect(podRestart(web({ ready: true }))).toBeUndefined();
});

describe("a pod waits for", () => {
  test.each([
    [
      "a node, in the scheduler's words",
      pod({
        phase: "Pending",
        conditions: [
          { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes are available" },
        ],
      }),
      { reason: "Unschedulable", message: "0/3 nodes are available" },
    ],
    [
      "an image, between two attempts as during one",
      web({ state: { waiting: { reason: "ErrImagePull", message: "web:2: not found" } } }),
      { reason: "ImagePullBackOff", container: "web", image: "web:2", message: "web:2: not found" },
    ],
    [
      "a container that crashes, of which the last end tells more than the wait",
      web({
        restartCount: 5,
        state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 5m0s restarting failed container" } },
        lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } },
      }),
      { reason: "CrashLoopBackOff", container: "web", exit: { code: 137, reason: "OOMKilled" }, restarts: 5 },
    ],
    [
      "a container that has just ended",
      web({ state: { terminated: { exitCode: 1, reason: "Error" } } }),
      { reason: "Ended", container: "web", exit: { code: 1, reason: "Error" } },
    ],
    [
      "a ConfigMap",
      web({ state: { waiting: { reason: "CreateContainerConfigError", message: 'configmap "web" not found' } } }),
      { reason: "CreateContainerConfigError", container: "web", message: 'configmap "web" not found' },
    ],
    [
      "its readiness probe",
      web({ state: { running: {} } }),
      { reason: "NotReady", container: "web", message: "it runs, but has not passed its readiness probe" },
    ],
    [
      "the init container that fails, not for those behind it",
      pod({
        phase: "Pending",
        initContainerStatuses: [
          { name: "setup", ready: false, state: { terminated: { exitCode: 2, reason: "Error" } } },
        ],
        containerStatuses: [{ name: "web", ready: false, state: { waiting: { reason: "PodInitializing" } } }],
      }),
      { reason: "Ended", container: "setup", exit: { code: 2, reason: "Error" } },
    ],
    [
      "a readiness gate",
      pod({
        phase: "Running",
        conditions: [{ type: "Ready", status: "False", reason: "ReadinessGatesNotReady", message: "gate is not open" }],
        containerStatuses: [{ name: "web", ready: true, state: { running: {} } }],
      }),
      { reason: "ReadinessGatesNotReady", message: "gate is not open" },
    ],
    [
      "nothing any more once it was evicted",
      pod({ phase: "Failed", reason: "Evicted", message: "The node was low on resource: memory" }),
      { reason: "Evicted", message: "The node was low on resource: memory" },
    ],
    ["somebody to take it in hand, when nothing is told", pod({}), { reason: "NotReady" }],
  ])("%s", (_, view, wait) => expect(podWait(view)).toEqual(wait));
});
