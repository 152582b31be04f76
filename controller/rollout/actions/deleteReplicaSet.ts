/** Deletes an old ReplicaSet (docs/behaviour/scale-down.md). */
import { REPLICA_SETS } from "../../../kube/client/resources.ts";
import { spend } from "../../../kube/object/budget.ts";
import type { ActionRow } from "./row.ts";
import { FOLLOWING } from "./worldChange.ts";

export interface DeleteReplicaSet {
  readonly kind: "deleteReplicaSet";
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

export const deleteReplicaSet = {
  effect: (world, { name }) => {
    spend(8 + world.replicaSets.length / 4, FOLLOWING);
    return { ...world, replicaSets: world.replicaSets.filter((rs) => rs.name !== name) };
  },
  requests: ({ name, uid, resourceVersion }) => [
    {
      verb: "delete",
      resource: REPLICA_SETS,
      name,
      body: { propagationPolicy: "Background", preconditions: { uid, resourceVersion } },
    },
  ],
  words: ({ name }) => `delete ReplicaSet "${name}"`,
  target: ({ name }) => `ReplicaSet/${name}`,
} as const satisfies ActionRow<DeleteReplicaSet>;
