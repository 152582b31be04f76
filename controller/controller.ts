/** The controller as a whole: a row for each kind, and what they share. */
import type { EventRecorder } from "../kube/runtime/recorder.ts";
import type { KubeClient } from "../kube/client/transport.ts";
import type { RouterSettings } from "../providers/traffic/settings.ts";
import type { ReflectorIncident, ReflectorSink } from "../kube/runtime/watch.ts";
import { createComplaints, logWatchError, type Complaints } from "./process/complaints.ts";
import type { Log } from "./process/log.ts";
import type { Clock } from "../kube/clock/clock.ts";
import { watchOptional, type OptionalWatch } from "./rollout/facts/optionalWatch.ts";
import { passingCause } from "./rollout/apply/passing.ts";
import { ANALYSIS_RUNS, EXPERIMENTS, ROLLOUTS } from "../kube/client/resources.ts";
import type { Resource } from "../schema/kube.ts";
import type { QueueMetrics, WorkQueue } from "../kube/runtime/queue.ts";
import { analysisRunsRow, type AnalysisRunsObserver } from "./analysis/analysisRunsRow.ts";
import { askKube } from "./analysis/actions/askKube.ts";
import { measurerOf } from "./analysis/actions/measurer.ts";
import { bindingsApiOf, verifiesAtAws } from "../providers/traffic/albVerify.ts";
import type { SendHttp } from "../providers/metrics/measuring/http.ts";
import type { MetricProviderRow } from "../providers/metrics/provider.ts";
import { createManager, keysIn, type Manager } from "../kube/runtime/runController.ts";
import { createSecretReader } from "./analysis/actions/secrets.ts";
import { createInquiries, type Inquiries } from "./balancers/inquiries.ts";
import { createPluginsConfigured } from "./plugins/configuration.ts";
import { createRouterCalls } from "./plugins/routerCalls.ts";
import { createStepCalls } from "./plugins/stepCalls.ts";
import { routerPluginsOf } from "./rollout/facts/routerPluginFacts.ts";
import { namesPlugins } from "./rollout/facts/stepPluginFacts.ts";
import type { Decide } from "./rollout/apply/carryOut.ts";
import { decide } from "./rollout/decide/decide.ts";
import { rolloutsRow, type RolloutsObserver, type RolloutsPorts } from "./rollout/rolloutsRow.ts";
import { EXPERIMENT } from "./experiment/facts/experimentStore.ts";
import { experimentsRow, type ExperimentsObserver } from "./experiment/experimentsRow.ts";
import { ANALYSIS_RUN } from "./analysis/facts/runStore.ts";
import { sourcesOf, type Sources } from "./rollout/facts/cacheSources.ts";
import { releasesRow } from "./release/routeRelease.ts";
import { servicesRow } from "./services/serviceCleanup.ts";
import { surroundingsReader } from "./migration/facts/beside.ts";
import { createMigrationStores, type RawDeployment } from "./migration/facts/caches.ts";
import { adoptionsRow } from "./migration/adoptionsRow.ts";
import { migrationsRow } from "./migration/migrationsRow.ts";
import { deploymentsRow } from "./workloads/workloadRestore.ts";
import { notificationsRow, type NotificationsObserver, type Notifying } from "./notifications/notificationsRow.ts";
import { type Profiles, watchProfiles } from "./migration/facts/profiles.ts";
import type { Trouble } from "./process/troubles.ts";
import { createStores, type Stores } from "./rollout/facts/stores.ts";
import { refill, type Shelf } from "./rollout/facts/refill.ts";
import type { RoomLimits, Waiting } from "./rollout/facts/room.ts";
import { ROLLOUT } from "./rollout/facts/slim.ts";

/** What the controller reports about itself (controller/process/metrics.ts). Times in ms unless the name differs. */
export interface ControllerObserver
  extends RolloutsObserver, AnalysisRunsObserver, ExperimentsObserver, NotificationsObserver {
  incident(kind: string, what: ReflectorIncident): void;
  queue(name: string): QueueMetrics;
}

const ignore = (): void => {};

/** Does nothing: for a controller without metrics. */
export const unobserved: ControllerObserver = {
  reconciled: ignore,
  eventEmitted: ignore,
  rolloutFinished: ignore,
  rolloutDeleted: ignore,
  runReconciled: ignore,
  experimentReconciled: ignore,
  measured: ignore,
  notified: ignore,
  incident: ignore,
  queue: () => ({}),
};

export interface ControllerPorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventRecorder;
  readonly observer: ControllerObserver;
  /** Called with what keeps a watch from working; an error that it logs is not logged here as well (troubles.ts). */
  readonly trouble?: Trouble;
  /** For how many milliseconds we are certain to stay the leader. */
  readonly validForMs: () => number;
  /** [0, 1), for jitter; Math.random by default. */
  readonly random?: () => number;
  /** A clock that never jumps, for durations, ms; performance.now by default. */
  readonly monotonicMs?: () => number;
  /** Replaces the real decisions: for tests. */
  readonly decide?: Decide;
  /** How analyses reach their sources; absent: nothing but the API server is reached. */
  readonly measuring?: Measuring;
  /** How notifications leave the process; absent: nobody is told anything. */
  readonly notifying?: Notifying | undefined;
}

/** What measurements need of the process. */
export interface Measuring {
  readonly http: SendHttp;
  /** What the process's environment says about a source. */
  readonly environment: (name: string) => string | undefined;
  /** Sluice's own, where the Secrets of providers are. */
  readonly ownNamespace: string;
  /** By what metrics are measured; the providers of this version by default. */
  readonly providers?: readonly MetricProviderRow[];
}

const UNREACHED: Measuring = {
  http: async () => ({ kind: "failed", message: "not sent: this process reaches nothing but the API server" }),
  environment: () => undefined,
  ownNamespace: "argo-rollouts",
};

export interface MigrationScope {
  readonly ownNamespace: string;
  /** Those that have become Rollouts by reference become Deployments again, and no other migrates. */
  readonly restoring?: boolean | undefined;
  /** Told of all Deployments by the loop's own watch, so that nobody needs a second one. */
  readonly deployments?: ReflectorSink<RawDeployment> | undefined;
}

export interface ControllerScope {
  /** Watch this namespace only; undefined: all. */
  readonly namespace: string | undefined;
  /** Only Rollouts labelled with this instance; "": only those without the label. */
  readonly instanceId: string;
  readonly resyncMs: number;
  readonly concurrency: number;
  /** Whose profiles are for all namespaces: the controller's own; undefined: there is none. */
  readonly ownNamespace?: string | undefined;
  /** Conditions for generic tools on every Rollout that does not decline them (docs/behaviour/kstatus.md). */
  readonly kstatusForAll?: boolean | undefined;
  /** Deployments that ask for it become Rollouts, except in Sluice's own namespace (docs/migration.md); undefined: none. */
  readonly migration?: MigrationScope | undefined;
  /** Which Ingresses are routed, and how; the usual classes by default. */
  readonly routing?: RouterSettings | undefined;
  /** How much memory the cached objects may take; what the shipped Deployment has by default. */
  readonly room?: RoomLimits | undefined;
}

export interface Controller {
  readonly stores: Stores;
  readonly profiles: Profiles;
  readonly queues: readonly (readonly [name: string, queue: WorkQueue])[];
  /** Kinds whose cache is not complete or whose watch is broken. */
  unready(): string[];
  /** Resolves when all caches are filled. */
  readonly hasSynced: Promise<void>;
  /**
   * Resolves when the caches are fresh, or when the signal has ended it. After waiting for the Lease they are checked
   * before the first decision: a watch may have died meanwhile, and it takes 130 s of silence to notice.
   */
  refresh(): Promise<void>;
  /** Works until `signal` aborts; call it once, and only as the leader. */
  run(signal: AbortSignal): Promise<void>;
}

/** A process that becomes the leader within this time has just listed everything. */
const FRESH_MS = 10_000;

/** Starts watching at once; `signal` ends that. */
export function createController(ports: ControllerPorts, scope: ControllerScope, signal: AbortSignal): Controller {
  const stores = createStores(scope.routing, scope.room);
  const sources = sourcesOf(stores, scope.instanceId);
  const complaints = createComplaints(ports);
  const manager = createManager({
    ...ports,
    ...scope,
    metricsOf: (kind) => ports.observer.queue(kind),
    incident: (kind, what) => ports.observer.incident(kind, what),
    watchFailed(kind, error, failures, isBroken) {
      if (ports.trouble?.(kind, error, isBroken) === true) return;
      logWatchError(complaints, kind, error, failures);
    },
    passFailed: logFailures(ports, complaints),
    backoff: (error) => passingCause(error)?.backoff,
    signal,
  });
  const { client, clock, log } = ports;
  const profiles = watchProfiles({
    client,
    clock,
    log,
    watched: scope.namespace,
    ownNamespace: scope.ownNamespace ?? scope.migration?.ownNamespace ?? "",
    signal,
  });
  const queues = runKinds(
    manager,
    {
      ...ports,
      profiles,
      decide: ports.decide ?? decide,
      stores,
      namespace: scope.namespace,
      instanceId: scope.instanceId,
      kstatusForAll: scope.kstatusForAll,
      migration: scope.migration,
    },
    sources,
  );
  const optional = watchNeeded(
    { ports, namespace: scope.namespace, stores, complaints, ...queues, manager, sources },
    signal,
  );
  refill({ client, clock, complaints, room: stores.room, signal }, shelvesOf(stores));
  return {
    stores,
    profiles,
    queues: manager.queues,
    unready: () => [...manager.unready(), ...optional.flatMap((watch) => watch.unready() ?? [])],
    hasSynced: manager.synced(),
    refresh: () => manager.refresh(FRESH_MS),
    async run(running) {
      await manager.run(running);
      // What was not sent is lost with this process; what was sent but not written down would be sent again.
      await queues.lastWords().catch((error: unknown) => log.warn("Cannot end notifications", { error }));
    },
  };
}

interface KindPorts extends ControllerPorts, Pick<ControllerScope, "instanceId" | "kstatusForAll" | "migration"> {
  readonly profiles: Profiles;
  readonly stores: Stores;
  readonly namespace: string | undefined;
  readonly decide: Decide;
}

interface Kinds extends Pick<Watching, "rollouts" | "experiments"> {
  /** Awaited when no row works any more. */
  lastWords(): Promise<void>;
}

/** The table of kinds: a line for each, called in this order when an object changes. */
function runKinds(manager: Manager, ports: KindPorts, sources: Sources): Kinds {
  const { client, clock, measuring = UNREACHED } = ports;
  const measurer = measurerOf({ http: measuring.http, kube: askKube(client), clock });
  const line: { rollouts?: WorkQueue } = {};
  const plugins = createPluginsConfigured({
    ...ports,
    ...measuring,
    changed: () => queueNaming(ports.stores, line.rollouts),
  });
  if (ports.measuring !== undefined) void plugins.read();
  const asking = {
    ...ports,
    ...measuring,
    configured: plugins,
    readSecret: createSecretReader(client, clock),
    ask: measurer.begin,
  };
  const calls = {
    stepCalls: createStepCalls(asking),
    routerCalls: createRouterCalls(asking),
    inquiries: inquiriesOf(ports),
  };
  const { notifying } = ports;
  const notifications = notifying === undefined ? undefined : notificationsRow({ ...ports, notifying }, sources);
  const happened: RolloutsPorts["happened"] = (rollout, event) => notifications?.happened({ rollout, ...event });
  const rollouts = (line.rollouts = manager.runController(rolloutsRow({ ...ports, ...calls, happened }, sources)));
  if (notifications !== undefined) manager.runController(notifications);
  manager.runController(servicesRow(ports, sources));
  manager.runController(deploymentsRow(ports, sources));
  manager.runController(releasesRow(ports, sources));
  manager.runController(analysisRunsRow({ ...ports, ...measuring, measurer, plugins }, sources));
  const experiments = manager.runController(experimentsRow(ports, sources));
  const { migration } = ports;
  if (migration !== undefined) {
    const migrating = {
      ...ports,
      ...migration,
      surroundings: surroundingsReader(ports),
      migrating: createMigrationStores(ports.instanceId, migration.deployments),
    };
    manager.runController(migrationsRow(migrating, sources));
    manager.runController(adoptionsRow(migrating, sources, ports.instanceId));
  }
  return { rollouts, experiments, lastWords: async () => notifications?.end() };
}

/** What asks AWS is loaded with the first question. */
function inquiriesOf({ client, clock, validForMs, stores, measuring = UNREACHED }: KindPorts): Inquiries | undefined {
  const { settings } = stores.routed;
  if (!verifiesAtAws(settings)) return undefined;
  const asking = { client, ...measuring, bindingsApi: bindingsApiOf(settings) };
  return createInquiries({
    clock,
    validForMs,
    async answerTo(namespace, inquiry, signal) {
      const { answerTo } = await import("./balancers/askBalancers.ts");
      return answerTo(asking, namespace, inquiry, signal);
    },
  });
}

/** Rollouts for which it counts that other plugins are configured. */
function queueNaming({ rollouts, routed }: Stores, queue: WorkQueue | undefined): void {
  for (const key of keysIn(rollouts)) {
    const rollout = rollouts.get(key);
    if (rollout === undefined) continue;
    if (namesPlugins(rollout) || routerPluginsOf(rollout, routed.routers).length > 0) queue?.add(key);
  }
}

interface Watching {
  readonly ports: ControllerPorts;
  readonly namespace: string | undefined;
  readonly stores: Stores;
  readonly complaints: Complaints;
  /** The queues of those whose objects arrive. */
  readonly rollouts: WorkQueue;
  readonly experiments: WorkQueue;
  readonly manager: Manager;
  readonly sources: Sources;
}

/** Kinds that are watched only while some Rollout or Experiment refers to them. */
function watchNeeded(
  { ports, namespace, stores, complaints, rollouts, experiments, manager, sources }: Watching,
  signal: AbortSignal,
): OptionalWatch[] {
  const { client, clock, observer, random } = ports;
  const known = [sources.rollouts, sources.experiments].map((source) => manager.synced(source));
  const rolloutsKnown = Promise.all(known).then(() => {});
  return stores.optional.map((store) =>
    watchOptional(
      {
        client,
        clock,
        complaints,
        rollouts: stores.rollouts,
        experiments: stores.experiments,
        namespace,
        rolloutsKnown,
        signal,
        enqueue: (key) => rollouts.add(key),
        enqueueExperiment: (key) => experiments.add(key),
        observe: (what) => observer.incident(store.kind.resource, what),
        ...(random === undefined ? {} : { random }),
      },
      store,
    ),
  );
}

/** Where an object that found no room in a cache is put once it is read; templates are read by their watchers. */
function shelvesOf(stores: Stores): (waiting: Waiting) => Shelf | undefined {
  const shelf = (api: Resource, store: { upsert(raw: never): void }): Shelf => ({
    api,
    upsert: (raw) => store.upsert(raw as never),
  });
  const optional = new Map(stores.optional.map(({ kind, objects }) => [kind.resource, shelf(kind.api, objects)]));
  const own = new Map([
    [ROLLOUT, shelf(ROLLOUTS, stores.rollouts)],
    [ANALYSIS_RUN, shelf(ANALYSIS_RUNS, stores.analysisRuns)],
    [EXPERIMENT, shelf(EXPERIMENTS, stores.experiments)],
  ]);
  return ({ kind }) => own.get(kind) ?? optional.get(kind);
}

/** Logs what a pass threw, less and less often: causes that pass by themselves at their own level, others as errors. */
const logFailures =
  ({ log }: ControllerPorts, complaints: Complaints) =>
  (what: string, key: string, error: unknown, failures: number): void => {
    const cause = passingCause(error);
    const isPassing = cause !== undefined && failures <= (cause.patience ?? failures);
    const object = `${what} ${key}`;
    if (!isPassing) {
      const message = `Cannot reconcile ${what} "${key}"`;
      complaints.report({ about: object, level: "error", message, error, fields: { failures } });
    } else if (cause.level === "debug") log.debug(cause.message, { object, error, failures });
    else {
      const { level, message } = cause;
      const fields = { object, failures };
      complaints.report({ about: cause.about(key), level, message, error, fields, sameAs: message });
    }
  };
