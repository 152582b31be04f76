/**
 * Who an object belongs to: the garbage collector deletes the objects that a Rollout controls when the Rollout is gone
 * (docs/behaviour/revisions.md#owner).
 */
import type { ObjectMeta } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";

/** The owner reference by which an object belongs to its Rollout. */
export const controllerReference = (rollout: Rollout) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  name: rollout.metadata.name,
  uid: rollout.metadata.uid ?? "",
  controller: true,
  blockOwnerDeletion: true,
});

/** Of all owners at most one is the controller. */
export function isControlledBy({ metadata }: { readonly metadata: ObjectMeta }, rollout: Rollout): boolean {
  const controller = metadata.ownerReferences?.find((owner) => owner.controller === true);
  return controller !== undefined && controller.uid === rollout.metadata.uid;
}
