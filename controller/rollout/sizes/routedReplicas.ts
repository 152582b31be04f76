/**
 * How many pods the canary and the stable ReplicaSet should have when a router splits the traffic
 * (docs/behaviour/canary.md#sizes-with-a-router).
 */
import type { Rollout, TrafficWeights } from "../../../schema/rollout.ts";
import {
  abortScaleDownDelaySeconds,
  canaryOf,
  currentStepOf,
  desiredReplicas,
  fullWeight,
  namesAbortDelay,
  stepIndexOf,
  stepsOf,
  trafficRoutingOf,
} from "../model/defaults.ts";
import { hashOf, type Roles } from "../model/replicaSets.ts";
import { canaryThresholdMet, currentSetWeight, hasMadeItsPods, type Split, wantsAll } from "./replicas.ts";
import type { CanarySize } from "../../steps/kind.ts";
import type { SizeReason } from "../../../schema/reasons.ts";
import { sizeAfter, type StepTable, weightsOf } from "../../steps/stepTable.ts";

/** Pods that carry `weight` of the traffic, rounded up. */
export const podsFor = (rollout: Rollout, weight: number): number =>
  Math.ceil((weight * desiredReplicas(rollout)) / fullWeight(rollout));

/** minPodsPerReplicaSet holds for a ReplicaSet that has pods at all, and never asks for more than the Rollout's size. */
function withMinimum(rollout: Rollout, pods: number): number {
  const least = Math.min(canaryOf(rollout)?.minPodsPerReplicaSet ?? 0, desiredReplicas(rollout));
  return pods === 0 ? 0 : Math.max(pods, least);
}

/**
 * The size of the canary where it does not follow its traffic, by the last step up to the current one that sets a size.
 * A step that makes it follow the traffic again ends it; so do the end of the steps and an abort, unless the user keeps
 * aborted pods for ever (abortScaleDownDelaySeconds: 0).
 */
function canaryScaleOf(rollout: Rollout, steps: StepTable): CanarySize | undefined {
  if (trafficRoutingOf(rollout) === undefined || currentStepOf(rollout) === undefined) return undefined;
  if (rollout.status?.abort === true && abortScaleDownDelaySeconds(rollout) !== undefined) return undefined;
  const scale = sizeAfter(steps, stepsOf(rollout), (stepIndexOf(rollout) ?? 0) + 1);
  return scale?.matchTrafficWeight === true ? undefined : scale;
}

/**
 * Weight that the canary's size follows. An aborted canary with dynamicStableScale goes back over its setWeight steps,
 * so that the stable ReplicaSet grows in the same portions: to the first step that needs fewer pods than the canary
 * still must have.
 */
export function canaryWeight(rollout: Rollout, { newRS, stableRS }: Roles, steps: StepTable): number {
  const dynamic = canaryOf(rollout)?.dynamicStableScale === true;
  if (rollout.status?.abort !== true || !dynamic || newRS === undefined || stableRS === undefined)
    return currentSetWeight(rollout, steps);
  const missing = desiredReplicas(rollout) - stableRS.status.availableReplicas;
  // If the pods that a canary keeps for a set time counted, the weight would never go down.
  const pods = namesAbortDelay(rollout) ? missing : Math.max(missing, newRS.status.availableReplicas);
  const sizeFor = (weight: number): number => withMinimum(rollout, podsFor(rollout, weight));
  return weightsOf(steps, stepsOf(rollout)).findLast((weight) => sizeFor(weight) < pods) ?? 0;
}

/**
 * Sizes of both ReplicaSets. `weights`: what was asked of the routers. Without dynamicStableScale stable keeps all its
 * pods until the promotion; with it, as many as the higher of its wanted and its actual weight needs: pods are removed
 * after the traffic has moved away, and created before it comes.
 */
export function routedCanarySizes(
  rollout: Rollout,
  roles: Roles,
  weights: TrafficWeights | undefined,
  steps: StepTable,
): Split {
  const total = desiredReplicas(rollout);
  const scale = wantsAll(rollout) ? undefined : canaryScaleOf(rollout, steps);
  const full = fullWeight(rollout);
  const weight = wantsAll(rollout) ? full : (scale?.weight ?? canaryWeight(rollout, roles, steps));
  const fixed = scale?.replicas;
  // Pods are removed after their traffic has moved away, unless a step sets a size.
  const kept = scale === undefined ? carriedBy(rollout, roles, weights) : 0;
  const canary = fixed ?? withMinimum(rollout, Math.max(podsFor(rollout, weight), kept));
  if (canaryOf(rollout)?.dynamicStableScale !== true) return { canary, stable: total };

  const wanted = podsFor(rollout, full - (fixed === undefined ? weight : 0));
  const stable = Math.max(wanted, podsFor(rollout, weights?.stable.weight ?? 0));
  return { canary: withMinimum(rollout, canary), stable: withMinimum(rollout, stable) };
}

/** The pods of the new ReplicaSet that are needed for the traffic that they get now. */
function carriedBy(rollout: Rollout, { newRS }: Roles, weights: TrafficWeights | undefined): number {
  const isNew = weights?.canary.podTemplateHash === hashOf(newRS);
  return isNew && newRS !== undefined ? podsFor(rollout, weights?.canary.weight ?? 0) : 0;
}

/**
 * What the ReplicaSets still lack for the current step; undefined when they have reached it
 * (docs/behaviour/canary.md#when-a-step-is-complete).
 */
export function routedSizesLack(
  rollout: Rollout,
  roles: Roles,
  weights: TrafficWeights | undefined,
  steps: StepTable,
): SizeReason | undefined {
  const wanted = routedCanarySizes(rollout, roles, weights, steps);
  if (!canaryThresholdMet(rollout, roles.newRS, wanted.canary)) return "CanarySizeNotReached";
  if (canaryOf(rollout)?.dynamicStableScale === true) return undefined;
  const stable = roles.stableRS;
  return stable !== undefined && hasMadeItsPods(stable, wanted.stable) ? undefined : "StableSizeNotReached";
}
