/**
 * The metrics for Prometheus: the reference's rollout metrics by name and label, and our own under `sluice_`.
 * Gauges of Rollouts are read from the cache at every scrape; only counters and histograms are kept.
 */
import { counterFamily, familyHead, histogramFamily, sample, single } from "./exposition.ts";
import { analysisSeries, type ObservedRun, type ObservedTemplate } from "./analysisSeries.ts";
import { experimentSeries, type ObservedExperiment } from "./experimentSeries.ts";
import { renderProcess } from "./processMetrics.ts";
import { type ObservedRollout, renderRollouts } from "./rolloutGauges.ts";
import { rolloutSeries } from "./rolloutSeries.ts";

/** One request to the API server. */
export interface ApiRequest {
  readonly verb: "Get" | "List" | "Watch" | "Create" | "Update" | "Patch" | "Delete";
  /** The plural: `rollouts`. A path that is not a resource begins with a slash. */
  readonly kind: string;
  readonly namespace: string;
  /** "" where the request names no object. */
  readonly name: string;
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
}

/** One that was sent, or given up. */
export interface SentNotification {
  /** Of the Rollout. */
  readonly key: string;
  /** Those of the event. */
  readonly type: string;
  readonly reason: string;
  /** As it is configured: "slack". */
  readonly service: string;
  readonly durationMs: number;
  readonly failed: boolean;
}

/** The hooks that the parts of the controller call. A key is "namespace/name". */
export interface ControllerMetrics {
  /** A pass over one Rollout has ended. */
  reconciled(key: string, durationMs: number, failed: boolean): void;
  eventEmitted(key: string, type: "Normal" | "Warning", reason: string): void;
  apiRequest(request: ApiRequest): void;
  /** An update has ended: status is status.duration.completionStatus, times in seconds, total includes manual pauses */
  rolloutFinished(status: string, totalSeconds: number, manualPauseSeconds: number): void;
  /** The Rollout is gone from the cache: its series are dropped 65 s later, unless it is there again. */
  rolloutDeleted(key: string): void;
  /** A pass over one AnalysisRun has ended. */
  runReconciled(key: string, durationMs: number, failed: boolean): void;
  /** A pass over one Experiment has ended. */
  experimentReconciled(key: string, durationMs: number, failed: boolean): void;
  /** A notification was sent, or could not be; `type` and `reason` are those of its event. */
  notified(notification: SentNotification): void;
  /** A measurement has ended, or goes on (phase Running). */
  measured(provider: string, phase: string): void;
  /** A request of a measurement has waited for its turn. */
  requestWaited(ms: number): void;
  /** Hooks for the work queue of this name. */
  queue(name: string): QueueHooks;
  /** A watch of this kind (plural) fell silent and was opened again. */
  watchStalled(kind: string): void;
  /** An event was not sent; why, in one word (`Loss` of the recorder). */
  eventLost(why: string): void;
  /** A complete list of this kind was read. */
  relisted(kind: string): void;
  /** The whole page in Prometheus' text format, a few lines at a time. */
  render(): Generator<string>;
}

export interface QueueHooks {
  added(): void;
  retried(): void;
  waitedMs(ms: number): void;
  workedMs(ms: number): void;
}

/** Where the values that are read at scrape time come from. */
export interface MetricsSources {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly version: string;
  readonly commit: string;
  /** All Rollouts in the cache; called several times a scrape. */
  readonly rollouts: () => Iterable<ObservedRollout>;
  /** All AnalysisRuns in the cache; called several times a scrape. */
  readonly analysisRuns: () => Iterable<ObservedRun>;
  /** All analysis templates in the caches, those of the cluster too; called several times a scrape. */
  readonly analysisTemplates: () => Iterable<ObservedTemplate>;
  /** All Experiments in the cache; called several times a scrape. */
  readonly experiments: () => Iterable<ObservedExperiment>;
  readonly isLeader: () => boolean;
  /** Objects held in the cache by kind (plural). */
  readonly cacheObjects: () => Iterable<readonly [kind: string, count: number]>;
  readonly queues: () => Iterable<readonly [name: string, queue: QueueState]>;
}

export interface QueueState {
  readonly depth: number;
  unfinishedMs(): { readonly sumMs: number; readonly longestMs: number };
}

export const metricsContentType = "text/plain; version=0.0.4; charset=utf-8";

const durationBounds = [30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800];
const progressionBounds = [30, 60, 120, 300, 600, 900, 1800, 3600];
const manualPauseBounds = [0, 60, 300, 600, 1800, 3600, 7200, 14_400, 28_800];
/** client-go's: 10 ns to 10 s, tenfold. */
const queueBounds = Array.from({ length: 10 }, (_, index) => Number(`1e${index - 8}`));

/** Starts with empty counters. Recording costs about a microsecond and about 0.5 kB a Rollout. */
export function createMetrics(sources: MetricsSources): ControllerMetrics {
  const series = rolloutSeries(sources);
  const analysis = analysisSeries(sources.analysisRuns, sources.analysisTemplates);
  const experiments = experimentSeries(sources.experiments);
  const requests = counterFamily(requestTotal, "Requests to the API server.", requestLabels);
  const finished = finishedHistograms();
  const queues = queueFamilies(sources.queues);
  const stalls = counterFamily("sluice_watch_stalls_total", "Watches that fell silent.", ["kind"]);
  const relists = counterFamily("sluice_relists_total", "Complete lists read from the API server.", ["kind"]);
  const services = counterFamily("sluice_notifications_total", "Notifications by service.", ["service", "outcome"]);
  const lost = counterFamily("sluice_events_lost_total", "Events that were not sent.", ["why"]);

  return {
    reconciled: series.reconciled,
    eventEmitted: series.eventEmitted,
    notified({ key, type, reason, service, durationMs, failed }) {
      series.notified(key, type, reason, durationMs, failed);
      services.add([service, failed ? "failed" : "sent"]);
    },
    apiRequest({ kind, namespace, name, verb, status }) {
      const resource = kind.startsWith("/") ? "Unknown" : kind;
      // Names of other kinds come and go without end: they are N/A, as the reference's lists, events and ReplicaSets.
      if (kind === "rollouts" && name !== "") series.requested(`${namespace}/${name}`, verb, String(status));
      else requests.add([resource, namespace, "N/A", verb, String(status)]);
    },
    rolloutFinished: finished.observe,
    rolloutDeleted: series.deleted,
    runReconciled: analysis.reconciled,
    experimentReconciled: experiments.reconciled,
    measured: analysis.measured,
    requestWaited: analysis.waited,
    queue: queues.hooks,
    watchStalled: (kind) => stalls.add([kind]),
    eventLost: (why) => lost.add([why]),
    relisted: (kind) => relists.add([kind]),
    *render() {
      series.sweep();
      yield* renderRollouts(sources.rollouts);
      yield* series.render();
      yield* analysis.render();
      yield* experiments.render();
      yield* requests.render();
      yield* series.requestSamples(requestTotal, requestLabels);
      yield* finished.render();
      yield* queues.render();
      yield* stalls.render();
      yield* relists.render();
      yield* lost.render();
      yield* services.render();
      yield* renderState(sources);
      yield* renderProcess(sources.version, sources.commit);
    },
  };
}

const requestTotal = "controller_clientset_k8s_request_total";
const requestLabels = ["kind", "namespace", "name", "verb", "status_code"];

function finishedHistograms() {
  const labels = ["status"];
  const total = histogramFamily(
    "rollout_duration_seconds",
    "Length of updates, pauses included.",
    labels,
    durationBounds,
  );
  const progression = histogramFamily(
    "rollout_progression_duration_seconds",
    "Length of updates without manual pauses.",
    labels,
    progressionBounds,
  );
  const paused = histogramFamily(
    "rollout_manual_pause_duration_seconds",
    "Length of manual pauses in updates.",
    labels,
    manualPauseBounds,
  );
  return {
    observe(status: string, totalSeconds: number, manualPauseSeconds: number): void {
      total.observe([status], totalSeconds);
      progression.observe([status], totalSeconds - manualPauseSeconds);
      paused.observe([status], manualPauseSeconds);
    },
    *render(): Generator<string> {
      yield* total.render();
      yield* progression.render();
      yield* paused.render();
    },
  };
}

/** client-go's workqueue_* metrics. */
function queueFamilies(states: MetricsSources["queues"]) {
  const adds = counterFamily("workqueue_adds_total", "Keys that entered the queue.", ["name"]);
  const retries = counterFamily("workqueue_retries_total", "Keys that were put off.", ["name"]);
  const waited = histogramFamily(
    "workqueue_queue_duration_seconds",
    "Time from entering the queue to a worker.",
    ["name"],
    queueBounds,
  );
  const worked = histogramFamily("workqueue_work_duration_seconds", "Time a worker took.", ["name"], queueBounds);
  return {
    hooks(name: string): QueueHooks {
      const labels = [name];
      return {
        added: () => adds.add(labels),
        retried: () => retries.add(labels),
        waitedMs: (ms) => waited.observe(labels, ms / 1_000),
        workedMs: (ms) => worked.observe(labels, ms / 1_000),
      };
    },
    *render(): Generator<string> {
      yield* adds.render();
      yield* retries.render();
      yield* waited.render();
      yield* worked.render();
      const queues = [...states()].map(([name, queue]) => {
        const { sumMs, longestMs } = queue.unfinishedMs();
        return { name, depth: queue.depth, sumMs, longestMs };
      });
      yield gauges("workqueue_depth", "Keys that wait for a worker.", queues, (queue) => queue.depth);
      yield gauges("workqueue_unfinished_work_seconds", "Time spent so far on keys in work.", queues, (queue) => {
        return queue.sumMs / 1_000;
      });
      yield gauges("workqueue_longest_running_processor_seconds", "The longest of them.", queues, (queue) => {
        return queue.longestMs / 1_000;
      });
    },
  };
}

function gauges<T extends { readonly name: string }>(
  family: string,
  help: string,
  items: readonly T[],
  valueOf: (item: T) => number,
): string {
  const lines = items.map((item) => sample(family, [["name", item.name]], valueOf(item)));
  return familyHead(family, "gauge", help) + lines.join("");
}

function* renderState({ isLeader, cacheObjects, version }: MetricsSources): Generator<string> {
  yield single("sluice_leader", "gauge", "1 while this process holds the Lease.", isLeader() ? 1 : 0);
  yield familyHead("sluice_cache_objects", "gauge", "Objects held in the cache.");
  for (const [kind, count] of cacheObjects()) yield sample("sluice_cache_objects", [["kind", kind]], count);
  yield familyHead("argo_rollouts_controller_info", "gauge", "The running version.");
  yield sample("argo_rollouts_controller_info", [["version", version]], 1);
}
