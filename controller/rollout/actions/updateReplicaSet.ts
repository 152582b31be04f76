/** Gives a ReplicaSet a size, annotations, minReadySeconds, or other nodes to keep its pods away from. */
import { REPLICA_SETS } from "../../../kube/client/resources.ts";
import { avoiding } from "../model/antiAffinity.ts";
import type { Action } from "./action.ts";
import type { CreateReplicaSet } from "./createReplicaSet.ts";
import type { ActionRow, WriteRequest } from "./row.ts";
import { changesText, patchAnnotations, withReplicaSet } from "./worldChange.ts";

export interface ReplicaSetChange {
  readonly replicas?: number;
  readonly minReadySeconds?: number;
  /** null removes the key. */
  readonly annotations?: Readonly<Record<string, string | null>>;
  readonly antiAffinity?: AntiAffinityChange;
}

/** The hash whose pods to keep away from (undefined: no longer any), with the merge patch of the template for it. */
export interface AntiAffinityChange {
  readonly avoided: string | undefined;
  readonly affinity: Readonly<Record<string, unknown>> | null;
}

export interface UpdateReplicaSet extends ReplicaSetChange {
  readonly kind: "updateReplicaSet";
  readonly name: string;
  readonly resourceVersion: string;
}

function request(action: UpdateReplicaSet): WriteRequest {
  const { name, resourceVersion, replicas, minReadySeconds, annotations, antiAffinity } = action;
  const spec = {
    ...(antiAffinity === undefined ? {} : { template: { spec: { affinity: antiAffinity.affinity } } }),
    ...(replicas === undefined ? {} : { replicas }),
    ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
  };
  const body = {
    metadata: annotations === undefined ? {} : { annotations },
    ...(Object.keys(spec).length > 0 ? { spec } : {}),
  };
  return { verb: "patch", resource: REPLICA_SETS, name, resourceVersion, body };
}

function words({ name, replicas, minReadySeconds, annotations = {}, antiAffinity }: UpdateReplicaSet): string {
  const changes = [
    ...(replicas === undefined ? [] : [`replicas=${replicas}`]),
    ...(minReadySeconds === undefined ? [] : [`minReadySeconds=${minReadySeconds}`]),
    ...(antiAffinity === undefined ? [] : [`pods away from hash "${antiAffinity.avoided ?? ""}"`]),
    ...(Object.keys(annotations).length === 0 ? [] : [`annotations ${changesText(annotations)}`]),
  ];
  return `update ReplicaSet "${name}": ${changes.join(", ")}`;
}

const joinUpdates = (first: UpdateReplicaSet, second: UpdateReplicaSet): UpdateReplicaSet => ({
  ...first,
  ...second,
  annotations: { ...first.annotations, ...second.annotations },
});

/** A ReplicaSet that does not exist yet is created with its first size. */
function joinCreate(create: CreateReplicaSet, update: UpdateReplicaSet): CreateReplicaSet {
  const { metadata, spec } = create.manifest;
  const annotations = { ...metadata.annotations };
  for (const [key, value] of Object.entries(update.annotations ?? {})) {
    if (value === null) delete annotations[key];
    else annotations[key] = value;
  }
  const replicas = update.replicas ?? spec.replicas;
  const sized = replicas === undefined ? spec : { ...spec, replicas };
  return { ...create, manifest: { ...create.manifest, metadata: { ...metadata, annotations }, spec: sized } };
}

function join(first: Action, second: UpdateReplicaSet): Action | undefined {
  if (first.kind === "updateReplicaSet") return joinUpdates(first, second);
  return first.kind === "createReplicaSet" ? joinCreate(first, second) : undefined;
}

export const updateReplicaSet = {
  effect: (world, { name, replicas, minReadySeconds, annotations, antiAffinity: change }) =>
    withReplicaSet(world, name, ({ antiAffinity: before, ...old }) => ({
      ...old,
      ...avoiding(change === undefined ? before : change.avoided),
      replicas: replicas ?? old.replicas,
      minReadySeconds: minReadySeconds ?? old.minReadySeconds,
      annotations: patchAnnotations(old.annotations, annotations ?? {}),
      // The ReplicaSet controller has not seen the new size yet.
      observed: old.observed && (replicas ?? old.replicas) === old.replicas,
    })),
  requests: (action) => [request(action)],
  words,
  target: ({ name }) => `ReplicaSet/${name}`,
  join,
  divides: ({ replicas }) => (replicas === undefined ? undefined : "sizes"),
} as const satisfies ActionRow<UpdateReplicaSet>;
