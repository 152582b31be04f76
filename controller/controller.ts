/** The Rollout controller as a whole: caches fed by watches, a queue fed by caches, workers while we are the leader. */
import type { EventRecorder } from "../kube/runtime/recorder.ts";
import { collectionPath } from "../kube/client/path.ts";
import { REPLICA_SETS, ROLLOUTS, SERVICES } from "../kube/client/resources.ts";
import type { KubeClient } from "../kube/client/transport.ts";
import type { RouterSettings } from "../providers/traffic/router.ts";
import { runReflector, type KubeObject, type Reflector, type ReflectorIncident } from "../kube/runtime/watch.ts";
import type { ReplicaSet, Resource, Service } from "../schema/kube.ts";
import type { Rollout } from "../schema/rollout.ts";
import { createComplaints, tellWatchError, type Complaints } from "./process/complaints.ts";
import type { Log } from "./process/log.ts";
import { keyOf } from "../kube/runtime/cache.ts";
import type { Clock } from "../kube/clock/clock.ts";
import { watchOptional, type OptionalWatch } from "./rollout/facts/optionalWatch.ts";
import { passingCause } from "./rollout/apply/passing.ts";
import { createQueue, type QueueMetrics, type WorkQueue } from "../kube/runtime/queue.ts";
import { createReconciler, type Decide, type Reconciler } from "./rollout/apply/reconcile.ts";
import { refill, type Shelf } from "./rollout/facts/refill.ts";
import { letGo, releaseRoute, releaseSweeps } from "./release/routeRelease.ts";
import { releaseService } from "./services/serviceCleanup.ts";
import { createRestorer, type Restorer } from "./workloads/workloadRestore.ts";
import type { RolloutEvent } from "./rollout/model/model.ts";
import { HASH_LABEL, INSTANCE_LABEL } from "../schema/labels.ts";
import { equal } from "../kube/object/equality.ts";
import { createGatherer } from "./rollout/facts/gather.ts";
import { needOf } from "./rollout/facts/optionalStore.ts";
import type { Trouble } from "./process/troubles.ts";
import type { RoomLimits, Waiting } from "./rollout/facts/room.ts";
import { ROLLOUT } from "./rollout/facts/slim.ts";
import {
  createStores,
  servicesOf,
  type CachedReplicaSet,
  type CachedService,
  type Stores,
} from "./rollout/facts/stores.ts";

/** What the controller tells about itself; see controller/process/metrics.ts. Times in milliseconds unless named otherwise. */
export interface ControllerObserver {
  reconciled(key: string, durationMs: number, failed: boolean): void;
  eventEmitted(key: string, type: "Normal" | "Warning", reason: string): void;
  rolloutFinished(status: string, totalSeconds: number, manualPauseSeconds: number): void;
  rolloutDeleted(key: string): void;
  incident(kind: string, what: ReflectorIncident): void;
  queue(name: string): QueueMetrics;
}

const ignore = (): void => {};

/** For a controller that nobody scrapes. */
export const unobserved: ControllerObserver = {
  reconciled: ignore,
  eventEmitted: ignore,
  rolloutFinished: ignore,
  rolloutDeleted: ignore,
  incident: ignore,
  queue: () => ({}),
};

export interface ControllerPorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventRecorder;
  readonly observer: ControllerObserver;
  /** Told of what keeps a watch from working; what it says itself is not logged here (troubles.ts). */
  readonly trouble?: Trouble;
  /** For how long we are the leader for certain, in milliseconds. */
  readonly validForMs: () => number;
  /** [0, 1), for jitter; Math.random by default. */
  readonly random?: () => number;
  /** A clock that never jumps, for durations, ms; performance.now by default. */
  readonly monotonicMs?: () => number;
  /** Instead of the real decisions: for tests. */
  readonly decide?: Decide;
}

export interface ControllerScope {
  /** Watch this namespace only; undefined: all. */
  readonly namespace: string | undefined;
  /** Only Rollouts labelled with this instance; "": only those without the label. */
  readonly instanceId: string;
  readonly resyncMs: number;
  readonly concurrency: number;
  /** Whose Ingresses are routed; the usual classes if not given. */
  readonly routing?: RouterSettings | undefined;
  /** How much memory the objects of its caches may take; what the shipped Deployment has if not given. */
  readonly room?: RoomLimits | undefined;
}

export interface Controller {
  readonly stores: Stores;
  readonly queues: readonly (readonly [name: string, queue: WorkQueue])[];
  /** Kinds whose cache is not complete or whose watch is broken. */
  unready(): string[];
  /** Resolves when all caches are filled. */
  readonly hasSynced: Promise<void>;
  /**
   * Resolves when the caches are fresh, or when ended. Who has waited for the Lease looks again before the first
   * decision: a watch may have died meanwhile, and it takes 130 s of silence to notice.
   */
  refresh(): Promise<void>;
  /** Works until `signal` aborts; call it once, as the leader. */
  run(signal: AbortSignal): Promise<void>;
}

/** How long a status waits for its events at most: they are worth some order, but no standstill. */
const EVENTS_FIRST_MS = 100;

/** Whatever a pass had begun to write when its Rollout changed is written by then. */
const PASS_ENDS_MS = 30_000;

/** A process that leads at once has just listed everything. */
const FRESH_MS = 10_000;

/** Starts watching at once; `signal` ends that. */
export function createController(ports: ControllerPorts, scope: ControllerScope, signal: AbortSignal): Controller {
  const { clock, observer } = ports;
  const stores = createStores(scope.routing, scope.room);
  const random = ports.random ?? Math.random;
  const rollouts = createQueue({ clock, random, metrics: observer.queue("Rollouts") });
  const services = createQueue({ clock, random, metrics: observer.queue("Services") });
  const deployments = createQueue({ clock, random, metrics: observer.queue("Deployments") });
  const restorer = createRestorer({ ...ports, stores });
  const releases = createQueue({ clock, random, metrics: observer.queue("Releases") });
  const release = (key: string): Promise<void> => {
    const { client, validForMs } = ports;
    const enqueue = (found: string): void => releases.add(found);
    return releaseRoute({ client, stores, namespace: scope.namespace, validForMs, enqueue }, key);
  };
  const reconciler = createReconciler({
    ...ports,
    stores,
    gatherer: createGatherer(stores),
    waiting: () => rollouts.depth,
    wakeAfter: (key, delayMs) => rollouts.addAfter(key, delayMs),
    forgetWake: (key) => rollouts.cancelDelay(key),
    finished: (status, total, paused) => observer.rolloutFinished(status, total, paused),
    recordEvent: (rollout, event) => recordEvent(ports, rollout, event),
    eventsTold: (rollout) => ports.events.told(rollout.metadata.uid ?? "", EVENTS_FIRST_MS),
  });
  const complaints = createComplaints(ports);
  const queues = { rollouts, services, deployments, releases };
  const parts = { ports, stores, complaints, ...queues, restorer, release, reconciler };
  connect(parts);
  const reflectors = watchAll(parts, scope, signal);
  const optional = watchNeeded({ ...parts, scope, reflectors }, signal);
  refill({ ...parts, client: ports.client, clock, room: stores.room, signal }, shelvesOf(stores));
  const broken = (): string[] => reflectors.filter(([, reflector]) => !reflector.isReady()).map(([kind]) => kind);
  return {
    stores,
    queues: [
      ["Rollouts", rollouts],
      ["Services", services],
      ["Deployments", deployments],
      ["Releases", releases],
    ],
    unready: () => [...broken(), ...optional.flatMap((watch) => watch.unready() ?? [])],
    hasSynced: Promise.all(reflectors.map(([, reflector]) => reflector.hasSynced)).then(() => undefined),
    refresh: async () => {
      await Promise.all(reflectors.map(([, reflector]) => reflector.refresh(FRESH_MS)));
    },
    run: (running) => work({ ...parts, scope }, running),
  };
}

function watchAll(
  { ports, stores, complaints }: Pick<Parts, "ports" | "stores" | "complaints">,
  scope: ControllerScope,
  signal: AbortSignal,
): [string, Reflector][] {
  const { client, clock, observer } = ports;
  const watch = <Raw extends KubeObject>(
    resource: Resource,
    labelSelector: string | undefined,
    sink: Sink<Raw>,
  ): [string, Reflector] => {
    const reflector = runReflector<Raw>({
      client,
      clock,
      path: collectionPath(resource, scope.namespace),
      query: { labelSelector },
      sink,
      signal,
      ...(ports.random === undefined ? {} : { random: ports.random }),
      observe: (what) => observer.incident(resource.plural, what),
      onError(error, failures) {
        if (ports.trouble?.(resource.plural, error, () => !reflector.isReady()) === true) return;
        tellWatchError(complaints, resource.plural, error, failures);
      },
    });
    return [resource.plural, reflector];
  };
  const instance = scope.instanceId === "" ? `!${INSTANCE_LABEL}` : `${INSTANCE_LABEL}=${scope.instanceId}`;
  return [
    watch<Rollout>(ROLLOUTS, instance, stores.rollouts),
    watch<ReplicaSet>(REPLICA_SETS, HASH_LABEL, stores.replicaSets),
    watch<Service>(SERVICES, undefined, stores.services),
  ];
}

interface Watching extends Pick<Parts, "ports" | "stores" | "complaints" | "rollouts"> {
  readonly scope: ControllerScope;
  readonly reflectors: readonly (readonly [kind: string, reflector: Reflector])[];
}

/** Kinds that are watched only while some Rollout refers to them, and whom their objects concern. */
function watchNeeded(watching: Watching, signal: AbortSignal): OptionalWatch[] {
  const { ports, scope, stores, complaints, rollouts, reflectors } = watching;
  const { client, clock, observer } = ports;
  const rolloutsKnown = Promise.all(
    reflectors.filter(([kind]) => kind === "rollouts").map(([, reflector]) => reflector.hasSynced),
  ).then(() => undefined);
  return stores.optional.map((store) => {
    const { kind, objects } = store;
    objects.onChange((old, next) => {
      const object = next ?? old;
      if (stores.ownWrite || object === undefined) return;
      if (old !== undefined && next !== undefined && !kind.heeds(old, next)) return;
      for (const rollout of stores.rollouts.by("need", needOf(kind, keyOf(object)))) rollouts.add(keyOf(rollout));
    });
    return watchOptional(
      {
        client,
        clock,
        complaints,
        rollouts: stores.rollouts,
        namespace: scope.namespace,
        rolloutsKnown,
        signal,
        enqueue: (key) => rollouts.add(key),
        observe: (what) => observer.incident(kind.resource, what),
        ...(ports.random === undefined ? {} : { random: ports.random }),
      },
      store,
    );
  });
}

/** Where objects are read that found no room; templates are read by those who watch them. */
function shelvesOf(stores: Stores): (waiting: Waiting) => Shelf | undefined {
  const shelf = (api: Resource, store: { upsert(raw: never): void }): Shelf => ({
    api,
    upsert: (raw) => store.upsert(raw as never),
  });
  const optional = new Map(stores.optional.map(({ kind, objects }) => [kind.resource, shelf(kind.api, objects)]));
  const rollouts = shelf(ROLLOUTS, stores.rollouts);
  return ({ kind }) => (kind === ROLLOUT ? rollouts : optional.get(kind));
}

type Sink<Raw extends KubeObject> = Parameters<typeof runReflector<Raw>>[0]["sink"];

interface Parts {
  readonly ports: ControllerPorts;
  readonly stores: Stores;
  readonly complaints: Complaints;
  readonly rollouts: WorkQueue;
  readonly services: WorkQueue;
  /** Those that deleted Rollouts have left behind. */
  readonly deployments: WorkQueue;
  readonly restorer: Restorer;
  /** Of objects that Rollouts have stopped routing by. */
  readonly releases: WorkQueue;
  readonly release: (key: string) => Promise<void>;
  readonly reconciler: Reconciler;
}

/** Which Rollouts have to be looked at after a change in a cache (docs/behaviour/reconciling.md#what-is-watched). */
function connect(parts: Parts): void {
  const { stores, rollouts, services } = parts;
  stores.rollouts.onChange((old, next) => {
    if (!stores.ownWrite) rolloutChanged(parts, old, next);
  });
  stores.replicaSets.onChange((old, next) => {
    if (stores.ownWrite) return;
    if (old !== undefined && next !== undefined && sameFacts(old.facts, next.facts)) return;
    for (const key of ownersOf(stores, next ?? old)) rollouts.add(key);
  });
  stores.services.onChange((old: CachedService | undefined, next: CachedService | undefined) => {
    if (stores.ownWrite) return;
    const service = next ?? old;
    if (service === undefined || (old !== undefined && next !== undefined && sameFacts(old.facts, next.facts))) return;
    for (const rollout of stores.rollouts.by("service", keyOf(service))) rollouts.add(keyOf(rollout));
    if (next !== undefined) services.add(keyOf(next));
  });
}

/** Equal but for the version: nothing that a decision rests on has changed. */
const sameFacts = <F extends { readonly resourceVersion: string }>(a: F, b: F): boolean =>
  equal({ ...a, resourceVersion: "" }, { ...b, resourceVersion: "" });

function rolloutChanged(
  { ports, stores, rollouts, services, deployments, restorer, releases, reconciler }: Parts,
  old: Rollout | undefined,
  next: Rollout | undefined,
): void {
  const rollout = next ?? old;
  if (rollout === undefined) return;
  const key = keyOf(rollout);
  const referenced = new Set(next === undefined ? [] : servicesOf(next));
  for (const name of old === undefined ? [] : servicesOf(old)) {
    if (!referenced.has(name)) services.add(`${rollout.metadata.namespace}/${name}`);
  }
  for (const object of letGo(stores, old, next)) {
    releases.add(object);
    releases.addAfter(object, PASS_ENDS_MS);
  }
  if (next !== undefined) return rollouts.add(key);
  reconciler.forget(key);
  ports.observer.rolloutDeleted(key);
  for (const service of stores.services.by("manager", key)) services.add(keyOf(service));
  const deployment = restorer.deleted(rollout);
  if (deployment !== undefined) deployments.add(deployment);
  if (ports.validForMs() <= 0) return;
  ports.log.info("Rollout deleted", { namespace: rollout.metadata.namespace, rollout: rollout.metadata.name });
  recordEvent(ports, rollout, {
    type: "Normal",
    reason: "RolloutDeleted",
    message: `Rollout ${key} is deleted.`,
    after: 0,
  });
}

/** The Rollout that controls a ReplicaSet, or those of its namespace that may want to adopt it. */
function ownersOf(stores: Stores, replicaSet: CachedReplicaSet | undefined): string[] {
  if (replicaSet === undefined) return [];
  const { namespace, controllerUid } = replicaSet.facts;
  return stores.rollouts.by("owner", controllerUid === "" ? namespace : controllerUid).map(keyOf);
}

function recordEvent(
  { events, observer }: ControllerPorts,
  rollout: Rollout,
  { type, reason, message }: RolloutEvent,
): void {
  const { name, namespace, uid = "", resourceVersion } = rollout.metadata;
  observer.eventEmitted(keyOf(rollout), type, reason);
  const object = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name, namespace, uid, resourceVersion };
  events.record({ object, type, reason, message });
}

/** What a turn threw: causes that pass by themselves as what they are, all others as errors, each said less and less often. */
const tellFailures =
  ({ log }: ControllerPorts, complaints: Complaints) =>
  (what: string) =>
  (key: string, error: unknown, failures: number): void => {
    const cause = passingCause(error);
    const isPassing = cause !== undefined && failures <= (cause.patience ?? failures);
    const object = `${what} ${key}`;
    if (!isPassing) {
      const message = `Cannot reconcile ${what} "${key}"`;
      complaints.tell({ about: object, level: "error", message, error, fields: { failures } });
    } else if (cause.level === "debug") log.debug(cause.message, { object, error, failures });
    else {
      const { level, message } = cause;
      const fields = { object, failures };
      complaints.tell({ about: cause.about(key), level, message, error, fields, sameAs: message });
    }
  };

async function work(parts: Parts & { readonly scope: ControllerScope }, signal: AbortSignal): Promise<void> {
  const { ports, scope, stores, complaints, rollouts, services, deployments, restorer } = parts;
  const { releases, release, reconciler } = parts;
  const { clock, observer, monotonicMs = () => performance.now() } = ports;
  const everything = (): void => {
    for (const rollout of stores.rollouts.values()) rollouts.add(keyOf(rollout));
    for (const service of stores.services.values()) services.add(keyOf(service));
  };
  let stopResync = (): void => {};
  const resync = (): void => {
    everything();
    stopResync = clock.after(scope.resyncMs, resync);
  };
  resync();
  for (const sweep of releaseSweeps(stores)) releases.add(sweep);
  const failed = tellFailures(ports, complaints);
  const handle = async (key: string): Promise<void> => {
    const started = monotonicMs();
    let ok = false;
    try {
      await reconciler.reconcile(key);
      ok = true;
    } finally {
      observer.reconciled(key, monotonicMs() - started, !ok);
    }
  };
  const letGoOf = (key: string): Promise<void> =>
    releaseService({ client: ports.client, stores, validForMs: ports.validForMs }, key);
  const shared = { concurrency: scope.concurrency, backoff: (error: unknown) => passingCause(error)?.backoff, signal };
  await Promise.all([
    rollouts.run({ ...shared, handle, onError: failed("Rollout") }),
    services.run({ ...shared, handle: letGoOf, onError: failed("Service") }),
    deployments.run({ ...shared, handle: (key) => restorer.restore(key), onError: failed("Deployment") }),
    releases.run({ ...shared, handle: release, onError: failed("release of") }),
  ]);
  stopResync();
}
