/**
 * The read cache: the objects of one kind as last read from the API server, slimmed, indexed and never older than our
 * own last write. Objects in it are never mutated.
 */

/** What an object must carry to be kept. A `transform` may drop anything but these. */
export interface Stored {
  readonly metadata: {
    readonly name?: string | undefined;
    readonly namespace?: string | undefined;
    readonly uid?: string | undefined;
    readonly resourceVersion?: string | undefined;
  };
}

/** "own": the answer to a write of ours, taken by `written`; "watch": all other changes, deletions of ours too. */
export type Origin = "watch" | "own";

/** `old` undefined: it is new; `next` undefined: it is gone. An object recreated under its name makes two changes. */
export type ChangeListener<T> = (old: T | undefined, next: T | undefined, origin: Origin) => void;

export interface StoreOptions<Raw extends Stored, T extends Stored, Index extends string> {
  /** Slims a raw object on its way in; undefined: not of interest (an older one is dropped). Never mutates `raw`. */
  readonly transform: (raw: Raw) => T | undefined;
  /** Only a part of the object is held: it is taken again though its version is the same. */
  readonly isPartial?: (held: T) => boolean;
  /** Secondary indices: the values under which an object is found by `by(index, value)`. */
  readonly indices?: { readonly [I in Index]: (object: T) => readonly string[] };
}

export interface Store<T extends Stored, Index extends string = never, Raw extends Stored = Stored> {
  readonly size: number;
  /** `key`: "namespace/name", or "name" for cluster-scoped kinds (see `keyOf`). */
  get(key: string): T | undefined;
  /** All objects, in no particular order. Do not hold the iterator across an `await`. */
  values(): IterableIterator<T>;
  /** The objects filed under `value` in an index: a fresh array in no particular order, found in O(1). */
  by(index: Index, value: string): T[];
  /**
   * Takes an object from a list, a watch or a read. Ignored when we hold the same or a newer version, or know it to be
   * deleted. It also takes the answer to a write of ours that is a change to some listeners (see `written`).
   */
  upsert(raw: Raw): void;
  /**
   * Takes the API server's answer to a write of ours: from here on no read is older than that write. The watch's echo
   * of it is then no change. Listeners are called with the origin "own", for those that decided on the write
   * themselves.
   * @returns the object that the store holds now (it may be newer still), undefined when deleted or not of interest.
   */
  written(raw: Raw): T | undefined;
  /** The object is gone for good; events about this `uid` that come later are ignored. A newer namesake stays. */
  deleted(key: string, uid: string): void;
  /** Drops an object that is not needed any more, whether or not it still exists. It is taken when it comes again. */
  forget(key: string): void;
  /** Takes a watch's DELETED event: gone as of the event's version. */
  remove(raw: Raw): void;
  /** A list is complete and its items went to `upsert`: drops objects that are not in `keys`, except newer ones. */
  prune(keys: ReadonlySet<string>, resourceVersion: string): void;
  /** Takes a whole list at once: `upsert` each, then `prune`. */
  replaceAll(items: readonly Raw[], resourceVersion: string): void;
  /**
   * Holds an equal `copy` instead of the object: no change to anybody. Objects never move in memory, so those that a
   * burst has left stand far apart; copies that are made one after the other stand together.
   */
  repack(key: string, copy: (held: T) => T): void;
  /** Calls `listener` for every change, synchronously, after reads show it. @returns a function that unsubscribes. */
  onChange(listener: ChangeListener<T>): () => void;
}

/** "namespace/name", or "name" for cluster-scoped objects. */
export const keyOf = (object: Stored): string => {
  const { namespace, name = "" } = object.metadata;
  return namespace === undefined || namespace === "" ? name : `${namespace}/${name}`;
};

const digits = /^\d+$/;

/**
 * Orders two resourceVersions of one kind: < 0 when `a` is older. Decimal numbers of any length are compared without
 * parsing (Kubernetes documents this order as of 1.35, and etcd has always had it). If either is not such a number, the
 * order is unknown and the result is NaN.
 */
export const compareResourceVersions = (a: string | undefined, b: string | undefined): number => {
  if (a === undefined || b === undefined || !digits.test(a) || !digits.test(b)) return Number.NaN;
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
};

/** How many deleted uids are remembered; beyond that the oldest is forgotten (≈ 150 bytes each). */
const tombstoneLimit = 2_048;

/**
 * "for good": a uid never comes back. Otherwise the version as of which the object is gone; the same uid may come back
 * with a newer one, because a watch with a label selector also reports an object as deleted when it loses the label.
 */
type Tombstone = "for good" | { readonly asOf: string };

const asOf = (resourceVersion: string | undefined): Tombstone =>
  resourceVersion !== undefined && digits.test(resourceVersion) ? { asOf: resourceVersion } : "for good";

const isAtMost = (a: string | undefined, b: string | undefined): boolean => compareResourceVersions(a, b) <= 0;

interface Indices<T, Index extends string> {
  move(old: T | undefined, next: T | undefined): void;
  by(index: Index, value: string): T[];
}

const indicesOf = <T, Index extends string>(
  valuesOf: { readonly [I in Index]: (object: T) => readonly string[] } | undefined,
): Indices<T, Index> => {
  const tables = Object.entries<(object: T) => readonly string[]>(valuesOf ?? {}).map(([name, values]) => ({
    name,
    values,
    filed: new Map<string, Set<T>>(),
  }));
  return {
    move(old, next) {
      for (const { values, filed } of tables) {
        if (old !== undefined) {
          for (const value of values(old)) {
            const set = filed.get(value);
            set?.delete(old);
            if (set?.size === 0) filed.delete(value);
          }
        }
        if (next !== undefined) {
          for (const value of values(next)) {
            const set = filed.get(value);
            if (set === undefined) filed.set(value, new Set([next]));
            else set.add(next);
          }
        }
      }
    },
    by(index, value) {
      const set = tables.find((table) => table.name === index)?.filed.get(value);
      return set === undefined ? [] : [...set];
    },
  };
};

/** Remembers which objects are gone, by uid. */
const tombstones = (): {
  add(uid: string | undefined, stone: Tombstone): void;
  bars(object: Stored): boolean;
} => {
  const stones = new Map<string, Tombstone>();
  return {
    add(uid, stone) {
      if (uid === undefined || stones.get(uid) === "for good") return;
      stones.delete(uid); // so that `set` puts it last, as the youngest
      stones.set(uid, stone);
      const [oldest] = stones.keys();
      if (stones.size > tombstoneLimit && oldest !== undefined) stones.delete(oldest);
    },
    bars({ metadata }) {
      const stone = metadata.uid === undefined ? undefined : stones.get(metadata.uid);
      return stone !== undefined && (stone === "for good" || isAtMost(metadata.resourceVersion, stone.asOf));
    },
  };
};

/** The objects that a store holds. Every change is made here: it updates the indices, then calls the listeners. */
const createShelf = <T extends Stored, Index extends string, Raw extends Stored>(
  options: StoreOptions<Raw, T, Index>,
) => {
  const objects = new Map<string, T>();
  const indices = indicesOf<T, Index>(options.indices);
  const graves = tombstones();
  const listeners = new Set<ChangeListener<T>>();

  const change = (key: string, old: T | undefined, next: T | undefined, origin: Origin): void => {
    if (next === undefined) objects.delete(key);
    else objects.set(key, next);
    indices.move(old, next);
    for (const listener of listeners) listener(old, next, origin);
  };
  const bury = (key: string, held: T, stone: Tombstone, origin: Origin): void => {
    graves.add(held.metadata.uid, stone);
    change(key, held, undefined, origin);
  };
  const take = (raw: Raw, origin: Origin): void => {
    const key = keyOf(raw);
    const held = objects.get(key);
    const { uid, resourceVersion } = raw.metadata;
    // When the order is unknown (NaN) the object that came later is taken.
    const isPartial = (object: T): boolean => options.isPartial?.(object) ?? false;
    const order = compareResourceVersions(resourceVersion, held?.metadata.resourceVersion);
    const again = order === 0 && held !== undefined && isPartial(held);
    if (graves.bars(raw) || (held !== undefined && order <= 0 && !again)) return;
    const next = options.transform(raw);
    if (again && next !== undefined && isPartial(next)) return;
    if (next === undefined) graves.add(uid, asOf(resourceVersion));
    if (held === undefined) {
      if (next !== undefined) change(key, undefined, next, origin);
    } else if (held.metadata.uid === uid) {
      change(key, held, next, origin);
    } else {
      bury(key, held, "for good", origin);
      if (next !== undefined) change(key, undefined, next, origin);
    }
  };
  return { objects, indices, graves, listeners, change, bury, take };
};

/** An empty store. It costs little until filled, and O(1) a change and a read. */
export const createStore = <T extends Stored, Index extends string = never, Raw extends Stored = Stored>(
  options: StoreOptions<Raw, T, Index>,
): Store<T, Index, Raw> => {
  const { objects, indices, graves, listeners, change, bury, take } = createShelf<T, Index, Raw>(options);
  const deleted = (key: string, uid: string | undefined, stone: Tombstone): void => {
    const held = objects.get(key);
    if (held !== undefined && (uid === undefined || held.metadata.uid === uid)) bury(key, held, stone, "watch");
    else graves.add(uid, stone);
  };
  const prune = (keys: ReadonlySet<string>, resourceVersion: string): void => {
    for (const [key, held] of objects) {
      const newer = compareResourceVersions(held.metadata.resourceVersion, resourceVersion) > 0;
      if (!keys.has(key) && !newer) bury(key, held, asOf(resourceVersion), "watch");
    }
  };

  return {
    get size() {
      return objects.size;
    },
    get: (key) => objects.get(key),
    values: () => objects.values(),
    by: (index, value) => indices.by(index, value),
    upsert: (raw) => take(raw, "watch"),
    written(raw) {
      take(raw, "own");
      return objects.get(keyOf(raw));
    },
    deleted: (key, uid) => deleted(key, uid, "for good"),
    forget(key) {
      const held = objects.get(key);
      if (held !== undefined) change(key, held, undefined, "watch");
    },
    remove(raw) {
      const { uid, resourceVersion } = raw.metadata;
      const held = objects.get(keyOf(raw));
      const stale =
        held?.metadata.uid === uid && compareResourceVersions(held?.metadata.resourceVersion, resourceVersion) > 0;
      if (!stale) deleted(keyOf(raw), uid, asOf(resourceVersion));
    },
    prune,
    replaceAll(items, resourceVersion) {
      for (const item of items) take(item, "watch");
      prune(new Set(Array.from(items, keyOf)), resourceVersion);
    },
    repack(key, copy) {
      const held = objects.get(key);
      if (held === undefined || options.isPartial?.(held) === true) return;
      const next = copy(held);
      objects.set(key, next);
      indices.move(held, next);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
};
