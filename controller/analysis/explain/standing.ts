/** How an AnalysisRun stands: its metrics, what was measured last, and when it is measured next. */
import { instant } from "../../../kube/object/time.ts";
import { LIMITS, TooCostlyError, within } from "../../../kube/object/budget.ts";
import type { AnalysisRun, Metric } from "../../../schema/analysis.ts";
import type { MeasurementStanding, MetricStanding, RunStanding } from "../../rollout/explain/evidence.ts";
import { nextOf } from "../decide/due.ts";
import { lastOf, resultOf } from "../decide/fold.ts";
import { isCompleted } from "../decide/phase.ts";
import { type ReadyMetric, readSpec } from "../decide/spec.ts";
import { argumentValues, rendered } from "../make/render.ts";

/** @returns no metrics for a run whose spec cannot be read: its message says why */
export function runStanding(run: AnalysisRun): RunStanding {
  const { phase = "", message = "", startedAt } = run.status ?? {};
  const read = within(LIMITS.decision, () => readSpec(run.spec, run.metadata.annotations));
  const metrics = read instanceof TooCostlyError || "problem" in read ? [] : read.metrics;
  return {
    name: run.metadata.name,
    phase,
    message,
    startedAt: instant(startedAt),
    metrics: metrics.map((metric) => metricStanding(run, metric)),
  };
}

function metricStanding(run: AnalysisRun, metric: ReadyMetric): MetricStanding {
  const result = resultOf(run.status?.metricResults ?? [], metric.name);
  const startedAt = instant(run.status?.startedAt) ?? instant(run.metadata.creationTimestamp) ?? 0;
  const isOver = isCompleted(run.status?.phase);
  const next = isOver
    ? undefined
    : nextOf(metric, result, { startedAt, endedAt: undefined }, run.spec.terminate === true);
  const { successCondition, failureCondition } = conditionsOf(run, metric);
  return {
    name: metric.name,
    phase: result?.phase ?? "",
    dryRun: metric.dryRun,
    successCondition,
    failureCondition,
    last: measurementOf(result),
    taken: (result?.count ?? 0) + (result?.error ?? 0),
    count: metric.count ?? (metric.intervalMs === undefined ? 1 : undefined),
    failed: result?.failed ?? 0,
    failureLimit: metric.failureLimit,
    inconclusive: result?.inconclusive ?? 0,
    inconclusiveLimit: metric.inconclusiveLimit,
    errors: result?.consecutiveError ?? 0,
    errorLimit: metric.consecutiveErrorLimit,
    nextAt: next?.at,
  };
}

function measurementOf(result: Parameters<typeof lastOf>[0]): MeasurementStanding | undefined {
  const last = lastOf(result);
  if (last === undefined) return undefined;
  const { value = "", phase, message = "", finishedAt } = last;
  return { value, phase, message, endedAt: instant(finishedAt) };
}

/** With the values of the run's arguments. */
function conditionsOf({ spec }: AnalysisRun, { index }: ReadyMetric): Partial<Metric> {
  const metric = spec.metrics?.[index];
  const args = argumentValues(spec.args ?? []);
  if (metric === undefined || "problem" in args) return metric ?? {};
  const made = rendered(metric, args.values);
  return "problem" in made ? metric : made.metric;
}
