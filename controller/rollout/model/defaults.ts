/**
 * Defaults that the controller applies in memory; the API server stores none of them
 * (docs/behaviour/objects.md#defaults).
 */
import type { BlueGreenStrategy, CanaryStep, CanaryStrategy, Rollout } from "../../../schema/rollout.ts";
import type { IntOrString } from "../../../schema/scalars.ts";

export const desiredReplicas = (rollout: Rollout): number => rollout.spec.replicas ?? 1;
export const revisionHistoryLimit = (rollout: Rollout): number => rollout.spec.revisionHistoryLimit ?? 10;
export const progressDeadlineSeconds = (rollout: Rollout): number => rollout.spec.progressDeadlineSeconds ?? 600;

export const canaryOf = (rollout: Rollout): CanaryStrategy | undefined => rollout.spec.strategy?.canary;
export const blueGreenOf = (rollout: Rollout): BlueGreenStrategy | undefined => rollout.spec.strategy?.blueGreen;

export const stepsOf = (rollout: Rollout): readonly CanaryStep[] => canaryOf(rollout)?.steps ?? [];

/** Position among the canary steps: undefined without steps, `steps.length` once all are done. */
export function stepIndexOf(rollout: Rollout): number | undefined {
  return stepsOf(rollout).length === 0 ? undefined : (rollout.status?.currentStepIndex ?? 0);
}

export function currentStepOf(rollout: Rollout): CanaryStep | undefined {
  const index = stepIndexOf(rollout);
  return index === undefined ? undefined : stepsOf(rollout)[index];
}

/** Present for a canary whose traffic a router splits; without a router the numbers of pods split it. */
export const trafficRoutingOf = (rollout: Rollout): CanaryStrategy["trafficRouting"] =>
  canaryOf(rollout)?.trafficRouting;

/** Weight that stands for all traffic. */
export const fullWeight = (rollout: Rollout): number => trafficRoutingOf(rollout)?.maxTrafficWeight ?? 100;

/** Which of the two Services of a ping-pong is stable's; before the first promotion that is pong. */
export const isStablePing = (rollout: Rollout): boolean => rollout.status?.canary?.stablePingPong === "ping";

/**
 * Seconds that an old ReplicaSet keeps its pods after the cutover; those of a basic canary serve traffic, and are
 * removed at once.
 */
export function scaleDownDelaySeconds(rollout: Rollout): number {
  const blueGreen = blueGreenOf(rollout);
  if (blueGreen !== undefined) return blueGreen.scaleDownDelaySeconds ?? 30;
  return trafficRoutingOf(rollout) === undefined ? 0 : (canaryOf(rollout)?.scaleDownDelaySeconds ?? 30);
}

export function scaleDownDelayRevisionLimit(rollout: Rollout): number {
  const strategy = blueGreenOf(rollout) ?? canaryOf(rollout);
  return strategy?.scaleDownDelayRevisionLimit ?? Number.POSITIVE_INFINITY;
}

/** Seconds that an aborted preview or routed canary keeps its pods; undefined: for ever (explicit 0). */
export function abortScaleDownDelaySeconds(rollout: Rollout): number | undefined {
  const seconds = (blueGreenOf(rollout) ?? canaryOf(rollout))?.abortScaleDownDelaySeconds ?? 30;
  return seconds === 0 ? undefined : seconds;
}

/** The user has set how long an aborted routed canary keeps its pods. */
export const namesAbortDelay = (rollout: Rollout): boolean =>
  trafficRoutingOf(rollout) !== undefined && (canaryOf(rollout)?.abortScaleDownDelaySeconds ?? 0) !== 0;

/**
 * Value of an int-or-percentage against a total. Any string is a percentage, with or without the sign
 * (docs/behaviour/canary.md#surge-and-unavailability); text that is not a number counts as 0.
 */
function resolve(value: IntOrString, total: number, round: (n: number) => number): number {
  if (typeof value === "number") return value;
  const percent = /^\d+%?$/.test(value) ? Number.parseInt(value, 10) : 0;
  return round((percent * total) / 100);
}

const DEFAULT_FENCEPOST = "25%";

/** Pods above the desired number that a basic canary may create (docs/behaviour/canary.md#surge-and-unavailability). */
export function maxSurge(rollout: Rollout): number {
  const canary = canaryOf(rollout);
  if (canary === undefined) return 0;
  return resolve(canary.maxSurge ?? DEFAULT_FENCEPOST, desiredReplicas(rollout), Math.ceil);
}

/** Pods below the desired number that an update may cause; 1 when both fenceposts come out as 0. */
export function maxUnavailable(rollout: Rollout): number {
  const total = desiredReplicas(rollout);
  if (total === 0) return 0;
  const strategy = canaryOf(rollout) ?? blueGreenOf(rollout);
  const unavailable = resolve(strategy?.maxUnavailable ?? DEFAULT_FENCEPOST, total, Math.floor);
  const needsOne = canaryOf(rollout) !== undefined && unavailable === 0 && maxSurge(rollout) === 0;
  return Math.min(needsOne ? 1 : unavailable, total);
}
