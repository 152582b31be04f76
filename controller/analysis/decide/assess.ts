/** What the measurements so far say about metrics and their run (docs/behaviour/analysis.md#judging). Pure. */
import type { MetricResult, RunSummary } from "../../../schema/analysis.ts";
import { isOpen, lastOf, resultOf, withResult } from "./fold.ts";
import { isForgiven } from "./groups.ts";
import { type CompletedPhase, isCompleted, isWorse } from "./phase.ts";
import type { ReadyMetric } from "./spec.ts";

interface Limit {
  readonly phase: CompletedPhase;
  /** `failed (3) > failureLimit (2)`. */
  readonly why: string;
}

/** The limit that the measurements have gone beyond; of several an error goes before undecided, undecided before failed. */
export function limitReached(metric: ReadyMetric, result: MetricResult): Limit | undefined {
  const { failed = 0, inconclusive = 0, consecutiveError = 0 } = result;
  const { failureLimit, inconclusiveLimit, consecutiveErrorLimit } = metric;
  if (consecutiveError > consecutiveErrorLimit) {
    const why = `consecutiveErrors (${consecutiveError}) > consecutiveErrorLimit (${consecutiveErrorLimit})`;
    return { phase: "Error", why };
  }
  if (inconclusive > inconclusiveLimit) {
    return { phase: "Inconclusive", why: `inconclusive (${inconclusive}) > inconclusiveLimit (${inconclusiveLimit})` };
  }
  if (failureLimit >= 0 && failed > failureLimit) {
    return { phase: "Failed", why: `failed (${failed}) > failureLimit (${failureLimit})` };
  }
  return undefined;
}

/** @param terminating no further measurement is taken */
export function metricPhase(metric: ReadyMetric, result: MetricResult, terminating: boolean): string {
  if (isCompleted(result.phase)) return result.phase;
  const last = lastOf(result);
  if (last === undefined) return terminating ? "Successful" : "Pending";
  if (isOpen(last)) return "Running";
  const limit = limitReached(metric, result);
  if (limit !== undefined) return limit.phase;
  const { consecutiveSuccessLimit: wanted, failureLimit } = metric;
  if (wanted > 0 && (result.consecutiveSuccess ?? 0) >= wanted) return "Successful";
  if (metric.count !== undefined && (result.count ?? 0) >= metric.count) {
    if (wanted === 0) return "Successful";
    return failureLimit >= 0 ? "Inconclusive" : "Failed";
  }
  return terminating ? "Successful" : "Running";
}

export interface MetricCompletion {
  readonly name: string;
  readonly phase: CompletedPhase;
}

export interface Assessment {
  readonly results: readonly MetricResult[];
  readonly phase: string;
  readonly message: string;
  readonly runSummary: RunSummary;
  readonly dryRunSummary: RunSummary;
  /** Metrics that end by this. */
  readonly completions: readonly MetricCompletion[];
}

export interface Assessing {
  readonly metrics: readonly ReadyMetric[];
  readonly results: readonly MetricResult[];
  /** `spec.terminate`. */
  readonly isTerminated: boolean;
  /** Nothing more is measured, and nothing is open. */
  readonly terminating: boolean;
}

interface Worst {
  readonly phase: string;
  readonly message: string;
}

/** One look at all metrics; the phase of the run is that of its worst metric once all are complete. */
export function assess({ metrics, results: before, isTerminated, terminating }: Assessing): Assessment {
  const completions: MetricCompletion[] = [];
  let results = before;
  let worst: Worst = { phase: "", message: isTerminated ? "Run Terminated" : "" };
  let everythingCompleted = true;
  for (const metric of metrics) {
    const old = resultOf(results, metric.name);
    if (old === undefined) {
      everythingCompleted = false;
      continue;
    }
    const result = assessed(metric, old, terminating);
    results = withResult(results, result);
    if (!isCompleted(result.phase)) {
      everythingCompleted = false;
      continue;
    }
    if (result.phase !== old.phase) completions.push({ name: metric.name, phase: result.phase });
  }
  for (const metric of metrics) {
    const result = resultOf(results, metric.name);
    if (result === undefined || !isCompleted(result.phase)) continue;
    worst = worseOf(worst, metric, result, metric.dryRun || isForgiven(metric, metrics, results));
  }
  const summaries = { runSummary: summary(metrics, results, false), dryRunSummary: summary(metrics, results, true) };
  const run = runPhase({ worst, terminating, everythingCompleted }, metrics, results);
  return { results, ...run, ...summaries, completions };
}

/** The message of a result is that of the last measurement when its phase changed; of a dry run, why it would count. */
function assessed(metric: ReadyMetric, result: MetricResult, terminating: boolean): MetricResult {
  const phase = metricPhase(metric, result, terminating);
  const message = phase === result.phase ? result.message : lastOf(result)?.message;
  const limit = isCompleted(phase) ? limitReached(metric, result) : undefined;
  const ofDryRun =
    metric.dryRun && limit !== undefined ? { message: `Metric assessed ${phase} due to ${limit.why}` } : {};
  return { ...result, phase, ...(message === undefined ? {} : { message }), ...ofDryRun };
}

/** @param decidesNot it is only a dry run, or another one of its group may succeed */
function worseOf(worst: Worst, metric: ReadyMetric, result: MetricResult, decidesNot: boolean): Worst {
  if (decidesNot) return worst.phase === "" ? { ...worst, phase: "Successful" } : worst;
  if (worst.phase !== "" && !isWorse(result.phase, worst.phase)) return worst;
  const limit = limitReached(metric, result);
  if (limit === undefined) return { ...worst, phase: result.phase };
  const { message = "" } = result;
  const cause = message === "" ? "" : `: "Error Message: ${message}"`;
  return {
    phase: result.phase,
    message: `Metric "${metric.name}" assessed ${result.phase} due to ${limit.why}${cause}`,
  };
}

interface Ending {
  readonly worst: Worst;
  readonly terminating: boolean;
  readonly everythingCompleted: boolean;
}

function runPhase(
  { worst, terminating, everythingCompleted }: Ending,
  metrics: readonly ReadyMetric[],
  results: readonly MetricResult[],
): Worst {
  if (!terminating && (!everythingCompleted || worst.phase === "")) return { phase: "Running", message: "" };
  const ended = { phase: worst.phase === "" ? "Successful" : worst.phase, message: worst.message.trim() };
  return ended.phase === "Successful" ? (withoutSuccess(metrics, results) ?? ended) : ended;
}

/**
 * A run whose limits allow that every measurement fails, or whose every measurement was cut off, has shown nothing good:
 * it is not Successful (docs/differences.md). A metric that is only a dry run decides nothing here, either.
 */
function withoutSuccess(metrics: readonly ReadyMetric[], results: readonly MetricResult[]): Worst | undefined {
  const deciding = metrics.filter(({ dryRun }) => !dryRun).flatMap(({ name }) => resultOf(results, name) ?? []);
  const sum = (member: "successful" | "failed" | "inconclusive" | "error"): number =>
    deciding.reduce((total, result) => total + (result[member] ?? 0), 0);
  const [failed, inconclusive, error] = [sum("failed"), sum("inconclusive"), sum("error")];
  if (sum("successful") > 0 || failed + inconclusive + error === 0) return undefined;
  const phase = failed > 0 ? "Failed" : inconclusive > 0 ? "Inconclusive" : "Error";
  return {
    phase,
    message: `No measurement was successful: failed (${failed}), inconclusive (${inconclusive}), error (${error})`,
  };
}

/** How many metrics of a class there are, and how those that are complete ended; no limit reached is a success. */
function summary(metrics: readonly ReadyMetric[], results: readonly MetricResult[], dryRun: boolean): RunSummary {
  const ofClass = metrics.filter((metric) => metric.dryRun === dryRun);
  const counts: Record<string, number> = { count: ofClass.length };
  for (const metric of ofClass) {
    const result = resultOf(results, metric.name);
    if (result === undefined || !isCompleted(result.phase)) continue;
    const phase = (limitReached(metric, result)?.phase ?? "Successful").toLowerCase();
    counts[phase] = (counts[phase] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}
