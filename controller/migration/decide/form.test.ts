import { describe, expect, test } from "bun:test";
import type { ConditionReason } from "../../../schema/reasons.ts";
import type { RolloutStatus } from "../../../schema/rollout.ts";
import { deploymentForm } from "./form.ts";

const at = "2026-01-01T00:00:00Z";
const of = (status: RolloutStatus | undefined, replicas = 0) =>
  deploymentForm(status === undefined ? {} : { status }, { generation: 4, replicas });

const condition = {
  type: "Progressing",
  status: "False",
  reason: "RolloutAborted",
  message: "m",
  lastUpdateTime: at,
  lastTransitionTime: at,
} as const;

const aborted: RolloutStatus = {
  phase: "Degraded",
  message: "RolloutAborted: m",
  conditions: [condition],
};

describe("a Deployment whose pods a Rollout has", () => {
  test("says nothing beside its own controller when the Rollout is Healthy with its last change", () => {
    expect(of({ phase: "Healthy", workloadObservedGeneration: "4" })).toEqual({ paused: false, conditions: [] });
  });

  test.each([
    ["Progressing", "RolloutProgressing"],
    ["Paused", "RolloutPaused"],
  ] as const)("is Reconciling, and not paused, while the Rollout is %s", (phase, reason) => {
    expect(of({ phase, message: "m" })).toEqual({
      paused: false,
      conditions: [{ type: "Reconciling", status: "True", reason, message: "m" }],
    });
  });

  test.each<[string, RolloutStatus, ConditionReason]>([
    ["aborted", aborted, "UpdateAborted"],
    ["past its deadline", { ...aborted, conditions: [] }, "UpdateTimedOut"],
    [
      "invalid",
      { ...aborted, conditions: [{ ...condition, type: "InvalidSpec", reason: "InvalidSpec" }] },
      "InvalidSpec",
    ],
  ])("is Stalled, and past its deadline for kubectl, when the Rollout is %s", (_, status, reason) => {
    const message = "RolloutAborted: m";
    expect(of(status)).toEqual({
      paused: true,
      conditions: [
        { type: "Stalled", status: "True", reason, message },
        { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message },
      ],
    });
  });

  test.each([
    ["it has pods of its own", { phase: "Degraded" }, 2],
    ["the Rollout has no phase yet", {}, 0],
    ["the Rollout has no status yet", undefined, 0],
    ["a Healthy Rollout has not seen its last change", { phase: "Healthy", workloadObservedGeneration: "3" }, 0],
  ] as const)("stays as it is while %s", (_, status, replicas) => {
    expect(of(status, replicas)).toBeUndefined();
  });
});
