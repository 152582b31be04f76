/**
 * Sets labels and annotations that pods have only while they have a role, on the template and on running pods
 * (docs/behaviour/pod-metadata.md#metadata-by-role).
 */
import { EPHEMERAL_METADATA, TEMPLATE_ANNOTATIONS } from "../../../schema/labels.ts";
import { REPLICA_SETS } from "../../../kube/client/resources.ts";
import type { PodMetadataChange } from "../model/model.ts";
import type { Action } from "./action.ts";
import type { ActionRow, WriteRequest } from "./row.ts";
import { changesText, patchAnnotations, withReplicaSet } from "./worldChange.ts";

export interface SetPodMetadata extends PodMetadataChange {
  readonly kind: "setPodMetadata";
  readonly name: string;
  readonly resourceVersion: string;
}

/** Whether the ReplicaSet has pods, or may create some. */
interface Needs {
  readonly hasPods: boolean;
}

/**
 * New pods get the metadata from the template, and the annotation records that it is done. With running pods these are
 * two writes, and the pods are patched in between: after a crash all of it is repeated.
 */
function requests(action: SetPodMetadata, { hasPods }: Needs): readonly WriteRequest[] {
  const { name, resourceVersion, labels, annotations, record } = action;
  const kept = keptAnnotation(action);
  const patch = (body: object): WriteRequest => ({
    verb: "patch",
    resource: REPLICA_SETS,
    name,
    resourceVersion,
    body,
  });
  const done = { [EPHEMERAL_METADATA]: record };
  const template = { metadata: { labels, annotations } };
  if (!hasPods) return [patch({ metadata: { annotations: { ...kept, ...done } }, spec: { template } })];
  // What the template loses is kept in the same write, and is kept until all is recorded: the second write may fail, and
  // does when the ReplicaSet's status has changed meanwhile.
  if (action.kept === null)
    return [patch({ spec: { template } }), patch({ metadata: { annotations: { ...kept, ...done } } })];
  const first = kept === undefined ? { spec: { template } } : { metadata: { annotations: kept }, spec: { template } };
  return [patch(first), patch({ metadata: { annotations: done } })];
}

const keptAnnotation = ({ kept }: Pick<SetPodMetadata, "kept">) =>
  kept === undefined ? undefined : { [TEMPLATE_ANNOTATIONS]: kept };

/**
 * Pods get the metadata of their last role directly. Until a promotion is stored, every pass finds them in their old
 * role: going through both roles, pods and templates would change for ever while the status cannot be written.
 */
const join = (first: Action, second: SetPodMetadata): SetPodMetadata | undefined =>
  first.kind !== "setPodMetadata"
    ? undefined
    : {
        ...first,
        labels: { ...first.labels, ...second.labels },
        annotations: { ...first.annotations, ...second.annotations },
        record: second.record,
        ...(second.kept === undefined ? {} : { kept: second.kept }),
      };

export const setPodMetadata = {
  effect: (world, action) =>
    withReplicaSet(world, action.name, (old) => ({
      ...old,
      annotations: patchAnnotations(old.annotations, {
        ...keptAnnotation(action),
        [EPHEMERAL_METADATA]: action.record,
      }),
    })),
  requests,
  words: ({ name, labels, annotations }) =>
    `give the pods of ReplicaSet "${name}" the metadata ${changesText({ ...labels, ...annotations })}`,
  target: ({ name }) => `ReplicaSet/${name}`,
  join,
} as const satisfies ActionRow<SetPodMetadata, Needs>;
