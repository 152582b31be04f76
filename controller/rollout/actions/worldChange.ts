/** Changes of the world that several actions have in common. Worlds are never changed in place. */
import { spend } from "../../../kube/object/budget.ts";
import type { Annotations, ReplicaSetFacts, World } from "../model/model.ts";

export const FOLLOWING = "following its ReplicaSets";

/** The annotations after a merge patch of them: null removes the key. */
export function patchAnnotations(old: Annotations, patch: Readonly<Record<string, string | null>>): Annotations {
  spend(Object.keys(old).length / 2, "copying annotations");
  const merged: Record<string, string> = { ...old };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = value;
  }
  return merged;
}

/** The world with another version of one ReplicaSet. */
export function withReplicaSet(world: World, name: string, change: (rs: ReplicaSetFacts) => ReplicaSetFacts): World {
  spend(8 + world.replicaSets.length / 4, FOLLOWING);
  return { ...world, replicaSets: world.replicaSets.map((rs) => (rs.name === name ? change(rs) : rs)) };
}

/** A change of annotations or labels as text: `a=1`, or `-a` for one that is removed. */
export const changesText = (changes: Readonly<Record<string, string | null>>): string =>
  Object.entries(changes)
    .map(([key, value]) => (value === null ? `-${key}` : `${key}=${value}`))
    .join(", ");
