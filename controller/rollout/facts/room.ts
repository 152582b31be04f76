/**
 * How much memory stored objects may take, for each namespace and in total. A user who may write in one namespace could
 * store a thousand objects, none of them too large; together they would take more than the process has. Of an object
 * that finds no room only a small part is held (slim.ts), until there is room again.
 */
import { createStore, type Store, type Stored, type StoreOptions } from "../../../kube/runtime/cache.ts";
import { measure } from "../../../kube/validation/size.ts";

export interface RoomLimits {
  /** For the objects of one namespace, in bytes. */
  readonly namespaceBytes: number;
  /** In total. Beyond it a namespace still has `SURE_BYTES`. */
  readonly totalBytes: number;
}

/** What fits, beside everything else, into the memory limit of the shipped Deployment. */
export const DEFAULT_ROOM: RoomLimits = { namespaceBytes: 24 * 2 ** 20, totalBytes: 48 * 2 ** 20 };

/**
 * Shares of a given memory limit: an eighth for a namespace, two eighths in total.
 * @param memoryBytes what the process may take; undefined and 0: not known
 */
export const roomWithin = (memoryBytes: number | undefined): RoomLimits =>
  memoryBytes === undefined || memoryBytes === 0
    ? DEFAULT_ROOM
    : { namespaceBytes: memoryBytes / 8, totalBytes: memoryBytes / 4 };

/** Each namespace has this much, whatever others hold. */
const SURE_BYTES = 2 ** 20;

/** What a member of a list or a map takes, beside its text. */
const MEMBER_BYTES = 32;

/** An object that found no room. */
export interface Waiting {
  /** The caller's name for the kind. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly bytes: number;
}

export interface Room {
  /**
   * Takes room for an object, in place of what it held before. @returns undefined, or the reason, as a text, why there
   * is no room: then the object holds none at all.
   */
  take(uid: string, object: Waiting): string | undefined;
  /** The object was deleted, or is not to be held. */
  release(uid: string): void;
  /** The first object, of those that `isWanted`, that found no room before and would find it now. */
  nextThatFits(isWanted?: (object: Waiting, uid: string) => boolean): readonly [uid: string, Waiting] | undefined;
  /** Called when room has become free while objects wait for it. */
  onFree(listener: () => void): void;
}

/** About what an object takes in memory, in bytes. */
export function weightOf(object: unknown): number {
  const { members, bytes } = measure(object);
  return bytes + members * MEMBER_BYTES;
}

const mebibytes = (bytes: number): number => Math.floor(bytes / 2 ** 20);

export function createRoom({ namespaceBytes, totalBytes }: RoomLimits = DEFAULT_ROOM): Room {
  const held = new Map<string, { readonly namespace: string; readonly bytes: number }>();
  const waiting = new Map<string, Waiting>();
  const sums = new Map<string, number>();
  const listeners: (() => void)[] = [];
  let total = 0;
  const add = (namespace: string, bytes: number): void => {
    total += bytes;
    const sum = (sums.get(namespace) ?? 0) + bytes;
    if (sum === 0) sums.delete(namespace);
    else sums.set(namespace, sum);
  };
  const giveBack = (uid: string): number => {
    const had = held.get(uid);
    held.delete(uid);
    if (had !== undefined) add(had.namespace, -had.bytes);
    return had?.bytes ?? 0;
  };
  const whyNot = ({ namespace, bytes }: Waiting): string | undefined => {
    const sum = (sums.get(namespace) ?? 0) + bytes;
    const whose = namespace === "" ? "cluster-scoped objects" : `the objects of namespace "${namespace}"`;
    const mend = "delete some, or make them smaller";
    if (sum > namespaceBytes)
      return `not held in memory: ${whose} would take more than ${mebibytes(namespaceBytes)} MiB; ${mend}`;
    if (total + bytes > totalBytes && sum > SURE_BYTES)
      return `not held in memory: all objects would take more than ${mebibytes(totalBytes)} MiB; ${mend}, or give the controller more memory`;
    return undefined;
  };
  const notifyFree = (): void => {
    if (waiting.size > 0) for (const listener of listeners) listener();
  };
  return {
    take(uid, object) {
      const before = giveBack(uid);
      const why = whyNot(object);
      if (why === undefined) {
        waiting.delete(uid);
        held.set(uid, object);
        add(object.namespace, object.bytes);
      } else waiting.set(uid, object);
      if (before > (why === undefined ? object.bytes : 0)) notifyFree();
      return why;
    },
    release(uid) {
      waiting.delete(uid);
      if (giveBack(uid) > 0) notifyFree();
    },
    nextThatFits: (isWanted = () => true) =>
      waiting.entries().find(([uid, object]) => whyNot(object) === undefined && isWanted(object, uid)),
    onFree: (listener) => void listeners.push(listener),
  };
}

/** A store whose `transform` takes room for its objects; a deleted object gives it back. */
export function roomy<T extends Stored, Index extends string, Raw extends Stored>(
  room: Room,
  options: StoreOptions<Raw, T, Index>,
): Store<T, Index, Raw> {
  const store = createStore(options);
  store.onChange((old, next) => {
    if (old !== undefined && next === undefined) room.release(old.metadata.uid ?? "");
  });
  return store;
}
