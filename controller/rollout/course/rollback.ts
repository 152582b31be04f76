/**
 * When a new revision is really an old one, and may skip steps, pauses and analyses
 * (docs/behaviour/promotion-and-rollback.md#rollback).
 */
import { blueGreenOf } from "../model/defaults.ts";
import { roles, statusOf, type Pass } from "../actions/pass.ts";
import { deadlineOf, hashOf } from "../model/replicaSets.ts";

/** The desired template is the stable one's, or that of a ReplicaSet older than stable (whole seconds). */
export function isRollback(p: Pass): boolean {
  const { newRS, stableRS } = roles(p);
  if (newRS === undefined || stableRS === undefined) return false;
  return hashOf(newRS) === statusOf(p).stableRS || newRS.createdAt < stableRS.createdAt;
}

/** Fewer than rollbackWindow.revisions ReplicaSets were created between the new and the stable one. */
export function isRollbackWithinWindow(p: Pass): boolean {
  const { newRS, stableRS } = roles(p);
  const revisions = p.world.rollout.spec.rollbackWindow?.revisions ?? 0;
  if (newRS === undefined || stableRS === undefined || revisions <= 0 || newRS.createdAt >= stableRS.createdAt)
    return false;
  const between = p.world.replicaSets.filter(
    (rs) => newRS.createdAt < rs.createdAt && rs.createdAt < stableRS.createdAt,
  );
  return between.length < revisions;
}

/** A blue-green ReplicaSet whose scale-down delay still runs has all its pods: going back to it needs no test. */
export function isWithinScaleDownDelay(p: Pass): boolean {
  const { newRS } = roles(p);
  const deadline = newRS === undefined ? undefined : deadlineOf(newRS);
  return blueGreenOf(p.world.rollout) !== undefined && deadline !== undefined && deadline > p.now;
}

/**
 * A rollback that needs no steps: to stable itself, within the window, or within the scale-down delay. True on every
 * pass of a fully promoted Rollout, too, which promotion and the blue-green pause rely on.
 */
export function isFastRollback(p: Pass): boolean {
  if (!isRollback(p)) return false;
  return isRollbackWithinWindow(p) || isWithinScaleDownDelay(p) || hashOf(roles(p).newRS) === statusOf(p).stableRS;
}
