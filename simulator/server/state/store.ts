/**
 * The stored objects, by name, uid and owner, and the order of their changes: every change has a number of its own, its
 * resourceVersion, and is delivered to all listeners in that order, even when they write in the meantime.
 */
import type { Kind } from "./kinds.ts";
import type { ApiObject, Change, ObjectMeta } from "../../model/model.ts";

/** The place of one object; `object` is replaced with every write. */
export interface Slot {
  readonly collection: Collection;
  object: ApiObject;
}

export interface StoredChange extends Change {
  readonly version: number;
}

/** All objects of a kind, by namespace ("" for none) and name. */
export interface Collection {
  /** The version in which they are stored. */
  kind: Kind;
  readonly namespaces: Map<string, Bucket>;
  /** Oldest first; older changes, up to the version `forgottenUpTo`, are forgotten. */
  readonly history: StoredChange[];
  forgottenUpTo: number;
  readonly listeners: Set<(change: StoredChange) => void>;
  /** Called when the collection is closed: there are no more changes. */
  readonly closers: Set<() => void>;
}

interface Bucket {
  readonly slots: Map<string, Slot>;
  /** In order of name; undefined after one was added or removed. */
  sorted: readonly Slot[] | undefined;
}

/** An object without its resourceVersion. */
export interface Unnumbered extends Omit<ApiObject, "metadata"> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Omit<ObjectMeta, "resourceVersion">;
}

export interface Store {
  readonly version: number;
  collection(key: string): Collection | undefined;
  collections(): Iterable<Collection>;
  /** Opens the kind's collection, or replaces the kind of the one that is open. */
  open(kind: Kind): Collection;
  close(key: string): void;
  find(collection: Collection, namespace: string, name: string): Slot | undefined;
  byUid(uid: string): Slot | undefined;
  /** Those that name `uid` in their ownerReferences, as of now. */
  dependents(uid: string): readonly Slot[];
  /** In the order of the API: by "namespace/name". */
  slots(collection: Collection, namespace: string | undefined): readonly Slot[];
  add(collection: Collection, object: Unnumbered): ApiObject;
  replace(slot: Slot, object: Unnumbered): ApiObject;
  remove(slot: Slot): ApiObject;
  /**
   * Loads objects of an earlier store with their numbers; later numbers are above `version`. All of them are stored
   * before listeners get the first one, and earlier changes are forgotten.
   */
  restore(version: number, objects: readonly (readonly [Collection, ApiObject])[]): void;
  onChange(listener: (change: StoredChange) => void): () => void;
}

const numbered = (object: Unnumbered, version: number): ApiObject => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: String(version) },
});

/** A new object, with its resourceVersion where the API shows it. */
const firstNumbered = (object: Unnumbered, version: number): ApiObject => {
  const { name, generateName, namespace, uid, ...others } = object.metadata;
  const metadata = {
    name,
    ...(generateName === undefined ? undefined : { generateName }),
    ...(namespace === undefined ? undefined : { namespace }),
    uid,
    resourceVersion: String(version),
    ...others,
  };
  return { ...object, metadata };
};

/** Delivers changes one after the other: one that a listener causes comes after all have got the present one. */
const createNotifier = () => {
  const listeners = new Set<(change: StoredChange) => void>();
  const waiting: { collection: Collection; change: StoredChange }[] = [];
  let notifying = false;
  const notify = (collection: Collection, change: StoredChange): void => {
    waiting.push({ collection, change });
    if (notifying) return;
    notifying = true;
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        for (const listener of listeners) listener(next.change);
        for (const listener of next.collection.listeners) listener(next.change);
      }
    } finally {
      notifying = false;
    }
  };
  return { listeners, notify };
};

const noSlots: readonly Slot[] = [];

/** Objects by owner's uid. */
const ownerIndex = () => {
  const byOwner = new Map<string, Set<Slot>>();
  return {
    of: (uid: string): readonly Slot[] => {
      const slots = byOwner.get(uid);
      return slots === undefined ? noSlots : [...slots];
    },
    add(slot: Slot, object: ApiObject): void {
      for (const { uid } of object.metadata.ownerReferences ?? []) {
        const slots = byOwner.get(uid);
        if (slots === undefined) byOwner.set(uid, new Set([slot]));
        else slots.add(slot);
      }
    },
    remove(slot: Slot, object: ApiObject): void {
      for (const { uid } of object.metadata.ownerReferences ?? []) {
        const slots = byOwner.get(uid);
        slots?.delete(slot);
        if (slots?.size === 0) byOwner.delete(uid);
      }
    },
  };
};

const byName = (a: Slot, b: Slot): number => (a.object.metadata.name < b.object.metadata.name ? -1 : 1);
/** "a" comes after "a-b", since the slash that ends it does. */
const byNamespace = ([a]: readonly [string, Bucket], [b]: readonly [string, Bucket]): number =>
  `${a}/` < `${b}/` ? -1 : 1;

const sortedSlots = (bucket: Bucket): readonly Slot[] =>
  (bucket.sorted ??= [...bucket.slots.values()].toSorted(byName));

const slotsOf = (collection: Collection, namespace: string | undefined): readonly Slot[] => {
  const { namespaces } = collection;
  if (namespace === undefined && namespaces.size > 1) {
    return [...namespaces].toSorted(byNamespace).flatMap(([, bucket]) => sortedSlots(bucket));
  }
  const [only] = namespace === undefined ? namespaces.values() : [namespaces.get(namespace)];
  return only === undefined ? noSlots : sortedSlots(only);
};

const deeplyFrozen = <T>(value: T): T => {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const member of Object.values(value)) deeplyFrozen(member);
  return value;
};

export interface StoreOptions {
  /** So many past changes of a kind can be watched; older ones are answered with 410. */
  readonly historySize: number;
  /** Freezes stored objects, so that changing one throws. */
  readonly frozen: boolean;
}

export const createStore = ({ historySize, frozen }: StoreOptions): Store => {
  const collections = new Map<string, Collection>();
  const uids = new Map<string, Slot>();
  const owners = ownerIndex();
  const { listeners, notify } = createNotifier();
  let version = 0;

  const record = (
    type: Change["type"],
    collection: Collection,
    object: ApiObject,
    old: ApiObject | undefined,
  ): void => {
    if (frozen) deeplyFrozen(object);
    const change: StoredChange = { type, resource: collection.kind.key, object, old, version };
    const { history } = collection;
    history.push(change);
    if (history.length >= 2 * historySize) {
      const dropped = history.splice(0, history.length - historySize);
      collection.forgottenUpTo = dropped.at(-1)?.version ?? collection.forgottenUpTo;
    }
    notify(collection, change);
  };

  const place = (collection: Collection, object: ApiObject): void => {
    const slot: Slot = { collection, object };
    const { namespace = "", name, uid } = object.metadata;
    const bucket = collection.namespaces.get(namespace);
    if (bucket === undefined) collection.namespaces.set(namespace, { slots: new Map([[name, slot]]), sorted: [slot] });
    else {
      bucket.slots.set(name, slot);
      bucket.sorted = undefined;
    }
    uids.set(uid, slot);
    owners.add(slot, object);
  };

  return {
    get version() {
      return version;
    },
    collection: (key) => collections.get(key),
    collections: () => collections.values(),
    open(kind) {
      const open = collections.get(kind.key);
      if (open !== undefined) {
        open.kind = kind;
        return open;
      }
      const collection: Collection = {
        kind,
        namespaces: new Map(),
        history: [],
        // Changes from before the kind was opened are not known.
        forgottenUpTo: version,
        listeners: new Set(),
        closers: new Set(),
      };
      collections.set(kind.key, collection);
      return collection;
    },
    close(key) {
      const closers = collections.get(key)?.closers ?? [];
      collections.delete(key);
      for (const closer of closers) closer();
    },
    find: (collection, namespace, name) => collection.namespaces.get(namespace)?.slots.get(name),
    byUid: (uid) => uids.get(uid),
    dependents: owners.of,
    slots: slotsOf,
    add(collection, unnumbered) {
      version += 1;
      const object = firstNumbered(unnumbered, version);
      place(collection, object);
      record("ADDED", collection, object, undefined);
      return object;
    },
    replace(slot, unnumbered) {
      version += 1;
      const { object: old, collection } = slot;
      const object = numbered(unnumbered, version);
      if (old.metadata.ownerReferences !== object.metadata.ownerReferences) {
        owners.remove(slot, old);
        owners.add(slot, object);
      }
      slot.object = object;
      record("MODIFIED", collection, object, old);
      return object;
    },
    remove(slot) {
      version += 1;
      const { object: old, collection } = slot;
      const { namespace = "", name, uid } = old.metadata;
      const bucket = collection.namespaces.get(namespace);
      bucket?.slots.delete(name);
      if (bucket !== undefined) bucket.sorted = undefined;
      if (bucket?.slots.size === 0) collection.namespaces.delete(namespace);
      uids.delete(uid);
      owners.remove(slot, old);
      const object = numbered(old, version);
      record("DELETED", collection, object, old);
      return object;
    },
    restore(least, objects) {
      version = Math.max(version, least);
      for (const collection of collections.values()) collection.forgottenUpTo = version;
      for (const [collection, object] of objects) place(collection, object);
      for (const [collection, object] of objects) {
        notify(collection, { type: "ADDED", resource: collection.kind.key, object, old: undefined, version });
      }
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
};
