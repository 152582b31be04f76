/**
 * Sizes of a canary that is not to go on (the user has paused it, or an analysis was inconclusive), when the Rollout gets
 * another size: each version keeps its part, and none gets a larger one
 * (docs/behaviour/pauses-and-aborts.md#a-new-size-while-paused).
 */
import type { Rollout, TrafficWeights } from "../../../schema/rollout.ts";
import { canaryOf, desiredReplicas, maxSurge, stepIndexOf, stepsOf, trafficRoutingOf } from "../model/defaults.ts";
import type { ReplicaSetFacts } from "../model/model.ts";
import { hashOf, type Roles } from "../model/replicaSets.ts";
import { type StepTable, weightAfter } from "../../steps/stepTable.ts";
import { atNotedSize, isOutgrown, keepServing, notedSize, proportionalSizes, surgeRoom } from "./newSize.ts";
import { basicSplit, nearestSplit, type Split } from "./replicas.ts";
import { podsFor, routedCanarySizes } from "./routedReplicas.ts";

/** What a canary's sizes follow from, besides the ReplicaSets. */
export interface Held {
  readonly rollout: Rollout;
  /** Asked of the routers last. */
  readonly weights: TrafficWeights | undefined;
  readonly steps: StepTable;
  /** An aborted canary that keeps its pods for a while. */
  readonly keepsAborted: boolean;
}

/** The Rollout has another size than the ReplicaSet was sized for, and had pods of it, or no size at all. */
export const isHeldAtOldSize = (rollout: Rollout, rs: ReplicaSetFacts): boolean =>
  isOutgrown(rollout, rs) && (rs.replicas > 0 || notedSize(rs) === 0);

/** Sizes by name; a ReplicaSet that is not in it keeps its size. */
export function heldSizes(held: Held, roles: Roles): ReadonlyMap<string, number> {
  const { newRS, stableRS } = roles;
  const { rollout } = held;
  const total = desiredReplicas(rollout);
  if (newRS === undefined) return new Map();
  const isBasic = trafficRoutingOf(rollout) === undefined;
  if (stableRS === undefined || stableRS.name === newRS.name) {
    // Nothing is divided: pods that were never there are not to come now.
    if (!isHeldAtOldSize(rollout, newRS)) return new Map();
    const all = new Map([[newRS.name, total]]);
    return isBasic ? withOthers(rollout, newRS, roles.others, all) : all;
  }
  return isBasic ? basicHeldSizes(held, roles, newRS, stableRS) : routedHeldSizes(held, roles, newRS, stableRS);
}

/** Versions that were given up keep their pods as far as the surge allows it, or while only they serve. */
function withOthers(
  rollout: Rollout,
  newRS: ReplicaSetFacts,
  others: readonly ReplicaSetFacts[],
  sizes: Map<string, number>,
): ReadonlyMap<string, number> {
  let room = surgeRoom(rollout);
  const active = others.filter((rs) => rs.replicas > 0);
  for (const rs of active) {
    const size = Math.min(rs.replicas, room);
    sizes.set(rs.name, size);
    room -= size;
  }
  return keepServing(rollout, [newRS, ...active], sizes);
}

function basicHeldSizes(
  { rollout, steps }: Held,
  roles: Roles,
  newRS: ReplicaSetFacts,
  stableRS: ReplicaSetFacts,
): ReadonlyMap<string, number> {
  const total = desiredReplicas(rollout);
  const sizes = (canary: number, stable: number): ReadonlyMap<string, number> =>
    new Map([
      [stableRS.name, stable],
      [newRS.name, canary],
    ]);
  const others = roles.others.filter((rs) => rs.replicas > 0);
  if (newRS.replicas === 0 && notedSize(newRS) === 0 && others.length === 0) {
    // From no pods at all: the steps that are done say how they were divided.
    const weight = weightAfter(steps, stepsOf(rollout), stepIndexOf(rollout) ?? 0);
    const split = nearestSplit(total, rollout.status?.abort === true ? 0 : weight, maxSurge(rollout));
    return sizes(split.canary, split.stable);
  }
  if (others.length === 0 && newRS.replicas > 0 && stableRS.replicas > 0) {
    const before = basicSplit(atNotedSize(rollout, stableRS), steps);
    const now = basicSplit(rollout, steps);
    const isReached = before.canary === newRS.replicas && before.stable === stableRS.replicas;
    // In one direction only: a pod must not go before the one that replaces it is there.
    const isOneWay = (now.canary - before.canary) * (now.stable - before.stable) >= 0;
    if (isReached && isOneWay) return keepServing(rollout, [newRS, stableRS], sizes(now.canary, now.stable));
  }
  const active = [stableRS, newRS, ...others].filter((rs) => rs.replicas > 0);
  const [only, another] = active;
  const shared = only !== undefined && another === undefined ? new Map([[only.name, total]]) : undefined;
  return new Map([[stableRS.name, 0], [newRS.name, 0], ...(shared ?? proportionalSizes(rollout, active))]);
}

function routedHeldSizes(
  held: Held,
  roles: Roles,
  newRS: ReplicaSetFacts,
  stableRS: ReplicaSetFacts,
): ReadonlyMap<string, number> {
  const { rollout, weights } = held;
  const total = desiredReplicas(rollout);
  const isDynamic = canaryOf(rollout)?.dynamicStableScale === true;
  const [sent, left] =
    weights === undefined ? [0, total] : [carried(rollout, weights, newRS), podsFor(rollout, weights.stable.weight)];
  const canary = held.keepsAborted ? newRS.replicas : Math.max(sent, partOf(held, roles, newRS, "canary"));
  const stable = isDynamic ? Math.max(left, partOf(held, roles, stableRS, "stable")) : total;
  return new Map([
    [stableRS.name, stable],
    [newRS.name, canary],
  ]);
}

const carried = (rollout: Rollout, { canary }: TrafficWeights, newRS: ReplicaSetFacts): number =>
  canary.podTemplateHash === hashOf(newRS) ? podsFor(rollout, canary.weight) : 0;

/**
 * One that had the size which was wanted of it has the one that is wanted now; else it keeps its part. From no pods at
 * all, the steps that are done say which size it had.
 */
function partOf({ rollout, weights, steps }: Held, roles: Roles, rs: ReplicaSetFacts, of: keyof Split): number {
  if (!isHeldAtOldSize(rollout, rs)) return rs.replicas;
  const noted = notedSize(rs) ?? 0;
  const total = desiredReplicas(rollout);
  const wanted = (at: Rollout): number => routedCanarySizes(at, roles, weights, steps)[of];
  if (noted === 0) {
    const done = (stepIndexOf(rollout) ?? 0) - 1;
    if (done < 0) return of === "canary" ? 0 : total;
    return wanted({ ...rollout, status: { ...rollout.status, currentStepIndex: done } });
  }
  if (rs.replicas === wanted(atNotedSize(rollout, rs))) return wanted(rollout);
  return Math.min(total, Math.ceil((rs.replicas * total) / noted));
}
