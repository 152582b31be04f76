/**
 * How much memory stored objects may take, for each namespace and in all. Whoever may write in one namespace could store a
 * thousand objects, each of which is not too large; they would take more than the process has. What finds no room is not
 * held, but for a rest of it (slim.ts), until there is room again.
 */
import { createStore, type Store, type Stored, type StoreOptions } from "../../../kube/runtime/cache.ts";
import { measure } from "../../../kube/validation/size.ts";

export interface RoomLimits {
  /** For the objects of one namespace, in bytes. */
  readonly namespaceBytes: number;
  /** In all. Beyond it a namespace has `sureBytes`. */
  readonly totalBytes: number;
}

/** What fits beside the rest into the limit of the shipped Deployment. */
export const DEFAULT_ROOM: RoomLimits = { namespaceBytes: 24 * 2 ** 20, totalBytes: 48 * 2 ** 20 };

/**
 * The same shares of another limit of memory: an eighth for a namespace, two for all.
 * @param memoryBytes what the process may take; undefined and 0: nobody knows
 */
export const roomWithin = (memoryBytes: number | undefined): RoomLimits =>
  memoryBytes === undefined || memoryBytes === 0
    ? DEFAULT_ROOM
    : { namespaceBytes: memoryBytes / 8, totalBytes: memoryBytes / 4 };

/** So much each namespace has, whatever others hold. */
const SURE_BYTES = 2 ** 20;

/** What a member of a list or a map takes, beside its text. */
const MEMBER_BYTES = 32;

/** An object that found no room. */
export interface Waiting {
  /** A kind of the caller's. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly bytes: number;
}

export interface Room {
  /**
   * Takes room for an object, instead of what it had before. @returns undefined, or why there is none, for people: then it
   * has none at all.
   */
  take(uid: string, object: Waiting): string | undefined;
  /** The object is gone, or not to be held. */
  release(uid: string): void;
  /** The uid of an object that found no room and would now, and what it is; the first of those that `isWanted`. */
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
  const tellFree = (): void => {
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
      if (before > (why === undefined ? object.bytes : 0)) tellFree();
      return why;
    },
    release(uid) {
      waiting.delete(uid);
      if (giveBack(uid) > 0) tellFree();
    },
    nextThatFits: (isWanted = () => true) =>
      waiting.entries().find(([uid, object]) => whyNot(object) === undefined && isWanted(object, uid)),
    onFree: (listener) => void listeners.push(listener),
  };
}

/** A store whose `transform` takes room for its objects: what is gone gives it back. */
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
