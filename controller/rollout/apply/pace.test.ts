import { describe, expect, test } from "bun:test";
import type { EventReason } from "../../../schema/reasons.ts";
import type { Decision } from "../actions/action.ts";
import type { ReplicaSetFacts, RolloutEvent, Snapshot } from "../model/model.ts";
import type { RolloutStatus } from "../../../schema/rollout.ts";
import { joinEvents, type PaceMemory, statusWaitMs, statusWritten, waitingEvents } from "./pace.ts";

const settled = (over: Partial<ReplicaSetFacts> = {}): ReplicaSetFacts => ({
  namespace: "ns",
  name: "web-1",
  uid: "1",
  resourceVersion: "1",
  labels: {},
  annotations: {},
  controllerUid: "r",
  selector: "app=web",
  createdAt: 0,
  deleting: false,
  observed: true,
  minReadySeconds: 0,
  replicas: 2,
  status: { replicas: 2, readyReplicas: 2, availableReplicas: 2 },
  templateDigest: "d",
  ...over,
});

const snapshotOf = (status: RolloutStatus, sets: readonly ReplicaSetFacts[] = [settled()]): Snapshot => ({
  rollout: { metadata: { name: "web", namespace: "ns" }, spec: {}, status },
  replicaSets: sets,
  services: new Map(),
  podHash: "h",
  stepHash: "s",
  templateDigest: "d",
  invalid: undefined,
  orphans: [],
  strays: [],
});

const decisionOf = (status: RolloutStatus | undefined, actions: Decision["actions"] = []): Decision => ({
  actions,
  status,
  events: [],
  wakeAt: undefined,
  more: false,
  finished: undefined,
});

const paused: RolloutStatus = { phase: "Paused", availableReplicas: 1, currentStepIndex: 1 };

/** The pace of one Rollout while `waiting` Rollouts are queued, and writes are answered within `answerMs`. */
const paceOf = (waiting = 0, answerMs = 0) => {
  const memory: PaceMemory = {
    statusWrittenAt: undefined,
    statusWaitsSince: undefined,
    newsWaitsSince: undefined,
    resizedAt: undefined,
  };
  return {
    waitMs: (snapshot: Snapshot, decision: Decision, now: number) =>
      statusWaitMs(memory, snapshot, decision, now, { waiting, answerMs }),
    written: (now: number) => statusWritten(memory, now),
  };
};

describe("a status", () => {
  test("that tells more than counters is written at once", () => {
    const before: RolloutStatus = { phase: "Progressing", availableReplicas: 1, currentStepIndex: 0 };
    expect(paceOf().waitMs(snapshotOf(before), decisionOf(paused), 1_000)).toBe(0);
  });

  test("that takes note of an abort is written at once, although a ReplicaSet has yet to answer", () => {
    const before = snapshotOf({ ...paused, abort: true }, [settled({ observed: false })]);
    expect(paceOf().waitMs(before, decisionOf({ ...paused, abort: true, abortedAt: "2026-01-01T00:00:00Z" }), 0)).toBe(
      0,
    );
    const promoted = snapshotOf({ ...paused, promoteFull: true }, [settled({ observed: false })]);
    expect(paceOf().waitMs(promoted, decisionOf(paused), 0)).toBe(0);
  });

  test("that tells only counters waits for others to move, and comes at most twice a second", () => {
    const pace = paceOf();
    const more = decisionOf({ ...paused, availableReplicas: 2 });
    expect(pace.waitMs(snapshotOf(paused), more, 1_000)).toBe(100);
    expect(pace.waitMs(snapshotOf(paused), more, 1_100)).toBe(0);
    pace.written(1_100);
    expect(pace.waitMs(snapshotOf(paused), more, 1_150)).toBe(450);
    expect(pace.waitMs(snapshotOf(paused), more, 1_600)).toBe(0);
  });

  test("waits for a ReplicaSet that was just resized to answer, but not for long", () => {
    const pace = paceOf();
    const before: RolloutStatus = { phase: "Healthy" };
    const resize = [{ kind: "updateReplicaSet", name: "web-1", resourceVersion: "1", replicas: 3 }] as const;
    const behind = snapshotOf(before, [settled({ replicas: 3 })]);
    expect(pace.waitMs(snapshotOf(before), decisionOf(paused, resize), 1_000)).toBe(250);
    expect(pace.waitMs(behind, decisionOf(paused), 1_100)).toBe(150);
    expect(pace.waitMs(behind, decisionOf(paused), 1_250)).toBe(0);
  });

  test("is written at once when the ReplicaSet has answered", () => {
    const pace = paceOf();
    const before: RolloutStatus = { phase: "Healthy" };
    expect(pace.waitMs(snapshotOf(before, [settled({ observed: false })]), decisionOf(paused), 0)).toBe(250);
    expect(pace.waitMs(snapshotOf(before), decisionOf(paused), 40)).toBe(0);
  });

  test("waits longer for both while many others are in line", () => {
    const busy = paceOf(30);
    const more = decisionOf({ ...paused, availableReplicas: 2 });
    busy.written(1_000);
    expect(busy.waitMs(snapshotOf(paused), more, 1_000)).toBe(2_000);
    expect(paceOf(30).waitMs(snapshotOf({}, [settled({ observed: false })]), decisionOf(paused), 0)).toBe(1_000);
  });

  test("waits longer for both while the API server takes its time for writes", () => {
    const slow = paceOf(0, 100);
    const more = decisionOf({ ...paused, availableReplicas: 2 });
    slow.written(1_000);
    expect(slow.waitMs(snapshotOf(paused), more, 1_000)).toBe(2_500);
    expect(paceOf(0, 100).waitMs(snapshotOf({}, [settled({ observed: false })]), decisionOf(paused), 0)).toBe(1_250);
    expect(paceOf(0, 10_000).waitMs(snapshotOf({}, [settled({ observed: false })]), decisionOf(paused), 0)).toBe(2_500);
    expect(paceOf(0, 15).waitMs(snapshotOf({}, [settled({ observed: false })]), decisionOf(paused), 0)).toBe(250);
  });

  test("that equals the stored one needs no write, and nothing is waited for", () => {
    expect(paceOf().waitMs(snapshotOf(paused), decisionOf(undefined), 1_000)).toBe(0);
  });
});

describe("the end of a pause", () => {
  const pausedCondition = (status: "True" | "False") => ({
    type: "Paused",
    status,
    reason: "RolloutPaused",
    message: "Rollout is paused",
    lastUpdateTime: "2026-01-01T00:00:00Z",
    lastTransitionTime: "2026-01-01T00:00:00Z",
  });
  const inPause: RolloutStatus = {
    phase: "Paused",
    currentStepIndex: 1,
    currentPodHash: "h",
    controllerPause: true,
    pauseConditions: [{ reason: "CanaryPauseStep", startTime: "2026-01-01T00:00:00Z" }],
    conditions: [pausedCondition("True")],
  };
  const goesOn: RolloutStatus = {
    phase: "Progressing",
    currentStepIndex: 2,
    currentPodHash: "h",
    replicas: 3,
    conditions: [pausedCondition("False")],
  };

  test("that time has brought waits for what follows from it, but not for long", () => {
    const pace = paceOf();
    expect(pace.waitMs(snapshotOf(inPause), decisionOf(goesOn), 1_000)).toBe(2_000);
    expect(pace.waitMs(snapshotOf(inPause), decisionOf(goesOn), 2_900)).toBe(100);
    expect(pace.waitMs(snapshotOf(inPause), decisionOf(goesOn), 3_000)).toBe(0);
  });

  test("is told together with the next status that matters, as soon as that is due", () => {
    const done: RolloutStatus = { ...goesOn, phase: "Healthy", currentStepIndex: 3, stableRS: "h" };
    const pace = paceOf();
    expect(pace.waitMs(snapshotOf(inPause), decisionOf(goesOn), 1_000)).toBe(2_000);
    expect(pace.waitMs(snapshotOf(inPause), decisionOf(done), 1_500)).toBe(0);
    const nextPause: RolloutStatus = { ...inPause, currentStepIndex: 2 };
    expect(pace.waitMs(snapshotOf(inPause), decisionOf(nextPause), 1_000)).toBe(0);
  });

  test("that a person has brought is told at once", () => {
    const { pauseConditions: _, ...resumed } = inPause;
    expect(paceOf().waitMs(snapshotOf(resumed), decisionOf(goesOn), 1_000)).toBe(0);
  });

  test("is told at once where a router gives weights: each step is to be seen", () => {
    const canary = {
      weights: { canary: { weight: 50, podTemplateHash: "h" }, stable: { weight: 50, podTemplateHash: "g" } },
    };
    expect(paceOf().waitMs(snapshotOf({ ...inPause, canary }), decisionOf({ ...goesOn, canary }), 1_000)).toBe(0);
  });

  test("is told at once with an abort or another news, and where more is to follow from it", () => {
    const before = snapshotOf(inPause);
    const others: RolloutStatus[] = [
      { ...goesOn, phase: "Degraded" },
      { ...goesOn, abort: true, abortedAt: "2026-01-01T00:00:02Z" },
      { ...goesOn, currentPodHash: "next" },
    ];
    for (const status of others) expect(paceOf().waitMs(before, decisionOf(status), 1_000)).toBe(0);
    expect(paceOf().waitMs(before, { ...decisionOf(goesOn), more: true }, 1_000)).toBe(0);
  });
});

describe("events of a status that waits", () => {
  const event = (reason: EventReason, after: RolloutEvent["after"]): RolloutEvent => ({
    type: "Normal",
    reason,
    message: reason,
    after,
  });
  const created = event("NewReplicaSetCreated", 2);
  const started = event("RolloutNotCompleted", "status");
  const scaled = event("ScalingReplicaSet", 2);

  test("wait from the first one of the status on", () => {
    expect(waitingEvents([created, started, scaled])).toEqual([started, scaled]);
  });

  test("do not wait when none belongs to the status", () => {
    expect(waitingEvents([created, scaled])).toEqual([]);
  });

  test("keep their order when the status is written after all", () => {
    const reasons = joinEvents([started, scaled], [started, event("RolloutStepCompleted", "status")]);
    expect(reasons.map((e) => e.reason)).toEqual(["RolloutNotCompleted", "ScalingReplicaSet", "RolloutStepCompleted"]);
  });

  test("are forgotten when the new decision does not tell them any more, except for what has been done", () => {
    expect(joinEvents([started, scaled], []).map((e) => e.reason)).toEqual(["ScalingReplicaSet"]);
  });
});
