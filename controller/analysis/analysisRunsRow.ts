/**
 * AnalysisRuns as a row of the controller (docs/behaviour/analysis.md). Keys are "namespace/name". No pass waits for a
 * measurement: it is taken beside the queue, and its outcome puts the key in line.
 */
import { isNotFound } from "../../kube/client/apiError.ts";
import type { KubeClient, KubeRequest } from "../../kube/client/transport.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import { keyOf } from "../../kube/runtime/cache.ts";
import { NotLeaderError } from "../../kube/runtime/notLeader.ts";
import type { WorkQueue } from "../../kube/runtime/queue.ts";
import type { EventRecorder } from "../../kube/runtime/recorder.ts";
import { type ControllerRow, keysIn, type Pass, watch } from "../../kube/runtime/runController.ts";
import { whyHeldBack } from "../../kube/validation/size.ts";
import type { MetricProviderRow } from "../../providers/metrics/provider.ts";
import { providerOf, PROVIDERS } from "../../providers/metrics/providers.ts";
import type { AnalysisRun } from "../../schema/analysis.ts";
import { ANALYSIS_RUN_KIND } from "../../schema/kinds.ts";
import type { Log } from "../process/log.ts";
import type { Sources } from "../rollout/facts/cacheSources.ts";
import type { Stores } from "../rollout/facts/stores.ts";
import type { AskedPorts } from "./actions/asked.ts";
import type { Measurer } from "./actions/measurer.ts";
import { deletionRequest, statusRequest } from "./actions/runRequests.ts";
import { createSecretReader } from "./actions/secrets.ts";
import { collectMeasurements, takeMeasurement, type TakingPorts } from "./actions/takeMeasurement.ts";
import { decideRun } from "./decide/decide.ts";
import type { RunAction, RunDecision } from "./decide/decision.ts";
import { isCompleted } from "./decide/phase.ts";
import { createMeasurements, type Measurements } from "./facts/measurements.ts";
import type { RunFacts } from "./facts/runFacts.ts";

/** What is reported to the metrics; see `ControllerObserver`. Times in ms. */
export interface AnalysisRunsObserver {
  runReconciled(key: string, durationMs: number, failed: boolean): void;
  /** @param provider the name of its member in a metric's `provider` */
  measured(provider: string, phase: string): void;
  /** The status of a run was written. Absent: nobody wants to know. */
  runWritten?(before: AnalysisRun, after: AnalysisRun): void;
}

export interface AnalysisRunsPorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly stores: Stores;
  readonly events: Pick<EventRecorder, "record">;
  readonly validForMs: () => number;
  readonly observer: AnalysisRunsObserver;
  readonly measurer: Measurer;
  readonly environment: (name: string) => string | undefined;
  readonly ownNamespace: string;
  /** Absent: no plugin is ever asked. */
  readonly plugins?: AskedPorts["plugins"];
  /** The providers of this version by default. */
  readonly providers?: readonly MetricProviderRow[];
}

type Row = ControllerRow<RunFacts, RunDecision>;
type RunPass = Pass<RunFacts, RunDecision>;

interface Working extends AnalysisRunsPorts {
  readonly measurements: Measurements;
  readonly taking: TakingPorts;
}

const TIMEOUT_MS = 5_000;

export function analysisRunsRow(ports: AnalysisRunsPorts, sources: Pick<Sources, "analysisRuns">): Row {
  const { stores, client, clock, log, environment, ownNamespace, measurer, plugins, providers = PROVIDERS } = ports;
  const measurements = createMeasurements();
  const complain = (message: string): void => log.warn("Cannot clear up after a measurement", { error: message });
  const readSecret = createSecretReader(client, clock);
  const taking = { measurer, clock, readSecret, environment, ownNamespace, plugins, providers, complain };
  const working: Working = { ...ports, measurements, taking };
  return {
    kind: "AnalysisRuns",
    noun: "AnalysisRun",
    watches: [
      watch(sources.analysisRuns, (queue, old, next, origin) => {
        if (old !== undefined && next === undefined) measurements.forget(old.metadata.uid ?? "");
        if (next !== undefined && origin !== "own") queue.add(keyOf(next));
      }),
    ],
    keys: () => keysIn(stores.analysisRuns),
    gather(key) {
      const run = stores.analysisRuns.get(key);
      const heldBack = whyHeldBack(run);
      // One for which there is no room now comes again when there is (controller/rollout/facts/refill.ts).
      if (run === undefined || (heldBack !== undefined && !isForGood(heldBack))) return undefined;
      return { run, heldBack, measuring: measurements.of(run.metadata.uid ?? "") };
    },
    decide: decideRun,
    apply: (pass, queue) => apply(working, pass, queue),
    passed: (key, durationMs, failed) => ports.observer.runReconciled(key, durationMs, failed),
  };
}

/** Its size is why it is not held, and not that of others (kube/validation/size.ts). */
const isForGood = (why: string): boolean => why.startsWith("too large");

async function apply(working: Working, { key, facts, decision, now }: RunPass, queue: WorkQueue): Promise<void> {
  const { measurements, events } = working;
  const { run } = facts;
  const { name, namespace, uid = "", resourceVersion } = run.metadata;
  queue.cancelDelay(key);
  if (decision.wakeAt !== undefined) queue.addAfter(key, decision.wakeAt - now);
  if (decision.status !== undefined) {
    const written = await send<AnalysisRun>(working, statusRequest(run, decision.status));
    working.stores.analysisRuns.written(written);
    working.observer.runWritten?.(run, written);
  }
  measurements.taken(uid, decision.taken);
  if (isCompleted((decision.status ?? run.status)?.phase)) measurements.forget(uid);
  for (const event of decision.events)
    events.record({ object: { ...ANALYSIS_RUN_KIND, name, namespace, uid, resourceVersion }, ...event });
  for (const action of decision.actions) await carryOut(working, run, action, () => queue.add(key));
}

async function carryOut(working: Working, run: AnalysisRun, action: RunAction, arrived: () => void): Promise<void> {
  switch (action.kind) {
    case "measure":
      return begin(working, run, action, arrived);
    case "collect":
      void collectMeasurements(working.taking, run, action.metric, action.measurements, new AbortController().signal);
      return;
    case "deleteRun":
      return remove(working, run);
    default:
      return action satisfies never;
  }
}

/** An outcome that comes when we may no longer be the leader is dropped: the next leader measures again, or we do. */
function begin(
  { measurements, taking, validForMs, observer, clock }: Working,
  run: AnalysisRun,
  action: Extract<RunAction, { readonly kind: "measure" }>,
  arrived: () => void,
): void {
  if (validForMs() <= 0) throw new NotLeaderError("Not measured, because the leader Lease has run out");
  const uid = run.metadata.uid ?? "";
  const metric = action.metric.name;
  const startedAt = clock.now();
  const signal = measurements.begin(uid, metric, { kind: action.flight, startedAt });
  const provider = providerOf(run.spec.metrics[action.metric.index]?.provider, taking.providers)?.row.kind ?? "";
  void takeMeasurement(taking, run, action, startedAt, signal).then((outcome) => {
    if (validForMs() <= 0) measurements.drop(uid, metric);
    else if (measurements.arrive(uid, outcome))
      observer.measured(provider, outcome.kind === "unresolvable" ? "Error" : outcome.phase);
    else return;
    arrived();
  });
}

async function remove(working: Working, run: AnalysisRun): Promise<void> {
  try {
    await send(working, deletionRequest(run));
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** @throws {NotLeaderError} @throws {ApiError} a conflict is one: what has changed meanwhile is decided about again */
async function send<T>({ client, validForMs }: Working, request: KubeRequest): Promise<T> {
  if (validForMs() <= TIMEOUT_MS)
    throw new NotLeaderError(`Not sent: ${request.method} ${request.path}, because the leader Lease may run out`);
  return client.request<T>({ timeoutMs: TIMEOUT_MS, ...request });
}
