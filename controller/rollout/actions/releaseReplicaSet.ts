/** Releases a ReplicaSet that the selector no longer matches (docs/behaviour/revisions.md#adoption). */
import { REPLICA_SETS } from "../../../kube/client/resources.ts";
import type { OwnerReference } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { ActionRow } from "./row.ts";
import { withReplicaSet } from "./worldChange.ts";

export interface ReleaseReplicaSet {
  readonly kind: "releaseReplicaSet";
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** `owners`: all owners that the ReplicaSet has now. */
interface Needs {
  readonly rollout: Rollout;
  readonly owners: readonly OwnerReference[];
}

export const releaseReplicaSet = {
  effect: (world, { name }) => withReplicaSet(world, name, (rs) => ({ ...rs, controllerUid: "" })),
  requests: ({ name, uid, resourceVersion }, { rollout, owners }) => [
    {
      verb: "patch",
      resource: REPLICA_SETS,
      name,
      resourceVersion,
      body: { metadata: { uid, ownerReferences: owners.filter((owner) => owner.uid !== rollout.metadata.uid) } },
    },
  ],
  words: ({ name }) => `release ReplicaSet "${name}"`,
  target: ({ name }) => `ReplicaSet/${name}`,
} as const satisfies ActionRow<ReleaseReplicaSet, Needs>;
