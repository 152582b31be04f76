/** How many pods an update of a Rollout starts beside those that run (docs/behaviour/admission.md#what-the-audit-looks-for). Pure. */
import { blueGreenOf, canaryOf, desiredReplicas, maxSurge } from "../../../controller/rollout/model/defaults.ts";
import type { Rollout } from "../../../schema/rollout.ts";

export interface Surge {
  readonly pods: number;
  /** What makes it so many, in words of the API. */
  readonly why: string;
  /** Whether the update waits where they do not all fit, or goes on with fewer at a time. */
  readonly all: boolean;
}

/**
 * Undefined: none, or it is not certain how many.
 *
 * Behind a router the stable pods stay until the canary has all the traffic; where they make room for it
 * (`dynamicStableScale`), it depends on the steps.
 */
export function surgeOf(rollout: Rollout): Surge | undefined {
  const replicas = desiredReplicas(rollout);
  if (replicas <= 0) return undefined;
  if (blueGreenOf(rollout) !== undefined) return { pods: replicas, why: "blueGreen", all: true };
  const canary = canaryOf(rollout);
  if (canary === undefined) return undefined;
  if (canary.trafficRouting !== undefined) {
    return canary.dynamicStableScale === true ? undefined : { pods: replicas, why: "trafficRouting", all: true };
  }
  const pods = maxSurge(rollout);
  return pods <= 0 ? undefined : { pods, why: "maxSurge", all: false };
}

/** Nothing moves, so that each of its pods is counted once, and an update would start from here. */
export function isAtRest({ metadata, spec, status }: Rollout): boolean {
  const { phase, stableRS = "", currentPodHash } = status ?? {};
  return (
    metadata.deletionTimestamp === undefined &&
    phase === "Healthy" &&
    stableRS !== "" &&
    stableRS === currentPodHash &&
    (status?.replicas ?? 0) === (spec.replicas ?? 1)
  );
}
