/**
 * Takes over a ReplicaSet that the selector matches and that has no controller (docs/behaviour/revisions.md#adoption).
 */
import { REPLICA_SETS } from "../../../kube/client/resources.ts";
import { controllerReference } from "../../../kube/object/ownerReference.ts";
import { ROLLOUT_KIND } from "../../../schema/kinds.ts";
import type { OwnerReference } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { ActionRow } from "./row.ts";
import { withReplicaSet } from "./worldChange.ts";

export interface AdoptReplicaSet {
  readonly kind: "adoptReplicaSet";
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** `owners`: all owners that the ReplicaSet has now. */
interface Needs {
  readonly rollout: Rollout;
  readonly owners: readonly OwnerReference[];
}

export const adoptReplicaSet = {
  effect: (world, { name }) =>
    withReplicaSet(world, name, (rs) => ({ ...rs, controllerUid: world.rollout.metadata.uid ?? "" })),
  requests: ({ name, uid, resourceVersion }, { rollout, owners }) => [
    {
      verb: "patch",
      resource: REPLICA_SETS,
      name,
      resourceVersion,
      body: { metadata: { uid, ownerReferences: [...owners, controllerReference(ROLLOUT_KIND, rollout)] } },
    },
  ],
  words: ({ name }) => `adopt ReplicaSet "${name}"`,
  target: ({ name }) => `ReplicaSet/${name}`,
} as const satisfies ActionRow<AdoptReplicaSet, Needs>;
