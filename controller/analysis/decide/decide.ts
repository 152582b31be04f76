/**
 * What is done next about an AnalysisRun (docs/behaviour/analysis.md). It folds what has been measured into the status,
 * judges that, and says what is measured now and when to look again. Pure: measuring is an action.
 */
import { equal } from "../../../kube/object/equality.ts";
import { LIMITS, tooCostly, TooCostlyError, within } from "../../../kube/object/budget.ts";
import { instant, timestamp } from "../../../kube/object/time.ts";
import type { AnalysisRunStatus, Measurement, MetricResult } from "../../../schema/analysis.ts";
import type { MeasuringOutcome } from "../facts/measurements.ts";
import type { RunFacts } from "../facts/runFacts.ts";
import { assess, type Assessment, type MetricCompletion } from "./assess.ts";
import { nothing, type RunAction, type RunDecision, type RunEvent } from "./decision.ts";
import { nextOf } from "./due.ts";
import { expiryOf } from "./expiry.ts";
import { folded, isOpen, lastOf, resultOf } from "./fold.ts";
import { isForgiven } from "./groups.ts";
import { type CompletedPhase, isCompleted } from "./phase.ts";
import { type ReadyMetric, readSpec } from "./spec.ts";

/** A first measurement that takes longer is waited for with a status that says so. */
const GRACE_MS = 1_000;

/** @param now ms since the epoch */
export function decideRun(facts: RunFacts, now: number): RunDecision {
  const decided = within(LIMITS.decision, () => decideWithin(facts, now));
  if (!(decided instanceof TooCostlyError)) return decided;
  return unmeasurable(facts, `Analysis spec invalid: ${tooCostly(decided, LIMITS.decision, "measure")}`);
}

function decideWithin(facts: RunFacts, now: number): RunDecision {
  const { run, heldBack, measuring } = facts;
  if (run.metadata.deletionTimestamp !== undefined) return nothing;
  const before = run.status ?? { phase: "" };
  if (isCompleted(before.phase)) return over(facts, before, now);
  if (heldBack !== undefined) return unmeasurable(facts, `Analysis spec invalid: ${heldBack}`);
  const read = readSpec(run.spec, run.metadata.annotations);
  if ("problem" in read) return unmeasurable(facts, read.problem);
  const failed = measuring.outcomes.find((outcome) => outcome.kind === "unresolvable");
  if (failed !== undefined) return unmeasurable(facts, `Unable to resolve metric arguments: ${failed.message}`);
  const judged = judge(facts, read.metrics, foldedResults(facts, read.metrics));
  const startedAt = instant(before.startedAt) ?? earliest(facts, now);
  const trimmed = trimmedTo(read.metrics, judged.results);
  const work = isCompleted(judged.phase) ? NO_WORK : workOf(facts, read.metrics, judged, startedAt, now);
  return concluded({ facts, judged, trimmed, work, startedAt }, now);
}

/** Deleted when its time has come. */
function over({ run, measuring }: RunFacts, status: AnalysisRunStatus, now: number): RunDecision {
  const taken = measuring.outcomes;
  const expiry = expiryOf(run.spec, status);
  if (expiry === undefined) return { ...nothing, taken };
  return expiry <= now
    ? { ...nothing, taken, actions: [{ kind: "deleteRun" }] }
    : { ...nothing, taken, wakeAt: expiry };
}

/** It has no time of completion, as with the reference, so it has no time to live either. */
function unmeasurable({ run, measuring }: RunFacts, message: string): RunDecision {
  const status = { ...run.status, phase: "Error", message };
  return { ...nothing, status, events: [completionEvent("Error")], taken: measuring.outcomes };
}

function foldedResults({ run, measuring }: RunFacts, metrics: readonly ReadyMetric[]): readonly MetricResult[] {
  let results: readonly MetricResult[] = run.status?.metricResults ?? [];
  const byName = new Map(metrics.map((metric) => [metric.name, metric]));
  // In the order of the spec, so that it does not depend on who answers first.
  const place = ({ metric }: MeasuringOutcome): number => byName.get(metric)?.index ?? 0;
  for (const outcome of measuring.outcomes.toSorted((a, b) => place(a) - place(b))) {
    const metric = byName.get(outcome.metric);
    if (metric !== undefined && outcome.kind !== "unresolvable") results = folded(results, outcome, metric);
  }
  return results;
}

interface Judged extends Assessment {
  /** Nothing more is to be measured. */
  readonly ending: boolean;
}

/** A metric that fails ends the others, so it is looked at until nothing changes. */
function judge(facts: RunFacts, metrics: readonly ReadyMetric[], results: readonly MetricResult[]): Judged {
  const completions: MetricCompletion[] = [];
  const isTerminated = facts.run.spec.terminate === true;
  let current = results;
  for (let n = 0; ; n += 1) {
    const ending = isEnding(isTerminated, metrics, current);
    const terminating = ending && !hasOpen(facts, metrics, current);
    const next = assess({ metrics, results: current, isTerminated, terminating });
    completions.push(...next.completions);
    const isSettled = equal(next.results, current) && isEnding(isTerminated, metrics, next.results) === ending;
    if (isSettled || n > metrics.length + 2) return { ...next, completions, ending };
    current = next.results;
  }
}

const isEnding = (isTerminated: boolean, metrics: readonly ReadyMetric[], results: readonly MetricResult[]): boolean =>
  isTerminated ||
  results.some(({ name, dryRun, phase }) => {
    if (dryRun === true || !isCompleted(phase) || phase === "Successful") return false;
    const metric = metrics.find((each) => each.name === name);
    return metric === undefined || !isForgiven(metric, metrics, results);
  });

/** Measurements that are being taken, or run on, are waited for before the run ends. */
const hasOpen = ({ measuring }: RunFacts, metrics: readonly ReadyMetric[], results: readonly MetricResult[]): boolean =>
  metrics.some(({ name }) => {
    const result = resultOf(results, name);
    return !isCompleted(result?.phase) && (isOpen(lastOf(result)) || measuring.flights.has(name));
  });

/** The run began when its first measurement did. */
const earliest = ({ measuring }: RunFacts, now: number): number =>
  Math.min(now, ...[...measuring.outcomes, ...measuring.flights.values()].map(({ startedAt }) => startedAt));

interface Trimmed {
  readonly results: readonly MetricResult[];
  readonly actions: readonly RunAction[];
}

/** The youngest measurements stay. */
function trimmedTo(metrics: readonly ReadyMetric[], results: readonly MetricResult[]): Trimmed {
  const actions: RunAction[] = [];
  const kept = results.map((result) => {
    const metric = metrics.find(({ name }) => name === result.name);
    const measurements = result.measurements ?? [];
    if (metric === undefined || measurements.length <= metric.kept) return result;
    actions.push({ kind: "collect", metric, measurements: measurements.slice(0, -metric.kept) });
    return { ...result, measurements: measurements.slice(-metric.kept) };
  });
  return { results: kept, actions };
}

interface Work {
  readonly actions: readonly RunAction[];
  readonly wakeAt: number | undefined;
}

const NO_WORK: Work = { actions: [], wakeAt: undefined };

/** What is measured now, and when the next measurement is due. */
function workOf(
  { measuring }: RunFacts,
  metrics: readonly ReadyMetric[],
  { results, ending }: Judged,
  startedAt: number,
  now: number,
): Work {
  const actions: RunAction[] = [];
  let wakeAt: number | undefined;
  for (const metric of metrics) {
    if (measuring.flights.has(metric.name)) continue;
    const result = resultOf(results, metric.name);
    const due = nextOf(metric, result, { startedAt, endedAt: measuring.ended.get(metric.name) }, ending);
    if (due === undefined) continue;
    if (due.at > now) wakeAt = Math.min(wakeAt ?? due.at, due.at);
    else if (actions.length < measuring.room) actions.push(measuringOf(metric, due.flight, result));
  }
  return { actions, wakeAt };
}

function measuringOf(
  metric: ReadyMetric,
  flight: "begin" | "resume" | "terminate",
  result: MetricResult | undefined,
): RunAction {
  const measurement: Measurement | undefined = flight === "begin" ? undefined : lastOf(result);
  return { kind: "measure", flight, metric, measurement, measured: (result?.count ?? 0) + (result?.error ?? 0) };
}

interface Conclusion {
  readonly facts: RunFacts;
  readonly judged: Judged;
  readonly trimmed: Trimmed;
  readonly work: Work;
  readonly startedAt: number;
}

function concluded({ facts, judged, trimmed, work, startedAt }: Conclusion, now: number): RunDecision {
  const { run, measuring } = facts;
  const before = run.status ?? { phase: "" };
  const status = statusOf(before, judged, trimmed, { startedAt, now });
  const isChanged = !equal(before, status);
  const graceEnds = startedAt + GRACE_MS;
  const isAwaited = measuring.flights.size > 0 || work.actions.length > 0;
  const actions = [...trimmed.actions, ...work.actions];
  const base = { ...nothing, actions, taken: measuring.outcomes };
  // The first measurement is mostly there in a moment: its outcome and the beginning are one write.
  if (before.startedAt === undefined && judged.results.length === 0 && isAwaited && now < graceEnds)
    return { ...base, wakeAt: Math.min(graceEnds, work.wakeAt ?? graceEnds) };
  if (!isChanged) return { ...base, wakeAt: work.wakeAt };
  const events = [
    ...judged.completions.map(metricEvent),
    ...(isCompleted(status.phase) ? [completionEvent(status.phase)] : []),
  ];
  const wakeAt = isCompleted(status.phase) ? expiryOf(run.spec, status) : work.wakeAt;
  return { ...base, status, events, wakeAt };
}

/** The message changes with the phase alone. */
function statusOf(
  before: AnalysisRunStatus,
  judged: Judged,
  trimmed: Trimmed,
  { startedAt, now }: { readonly startedAt: number; readonly now: number },
): AnalysisRunStatus {
  const { message: oldMessage, ...rest } = before;
  const message = judged.phase === before.phase ? oldMessage : judged.message;
  return {
    ...rest,
    phase: judged.phase,
    ...(message === undefined || message === "" ? {} : { message }),
    ...(trimmed.results.length === 0 ? {} : { metricResults: [...trimmed.results] }),
    startedAt: before.startedAt ?? timestamp(startedAt),
    ...(Object.keys(judged.runSummary).length === 0 ? {} : { runSummary: judged.runSummary }),
    dryRunSummary: judged.dryRunSummary,
    ...(isCompleted(judged.phase) ? { completedAt: before.completedAt ?? timestamp(now) } : {}),
  };
}

const typeOf = (phase: CompletedPhase): RunEvent["type"] =>
  phase === "Error" || phase === "Failed" ? "Warning" : "Normal";

const METRIC_REASONS = {
  Successful: "MetricSuccessful",
  Failed: "MetricFailed",
  Error: "MetricError",
  Inconclusive: "MetricInconclusive",
} as const satisfies Readonly<Record<CompletedPhase, RunEvent["reason"]>>;

const RUN_REASONS = {
  Successful: "AnalysisRunSuccessful",
  Failed: "AnalysisRunFailed",
  Error: "AnalysisRunError",
  Inconclusive: "AnalysisRunInconclusive",
} as const satisfies Readonly<Record<CompletedPhase, RunEvent["reason"]>>;

const metricEvent = ({ name, phase }: MetricCompletion): RunEvent => ({
  type: typeOf(phase),
  reason: METRIC_REASONS[phase],
  message: `Metric '${name}' Completed. Result: ${phase}`,
});

const completionEvent = (phase: CompletedPhase): RunEvent => ({
  type: typeOf(phase),
  reason: RUN_REASONS[phase],
  message: `Analysis Completed. Result: ${phase}`,
});
