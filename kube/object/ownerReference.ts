/**
 * Who an object belongs to: the garbage collector deletes the objects that a Rollout controls when the Rollout is gone
 * (docs/behaviour/revisions.md#owner).
 */
import type { ObjectMeta, OwnerReference } from "../../schema/kube.ts";
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

interface Owned {
  readonly metadata: ObjectMeta;
}

/** Of all owners at most one is the controller. */
export const controllerOf = ({ metadata }: Owned): OwnerReference | undefined =>
  metadata.ownerReferences?.find((owner) => owner.controller === true);

export const isControlledBy = (object: Owned, rollout: Rollout): boolean => {
  const controller = controllerOf(object);
  return controller !== undefined && controller.uid === rollout.metadata.uid;
};

export const isRollout = ({ apiVersion, kind }: OwnerReference): boolean =>
  kind === "Rollout" && apiVersion.startsWith("argoproj.io/");

/**
 * Whether no controller owns an object, as after a backup was restored, or only an earlier Rollout of the same name: a
 * Rollout that was created again has another uid.
 */
export function isLeftTo(object: Owned, { metadata: { name, uid } }: Rollout): boolean {
  const controller = controllerOf(object);
  return controller === undefined || (isRollout(controller) && controller.name === name && controller.uid !== uid);
}

/** The owners that an object has once the Rollout, to which it was left, has adopted it. */
export const ownersWith = ({ metadata }: Owned, rollout: Rollout) => [
  ...(metadata.ownerReferences ?? []).filter(
    (owner) => owner.controller !== true && !(isRollout(owner) && owner.name === rollout.metadata.name),
  ),
  controllerReference(rollout),
];
