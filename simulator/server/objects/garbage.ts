/**
 * The garbage collector: deletes the dependents of a deleted owner, after it (in the background) or before it, as its
 * deletion requested. It works on the clock, in rounds, so that others see the states in between as in a cluster.
 */
import { deleteSlot, foregroundFinalizer, orphanFinalizer } from "./deletion.ts";
import type { ApiObject, DeleteOptions, ObjectMeta, OwnerReference } from "../../model/model.ts";
import type { Slot, StoredChange } from "../state/store.ts";
import type { World } from "../state/state.ts";

const groupOf = (apiVersion: string): string => {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? "" : apiVersion.slice(0, slash);
};

const hasFinalizer = ({ metadata }: ApiObject, name: string): boolean => metadata.finalizers?.includes(name) === true;

/** Whether its dependents are to be deleted first. */
const isAwaitingDependents = (object: ApiObject): boolean =>
  object.metadata.deletionTimestamp !== undefined && hasFinalizer(object, foregroundFinalizer);

const isOrphaning = (object: ApiObject): boolean =>
  object.metadata.deletionTimestamp !== undefined && hasFinalizer(object, orphanFinalizer);

type OwnerState = "there" | "waiting" | "absent";

/** An owner of a kind that is not served is taken to exist. */
const ownerState = ({ store, registry }: World, object: ApiObject, owner: OwnerReference): OwnerState => {
  const held = store.byUid(owner.uid)?.object;
  if (held === undefined) {
    return registry.byGroupKind(groupOf(owner.apiVersion), owner.kind) === undefined ? "there" : "absent";
  }
  // An object in another namespace is not an owner.
  const { namespace } = held.metadata;
  if (namespace !== undefined && namespace !== object.metadata.namespace) return "absent";
  return isAwaitingDependents(held) ? "waiting" : "there";
};

const withOwners = (object: ApiObject, ownerReferences: readonly OwnerReference[]): ApiObject => {
  const { ownerReferences: _, ...metadata } = object.metadata;
  return { ...object, metadata: ownerReferences.length === 0 ? metadata : { ...metadata, ownerReferences } };
};

/** Removes a finalizer, and with the last one the object. */
export const dropFinalizer = ({ store }: World, slot: Slot, name: string): void => {
  const { object } = slot;
  const { finalizers = [], ...metadata } = object.metadata;
  const left = finalizers.filter((each) => each !== name);
  if (left.length === finalizers.length) return;
  if (left.length === 0 && metadata.deletionGracePeriodSeconds === 0) {
    store.remove(slot);
    return;
  }
  const next: ObjectMeta = left.length === 0 ? metadata : { ...metadata, finalizers: left };
  store.replace(slot, { ...object, metadata: next });
};

const blocks = (dependent: ApiObject, owner: ApiObject): boolean =>
  dependent.metadata.ownerReferences?.some(
    ({ uid, blockOwnerDeletion }) => uid === owner.metadata.uid && blockOwnerDeletion === true,
  ) === true;

const policyOf = (object: ApiObject): NonNullable<DeleteOptions["propagationPolicy"]> => {
  if (hasFinalizer(object, orphanFinalizer)) return "Orphan";
  return hasFinalizer(object, foregroundFinalizer) ? "Foreground" : "Background";
};

/** Removes the finalizer of an owner without blocking dependents; otherwise queues the blocking ones. */
const collectWaitingOwner = (world: World, slot: Slot, enqueue: (slot: Slot) => void): void => {
  const blocking = world.store.dependents(slot.object.metadata.uid).filter(({ object }) => blocks(object, slot.object));
  if (blocking.length === 0) dropFinalizer(world, slot, foregroundFinalizer);
  for (const each of blocking) if (!isAwaitingDependents(each.object)) enqueue(each);
};

/** Deletes an object without owners, or removes the owner references to owners that are gone. */
const collectDependent = (world: World, slot: Slot): void => {
  const { object } = slot;
  const { ownerReferences = [], uid } = object.metadata;
  const states = ownerReferences.map((owner) => ownerState(world, object, owner));
  if (ownerReferences.length === 0 || states.every((state) => state === "there")) return;
  if (states.includes("there")) {
    const solid = ownerReferences.filter((_, index) => states[index] === "there");
    world.store.replace(slot, withOwners(object, solid));
    return;
  }
  const dependents = world.store.dependents(uid);
  const isForeground = states.includes("waiting") && dependents.length > 0;
  const isCircular = isForeground && dependents.some((each) => isAwaitingDependents(each.object));
  if (isCircular) {
    const freed = ownerReferences.map((owner) =>
      owner.blockOwnerDeletion === true ? { ...owner, blockOwnerDeletion: false } : owner,
    );
    world.store.replace(slot, withOwners(object, freed));
  }
  deleteSlot(world, slot.collection.kind, slot, {
    propagationPolicy: isForeground ? "Foreground" : policyOf(object),
  });
};

const orphan = (world: World, slot: Slot): void => {
  const { uid } = slot.object.metadata;
  for (const dependent of world.store.dependents(uid)) {
    const left = (dependent.object.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== uid);
    world.store.replace(dependent, withOwners(dependent.object, left));
  }
  dropFinalizer(world, slot, orphanFinalizer);
};

const collectSlot = (world: World, slot: Slot, enqueue: (slot: Slot) => void): void => {
  const { object } = slot;
  if (world.store.byUid(object.metadata.uid) !== slot) return;
  if (isOrphaning(object)) orphan(world, slot);
  else if (isAwaitingDependents(object)) collectWaitingOwner(world, slot, enqueue);
  else if (object.metadata.deletionTimestamp === undefined) collectDependent(world, slot);
};

/** Starts it. @returns a function that stops it. */
export const startGarbageCollector = (world: World): (() => void) => {
  const { store, clock } = world;
  let queue = new Set<Slot>();
  let cancel: (() => void) | undefined;
  const enqueue = (slot: Slot): void => {
    queue.add(slot);
    cancel ??= clock.after(0, round);
  };
  const round = (): void => {
    cancel = undefined;
    const slots = queue;
    queue = new Set();
    for (const slot of slots) collectSlot(world, slot, enqueue);
  };
  const enqueueOwners = (object: ApiObject): void => {
    for (const { uid } of object.metadata.ownerReferences ?? []) {
      const owner = store.byUid(uid);
      if (owner !== undefined && isAwaitingDependents(owner.object)) enqueue(owner);
    }
  };
  const onChange = ({ type, object, old }: StoredChange): void => {
    const { uid, ownerReferences, deletionTimestamp } = object.metadata;
    if (type === "DELETED") {
      for (const dependent of store.dependents(uid)) enqueue(dependent);
      enqueueOwners(object);
      return;
    }
    // Most changes do not concern the garbage collector.
    if (deletionTimestamp === undefined && ownerReferences === old?.metadata.ownerReferences) return;
    const slot = store.byUid(uid);
    if (slot === undefined || object.metadata === old?.metadata) return;
    if (deletionTimestamp === undefined) {
      if (ownerReferences?.every((owner) => ownerState(world, object, owner) === "there") === false) enqueue(slot);
    } else if (object.metadata.finalizers !== old?.metadata.finalizers) {
      if (isAwaitingDependents(object)) for (const dependent of store.dependents(uid)) enqueue(dependent);
      if (isAwaitingDependents(object) || isOrphaning(object)) enqueue(slot);
    }
    if (old !== undefined && old.metadata.ownerReferences !== ownerReferences) enqueueOwners(old);
  };
  const stop = store.onChange(onChange);
  return () => {
    stop();
    cancel?.();
  };
};
