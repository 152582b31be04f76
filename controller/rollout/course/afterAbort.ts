/** What an abort leaves running, and for how long (docs/behaviour/scale-down.md#after-an-abort). */
import { SCALE_DOWN_DEADLINE } from "../../../schema/labels.ts";
import {
  abortScaleDownDelaySeconds,
  blueGreenOf,
  canaryOf,
  desiredReplicas,
  namesAbortDelay,
  trafficRoutingOf,
} from "../model/defaults.ts";
import type { ReplicaSetFacts } from "../model/model.ts";
import { isAborted, roles, scaleReplicaSet, statusOf, updateReplicaSet, wake, type Pass } from "../actions/pass.ts";
import { deadlineOf, hasDeadline, hashOf } from "../model/replicaSets.ts";
import { isRollback, isWithinScaleDownDelay } from "./rollback.ts";
import { timestamp } from "../../../kube/object/time.ts";

/**
 * An aborted preview or routed canary keeps its pods for a while; a basic canary's pods serve traffic and are removed
 * at once. With dynamicStableScale they are removed as their traffic moves away, unless the user has set a time.
 */
export function delaysScaleDown(p: Pass): boolean {
  const { rollout } = p.world;
  if (!isAborted(p) || roles(p).stableRS === undefined) return false;
  if (blueGreenOf(rollout) === undefined && trafficRoutingOf(rollout) === undefined) return false;
  if (canaryOf(rollout)?.dynamicStableScale === true && !namesAbortDelay(rollout)) return false;
  return abortScaleDownDelaySeconds(rollout) !== undefined;
}

/**
 * Removes the scale-down deadline from ReplicaSets that are needed again. One that a blue-green rollback goes back to
 * keeps it until the active Service points there: the deadline is what makes the rollback a fast one.
 */
export function removeScaleDownDeadlines(p: Pass): void {
  const { newRS, stableRS } = roles(p);
  const goingBack =
    isRollback(p) && isWithinScaleDownDelay(p) && statusOf(p).blueGreen?.activeSelector !== hashOf(newRS);
  // Once the deadline has passed, the rollback is an update like any other.
  if (goingBack && newRS !== undefined) wake(p, deadlineOf(newRS));
  const needed = new Set(
    [...(delaysScaleDown(p) || goingBack ? [] : [newRS]), stableRS].filter((rs) => rs !== undefined && hasDeadline(rs)),
  );
  for (const rs of needed) {
    if (rs !== undefined) updateReplicaSet(p, rs, { annotations: { [SCALE_DOWN_DEADLINE]: null } });
  }
}

/**
 * Holds the aborted ReplicaSet at its size until its deadline, which starts once stable has all its pods and its
 * traffic: sizes may change before a router has followed (docs/behaviour/scale-down.md#after-an-abort).
 */
export function holdAborted(p: Pass, newRS: ReplicaSetFacts): boolean {
  if ((p.weights?.canary.weight ?? 0) > 0) {
    scaleReplicaSet(p, newRS, newRS.replicas, { keepDeadline: true });
    return false;
  }
  const deadline = deadlineOf(newRS);
  if (deadline !== undefined && deadline <= p.now) return scaleReplicaSet(p, newRS, 0, { keepDeadline: false });
  scaleReplicaSet(p, newRS, newRS.replicas, { keepDeadline: true });
  const delaySeconds = abortScaleDownDelaySeconds(p.world.rollout);
  const stable = roles(p).stableRS;
  const stableReady = stable !== undefined && stable.status.availableReplicas >= desiredReplicas(p.world.rollout);
  if (deadline === undefined && delaySeconds !== undefined && stableReady && newRS.replicas > 0) {
    const at = timestamp(p.now + delaySeconds * 1000);
    updateReplicaSet(p, newRS, { annotations: { [SCALE_DOWN_DEADLINE]: at } });
    wake(p, Date.parse(at));
  }
  wake(p, deadline);
  return false;
}
