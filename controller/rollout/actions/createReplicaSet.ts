/** Creates the ReplicaSet of a template that has none yet (docs/behaviour/revisions.md#a-new-replicaset). */
import { HASH_LABEL } from "../../../schema/labels.ts";
import { REPLICA_SETS } from "../../../kube/client/resources.ts";
import { formatSelector } from "../../../kube/object/selector.ts";
import { timestamp } from "../../../kube/object/time.ts";
import type { ReplicaSet } from "../../../schema/kube.ts";
import { avoidedHash, avoiding } from "../model/antiAffinity.ts";
import type { ReplicaSetFacts, World } from "../model/model.ts";
import type { ActionRow, Basis } from "./row.ts";

export interface CreateReplicaSet {
  readonly kind: "createReplicaSet";
  readonly name: string;
  readonly manifest: ReplicaSet;
}

/** What is known of it before it exists: no pods, and no uid or version, which the API server gives it. */
function created({ rollout }: World, { manifest }: CreateReplicaSet, { now, snapshot }: Basis): ReplicaSetFacts {
  const { metadata, spec } = manifest;
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    uid: "",
    resourceVersion: "",
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    controllerUid: rollout.metadata.uid ?? "",
    selector: formatSelector(spec.selector),
    createdAt: Date.parse(timestamp(now)),
    deleting: false,
    observed: false,
    minReadySeconds: spec.minReadySeconds ?? 0,
    replicas: spec.replicas ?? 0,
    status: { replicas: 0, readyReplicas: 0, availableReplicas: 0 },
    templateDigest: snapshot.templateDigest,
    ...avoiding(avoidedHash(rollout, metadata.labels?.[HASH_LABEL] ?? "")),
  };
}

export const createReplicaSet = {
  effect: (world, action, basis) => ({
    ...world,
    replicaSets: [...world.replicaSets, created(world, action, basis)],
  }),
  requests: ({ name, manifest }) => [{ verb: "create", resource: REPLICA_SETS, name, body: manifest }],
  words: ({ name, manifest }) => `create ReplicaSet "${name}" of size ${manifest.spec.replicas ?? 0}`,
  target: ({ name }) => `ReplicaSet/${name}`,
} as const satisfies ActionRow<CreateReplicaSet>;
