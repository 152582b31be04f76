import { describe, expect, test } from "bun:test";
import type { ConditionReason } from "../../../schema/reasons.ts";
import type { Rollout, RolloutStatus, RolloutStrategy } from "../../../schema/rollout.ts";
import * as conditions from "./rolloutConditions.ts";

const START = Date.parse("2026-01-01T00:00:00Z");
const at = (seconds: number): number => START + seconds * 1000;
const text = (seconds: number): string => `${new Date(at(seconds)).toISOString().slice(0, 19)}Z`;

const rolloutOf = (strategy: RolloutStrategy, rest: Partial<Rollout["spec"]> = {}): Rollout => ({
  metadata: { name: "web", namespace: "default", generation: 2 },
  spec: { replicas: 3, strategy, ...rest },
});
const canary = rolloutOf({ canary: { steps: [{ setWeight: 20 }, { pause: {} }] } });
const blueGreen = rolloutOf({ blueGreen: { activeService: "active", previewService: "preview" } });

describe("setting a condition", () => {
  const first = conditions.newCondition("Progressing", "True", "NewReplicaSetCreated", "made", at(0));
  const other = conditions.newCondition("Available", "True", "AvailableReason", "there", at(0));

  test("with the same status and reason changes nothing, whatever it says", () => {
    const list = [first, other];
    const same = conditions.newCondition("Progressing", "True", "NewReplicaSetCreated", "made again", at(9));
    expect(conditions.withCondition(list, same)).toBe(list);
  });

  test("with another reason moves it to the end and keeps the time of its status", () => {
    const next = conditions.newCondition("Progressing", "True", "ReplicaSetUpdated", "goes on", at(9));
    expect(conditions.withCondition([first, other], next)).toEqual([other, { ...next, lastTransitionTime: text(0) }]);
  });

  test("with another status starts its time anew", () => {
    const next = conditions.newCondition("Progressing", "False", "ProgressDeadlineExceeded", "stuck", at(9));
    expect(conditions.withCondition([first, other], next)).toEqual([other, next]);
  });

  test("has times in whole seconds", () => {
    expect(conditions.newCondition("Paused", "True", "RolloutPaused", "", at(1) + 999).lastUpdateTime).toBe(text(1));
  });
});

describe("progress", () => {
  const before: RolloutStatus = {
    replicas: 5,
    updatedReplicas: 2,
    readyReplicas: 4,
    availableReplicas: 4,
    currentStepIndex: 1,
    stableRS: "a",
    blueGreen: { activeSelector: "a", previewSelector: "b" },
  };
  const cases: readonly (readonly [what: string, change: RolloutStatus, canary: boolean, blueGreen: boolean])[] = [
    ["nothing moved", {}, false, false],
    ["a new pod was made", { replicas: 6, updatedReplicas: 3 }, true, true],
    ["a new pod was taken away", { replicas: 4, updatedReplicas: 1 }, true, true],
    ["an old pod was taken away", { replicas: 4 }, true, true],
    ["an old pod was added", { replicas: 6 }, false, false],
    ["a pod became ready", { readyReplicas: 5 }, true, true],
    ["a pod stopped being ready", { readyReplicas: 3 }, false, false],
    ["a pod became available", { availableReplicas: 5 }, true, true],
    ["a pod stopped being available", { availableReplicas: 3 }, false, false],
    ["a step was finished", { currentStepIndex: 2 }, true, false],
    ["there are no steps any more", { currentStepIndex: undefined }, false, false],
    ["another revision is stable", { stableRS: "b" }, true, false],
    ["the steps changed", { currentStepHash: "x" }, true, false],
    ["the active Service moved", { blueGreen: { activeSelector: "b", previewSelector: "b" } }, false, true],
    ["the preview Service moved", { blueGreen: { activeSelector: "a", previewSelector: "c" } }, false, true],
  ];
  test.each(cases)("is there when %s", (_, change, inCanary, inBlueGreen) => {
    expect(conditions.madeProgress(canary, before, { ...before, ...change })).toBe(inCanary);
    expect(conditions.madeProgress(blueGreen, before, { ...before, ...change })).toBe(inBlueGreen);
  });
});

describe("a healthy canary", () => {
  const before: RolloutStatus = { observedGeneration: "2" };
  const healthy: RolloutStatus = {
    replicas: 3,
    updatedReplicas: 3,
    availableReplicas: 3,
    currentStepIndex: 2,
    stableRS: "a",
    currentPodHash: "a",
  };
  const cases: readonly (readonly [what: string, healthy: boolean, change: RolloutStatus, before?: RolloutStatus])[] = [
    ["has all its pods, and no step left", true, {}],
    ["has been observed before", false, {}, { observedGeneration: "1" }],
    ["has a stable revision", false, { stableRS: "" }],
    ["is the stable revision", false, { stableRS: "b" }],
    ["has done all steps", false, { currentStepIndex: 1 }],
    ["has no old pod left", false, { replicas: 4 }],
    ["has no pod missing", false, { availableReplicas: 2 }],
  ];
  test.each(cases)("%s: %p", (_, expected, change, old = before) => {
    expect(conditions.isHealthy(canary, old, { ...healthy, ...change })).toBe(expected);
  });
});

describe("a healthy blue-green Rollout", () => {
  const before: RolloutStatus = { observedGeneration: "2" };
  const healthy: RolloutStatus = {
    replicas: 6,
    updatedReplicas: 3,
    availableReplicas: 3,
    currentPodHash: "a",
    blueGreen: { activeSelector: "a", previewSelector: "a" },
  };
  test("may have old pods, and need not be stable yet", () => {
    expect(conditions.isHealthy(blueGreen, before, healthy)).toBe(true);
  });
  test("has both Services on the current revision", () => {
    const moved = (activeSelector: string, previewSelector: string): RolloutStatus => ({
      ...healthy,
      blueGreen: { activeSelector, previewSelector },
    });
    expect(conditions.isHealthy(blueGreen, before, moved("b", "a"))).toBe(false);
    expect(conditions.isHealthy(blueGreen, before, moved("a", "b"))).toBe(false);
    const alone = rolloutOf({ blueGreen: { activeService: "active" } });
    expect(conditions.isHealthy(alone, before, moved("a", "b"))).toBe(true);
  });
});

describe("the progress deadline", () => {
  const timed = (reason: ConditionReason): RolloutStatus => ({
    conditions: [conditions.newCondition("Progressing", "True", reason, "", at(0))],
  });
  const patient = rolloutOf({ canary: {} }, { progressDeadlineSeconds: 30 });

  test("passes so long after the last progress, and not before", () => {
    expect(conditions.timedOut(patient, timed("ReplicaSetUpdated"), at(30))).toBe(false);
    expect(conditions.timedOut(patient, timed("ReplicaSetUpdated"), at(30) + 1)).toBe(true);
    expect(conditions.progressDeadline(patient, timed("ReplicaSetUpdated"))).toBe(at(30));
    expect(conditions.progressDeadline(canary, timed("ReplicaSetUpdated"))).toBe(at(600));
  });

  test("stays passed until there is progress", () => {
    expect(conditions.timedOut(patient, timed("ProgressDeadlineExceeded"), at(0))).toBe(true);
  });

  test("does not count while paused or aborted, or without a condition", () => {
    for (const reason of ["RolloutPaused", "RolloutAborted"] as const) {
      expect(conditions.timedOut(patient, timed(reason), at(9_999))).toBe(false);
    }
    expect(conditions.timedOut(patient, {}, at(9_999))).toBe(false);
  });
});
