/**
 * Objects that a router has made, and that belong to a Rollout, do not outlive its interest in them
 * (docs/behaviour/traffic.md#routing-that-ends): they are deleted. At weight 0 they would still serve requests by header
 * or cookie.
 */
import { controllerOf, isOfKind } from "../../kube/object/ownerReference.ts";
import { ROLLOUT_KIND } from "../../schema/kinds.ts";
import { at, items, root, text } from "../../kube/validation/place.ts";
import type { Release, RoutedObject } from "./router.ts";

/** What the API server calls the clients that make such objects: this controller, and the reference's. */
const MAKERS = new Set(["sluice", "rollouts-controller"]);

/** Whether the API server has recorded that a controller of Rollouts has written an object. */
const isMadeByUs = (object: RoutedObject): boolean =>
  items(at(root(object), "metadata", "managedFields")).some((entry) => MAKERS.has(text(at(entry, "manager"))));

/** @param isMade whether an object is one that the router makes, by its metadata alone */
export function ownRelease(isMade: (object: RoutedObject) => boolean): Release {
  const holders = (object: RoutedObject): readonly string[] => {
    const controller = controllerOf(object);
    return controller !== undefined && isOfKind(controller, ROLLOUT_KIND) && isMade(object) ? [controller.name] : [];
  };
  const isLoose = (object: RoutedObject): boolean =>
    controllerOf(object) === undefined && isMade(object) && isMadeByUs(object);
  return {
    holders,
    isLoose,
    plan(ref, object, gone) {
      const own = holders(object);
      if (own.length === 0 ? !isLoose(object) : own.some((name) => !gone.has(name))) return undefined;
      const { uid = "", resourceVersion = "" } = object.metadata;
      const failure = `error deleting ${ref.resource.kind} \`${ref.name}\`, which no Rollout routes by`;
      return { kind: "delete", ref, uid, resourceVersion, failure };
    },
  };
}
