/** What of an object's metadata belongs into a file, when it may have been read from a cluster. */
import type { Json } from "../../../kube/object/json.ts";
import { isList, isObject } from "../../../kube/object/json.ts";
import { compact, member, objectAt, textAt, without } from "./objects.ts";

/** Given by the API server; an object that is created may not have them, or they mean nothing. */
const GIVEN = ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"];

/** Written by controllers and clients about the object as it was; they would mislead on another kind. */
const STALE = [
  "deployment.kubernetes.io/revision",
  "kubectl.kubernetes.io/last-applied-configuration",
  "argocd.argoproj.io/tracking-id",
  "rollout.argoproj.io/revision",
  "rollout.argoproj.io/workload-generation",
  "sluice.dev/migrate",
  "sluice.dev/profile",
  "sluice.dev/migrated",
];

export function metadataForFile(object: unknown): Json {
  const metadata = without(objectAt(object, "metadata"), GIVEN);
  const annotations = objectAt(metadata, "annotations");
  const kept = without(annotations, STALE);
  if (Object.keys(kept).length === Object.keys(annotations).length) return metadata;
  return compact({ ...metadata, annotations: Object.keys(kept).length === 0 ? undefined : kept });
}

/** What makes the object anew after it is gone: `ReplicaSet "web"`. */
export function controllerOf(object: unknown): string | undefined {
  const owners = member(member(object, "metadata"), "ownerReferences");
  const owner = isList(owners) ? owners.find((one) => isObject(one) && one["controller"] === true) : undefined;
  return owner === undefined ? undefined : `${textAt(owner, "kind")} "${textAt(owner, "name")}"`;
}
