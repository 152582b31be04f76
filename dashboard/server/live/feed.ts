/**
 * The objects of one namespace, or of all, as one person may see them: watched with that person's rights while somebody
 * looks, and told of as the keys of the Rollouts that a change is about.
 */
import { createComplaints } from "../../../controller/process/complaints.ts";
import type { Log } from "../../../controller/process/log.ts";
import { neededOf } from "../../../controller/rollout/facts/optionalStore.ts";
import { type OptionalWatchPorts, watchOptional } from "../../../controller/rollout/facts/optionalWatch.ts";
import { createStores, type Stores } from "../../../controller/rollout/facts/stores.ts";
import { ApiError, isNotFound } from "../../../kube/client/apiError.ts";
import { collectionPath } from "../../../kube/client/path.ts";
import {
  ANALYSIS_RUNS,
  EVENTS,
  EXPERIMENTS,
  PODS,
  REPLICA_SETS,
  ROLLOUTS,
  SERVICES,
} from "../../../kube/client/resources.ts";
import type { KubeClient } from "../../../kube/client/transport.ts";
import type { Clock } from "../../../kube/clock/clock.ts";
import { controllerOf } from "../../../kube/object/ownerReference.ts";
import { keyOf, type Stored } from "../../../kube/runtime/cache.ts";
import { type KubeObject, type Reflector, type ReflectorSink, runReflector } from "../../../kube/runtime/watch.ts";
import type { ObjectMeta, Resource } from "../../../schema/kube.ts";
import { HASH_LABEL } from "../../../schema/labels.ts";
import { newShelves, type Shelves } from "./kinds.ts";

export interface FeedPorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Undefined: all. */
  readonly namespace: string | undefined;
  readonly signal: AbortSignal;
}

export interface Feed {
  readonly ports: FeedPorts;
  readonly shelves: Shelves;
  /** As the controller has them, for its own decisions. */
  readonly stores: Stores;
  /** Resolves when each kind has been read, or cannot be. */
  readonly ready: Promise<void>;
  /** What cannot be read at the moment: a sentence each. */
  troubles(): readonly string[];
  /** Whether all has been read that an explanation is made of. */
  isWhole(): boolean;
  /** Whether all objects that Rollouts name have been read, or cannot be. */
  isNamedKnown(): boolean;
  /**
   * Calls `listener` with the keys of Rollouts that something has changed about; `namespace/` are all of a namespace that
   * is watched closely. @returns a function that ends it
   */
  onTouch(listener: (keys: ReadonlySet<string>) => void): () => void;
  /** Also watches the pods and events of a namespace. @returns a function that ends it */
  watchClosely(namespace: string): { readonly ready: Promise<void>; end(): void };
}

const ignore = (): void => {};
const SILENT: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** So that a storm of changes is told of in one go. */
const GATHER_MS = 100;

type Owned = Stored & { readonly metadata: ObjectMeta };

interface Watched {
  readonly what: string;
  readonly reflector: Reflector;
  trouble: string | undefined;
  readonly first: Promise<void>;
}

export function openFeed(ports: FeedPorts): Feed {
  const { clock, signal, namespace } = ports;
  const shelves = newShelves();
  const stores = createStores();
  const touched = gathering(clock, signal);
  const watch = watcher(ports, () => touched.tellTroubles());
  const both = (first: ReflectorSink, second: ReflectorSink): ReflectorSink => ({
    upsert(raw) {
      first.upsert(raw);
      second.upsert(raw);
    },
    remove(raw) {
      first.remove(raw);
      second.remove(raw);
    },
    prune(keys, version) {
      first.prune(keys, version);
      second.prune(keys, version);
    },
  });
  const labelled = { labelSelector: HASH_LABEL };
  const main: readonly Watched[] = [
    watch(ROLLOUTS, namespace, both(sink(shelves.rollouts), sink(stores.rollouts))),
    watch(REPLICA_SETS, namespace, both(sink(shelves.replicaSets), sink(stores.replicaSets)), labelled),
    watch(ANALYSIS_RUNS, namespace, both(sink(shelves.analysisRuns), sink(stores.analysisRuns))),
    watch(EXPERIMENTS, namespace, both(sink(shelves.experiments), sink(stores.experiments))),
    watch(SERVICES, namespace, sink(stores.services)),
  ];
  const ready = Promise.all(main.map(({ first }) => first)).then(ignore);
  touchOnChange(shelves, stores, touched.touch);
  watchNamed(ports, stores, ready, touched.touch);
  const close = new Map<string, Close>();
  return {
    ports,
    shelves,
    stores,
    ready,
    troubles: () =>
      [...main, ...[...close.values()].flatMap(({ watched }) => watched)].flatMap(({ trouble }) => trouble ?? []),
    isWhole: () => main.every(({ trouble }) => trouble === undefined),
    isNamedKnown: () =>
      stores.optional.every((store) =>
        [...neededOf(store.kind, stores)].every((key) => store.find(key).kind !== "waiting"),
      ),
    onTouch: touched.onTouch,
    watchClosely: (of) => closely({ close, shelves, watch, clock, signal }, of),
  };
}

/** Stores take what the API server sends as it is. */
const sink = (store: unknown): ReflectorSink => store as ReflectorSink;

const sentenceFor = (resource: Resource, namespace: string | undefined, error: unknown): string => {
  const where = namespace === undefined ? "in all namespaces" : `in namespace ${namespace}`;
  const what = resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
  if (error instanceof ApiError && error.status === 403) return `You may not list ${what} ${where}.`;
  return `Cannot read ${what} ${where}; it is tried again: ${error instanceof Error ? error.message : String(error)}`;
};

type Watch = (
  resource: Resource,
  namespace: string | undefined,
  to: ReflectorSink,
  query?: Readonly<Record<string, string>>,
  until?: AbortSignal,
) => Watched;

function watcher({ client, clock, signal }: FeedPorts, changed: () => void): Watch {
  return (resource, namespace, to, query, until = signal) => {
    const first = Promise.withResolvers<void>();
    const watched: Watched = {
      what: resource.plural,
      trouble: undefined,
      first: first.promise,
      reflector: runReflector<KubeObject>({
        client,
        clock,
        path: collectionPath(resource, namespace),
        ...(query === undefined ? {} : { query }),
        sink: {
          upsert: (raw) => to.upsert(raw),
          remove: (raw) => to.remove(raw),
          prune(keys, version) {
            to.prune(keys, version);
            // A list has arrived.
            if (watched.trouble === undefined) return;
            watched.trouble = undefined;
            changed();
          },
        },
        signal: until,
        onError(error) {
          first.resolve();
          // A cluster without the kind has none of them.
          const trouble = isNotFound(error) ? undefined : sentenceFor(resource, namespace, error);
          if (watched.trouble === trouble) return;
          watched.trouble = trouble;
          changed();
        },
      }),
    };
    void watched.reflector.hasSynced.then(first.resolve);
    until.addEventListener("abort", () => first.resolve(), { once: true });
    return watched;
  };
}

interface Gathering {
  readonly touch: (key: string) => void;
  readonly tellTroubles: () => void;
  readonly onTouch: Feed["onTouch"];
}

function gathering(clock: Clock, signal: AbortSignal): Gathering {
  const listeners = new Set<(keys: ReadonlySet<string>) => void>();
  let keys = new Set<string>();
  let isWaiting = false;
  const soon = (): void => {
    if (isWaiting || signal.aborted) return;
    isWaiting = true;
    clock.after(GATHER_MS, () => {
      isWaiting = false;
      const told = keys;
      keys = new Set();
      for (const listener of listeners) listener(told);
    });
  };
  return {
    touch(key) {
      keys.add(key);
      soon();
    },
    tellTroubles: soon,
    onTouch(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** Which Rollouts a change is about: itself, the one that controls the object, or the one whose Experiment does. */
function touchOnChange(shelves: Shelves, stores: Stores, touch: (key: string) => void): void {
  const touchOwner = (object: Owned | undefined): void => {
    const uid = object === undefined ? undefined : controllerOf(object)?.uid;
    if (uid === undefined) return;
    for (const rollout of stores.rollouts.by("owner", uid)) touch(keyOf(rollout));
    for (const experiment of stores.experiments.by("uid", uid)) touchOwner(experiment);
  };
  shelves.rollouts.onChange((old, next) => {
    const one = next ?? old;
    if (one !== undefined) touch(keyOf(one));
  });
  for (const shelf of [shelves.replicaSets, shelves.analysisRuns, shelves.experiments])
    shelf.onChange((old: Stored | undefined, next: Stored | undefined) => touchOwner((next ?? old) as Owned));
  const touchAllIn = (object: Stored | undefined): void => touch(`${object?.metadata.namespace ?? ""}/`);
  shelves.pods.onChange((old, next) => touchAllIn(next ?? old));
  shelves.events.onChange((old, next) => touchAllIn(next ?? old));
  stores.services.onChange((old, next) => {
    const one = next ?? old;
    if (one !== undefined) for (const rollout of stores.rollouts.by("service", keyOf(one))) touch(keyOf(rollout));
  });
}

/** Objects that Rollouts name, of kinds that are read only where one does. */
function watchNamed(
  { client, clock, namespace, signal }: FeedPorts,
  stores: Stores,
  ready: Promise<void>,
  touch: (key: string) => void,
): void {
  const shared: OptionalWatchPorts = {
    client,
    clock,
    complaints: createComplaints({ log: SILENT, clock }),
    rollouts: stores.rollouts,
    experiments: stores.experiments,
    namespace,
    rolloutsKnown: ready,
    signal,
    enqueue: touch,
    enqueueExperiment(key) {
      const owner = stores.experiments.get(key);
      const uid = owner === undefined ? undefined : controllerOf(owner)?.uid;
      for (const rollout of uid === undefined ? [] : stores.rollouts.by("owner", uid)) touch(keyOf(rollout));
    },
    observe: ignore,
  };
  for (const store of stores.optional)
    watchOptional(store.kind.isClusterScoped === true ? { ...shared, namespace: undefined } : shared, store);
}

interface Close {
  readonly watched: readonly Watched[];
  readonly ending: AbortController;
  users: number;
}

interface Closely {
  readonly close: Map<string, Close>;
  readonly shelves: Shelves;
  readonly watch: Watch;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

function closely(parts: Closely, namespace: string): { readonly ready: Promise<void>; end(): void } {
  const { close, shelves, watch } = parts;
  let one = close.get(namespace);
  if (one === undefined) {
    const ending = new AbortController();
    parts.signal.addEventListener("abort", () => ending.abort(), { once: true });
    one = {
      ending,
      users: 0,
      watched: [
        watch(PODS, namespace, sink(shelves.pods), { labelSelector: HASH_LABEL }, ending.signal),
        watch(EVENTS, namespace, sink(shelves.events), ABOUT_US, ending.signal),
      ],
    };
    close.set(namespace, one);
  }
  const used = one;
  used.users += 1;
  let isOver = false;
  return {
    ready: Promise.all(used.watched.map(({ first }) => first)).then(ignore),
    end() {
      if (isOver) return;
      isOver = true;
      used.users -= 1;
      if (used.users > 0) return;
      used.ending.abort();
      close.delete(namespace);
      for (const shelf of [shelves.pods, shelves.events])
        for (const object of (shelf as { values(): Iterable<Stored> }).values())
          if (object.metadata.namespace === namespace) (shelf as { forget(key: string): void }).forget(keyOf(object));
    },
  };
}

/** Events of other kinds are many. */
const ABOUT_US = { fieldSelector: "involvedObject.apiVersion=argoproj.io/v1alpha1" };
