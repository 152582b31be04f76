import { expect, test } from "bun:test";
import type { RolloutCondition, RolloutStatus } from "../../../schema/rollout.ts";
import { morePodsThanEver, notingPeak, withPeak } from "./podPeak.ts";

const TEXT = 'ReplicaSet "web-1" is progressing.';

const condition = (reason: string, message: string): RolloutCondition => {
  const at = "2026-01-01T00:00:00Z";
  return { type: "Progressing", status: "True", reason, message, lastUpdateTime: at, lastTransitionTime: at };
};

const status = (readyReplicas: number, availableReplicas: number, message = TEXT): RolloutStatus => ({
  readyReplicas,
  availableReplicas,
  conditions: [condition("ReplicaSetUpdated", message)],
});

/** The status after these counts came one after the other. */
function after(...counts: readonly (readonly [ready: number, available: number])[]): RolloutStatus {
  let before = status(0, 0);
  for (const [readyReplicas, availableReplicas] of counts) {
    const next = { ...before, readyReplicas, availableReplicas };
    const message = withPeak(TEXT, before, next);
    before = morePodsThanEver(before, next)
      ? status(readyReplicas, availableReplicas, message)
      : { ...next, conditions: notingPeak([...(before.conditions ?? [])], before, next) };
  }
  return before;
}

const messageOf = ({ conditions }: RolloutStatus): string => conditions?.[0]?.message ?? "";

test("while pods only come, the message is the reference's", () => {
  expect(messageOf(after([1, 0], [1, 1], [3, 3]))).toBe(TEXT);
});

test("a pod that comes back is no progress, one more than ever is", () => {
  const lost = after([3, 3], [2, 2]);
  expect(messageOf(lost)).toBe(`${TEXT} Pods come and go: up to 3 were ready, 3 available.`);
  expect(morePodsThanEver(lost, { ...lost, readyReplicas: 3, availableReplicas: 3 })).toBe(false);
  expect(morePodsThanEver(lost, { ...lost, readyReplicas: 4 })).toBe(true);
});

test("pods that are ready but never available count once", () => {
  const flapping = after([3, 2], [2, 2], [3, 2]);
  expect(morePodsThanEver(flapping, { ...flapping, availableReplicas: 3 })).toBe(true);
});

test("the highest of several rises counts", () => {
  expect(messageOf(after([3, 3], [1, 1], [4, 4], [2, 2]))).toEndWith("up to 4 were ready, 4 available.");
});

test("a pause keeps the reference's words", () => {
  const paused = [condition("RolloutPaused", "Rollout is paused")];
  const before = { ...status(3, 3), conditions: paused };
  expect(notingPeak(paused, before, { ...before, readyReplicas: 2 })).toBe(paused);
});
