/** Which changes concern a Deployment, and the facts that its decision needs. */
import { matchesSelector } from "../../../kube/object/selector.ts";
import type { ApiObject } from "../../model/model.ts";
import { decideDeployment } from "./deployment.ts";
import type { Controller } from "../loop/driver.ts";
import { controllerOf, type Deployment, keyOf } from "../loop/objects.ts";
import type { World } from "../loop/objectIndex.ts";

function ownerOf(object: ApiObject, world: World): Deployment | undefined {
  const owner = controllerOf(object);
  if (owner?.kind !== "Deployment") return undefined;
  const found = world.get("deployments.apps", `${object.metadata.namespace ?? ""}/${owner.name}`);
  return found?.metadata.uid === owner.uid ? found : undefined;
}

/** The owner; or, of a ReplicaSet without one, every Deployment that would adopt it. */
function concerned(set: ApiObject, world: World, add: (key: string) => void): void {
  if (controllerOf(set) !== undefined) {
    const owner = ownerOf(set, world);
    if (owner !== undefined) add(keyOf(owner));
    return;
  }
  for (const d of world.all("deployments.apps")) {
    const near = d.metadata.namespace === set.metadata.namespace;
    if (near && matchesSelector(d.spec.selector, set.metadata.labels ?? {})) add(keyOf(d));
  }
}

export const deploymentController: Controller = {
  name: "deployment-controller",
  watches: {
    "deployments.apps": ({ object, type }, _, add) => {
      if (type !== "DELETED") add(keyOf(object));
    },
    "replicasets.apps": ({ object, old }, world, add) => {
      concerned(object, world, add);
      if (old !== undefined && controllerOf(old)?.uid !== controllerOf(object)?.uid) concerned(old, world, add);
    },
    // Only recreation waits for pods to be gone; everything else can be read from the status of ReplicaSets.
    pods: ({ object, type }, world, add) => {
      if (type !== "DELETED") return;
      const owner = controllerOf(object);
      if (owner?.kind !== "ReplicaSet") return;
      const set = world.get("replicasets.apps", `${object.metadata.namespace ?? ""}/${owner.name}`);
      const d = set === undefined ? undefined : ownerOf(set, world);
      if (d?.spec.strategy?.type === "Recreate") add(keyOf(d));
    },
  },
  decide(key, world, nowMs) {
    const d = world.get("deployments.apps", key);
    if (d === undefined) return undefined;
    const { uid, namespace = "" } = d.metadata;
    return decideDeployment(
      {
        d,
        own: world.owned("replicasets.apps", uid),
        orphans: world.orphans("replicasets.apps", namespace),
        isTaken: (name) => world.get("replicasets.apps", `${namespace}/${name}`) !== undefined,
        podsOf: (rs) => world.owned("pods", rs.metadata.uid),
      },
      nowMs,
    );
  },
};
