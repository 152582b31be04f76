import { describe, expect, test } from "bun:test";
import type { Rollout, RolloutStatus, RolloutStrategy } from "../../../schema/rollout.ts";
import { inForce } from "./inForce.ts";

const NOW = Date.parse("2026-01-01T00:00:10Z");
const rollout = (strategy: RolloutStrategy, status: RolloutStatus): Rollout => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "web", namespace: "default" },
  spec: { strategy },
  status,
});
const blueGreen = { blueGreen: { activeService: "active" } };
const canary = { canary: {} };
const update = { currentPodHash: "b", stableRS: "a" };
const statusAfter = (of: Rollout, valid = true): RolloutStatus | undefined => inForce(of, valid, NOW).status;

describe("an abort and a full promotion in one status", () => {
  const abortedAt = "2026-01-01T00:00:05Z";

  test("an abort without its time is the later one, gets its time, and ends the promotion", () => {
    for (const strategy of [blueGreen, canary])
      expect(statusAfter(rollout(strategy, { ...update, abort: true, promoteFull: true }))).toEqual({
        ...update,
        abort: true,
        abortedAt: "2026-01-01T00:00:10Z",
      });
  });

  test("an abort with its time is the earlier one: both stay for the pass, which lets the promotion end it", () => {
    const status = { ...update, abort: true, abortedAt, promoteFull: true };
    const given = rollout(canary, status);
    expect(inForce(given, true, NOW)).toBe(given);
  });

  test("an abort gets its time even where nothing else can be done, so that a later promotion is known as later", () => {
    expect(statusAfter(rollout(canary, { ...update, abort: true }), false)?.abortedAt).toBe("2026-01-01T00:00:10Z");
  });

  test("what is done has nothing to abort", () => {
    const given = rollout(canary, { currentPodHash: "a", stableRS: "a", abort: true });
    expect(inForce(given, true, NOW)).toBe(given);
  });
});

describe("a status that a canary has left to blue-green", () => {
  const left: RolloutStatus = {
    ...update,
    currentStepHash: "c",
    currentStepIndex: 1,
    pauseConditions: [{ reason: "CanaryPauseStep", startTime: "2026-01-01T00:00:00Z" }],
    controllerPause: true,
    canary: { stablePingPong: "ping" },
    promoteFull: true,
  };

  test("loses steps, pauses, and everything of routers, and keeps what was said of the version", () => {
    expect(statusAfter(rollout(blueGreen, left))).toEqual({ ...update, promoteFull: true });
  });

  test("keeps it while the Rollout is invalid: the edit may be taken back", () => {
    const given = rollout(blueGreen, left);
    expect(inForce(given, false, NOW)).toBe(given);
  });

  test("is a canary's own in a canary", () => {
    const given = rollout(canary, left);
    expect(inForce(given, true, NOW)).toBe(given);
  });

  test("keeps the pause that blue-green itself has begun", () => {
    const given = rollout(blueGreen, {
      ...update,
      pauseConditions: [{ reason: "BlueGreenPause", startTime: "2026-01-01T00:00:00Z" }],
      controllerPause: true,
    });
    expect(inForce(given, true, NOW)).toBe(given);
  });
});
