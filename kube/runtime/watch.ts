import { keyOf } from "./cache.ts";
import type { Clock } from "../clock/clock.ts";
import { cost } from "../object/budget.ts";
import { ApiError, isExpired, isNoAnswer, type Status, unanswered, watchError } from "../client/apiError.ts";
import { textOf } from "../client/errorText.ts";
import { parseInTurn, turnBytes } from "../client/answer.ts";
import { readLines } from "../client/readLines.ts";
import { type ListPage, pagesOf } from "../client/pagedLists.ts";
import type { ApiPath } from "../client/path.ts";
import { pause } from "../clock/sleep.ts";
import { targetOf } from "../client/target.ts";
import type { KubeClient } from "../client/transport.ts";

/** An object as it arrives; `apiVersion` and `kind` are filled in on list items that lack them. */
export interface KubeObject {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: {
    readonly name?: string | undefined;
    readonly namespace?: string | undefined;
    readonly uid?: string | undefined;
    readonly resourceVersion?: string | undefined;
  };
}

/** Where a reflector puts the objects that it reads; a `Store` of kube/runtime/cache.ts implements it. */
export interface ReflectorSink<Raw extends KubeObject = KubeObject> {
  /** An object of a list page or an ADDED or MODIFIED event. May be older than the one that is held: compare. */
  upsert(raw: Raw): void;
  /** A DELETED event. */
  remove(raw: Raw): void;
  /** A list is complete: objects neither in `keys` ("ns/name") nor newer than `resourceVersion` are gone. */
  prune(keys: ReadonlySet<string>, resourceVersion: string): void;
}

export interface ReflectorOptions<Raw extends KubeObject = KubeObject> {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** A collection, of one namespace or of all. */
  readonly path: ApiPath;
  /** labelSelector, fieldSelector. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly sink: ReflectorSink<Raw>;
  /** Only metadata is wanted (PartialObjectMetadata). */
  readonly metadataOnly?: boolean;
  /** Ends the reflector when aborted. */
  readonly signal: AbortSignal;
  /**
   * Called for every failure before a retry. `failures` in a row, from 1; 0: the sink threw on one object, now skipped.
   */
  readonly onError?: (error: unknown, failures: number) => void;
  /** For metrics. */
  readonly observe?: (what: ReflectorIncident) => void;
  /** [0, 1); Math.random by default. */
  readonly random?: () => number;
  /** Objects in a page at most; 250 by default. */
  readonly pageSize?: number;
  /** Silence that counts as a dead connection; 130 s by default, two bookmark periods. */
  readonly stallMs?: number;
}

export type ReflectorIncident = "list" | "watch" | "stall" | "expired" | "failure";

export interface Reflector {
  /** Resolves after the first complete list has reached the sink; not when ended before. */
  readonly hasSynced: Promise<void>;
  /** Synced, and the API server answered the last request. For /readyz. */
  isReady(): boolean;
  /**
   * Lists again, unless a list that began within the last `maxAgeMs` is complete; resolves when the sink has it, or
   * when ended. A connection that broke silently is noticed only after the longest silence allowed: call this before
   * acting.
   */
  refresh(maxAgeMs: number): Promise<void>;
  /** Resolves after `signal`. Never rejects. */
  readonly done: Promise<void>;
}

const defaultStallMs = 130_000;
/** Steps (kube/object/budget.ts) that the objects of a list may take before other work gets a turn. */
const workPerTurn = 100_000;
const openTimeoutMs = 30_000;
/** A watch that lived so long has worked: the count of failures starts afresh after it. */
const settledMs = 5_000;

type WatchEvent<Raw> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK"; readonly object: Raw }
  | { readonly type: "ERROR"; readonly object: Status };

const acceptFor = (metadataOnly: boolean | undefined, what: string): string =>
  metadataOnly === true ? `application/json;as=${what};g=meta.k8s.io;v=v1,application/json` : "application/json";

/** An error of ours in the sink must not stop the stream, nor come again: it is reported, and the object skipped. */
const guarded = ({ onError }: { onError?: (error: unknown, failures: number) => void }, act: () => void): void => {
  try {
    act();
  } catch (error) {
    onError?.(error, 0);
  }
};

/** Items of a built-in kind's list come without apiVersion and kind, which follow from those of the list. */
const named = <Raw extends KubeObject>(item: Raw, { kind, apiVersion }: ListPage<Raw>): Raw =>
  item.kind !== undefined || kind === undefined || apiVersion === undefined
    ? item
    : { apiVersion, kind: kind.replace(/List$/, ""), ...item };

/**
 * Reads one complete list, a page at a time, so that never more than a page of raw objects is in memory.
 * @returns the resourceVersion to watch from. @throws {ApiError}, 410 also when a page's token has expired.
 */
const list = async <Raw extends KubeObject>(options: ReflectorOptions<Raw>): Promise<string> => {
  const { client, clock, path, query, sink, signal } = options;
  const keys = new Set<string>();
  let work = 0;
  let resourceVersion = "";
  const pages = pagesOf<Raw>({
    client,
    path,
    query,
    accept: acceptFor(options.metadataOnly, "PartialObjectMetadataList"),
    mostObjects: options.pageSize,
    signal,
  });
  for await (const page of pages) {
    for (const item of page.items ?? []) {
      keys.add(keyOf(item));
      work += cost(() => guarded(options, () => sink.upsert(named(item, page)))).steps;
      // A large object takes as long as many small ones.
      if (work < workPerTurn || clock.giveWay === undefined) continue;
      await clock.giveWay();
      work = 0;
    }
    resourceVersion = page.metadata?.resourceVersion ?? "";
  }
  guarded(options, () => sink.prune(keys, resourceVersion));
  return resourceVersion;
};

/**
 * Calls `bark` after `silenceMs` of silence. There is one timer at a time; receiving something only records the time.
 */
const watchdog = (clock: Clock, silenceMs: number, bark: () => void) => {
  let answeredAtMs = clock.now();
  const arm = (inMs: number): (() => void) =>
    clock.after(inMs, () => {
      const leftMs = answeredAtMs + silenceMs - clock.now();
      if (leftMs > 0) cancel = arm(leftMs);
      else bark();
    });
  let cancel = arm(silenceMs);
  return {
    answered: (): void => void (answeredAtMs = clock.now()),
    stop: (): void => cancel(),
  };
};

type WatchEnd = "ended" | "stalled";

/**
 * One watch, until the server ends it, it stalls or `signal` aborts.
 * @param since the resourceVersion to go on from; updated with every event.
 * @param ending ends the watch from outside, too.
 */
const watch = async <Raw extends KubeObject>(
  options: ReflectorOptions<Raw>,
  since: { resourceVersion: string; opened: () => void; delivered: () => void },
  ending: AbortController,
): Promise<WatchEnd> => {
  const { client, clock, path, query, sink, signal } = options;
  const target = targetOf("GET", path, true);
  const end = (): void => ending.abort();
  if (signal.aborted || ending.signal.aborted) return "ended";
  signal.addEventListener("abort", end, { once: true });
  let stalled = false;
  const dog = watchdog(clock, options.stallMs ?? defaultStallMs, () => {
    stalled = true;
    end();
  });
  const take = (event: WatchEvent<Raw>): void => {
    if (event.type === "ERROR") throw watchError(target, event.object);
    if (event.type === "DELETED") guarded(options, () => sink.remove(event.object));
    else if (event.type !== "BOOKMARK") guarded(options, () => sink.upsert(event.object));
    since.resourceVersion = event.object.metadata.resourceVersion ?? since.resourceVersion;
    since.delivered();
  };
  const onLine = (line: string): Promise<void> | undefined => {
    if (line.length > turnBytes)
      return parseInTurn(line, clock.giveWay).then((event) => take(event as WatchEvent<Raw>));
    take(JSON.parse(line) as WatchEvent<Raw>);
    return undefined;
  };
  try {
    const stream = await client.open({
      method: "GET",
      path,
      query: { ...query, watch: true, allowWatchBookmarks: true, resourceVersion: since.resourceVersion },
      accept: acceptFor(options.metadataOnly, "PartialObjectMetadata"),
      timeoutMs: openTimeoutMs,
      signal: ending.signal,
    });
    since.opened();
    await readLines(stream, ending.signal, onLine, dog.answered);
  } catch (error) {
    if (ending.signal.aborted) return stalled ? "stalled" : "ended"; // ended by us, so a failing read is expected
    throw error instanceof ApiError
      ? error
      : unanswered(target, "Unreachable", `it broke off: ${textOf(error)}`, error);
  } finally {
    dog.stop();
    signal.removeEventListener("abort", end);
  }
  return stalled ? "stalled" : "ended";
};

const longestBackoffMs = 30_000;
/** Shorter while a kind or a right is missing: whoever installs or grants it waits to see whether it works then. */
const longestWhileMissingMs = 5_000;

/**
 * 0.5–1 s after the first failure, doubling to 15–30 s (2.5–5 s for 404 and 403); at least the server's Retry-After.
 */
const backoffMs = (failures: number, error: unknown, random: () => number): number => {
  const missing = error instanceof ApiError && (error.status === 404 || error.status === 403);
  const ms =
    Math.min(missing ? longestWhileMissingMs : longestBackoffMs, 1_000 * 2 ** (failures - 1)) * (0.5 + random() / 2);
  const asked = error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1_000 : 0;
  return Math.max(ms, asked);
};

/** Lists, then watches, for ever: retries with backoff 0.5 s → 30 s, resumes, lists again after 410 and silence. */
export const runReflector = <Raw extends KubeObject>(options: ReflectorOptions<Raw>): Reflector => {
  const { clock, signal, observe } = options;
  const synced = Promise.withResolvers<void>();
  let hasSynced = false;
  let reachable = false;
  let failures = 0;
  let expiredAtMs = Number.NEGATIVE_INFINITY;
  let resourceVersion: string | undefined;
  let listedFromMs = Number.NEGATIVE_INFINITY;
  let asking: (() => void)[] = [];
  let watching = new AbortController();

  const listAll = async (): Promise<void> => {
    observe?.("list");
    const fromMs = clock.now();
    const answered = asking;
    asking = [];
    try {
      resourceVersion = await list(options);
    } catch (error) {
      asking.push(...answered);
      throw error;
    }
    listedFromMs = fromMs;
    hasSynced = true;
    reachable = true;
    synced.resolve();
    for (const answer of answered) answer();
  };
  const listAndWatch = async (): Promise<void> => {
    if (resourceVersion === undefined || asking.length > 0) await listAll();
    if (resourceVersion === undefined || asking.length > 0) return;
    observe?.("watch");
    const startedMs = clock.now();
    let delivered = 0;
    const since = {
      resourceVersion,
      opened: () => void (reachable = true),
      delivered: () => {
        delivered += 1;
        failures = 0;
      },
    };
    let ended: WatchEnd;
    try {
      watching = new AbortController();
      ended = await watch(options, since, watching);
    } finally {
      resourceVersion = since.resourceVersion;
      if (clock.now() - startedMs >= settledMs) failures = 0;
    }
    if (ended === "stalled") {
      observe?.("stall");
      resourceVersion = undefined;
    } else if (delivered === 0 && clock.now() - startedMs < 1_000 && !signal.aborted && asking.length === 0) {
      throw new Error(`Cannot watch ${options.path}: the server ended it at once`);
    }
  };
  const recover = async (error: unknown): Promise<void> => {
    failures += 1;
    if (isExpired(error)) {
      observe?.("expired");
      resourceVersion = undefined;
      const again = clock.now() - expiredAtMs < settledMs;
      expiredAtMs = clock.now();
      if (!again) return; // not a failure
    }
    // When a server keeps refusing to resume from here, listing again may help.
    if (failures % 3 === 0 && !isNoAnswer(error)) resourceVersion = undefined;
    if (!isExpired(error)) reachable = false;
    observe?.("failure");
    options.onError?.(error, failures);
    await pause(clock, backoffMs(failures, error, options.random ?? Math.random), signal);
  };
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      await listAndWatch().catch((error: unknown) => (signal.aborted ? undefined : recover(error)));
    }
    reachable = false;
    for (const answer of asking) answer();
  };
  return {
    hasSynced: synced.promise,
    isReady: () => hasSynced && reachable,
    refresh(maxAgeMs) {
      if (signal.aborted || clock.now() - listedFromMs <= maxAgeMs) return Promise.resolve();
      return new Promise((resolve) => {
        asking.push(resolve);
        watching.abort();
      });
    },
    done: run(),
  };
};
