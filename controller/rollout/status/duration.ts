/**
 * How long a rollout took, and how much of that it waited for people: status.duration
 * (docs/behaviour/conditions-and-phases.md#duration).
 */
import type { RolloutDuration, RolloutStatus } from "../../../schema/rollout.ts";
import { findCondition, hasReason } from "../model/rolloutConditions.ts";
import { blueGreenOf, desiredReplicas } from "../model/defaults.ts";
import type { FinishedDuration } from "../model/model.ts";
import { isAborted, roles, statusOf, type Pass } from "../actions/pass.ts";
import { isPaused, needsPerson } from "../course/pauseConditions.ts";
import { isFastRollback, isRollback } from "../course/rollback.ts";
import { templateChanged, updateBegins } from "../course/reset.ts";
import { instant, timestamp } from "../../../kube/object/time.ts";

const isFinished = (d: RolloutDuration | undefined): boolean => d?.finishedAt !== undefined;

/** Folds an open manual pause into the total. */
function closePause(d: RolloutDuration, now: number): RolloutDuration {
  const since = instant(d.manualPauseStartedAt);
  if (since === undefined) return d;
  const { manualPauseStartedAt: _, ...rest } = d;
  const seconds = Math.floor((now - since) / 1000);
  return { ...rest, totalManualPauseDurationSeconds: (d.totalManualPauseDurationSeconds ?? 0) + seconds };
}

const finish = (
  d: RolloutDuration,
  completionStatus: RolloutDuration["completionStatus"],
  now: number,
): RolloutDuration => ({
  ...closePause(d, now),
  completionStatus,
  finishedAt: timestamp(now),
});

/** The transitions of this pass. */
interface Facts {
  readonly specChanged: boolean;
  /** Stable is the current revision and has all its pods available. */
  readonly completed: boolean;
  readonly aborted: boolean;
  readonly retried: boolean;
}

function factsOf(p: Pass, after: RolloutStatus): Facts {
  const before = statusOf(p);
  const { newRS } = roles(p);
  const changed = blueGreenOf(p.world.rollout) === undefined ? updateBegins(p) : templateChanged(p);
  const completed =
    (after.stableRS ?? "") === (after.currentPodHash ?? "") &&
    newRS !== undefined &&
    newRS.status.availableReplicas >= desiredReplicas(p.world.rollout);
  const aborted = isAborted(p);
  const wasAborted = hasReason(findCondition(before.conditions, "Progressing"), "RolloutAborted");
  return {
    specChanged: (before.currentPodHash ?? "") === "" || changed,
    completed,
    aborted,
    retried: wasAborted && !aborted,
  };
}

/** Tracks a running rollout until something ends it. */
function follow(p: Pass, d: RolloutDuration, f: Facts): RolloutDuration {
  let next = d;
  if (f.specChanged) {
    next = isRollback(p)
      ? { ...next, completionStatus: isFastRollback(p) ? "FastRolledBack" : "RolledBack" }
      : finish(next, "Superseded", p.now);
  }
  if (isFinished(next)) return next;
  if (f.completed) return finish(next, next.completionStatus ?? "Promoted", p.now);
  if (f.aborted) return finish(next, next.completionStatus ?? "Aborted", p.now);
  return next;
}

function trackManualPause(p: Pass, d: RolloutDuration, after: RolloutStatus, wasWaiting: boolean): RolloutDuration {
  const { rollout } = p.world;
  const waiting =
    isPaused(rollout, after) &&
    (rollout.spec.paused === true ||
      (after.pauseConditions ?? []).some((c) => needsPerson(rollout, c.reason, p.steps)));
  if (wasWaiting && !waiting) return closePause(d, p.now);
  if (!wasWaiting && waiting && d.manualPauseStartedAt === undefined)
    return { ...d, manualPauseStartedAt: timestamp(p.now) };
  return d;
}

/** The duration part of the status `after`, whose other fields are final. */
export function durationOf(p: Pass, after: RolloutStatus): RolloutDuration | undefined {
  const old = after.duration;
  if (findCondition(after.conditions, "InvalidSpec") !== undefined) return old;
  const facts = factsOf(p, after);
  const before = statusOf(p).duration;
  const underWay = before?.rolloutStartedAt !== undefined && !isFinished(before);
  let next = old !== undefined && underWay ? follow(p, old, facts) : old;
  let wasWaiting = before?.manualPauseStartedAt !== undefined;
  if (underWay && isFinished(next) && next?.completionStatus !== "Superseded") return next;
  if (next === undefined || (isFinished(next) && !facts.completed)) {
    wasWaiting = false;
    if ((facts.specChanged && !facts.completed) || facts.retried) next = { rolloutStartedAt: timestamp(p.now) };
  }
  return next === undefined || isFinished(next) ? next : trackManualPause(p, next, after, wasWaiting);
}

/**
 * The figures of a rollout that this pass finished, for the histograms
 * (docs/behaviour/conditions-and-phases.md#duration-histograms).
 */
export function finishedDuration(p: Pass, after: RolloutDuration | undefined): FinishedDuration | undefined {
  const before = statusOf(p).duration;
  const underWay = before?.rolloutStartedAt !== undefined && !isFinished(before);
  if (!underWay || before === undefined) return undefined;
  const ended = isFinished(after)
    ? after
    : after?.rolloutStartedAt === before.rolloutStartedAt
      ? undefined
      : finish(before, "Superseded", p.now);
  const started = instant(before.rolloutStartedAt);
  if (ended === undefined || started === undefined) return undefined;
  const totalSeconds = Math.max(0, ((instant(ended.finishedAt) ?? p.now) - started) / 1000);
  return {
    status: ended.completionStatus ?? "",
    totalSeconds,
    manualPauseSeconds: ended.totalManualPauseDurationSeconds ?? 0,
  };
}
