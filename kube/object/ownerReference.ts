/** Who an object belongs to: the garbage collector deletes what an object controls when that object is gone. */
import type { ObjectMeta, OwnerReference } from "../../schema/kube.ts";

/** An object that others belong to. Lists leave out the kind of their items, so it is not read from the object. */
interface Owner {
  readonly metadata: ObjectMeta;
}

interface OwnerKind {
  readonly apiVersion: string;
  readonly kind: string;
}

interface Owned {
  readonly metadata: ObjectMeta;
}

/** The owner reference by which an object belongs to the one that controls it. */
export const controllerReference = ({ apiVersion, kind }: OwnerKind, { metadata }: Owner) => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid ?? "",
  controller: true,
  blockOwnerDeletion: true,
});

/** Of all owners at most one is the controller. */
export const controllerOf = ({ metadata }: Owned): OwnerReference | undefined =>
  metadata.ownerReferences?.find((owner) => owner.controller === true);

export function isControlledBy(object: Owned, owner: Owner): boolean {
  const controller = controllerOf(object);
  return controller !== undefined && controller.uid === owner.metadata.uid;
}

const groupOf = (apiVersion: string): string => apiVersion.slice(0, apiVersion.indexOf("/") + 1);

/** The version does not matter: it is the one in which the object was written. */
export const isOfKind = (reference: OwnerReference, { apiVersion, kind }: OwnerKind): boolean =>
  reference.kind === kind && groupOf(reference.apiVersion) === groupOf(apiVersion);

/**
 * Whether no controller owns an object, as after a backup was restored, or only an earlier owner of the same kind and
 * name: one that was created again has another uid.
 */
export function isLeftTo(object: Owned, kind: OwnerKind, { metadata: { name, uid } }: Owner): boolean {
  const controller = controllerOf(object);
  return controller === undefined || (isOfKind(controller, kind) && controller.name === name && controller.uid !== uid);
}

/** The owners that an object has once the owner to which it was left has adopted it. */
export const ownersWith = ({ metadata }: Owned, kind: OwnerKind, owner: Owner) => [
  ...(metadata.ownerReferences ?? []).filter(
    (reference) =>
      reference.controller !== true && !(isOfKind(reference, kind) && reference.name === owner.metadata.name),
  ),
  controllerReference(kind, owner),
];
