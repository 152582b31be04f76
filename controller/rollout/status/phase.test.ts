import { describe, expect, test } from "bun:test";
import type { Rollout, RolloutCondition, RolloutStatus, RolloutStrategy } from "../../../schema/rollout.ts";
import { phaseOf } from "./phase.ts";

const rolloutOf = (strategy: RolloutStrategy, rest: Partial<Rollout["spec"]> = {}): Rollout => ({
  metadata: { name: "web", namespace: "default" },
  spec: { replicas: 3, strategy, ...rest },
});
const canary: RolloutStrategy = { canary: {} };
const blueGreen: RolloutStrategy = { blueGreen: { activeService: "active" } };
const analysed: RolloutStrategy = {
  blueGreen: { activeService: "active", postPromotionAnalysis: { templates: [{ templateName: "errors" }] } },
};

const condition = (type: string, reason: string, message: string): RolloutCondition => ({
  type,
  reason,
  message,
  status: "False",
  lastUpdateTime: "",
  lastTransitionTime: "",
});

const healthy: RolloutStatus = {
  replicas: 3,
  updatedReplicas: 3,
  availableReplicas: 3,
  stableRS: "a",
  currentPodHash: "a",
  blueGreen: { activeSelector: "a" },
};

type Case = readonly [phase: string, strategy: RolloutStrategy, change: RolloutStatus, spec?: Partial<Rollout["spec"]>];

/** Behind the cutover, with an analysis of this phase. */
const after = (phase: string): RolloutStatus => ({
  stableRS: "b",
  blueGreen: { activeSelector: "a", postPromotionAnalysisRunStatus: { name: "run", status: phase } },
});

describe("phase and message are those of the first rule that holds", () => {
  const timeout = condition("Progressing", "ProgressDeadlineExceeded", "too slow");
  const unrouted = condition("TrafficRoutingFailure", "TrafficRoutingError", "no Ingress");
  const pause = [{ reason: "CanaryPauseStep", startTime: "" }];
  const cases: readonly Case[] = [
    [
      "Degraded: InvalidSpec: no template",
      canary,
      { conditions: [condition("InvalidSpec", "InvalidSpec", "no template")] },
    ],
    [
      "Degraded: RolloutAborted: stopped",
      canary,
      { conditions: [condition("Progressing", "RolloutAborted", "stopped")] },
    ],
    ["Degraded: ProgressDeadlineExceeded: too slow", canary, { conditions: [timeout] }],
    [
      "Degraded: ProgressDeadlineExceeded: too slow",
      canary,
      { conditions: [timeout], pauseConditions: pause },
      { paused: true },
    ],
    ["Paused: manually paused", canary, { pauseConditions: pause }, { paused: true }],
    ["Paused: CanaryPauseStep", canary, { conditions: [unrouted], pauseConditions: pause }],
    ["Progressing: TrafficRoutingError: no Ingress", canary, { conditions: [unrouted], updatedReplicas: 0 }],
    ["Degraded: ProgressDeadlineExceeded: too slow", canary, { conditions: [unrouted, timeout] }],
    ["Paused: CanaryPauseStep", canary, { pauseConditions: pause }, { restartAt: "2026-01-01T00:00:00Z" }],
    ["Progressing: rollout is restarting", canary, { updatedReplicas: 0 }, { restartAt: "2026-01-01T00:00:00Z" }],
    ["Healthy: ", canary, { restartedAt: "2026-01-01T00:00:00Z" }, { restartAt: "2026-01-01T01:00:00+01:00" }],
    ["Progressing: more replicas need to be updated", canary, { updatedReplicas: 2, availableReplicas: 1 }],
    ["Progressing: updated replicas are still becoming available", canary, { availableReplicas: 2, replicas: 4 }],
    ["Progressing: old replicas are pending termination", canary, { replicas: 4, stableRS: "b" }],
    ["Progressing: waiting for all steps to complete", canary, { stableRS: "b" }],
    ["Progressing: waiting for all steps to complete", canary, { stableRS: "" }],
    ["Healthy: ", canary, {}],
    ["Healthy: ", { canary: { trafficRouting: {} } }, { replicas: 6 }],
    ["Progressing: active service cutover pending", blueGreen, { blueGreen: {} }],
    ["Progressing: active service cutover pending", blueGreen, { blueGreen: { activeSelector: "b" }, stableRS: "b" }],
    ["Progressing: waiting for post-promotion verification to complete", blueGreen, { stableRS: "b" }],
    ["Progressing: waiting for analysis to complete", analysed, { stableRS: "b" }],
    ["Progressing: waiting for analysis to complete", analysed, after("Running")],
    ["Progressing: waiting for post-promotion verification to complete", analysed, after("Successful")],
    ["Healthy: ", blueGreen, { replicas: 6 }],
  ];
  test.each(cases)("%s", (expected, strategy, change, spec = {}) => {
    const { phase, message } = phaseOf(rolloutOf(strategy, spec), { ...healthy, ...change });
    expect(`${phase}: ${message}`).toBe(expected);
  });

  test("a Rollout of no pods is healthy without any", () => {
    const none: RolloutStatus = { stableRS: "a", currentPodHash: "a" };
    expect(phaseOf(rolloutOf(canary, { replicas: 0 }), none)).toEqual({ phase: "Healthy", message: "" });
  });
});
