/** Namespaces: the initial ones, and the deletion of one with all that is in it. */
import { deleteSlot } from "./deletion.ts";
import { contentFinalizers } from "../state/kinds.ts";
import type { ApiObject, DeleteOptions } from "../../model/model.ts";
import type { Deleted } from "./deletion.ts";
import { forbidden } from "../state/refusals.ts";
import type { Slot, StoredChange } from "../state/store.ts";
import type { World } from "../state/state.ts";

export const firstNamespaces = ["default", "kube-node-lease", "kube-public", "kube-system"] as const;
/** The namespaces without which nothing works. */
const immortal = ["default", "kube-public", "kube-system"];

/** Begins the deletion of a namespace: it takes no new objects. @throws {StatusError} 403 for the initial ones. */
export const deleteNamespace = (world: World, slot: Slot, options: DeleteOptions): Deleted => {
  const { collection, object } = slot;
  const { name, deletionTimestamp } = object.metadata;
  if (immortal.includes(name)) {
    throw forbidden(collection.kind.resource, name, "this namespace may not be deleted");
  }
  if (contentFinalizers(object).length === 0) return deleteSlot(world, collection.kind, slot, options);
  if (deletionTimestamp !== undefined || options.dryRun === true) return { object, isGone: false };
  const metadata = { ...object.metadata, deletionTimestamp: world.now() };
  const status = { ...(object["status"] as object | undefined), phase: "Terminating" };
  return { object: world.store.replace(slot, { ...object, metadata, status }), isGone: false };
};

/** Replaces the finalizers in a namespace's spec; it is removed with the last finalizer. */
export const finalizeNamespace = (world: World, slot: Slot, finalizers: readonly string[]): ApiObject => {
  const { object } = slot;
  const next = { ...object, spec: finalizers.length === 0 ? {} : { finalizers } };
  const { deletionTimestamp, finalizers: others = [] } = object.metadata;
  if (deletionTimestamp === undefined || finalizers.length > 0 || others.length > 0) {
    return world.store.replace(slot, next);
  }
  world.store.remove(slot);
  return next;
};

/** Deletes what is in the namespace; when nothing is left, removes the finalizer "kubernetes". */
const empty = (world: World, slot: Slot): void => {
  const { name } = slot.object.metadata;
  let left = 0;
  for (const collection of world.store.collections()) {
    if (!collection.kind.resource.namespaced) continue;
    for (const each of world.store.slots(collection, name)) {
      if (each.object.metadata.deletionTimestamp === undefined) {
        deleteSlot(world, collection.kind, each, { propagationPolicy: "Background" });
      }
      if (world.store.byUid(each.object.metadata.uid) === each) left += 1;
    }
  }
  if (left > 0) return;
  const finalizers = contentFinalizers(slot.object);
  const others = finalizers.filter((each) => each !== "kubernetes");
  if (others.length < finalizers.length) finalizeNamespace(world, slot, others);
};

/** Finishes the deletion of namespaces, on the clock. @returns a function that stops this. */
export const startNamespaceController = (world: World): (() => void) => {
  const { store, clock } = world;
  const ending = new Set<string>();
  let cancel: (() => void) | undefined;
  const round = (): void => {
    cancel = undefined;
    const namespaces = store.collection("namespaces");
    if (namespaces === undefined) return;
    for (const name of ending) {
      const slot = store.find(namespaces, "", name);
      if (slot !== undefined) empty(world, slot);
    }
  };
  const onChange = ({ type, resource, object }: StoredChange): void => {
    if (resource === "namespaces") {
      if (type === "DELETED") ending.delete(object.metadata.name);
      else if (object.metadata.deletionTimestamp !== undefined) ending.add(object.metadata.name);
      else return;
    } else if (ending.size === 0 || !ending.has(object.metadata.namespace ?? "")) return;
    cancel ??= clock.after(0, round);
  };
  const stop = store.onChange(onChange);
  return () => {
    stop();
    cancel?.();
  };
};
