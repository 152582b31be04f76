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
  // In the same write as the template stands what was injected into it, and what it lost: the second write may fail, and
  // does when the ReplicaSet's status has changed meanwhile. Until then the ReplicaSet must be known for what it is.
  const begun = {
    ...(kept === undefined || action.kept === null ? {} : kept),
    [EPHEMERAL_METADATA]: unfinished(action),
  };
  const end = action.kept === null ? { ...kept, ...done } : done;
  return [patch({ metadata: { annotations: begun }, spec: { template } }), patch({ metadata: { annotations: end } })];
}

/** The record while pods are being patched: every name that is, or was, injected (podMetadata.ts). */
function unfinished({ labels, annotations }: PodMetadataChange): string {
  const named = (map: PodMetadataChange["labels"]): Record<string, string> =>
    Object.fromEntries(Object.entries(map).map(([name, value]) => [name, value ?? ""]));
  return JSON.stringify({ labels: named(labels), annotations: named(annotations), unfinished: true });
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
