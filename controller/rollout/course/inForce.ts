/**
 * What of a stored status still counts: users write words into it at any time, and the strategy may be another one than
 * the status was written for. Read once, when a decision begins, so that every pass acts on the same.
 */
import { timestamp } from "../../../kube/object/time.ts";
import type { Rollout, RolloutStatus } from "../../../schema/rollout.ts";
import { isCompleted } from "../model/rolloutConditions.ts";
import { blueGreenOf } from "../model/defaults.ts";

/**
 * The Rollout with the status that a decision goes by; the same object where everything in it counts.
 *
 * @param valid an invalid Rollout keeps what belongs to a strategy: the edit may be taken back
 * @param now ms since the epoch
 */
export function inForce(rollout: Rollout, valid: boolean, now: number): Rollout {
  const { status } = rollout;
  if (status === undefined) return rollout;
  const own = valid && blueGreenOf(rollout) !== undefined ? withoutCanary(status) : status;
  const next = withLastWord(withoutPastAnalyses(own), now);
  return next === status ? rollout : { ...rollout, status: next };
}

/**
 * A status of blue-green has no hash of steps: one that has was written for a canary. Its pauses and its place among
 * the steps say nothing about a promotion of blue-green, which one flag would make of them
 * (docs/behaviour/promotion-and-rollback.md#another-strategy-in-the-middle). The other way round the missing hash
 * begins the steps anew.
 */
function withoutCanary(status: RolloutStatus): RolloutStatus {
  if ((status.currentStepHash ?? "") === "") return status;
  const {
    currentStepHash: _hash,
    currentStepIndex: _index,
    pauseConditions: _conditions,
    controllerPause: _pause,
    canary: _canary,
    ...rest
  } = status;
  return rest;
}

/**
 * An abort that somebody has taken back: what the analyses of that attempt found says nothing about the next one
 * (docs/behaviour/rollout-analysis.md#after-an-abort).
 */
function withoutPastAnalyses(status: RolloutStatus): RolloutStatus {
  const { abort, abortedAt, blueGreen } = status;
  if (abort === true || abortedAt === undefined || blueGreen === undefined) return status;
  const { prePromotionAnalysisRunStatus: before, postPromotionAnalysisRunStatus: after, ...rest } = blueGreen;
  return before === undefined && after === undefined ? status : { ...status, blueGreen: rest };
}

/**
 * An abort that has been acted on has its time, and one without was asked for since: it is later than a full promotion
 * that the status has, too. An abort with its time is earlier than such a promotion, and ends by it
 * (docs/behaviour/pauses-and-aborts.md#the-last-word-counts).
 */
function withLastWord(status: RolloutStatus, now: number): RolloutStatus {
  if (status.abort !== true || status.abortedAt !== undefined || isCompleted(status)) return status;
  const { promoteFull: _, ...rest } = status;
  return { ...rest, abortedAt: timestamp(now) };
}
