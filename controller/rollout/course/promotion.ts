/**
 * When the new ReplicaSet becomes the stable one, and what that does to the status
 * (docs/behaviour/promotion-and-rollback.md#what-a-promotion-does).
 */
import type { RolloutDuration, RolloutStatus } from "../../../schema/rollout.ts";
import { findCondition } from "../model/rolloutConditions.ts";
import {
  blueGreenOf,
  canaryOf,
  desiredReplicas,
  fullWeight,
  isStablePing,
  stepIndexOf,
  stepsOf,
} from "../model/defaults.ts";
import type { ReplicaSetFacts } from "../model/model.ts";
import { emit, isAborted, revisionText, roles, statusOf, type Pass } from "../actions/pass.ts";
import { clearPausesAndAbort, haltReason } from "./pauseConditions.ts";
import { lacksBackground, postPromotionDone } from "./analysisWishes.ts";
import { lastingPods } from "../model/replicaSets.ts";
import { canaryThresholdMet } from "../sizes/replicas.ts";
import { isFastRollback, isRollbackWithinWindow } from "./rollback.ts";

const fastRollback = (p: Pass): string | undefined => {
  if (!isFastRollback(p)) return undefined;
  return isRollbackWithinWindow(p) ? "Rollback within window" : "Fast rollback";
};

function canaryReason(p: Pass): string | undefined {
  const { rollout } = p.world;
  const { newRS, stableRS } = roles(p);
  const wanted = desiredReplicas(rollout);
  if (isAborted(p) || newRS === undefined) return undefined;
  // A promotion moves all traffic, which the user's pause is to prevent.
  if (haltReason(p) !== undefined && newRS.name !== stableRS?.name) return undefined;
  if (isUnverifiedAtEnd(p)) return undefined;
  if (lastingPods(newRS) < wanted && !canaryThresholdMet(rollout, newRS, wanted)) return undefined;
  if (statusOf(p).promoteFull === true) return "Full promotion requested";
  const fast = fastRollback(p);
  if (fast !== undefined) return fast;
  const steps = stepsOf(rollout).length;
  // What this pass has found pauses the update, or an analysis that is to watch it has not begun.
  const isHeld = p.pause.add.includes("InconclusiveAnalysisRun") || lacksBackground(p);
  return !isHeld && (steps === 0 || stepIndexOf(rollout) === steps) ? `Completed all ${steps} canary steps` : undefined;
}

/** All traffic should be the new version's, and is not seen to be: stable must not end. */
export const isUnverifiedAtEnd = (p: Pass): boolean =>
  p.weights?.verified === false &&
  p.weights.canary.weight === fullWeight(p.world.rollout) &&
  roles(p).newRS?.name !== roles(p).stableRS?.name;

const hasBeenHealthy = (p: Pass): boolean => findCondition(statusOf(p).conditions, "Healthy") !== undefined;

/**
 * The stable ReplicaSet, when an update of it is under way, its pods serve or did so, and the active Service selects no
 * revision. That is not a first deployment, although the Service looks like it: the new revision has not been approved,
 * and may not have a pod yet. A canary may have left stable without a pod; blue-green brings them back.
 */
export function servingWithoutService(p: Pass, activeHash: string): ReplicaSetFacts | undefined {
  const { newRS, stableRS } = roles(p);
  const isUpdate = stableRS !== undefined && stableRS.name !== newRS?.name;
  const serves = isUpdate && (stableRS.status.availableReplicas > 0 || hasBeenHealthy(p));
  return activeHash === "" && serves ? stableRS : undefined;
}

function blueGreenReason(p: Pass, draft: RolloutStatus): string | undefined {
  const active = draft.blueGreen?.activeSelector ?? "";
  // A first deployment is stable before the active Service points at it: the switch waits for stable.
  if (servingWithoutService(p, active) !== undefined) return undefined;
  if (active === "") return "Initial deploy";
  if (active !== draft.currentPodHash) return undefined;
  // Requests may still reach the pods of the version before, which end after the promotion.
  if (!p.registered) return undefined;
  if (statusOf(p).promoteFull === true) return "Full promotion requested";
  const fast = fastRollback(p);
  if (fast !== undefined || isAborted(p)) return fast;
  return postPromotionDone(p) ? "Completed blue-green update" : undefined;
}

/**
 * Why the new ReplicaSet is to be stable now, or undefined. A missing stable ReplicaSet (never promoted, or deleted)
 * promotes at once, without waiting for a pod.
 */
export function promotionReason(p: Pass, draft: RolloutStatus): string | undefined {
  if (roles(p).stableRS === undefined) return "Initial deploy";
  return canaryOf(p.world.rollout) !== undefined ? canaryReason(p) : blueGreenReason(p, draft);
}

function completion(p: Pass, duration: RolloutDuration | undefined): RolloutDuration | undefined {
  if (duration === undefined || duration.completionStatus !== undefined) return duration;
  return { ...duration, completionStatus: statusOf(p).promoteFull === true ? "FastPromoted" : "Promoted" };
}

/** The draft with the current revision as stable. */
export function promoteStable(p: Pass, draft: RolloutStatus, reason: string): RolloutStatus {
  clearPausesAndAbort(p);
  const steps = stepsOf(p.world.rollout).length;
  const { scaleUpPreviewCheckPoint: _, ...blueGreen } = draft.blueGreen ?? {};
  const canary = blueGreenOf(p.world.rollout) === undefined ? { currentStepIndex: steps > 0 ? steps : undefined } : {};
  const promoted: RolloutStatus = { ...draft, ...canary, promoteFull: false, blueGreen };
  if (draft.stableRS === draft.currentPodHash) return promoted;
  if (canaryOf(p.world.rollout)?.pingPong !== undefined)
    promoted.canary = { ...promoted.canary, stablePingPong: isStablePing(p.world.rollout) ? "pong" : "ping" };
  const hash = draft.currentPodHash ?? "";
  emit(p, "status", "RolloutCompleted", `Rollout completed update to revision ${revisionText(p)} (${hash}): ${reason}`);
  return { ...promoted, stableRS: hash, duration: completion(p, draft.duration) };
}
