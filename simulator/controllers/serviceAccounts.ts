/** The controller that gives each namespace its default ServiceAccount. */
import type { Controller } from "./loop/driver.ts";
import { keyOf } from "./loop/objects.ts";

const name = "default";

export const serviceAccountController: Controller = {
  name: "service-account-controller",
  watches: {
    namespaces: ({ object, type }, _, add) => {
      if (type !== "DELETED") add(keyOf(object));
    },
    serviceaccounts: ({ object, type }, _, add) => {
      const { namespace = "" } = object.metadata;
      if (type === "DELETED" && object.metadata.name === name) add(`/${namespace}`);
    },
  },
  decide(key, world) {
    const namespace = world.get("namespaces", key);
    if (namespace === undefined || namespace.metadata.deletionTimestamp !== undefined) return undefined;
    if (world.get("serviceaccounts", `${namespace.metadata.name}/${name}`) !== undefined) return { writes: [] };
    const metadata = { name, namespace: namespace.metadata.name };
    const draft = { apiVersion: "v1", kind: "ServiceAccount", metadata };
    return { writes: [{ kind: "create", resource: "serviceaccounts", draft }] };
  },
};
