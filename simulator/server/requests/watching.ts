/** Watches: the events since a resourceVersion, then new ones, filtered by selectors. */
import type { Kind } from "../state/kinds.ts";
import type { ApiObject, ListOptions, WatchEvent } from "../../model/model.ts";
import { badRequest, gone } from "../state/refusals.ts";
import { type Match, matcher } from "../state/selectors.ts";
import type { StoredChange } from "../state/store.ts";
import { collectionOf, type World } from "../state/state.ts";

export interface WatchOptions extends ListOptions {
  /** "" and "0": from the present state, which is sent as ADDED events. */
  readonly resourceVersion?: string | undefined;
  readonly allowBookmarks?: boolean;
  /** Sends the present objects first, then a bookmark that marks their end. */
  readonly sendInitialEvents?: boolean;
  readonly timeoutSeconds?: number | undefined;
}

/** How an object is shown to this watcher. */
export type Show = (object: ApiObject) => unknown;

const bookmarkEveryMs = 60_000;

/** @throws {StatusError} 400 */
export const versionNumber = (text: string | undefined): number => {
  if (text === undefined || text === "") return 0;
  if (/^\d+$/.test(text)) return Number(text);
  throw badRequest(`Invalid resource version "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`);
};

const inNamespace = (options: ListOptions, matches: Match | undefined): Match | undefined => {
  const { namespace } = options;
  if (namespace === undefined) return matches;
  if (matches === undefined) return ({ metadata }) => metadata.namespace === namespace;
  return (object) => object.metadata.namespace === namespace && matches(object);
};

/** The event of a change for a watcher that sees only objects that match; undefined when it sees nothing of it. */
const seen = (change: StoredChange, matches: Match | undefined, show: Show): WatchEvent | undefined => {
  const { type, object, old } = change;
  if (matches === undefined) return { type, object: show(object) };
  const did = old !== undefined && matches(old);
  if (type === "DELETED") return did ? { type, object: show(object) } : undefined;
  if (matches(object)) return { type: did ? "MODIFIED" : "ADDED", object: show(object) };
  if (old === undefined || !did) return undefined;
  const { resourceVersion } = object.metadata;
  return { type: "DELETED", object: show({ ...old, metadata: { ...old.metadata, resourceVersion } }) };
};

const bookmark = (
  { apiVersion, resource }: Kind,
  version: number,
  annotations?: Record<string, string>,
): WatchEvent => ({
  type: "BOOKMARK",
  object: {
    kind: resource.kind,
    apiVersion,
    metadata: {
      resourceVersion: String(version),
      creationTimestamp: null,
      ...(annotations === undefined ? {} : { annotations }),
    },
  },
});

const expired = (since: number, oldest: number): WatchEvent => ({
  type: "ERROR",
  object: gone(`too old resource version: ${since} (${oldest})`).status,
});

/**
 * Begins a watch: past events are sent at once, before this returns.
 * @param end called when the server ends it. @returns a function that ends it from outside.
 * @throws {StatusError} 400
 */
export const startWatch = (
  world: World,
  kind: Kind,
  options: WatchOptions,
  show: Show,
  send: (event: WatchEvent) => void,
  end: () => void,
): (() => void) => {
  const { store, clock } = world;
  const collection = collectionOf(world, kind);
  const matches = inNamespace(options, matcher(options, { fields: kind.selectableFields, custom: kind.custom }));
  const since = versionNumber(options.resourceVersion);
  const timers = new Set<() => void>();
  // Changes that are stored but still being delivered to other listeners are past ones for this watch.
  let sentVersion = store.version;

  const onChange = (change: StoredChange): void => {
    if (change.version <= sentVersion) return;
    sentVersion = change.version;
    const event = seen(change, matches, show);
    if (event !== undefined) send(event);
  };
  const stop = (): void => {
    collection.listeners.delete(onChange);
    collection.closers.delete(close);
    for (const cancel of timers) cancel();
    timers.clear();
  };
  const close = (): void => {
    stop();
    end();
  };
  const later = (ms: number, act: () => void): void => {
    const cancel = clock.after(ms, () => {
      timers.delete(cancel);
      act();
    });
    timers.add(cancel);
  };
  const mark = (): void => {
    send(bookmark(kind, store.version));
    later(bookmarkEveryMs, mark);
  };

  if (since === 0 || options.sendInitialEvents === true) {
    for (const { object } of store.slots(collection, undefined)) {
      if (matches === undefined || matches(object)) send({ type: "ADDED", object: show(object) });
    }
    if (options.sendInitialEvents === true && options.allowBookmarks === true) {
      send(bookmark(kind, store.version, { "k8s.io/initial-events-end": "true" }));
    }
  } else if (since < collection.forgottenUpTo) {
    send(expired(since, collection.forgottenUpTo + 1));
    end();
    return () => {};
  } else {
    const present = sentVersion;
    sentVersion = since;
    for (const change of collection.history) onChange(change);
    sentVersion = Math.max(since, present);
  }
  collection.listeners.add(onChange);
  collection.closers.add(close);
  if (options.allowBookmarks === true) later(bookmarkEveryMs, mark);
  if (options.timeoutSeconds !== undefined && options.timeoutSeconds > 0) {
    later(options.timeoutSeconds * 1_000, close);
  }
  return stop;
};
