import { HASH_LABEL } from "../../../schema/labels.ts";
import { describe, expect, test } from "bun:test";
import type { Rollout, RolloutDuration, RolloutStatus } from "../../../schema/rollout.ts";
import { newCondition } from "../model/rolloutConditions.ts";
import { durationOf, finishedDuration } from "./duration.ts";
import type { ReplicaSetFacts, Snapshot } from "../model/model.ts";
import { noIntent, type Pass } from "../actions/pass.ts";
import { STEPS } from "../../steps/stepKinds.ts";

const START = Date.parse("2026-01-01T00:00:00Z");
const text = (seconds: number): string => new Date(START + seconds * 1000).toISOString().replace(".000Z", "Z");

const setOf = (hash: string, createdAt: number, available: number): ReplicaSetFacts => ({
  namespace: "default",
  name: `web-${hash}`,
  uid: hash,
  resourceVersion: "1",
  labels: { [HASH_LABEL]: hash },
  annotations: {},
  controllerUid: "",
  selector: "",
  createdAt,
  deleting: false,
  observed: true,
  minReadySeconds: 0,
  replicas: 3,
  status: { replicas: 3, readyReplicas: available, availableReplicas: available },
  templateDigest: hash,
});

interface World {
  readonly seconds: number;
  /** Hash of the desired template. */
  readonly current: string;
  readonly before: RolloutStatus;
  readonly available?: number;
  readonly spec?: Partial<Rollout["spec"]>;
}

/** A pass over ReplicaSets a, b and c, made in this order, at some second. */
function passOf({ seconds, current, before, available = 3, spec = {} }: World): Pass {
  const steps = [{ setWeight: 20 }, { pause: {} }];
  const rollout: Rollout = {
    metadata: { name: "web", namespace: "default" },
    spec: { replicas: 3, strategy: { canary: { steps } }, ...spec },
    status: { currentStepHash: "steps", ...before },
  };
  const sets = ["a", "b", "c"].map((hash, n) => setOf(hash, START + n * 1000, hash === current ? available : 3));
  const snapshot: Snapshot = {
    rollout,
    replicaSets: sets,
    services: new Map(),
    podHash: current,
    stepHash: "steps",
    templateDigest: current,
    invalid: undefined,
    orphans: [],
    strays: [],
  };
  const now = START + seconds * 1000;
  return {
    snapshot,
    now,
    world: snapshot,
    steps: STEPS,
    pause: noIntent,
    weights: undefined,
    routers: { kind: "unasked" },
    analyses: { kind: "unasked" },
    stepPlugins: { kind: "unasked" },
    experiment: undefined,
    actions: [],
    events: [],
    wakeAts: [],
    more: false,
    finished: undefined,
  };
}

/** The duration that follows, when the status of the pass is the old one except for `change`. */
function after(world: World, change: RolloutStatus = {}): { duration: RolloutDuration | undefined; reported: string } {
  const p = passOf(world);
  const duration = durationOf(p, { ...p.world.rollout.status, currentPodHash: world.current, ...change });
  const reported = finishedDuration(p, duration);
  return {
    duration,
    reported:
      reported === undefined ? "" : `${reported.status} ${reported.totalSeconds}s ${reported.manualPauseSeconds}s`,
  };
}

const started: RolloutDuration = { rolloutStartedAt: text(0) };
const underWay: RolloutStatus = { currentPodHash: "c", stableRS: "b", duration: started };

describe("the duration of a rollout", () => {
  test("starts with the first revision", () => {
    const first = after({ seconds: 0, current: "a", before: {}, available: 0 });
    expect(first).toEqual({ duration: started, reported: "" });
  });

  test("starts with another revision once the last one has ended", () => {
    const ended = { ...started, finishedAt: text(5), completionStatus: "Promoted" };
    const next = after({ seconds: 60, current: "c", before: { currentPodHash: "b", stableRS: "b", duration: ended } });
    expect(next).toEqual({ duration: { rolloutStartedAt: text(60) }, reported: "" });
  });

  test("ends when the revision is stable and all its pods are available", () => {
    const promoted = { stableRS: "c", duration: { ...started, completionStatus: "FastPromoted" } };
    const waiting = after({ seconds: 20, current: "c", before: underWay, available: 2 }, promoted);
    expect(waiting).toEqual({ duration: promoted.duration, reported: "" });
    const done = after({ seconds: 20, current: "c", before: underWay }, promoted);
    expect(done).toEqual({ duration: { ...promoted.duration, finishedAt: text(20) }, reported: "FastPromoted 20s 0s" });
  });

  test("ends with an abort, and starts anew with a retry", () => {
    const aborted = after({ seconds: 20, current: "c", before: { ...underWay, abort: true } });
    expect(aborted.duration).toEqual({ ...started, finishedAt: text(20), completionStatus: "Aborted" });
    expect(aborted.reported).toBe("Aborted 20s 0s");
    const conditions = [newCondition("Progressing", "False", "RolloutAborted", "", START)];
    const retried = after({
      seconds: 60,
      current: "c",
      before: { ...underWay, duration: aborted.duration, conditions },
    });
    expect(retried).toEqual({ duration: { rolloutStartedAt: text(60) }, reported: "" });
  });

  test("is superseded by a newer revision, with which the next one starts", () => {
    const before: RolloutStatus = { currentPodHash: "b", stableRS: "a", duration: started };
    const next = after({ seconds: 20, current: "c", before });
    expect(next).toEqual({ duration: { rolloutStartedAt: text(20) }, reported: "Superseded 20s 0s" });
  });

  test("goes on when the revision is taken back: fast to stable, else as rolled back", () => {
    const fast = after({ seconds: 20, current: "b", before: underWay, available: 1 });
    expect(fast).toEqual({ duration: { ...started, completionStatus: "FastRolledBack" }, reported: "" });
    const slow = after({ seconds: 20, current: "a", before: underWay, available: 1 });
    expect(slow).toEqual({ duration: { ...started, completionStatus: "RolledBack" }, reported: "" });
    const window = after({
      seconds: 20,
      current: "a",
      before: underWay,
      available: 1,
      spec: { rollbackWindow: { revisions: 1 } },
    });
    expect(window).toEqual({ duration: { ...started, completionStatus: "FastRolledBack" }, reported: "" });
  });

  test("leaves a pause that waits for a person out of what it counts as work", () => {
    const pauseConditions = [{ reason: "CanaryPauseStep", startTime: text(10) }];
    const before: RolloutStatus = { ...underWay, currentStepIndex: 1 };
    const paused = after({ seconds: 10, current: "c", before }, { pauseConditions });
    expect(paused.duration).toEqual({ ...started, manualPauseStartedAt: text(10) });
    const resumed = after({
      seconds: 25,
      current: "c",
      before: { ...before, duration: paused.duration },
    });
    expect(resumed.duration).toEqual({ ...started, totalManualPauseDurationSeconds: 15 });
  });

  test("counts a timed pause as work", () => {
    const steps = [{ setWeight: 20 }, { pause: { duration: "1m" } }];
    const world = {
      seconds: 10,
      current: "c",
      before: { ...underWay, currentStepIndex: 1 },
      spec: { strategy: { canary: { steps } } },
    };
    const paused = after(world, { pauseConditions: [{ reason: "CanaryPauseStep", startTime: text(10) }] });
    expect(paused.duration).toEqual(started);
  });

  test("stands still while the spec is invalid", () => {
    const conditions = [newCondition("InvalidSpec", "True", "InvalidSpec", "", START)];
    expect(after({ seconds: 20, current: "c", before: { ...underWay, abort: true } }, { conditions }).duration).toEqual(
      started,
    );
  });
});
