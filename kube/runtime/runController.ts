/**
 * A kind is a row: which changes put keys in line, which facts are gathered about a key, what is decided, and how that
 * is carried out. The queue with its metrics, caches and their watches, resyncs, workers, retries and error reports are
 * shared.
 *
 *     watch → cache → watches → queue → gather(key) → decide(facts, now) → apply(pass)
 *
 * Rows begin to listen at once; their keys wait in line until the manager runs, as the leader. The next leader lists
 * afresh and begins with every key: a row needs no other way to recover.
 */
import { collectionPath } from "../client/path.ts";
import type { KubeClient } from "../client/transport.ts";
import type { Clock } from "../clock/clock.ts";
import type { Resource } from "../../schema/kube.ts";
import { keyOf, type ChangeListener, type Origin, type Stored } from "./cache.ts";
import { createQueue, type Backoff, type QueueMetrics, type WorkQueue } from "./queue.ts";
import { runReflector, type KubeObject, type Reflector, type ReflectorIncident, type ReflectorSink } from "./watch.ts";

/** A cache, and the watch that fills it. Rows that name the same cache share the watch. */
export interface Source<T extends Stored = Stored, Raw extends KubeObject = KubeObject> {
  readonly cache: ReflectorSink<Raw> & { onChange(listener: ChangeListener<T>): unknown };
  /** The collection to list and watch; undefined: the cache is filled elsewhere. */
  readonly resource?: Resource;
  readonly labelSelector?: string;
}

/** A source that a row listens to; made by `watch`. */
export interface Watch {
  readonly source: Source;
  listen(queue: WorkQueue): void;
}

/** Puts keys in line for a change (`old` and `next` as in `ChangeListener`). Called synchronously, in row order. */
export type Enqueue<T> = (queue: WorkQueue, old: T | undefined, next: T | undefined, origin: Origin) => void;

export const watch = <T extends Stored, Raw extends KubeObject>(
  source: Source<T, Raw>,
  enqueue: Enqueue<T>,
): Watch => ({
  source,
  listen: (queue) => void source.cache.onChange((old, next, origin) => enqueue(queue, old, next, origin)),
});

/** What was decided about one key. */
export interface Pass<Facts, Decision> {
  readonly key: string;
  readonly facts: Facts;
  readonly decision: Decision;
  /** When it was decided, in milliseconds since the epoch. */
  readonly now: number;
}

export interface ControllerRow<Facts, Decision> {
  /** The name of the queue in metrics: "Rollouts". */
  readonly kind: string;
  /** The word before a key in messages: "Rollout". */
  readonly noun: string;
  readonly watches: readonly Watch[];
  /** All keys, put in line when the manager starts and at each resync. Undefined: only changes put keys in line. */
  keys?(): Iterable<string>;
  /** Keys that are put in line once, after those, when the manager begins to run. */
  firstKeys?(): Iterable<string>;
  /** Gathers the facts about a key; undefined: nothing to decide. @throws errors after which the key is retried */
  gather(key: string): Facts | undefined | Promise<Facts | undefined>;
  /** Pure and synchronous. `now`: milliseconds since the epoch. */
  decide(facts: Facts, now: number): Decision;
  /** The only function that writes. `queue`: to come back to a key. @throws errors after which the key is retried */
  apply(pass: Pass<Facts, Decision>, queue: WorkQueue): void | Promise<void>;
  /** Called when a pass has ended, after `durationMs`. */
  passed?(key: string, durationMs: number, failed: boolean): void;
}

export interface ManagerPorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Watch this namespace only; undefined: all. */
  readonly namespace: string | undefined;
  readonly resyncMs: number;
  /** How many keys of a row are worked on at once. */
  readonly concurrency: number;
  /** [0, 1), for jitter; Math.random by default. */
  readonly random?: () => number;
  /** A clock that never jumps, for durations, ms; performance.now by default. */
  readonly monotonicMs?: () => number;
  readonly metricsOf: (kind: string) => QueueMetrics;
  readonly incident: (plural: string, what: ReflectorIncident) => void;
  /** A watch failed, and is retried; `isBroken`: whether it is still failing. */
  readonly watchFailed: (plural: string, error: unknown, failures: number, isBroken: () => boolean) => void;
  /** A pass threw, and is retried. `noun` as of the row; `failures` in a row, from 1. */
  readonly passFailed: (noun: string, key: string, error: unknown, failures: number) => void;
  /** The delay before a pass that threw is retried; undefined: the queue's backoff. */
  readonly backoff: (error: unknown) => Backoff | undefined;
  /** Ends the watches when aborted. */
  readonly signal: AbortSignal;
}

export interface Manager {
  /** Gives a row its queue and begins to fill its caches; its workers start with `run`. Call it before `run`. */
  runController<Facts, Decision>(row: ControllerRow<Facts, Decision>): WorkQueue;
  readonly queues: readonly (readonly [kind: string, queue: WorkQueue])[];
  /** Resolves when the caches of all rows so far, or that of one source, are filled. */
  synced(source?: { readonly cache: unknown }): Promise<void>;
  /** Plurals whose cache is not complete or whose watch is broken. */
  unready(): string[];
  /** Resolves when no cache is older than `maxAgeMs`, or when ended. */
  refresh(maxAgeMs: number): Promise<void>;
  /** Works on all rows until `signal` aborts and what is in work has ended; call it once, as the leader. */
  run(signal: AbortSignal): Promise<void>;
}

export function createManager(ports: ManagerPorts): Manager {
  const reflectors = new Map<unknown, readonly [plural: string, reflector: Reflector]>();
  const rows: RunningRow[] = [];
  const all = (): Reflector[] => Array.from(reflectors.values(), ([, reflector]) => reflector);
  return {
    runController(row) {
      const { clock, random, metricsOf } = ports;
      const queue = createQueue({ clock, metrics: metricsOf(row.kind), ...(random === undefined ? {} : { random }) });
      rows.push(runningRow(ports, row, queue));
      for (const each of row.watches) each.listen(queue);
      for (const { source } of row.watches) {
        const { cache, resource } = source;
        if (resource === undefined || reflectors.has(cache)) continue;
        reflectors.set(cache, [resource.plural, reflect(ports, source, resource)]);
      }
      return queue;
    },
    get queues() {
      return rows.map(({ kind, queue }) => [kind, queue] as const);
    },
    async synced(source) {
      const one = source === undefined ? undefined : reflectors.get(source.cache)?.[1];
      await Promise.all((one === undefined ? all() : [one]).map(({ hasSynced }) => hasSynced));
    },
    unready: () => [...reflectors.values()].filter(([, reflector]) => !reflector.isReady()).map(([plural]) => plural),
    async refresh(maxAgeMs) {
      await Promise.all(all().map((reflector) => reflector.refresh(maxAgeMs)));
    },
    run: (signal) => runAll(ports, rows, signal),
  };
}

/** One pass over a key. @throws whatever the row throws */
export const passOf =
  <Facts, Decision>(
    row: ControllerRow<Facts, Decision>,
    queue: WorkQueue,
    clock: Clock,
  ): ((key: string) => Promise<void>) =>
  async (key) => {
    const facts = await row.gather(key);
    if (facts === undefined) return;
    const now = clock.now();
    await row.apply({ key, facts, decision: row.decide(facts, now), now }, queue);
  };

/** "namespace/name" of all objects of a cache. */
export function* keysIn(cache: { values(): Iterable<Stored> }): Generator<string> {
  for (const object of cache.values()) yield keyOf(object);
}

/** A row whose types of facts and decisions are hidden from everything but the row. */
interface RunningRow {
  readonly kind: string;
  readonly queue: WorkQueue;
  readonly keys: () => Iterable<string>;
  readonly firstKeys: () => Iterable<string>;
  work(signal: AbortSignal): Promise<void>;
}

const none = (): Iterable<string> => [];

function runningRow<F, D>(ports: ManagerPorts, row: ControllerRow<F, D>, queue: WorkQueue): RunningRow {
  const { clock, concurrency, backoff, passFailed, monotonicMs = () => performance.now() } = ports;
  const pass = passOf(row, queue, clock);
  const timed = async (key: string): Promise<void> => {
    const startedMs = monotonicMs();
    let failed = true;
    try {
      await pass(key);
      failed = false;
    } finally {
      row.passed?.(key, monotonicMs() - startedMs, failed);
    }
  };
  const handle = row.passed === undefined ? pass : timed;
  const onError = (key: string, error: unknown, failures: number): void => passFailed(row.noun, key, error, failures);
  return {
    kind: row.kind,
    queue,
    keys: () => row.keys?.() ?? none(),
    firstKeys: () => row.firstKeys?.() ?? none(),
    work: (signal) => queue.run({ concurrency, handle, backoff, onError, signal }),
  };
}

/** All keys are put in line before any worker starts. */
async function runAll(
  { clock, resyncMs }: ManagerPorts,
  rows: readonly RunningRow[],
  signal: AbortSignal,
): Promise<void> {
  let stopResync = (): void => {};
  const resync = (): void => {
    for (const { queue, keys } of rows) for (const key of keys()) queue.add(key);
    stopResync = clock.after(resyncMs, resync);
  };
  resync();
  for (const { queue, firstKeys } of rows) for (const key of firstKeys()) queue.add(key);
  await Promise.all(rows.map((row) => row.work(signal)));
  stopResync();
}

function reflect(ports: ManagerPorts, { cache, labelSelector }: Source, resource: Resource): Reflector {
  const { client, clock, namespace, random, incident, watchFailed, signal } = ports;
  const { plural } = resource;
  const reflector = runReflector({
    client,
    clock,
    path: collectionPath(resource, namespace),
    query: { labelSelector },
    sink: cache,
    signal,
    ...(random === undefined ? {} : { random }),
    observe: (what) => incident(plural, what),
    onError: (error, failures) => watchFailed(plural, error, failures, () => !reflector.isReady()),
  });
  return reflector;
}
