/**
 * How a basic canary's pods are shared out when the Rollout gets another size in the middle of a move, as a Deployment
 * shares them (docs/behaviour/canary.md#a-new-size-in-the-middle-of-a-move). Pure arithmetic over facts.
 */
import { DESIRED_REPLICAS } from "../../../schema/labels.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { desiredReplicas, maxSurge, maxUnavailable } from "../model/defaults.ts";
import type { ReplicaSetFacts } from "../model/model.ts";
import { lastingPods, sizeOf, sum } from "../model/replicaSets.ts";

/** The Rollout's size for which a ReplicaSet was last sized; undefined when that was not noted, or not as a number. */
export function notedSize({ annotations }: ReplicaSetFacts): number | undefined {
  const noted = annotations[DESIRED_REPLICAS];
  return noted !== undefined && /^\d+$/.test(noted) ? Number(noted) : undefined;
}

/** The ReplicaSet was sized for another size of the Rollout. */
export function isOutgrown(rollout: Rollout, rs: ReplicaSetFacts): boolean {
  const noted = notedSize(rs);
  return noted !== undefined && noted !== desiredReplicas(rollout);
}

/** The Rollout with the size that the ReplicaSet was last sized for. */
export function atNotedSize(rollout: Rollout, rs: ReplicaSetFacts): Rollout {
  return { ...rollout, spec: { ...rollout.spec, replicas: notedSize(rs) ?? desiredReplicas(rollout) } };
}

/** The pods that a move may add to those that are asked for: none where none are asked for, as in a Deployment. */
export const surgeRoom = (rollout: Rollout): number => (desiredReplicas(rollout) === 0 ? 0 : maxSurge(rollout));

const mostPods = (rollout: Rollout): number => desiredReplicas(rollout) + surgeRoom(rollout);

/** The least available pods that a basic canary and its stable version keep together. */
export const leastAvailable = (rollout: Rollout): number => desiredReplicas(rollout) - maxUnavailable(rollout);

/**
 * Sizes for the Rollout's new size, by name: each ReplicaSet keeps its share of the pods. Where surge was used up it is
 * again; else there are as many pods as the new size asks for. One that was sized for the new size already keeps its
 * size. Pods that serve go before those that do not, where the limit of available pods needs it.
 *
 * @param sets all that have pods
 */
export function proportionalSizes(rollout: Rollout, sets: readonly ReplicaSetFacts[]): ReadonlyMap<string, number> {
  const most = mostPods(rollout);
  const filled = sum(sets, (rs) => rs.replicas / Math.max(1, mostPods(atNotedSize(rollout, rs))));
  const isFull = filled > 1 - 1e-9;
  const grown = (rs: ReplicaSetFacts): number => {
    const before = atNotedSize(rollout, rs);
    const [from, to] = isFull ? [mostPods(before), most] : [desiredReplicas(before), desiredReplicas(rollout)];
    return from === 0 ? rs.replicas : (rs.replicas * to) / from;
  };
  const free = sets.filter((rs) => isOutgrown(rollout, rs)).toSorted((a, b) => b.replicas - a.replicas);
  const fixed = sets.filter((rs) => !isOutgrown(rollout, rs));
  const together = isFull ? most : Math.min(most, Math.round(sum(sets, grown)));
  const left = Math.max(0, together - sum(fixed, sizeOf));
  const asked = sum(free, grown);
  const sizes = new Map(fixed.map((rs) => [rs.name, rs.replicas]));
  for (const rs of free) sizes.set(rs.name, asked === 0 ? 0 : Math.round((grown(rs) * left) / asked));
  const [largest] = free;
  if (largest !== undefined && asked > 0) {
    const rounded = left - sum(free, ({ name }) => sizes.get(name) ?? 0);
    sizes.set(largest.name, (sizes.get(largest.name) ?? 0) + rounded);
  }
  return keepServing(rollout, sets, sizes);
}

/** Moves pods between the sizes, so that none that serves goes below the limit while one stays that does not. */
export function keepServing(
  rollout: Rollout,
  sets: readonly ReplicaSetFacts[],
  proportional: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const sizes = new Map(proportional);
  const size = (rs: ReplicaSetFacts): number => sizes.get(rs.name) ?? 0;
  const kept = sum(sets, (rs) => Math.min(size(rs), lastingPods(rs)));
  let missing = Math.min(leastAvailable(rollout), sum(sets, lastingPods)) - kept;
  let taken = 0;
  for (const rs of sets) {
    const given = Math.min(Math.max(0, missing), Math.max(0, lastingPods(rs) - size(rs)));
    sizes.set(rs.name, size(rs) + given);
    missing -= given;
    taken += given;
  }
  for (const rs of sets) {
    const back = Math.min(taken, Math.max(0, size(rs) - lastingPods(rs)));
    sizes.set(rs.name, size(rs) - back);
    taken -= back;
  }
  return sizes;
}
