/** Who an object belongs to: the garbage collector deletes what an object controls when that object is gone. */
import type { ObjectMeta } from "../../schema/kube.ts";

/** An object that others belong to. Lists leave out the kind of their items, so it is not read from the object. */
interface Owner {
  readonly metadata: ObjectMeta;
}

/** The owner reference by which an object belongs to the one that controls it. */
export const controllerReference = (
  { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string },
  { metadata }: Owner,
) => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid ?? "",
  controller: true,
  blockOwnerDeletion: true,
});

/** Of all owners at most one is the controller. */
export function isControlledBy({ metadata }: { readonly metadata: ObjectMeta }, owner: Owner): boolean {
  const controller = metadata.ownerReferences?.find((reference) => reference.controller === true);
  return controller !== undefined && controller.uid === owner.metadata.uid;
}
