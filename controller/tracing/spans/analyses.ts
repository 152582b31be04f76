/**
 * Spans of an AnalysisRun: the run, its metrics, and each measurement. A measurement has no name of its own: it is known
 * by its number among all that the metric has taken, which stays although only the last ones are kept.
 */
import { isList, isObject } from "../../../kube/object/json.ts";
import { instant } from "../../../kube/object/time.ts";
import type { AnalysisRun, Measurement, MetricResult } from "../../../schema/analysis.ts";
import { ROLLOUT_TYPE, STEP_INDEX } from "../../../schema/labels.ts";
import { type Digest, shortened, type Span, type SpanContext, spanIdOf } from "./span.ts";

/** What the run is part of. */
export interface RunParent extends SpanContext {
  readonly digest: Digest;
}

const OVER: readonly string[] = ["Successful", "Failed", "Error", "Inconclusive"];
const BAD: readonly string[] = ["Failed", "Error"];

/**
 * What has ended between two versions of a run.
 * @param before undefined: all that it says is new, but what ended before `sinceMs`
 */
export function runSpans(
  before: AnalysisRun | undefined,
  after: AnalysisRun,
  parent: RunParent,
  sinceMs: number,
): readonly Span[] {
  const { uid = "" } = after.metadata;
  const { digest, traceId } = parent;
  const run: RunParent = { digest, traceId, spanId: spanIdOf(digest, [uid, "run"]) };
  const old = new Map(resultsOf(before).map((result) => [result.name, result]));
  const wasOver = OVER.includes(before?.status?.phase ?? "");
  const isOver = OVER.includes(after.status?.phase ?? "");
  const metrics = resultsOf(after).flatMap((result) => metricSpans(old.get(result.name), result, after, run));
  const seen = before === undefined ? metrics.filter(({ endMs }) => endMs >= sinceMs) : metrics;
  if (!isOver || wasOver) return seen;
  const whole = runSpan(after, run, parent.spanId);
  return before === undefined && whole.endMs < sinceMs ? seen : [...seen, whole];
}

const resultsOf = (run: AnalysisRun | undefined): readonly MetricResult[] => {
  const results: unknown = run?.status?.metricResults;
  return isList(results) ? results.filter((result): result is MetricResult => isObject(result)) : [];
};

const startOf = ({ metadata, status }: AnalysisRun): number =>
  instant(status?.startedAt) ?? instant(metadata.creationTimestamp) ?? 0;

function runSpan(run: AnalysisRun, { traceId, spanId }: RunParent, parentSpanId: string): Span {
  const { metadata, status } = run;
  const startMs = startOf(run);
  const measured = resultsOf(run).flatMap(({ measurements }) => measurements ?? []);
  const lastMs = Math.max(startMs, ...measured.map(({ finishedAt }) => instant(finishedAt) ?? startMs));
  const kind = metadata.labels?.[ROLLOUT_TYPE];
  return {
    traceId,
    spanId,
    parentSpanId,
    name: kind === undefined ? "analysis" : `${kind} analysis`,
    startMs,
    endMs: Math.max(lastMs, instant(status?.completedAt) ?? lastMs),
    attributes: {
      "k8s.namespace.name": metadata.namespace,
      "sluice.analysis_run.name": metadata.name,
      "sluice.analysis_run.uid": metadata.uid,
      "sluice.analysis_run.type": kind,
      "sluice.analysis_run.phase": status?.phase,
      "sluice.step.index": stepIndexOf(run),
    },
    ...failure(status?.phase, status?.message),
  };
}

/** The step that a run is part of; undefined: of none. */
export function stepIndexOf({ metadata }: AnalysisRun): number | undefined {
  const index = Number.parseInt(metadata.labels?.[STEP_INDEX] ?? "", 10);
  return Number.isNaN(index) ? undefined : index;
}

const failure = (phase: string | undefined, message: string | undefined): Pick<Span, "error"> =>
  phase !== undefined && BAD.includes(phase) ? { error: shortened(message ?? phase) } : {};

const finished = (measurements: readonly Measurement[] | undefined): readonly Measurement[] =>
  (isList(measurements) ? measurements : []).filter(({ finishedAt }) => instant(finishedAt) !== undefined);

/** How many measurements have ended, those that are not kept any more included. */
const countOf = (result: MetricResult | undefined): number =>
  (result?.successful ?? 0) + (result?.failed ?? 0) + (result?.inconclusive ?? 0) + (result?.error ?? 0);

function metricSpans(
  old: MetricResult | undefined,
  result: MetricResult,
  run: AnalysisRun,
  parent: RunParent,
): readonly Span[] {
  const { digest, traceId } = parent;
  const { uid = "" } = run.metadata;
  const metric = spanIdOf(digest, [uid, "metric", result.name]);
  const kept = finished(result.measurements);
  const first = Math.max(countOf(result), kept.length) - kept.length;
  const known = Math.max(countOf(old), finished(old?.measurements).length);
  const measurements = kept.flatMap((measurement, index): readonly Span[] => {
    const number = first + index;
    if (number < known) return [];
    const endMs = instant(measurement.finishedAt) ?? 0;
    return [
      {
        traceId,
        spanId: spanIdOf(digest, [uid, "measurement", result.name, String(number)]),
        parentSpanId: metric,
        name: "measurement",
        startMs: Math.min(instant(measurement.startedAt) ?? endMs, endMs),
        endMs,
        attributes: {
          "sluice.metric.name": result.name,
          "sluice.measurement.number": number + 1,
          "sluice.measurement.phase": measurement.phase,
          "sluice.measurement.value": measurement.value === undefined ? undefined : shortened(measurement.value),
        },
        ...failure(measurement.phase, measurement.message),
      },
    ];
  });
  if (!OVER.includes(result.phase) || OVER.includes(old?.phase ?? "")) return measurements;
  return [...measurements, metricSpan(result, run, { ...parent, spanId: metric }, parent.spanId)];
}

function metricSpan(
  result: MetricResult,
  run: AnalysisRun,
  { traceId, spanId }: RunParent,
  parentSpanId: string,
): Span {
  const startMs = startOf(run);
  const last = finished(result.measurements).at(-1);
  return {
    traceId,
    spanId,
    parentSpanId,
    name: `metric ${shortened(result.name)}`,
    startMs,
    endMs: Math.max(startMs, instant(last?.finishedAt) ?? startMs),
    attributes: {
      "sluice.metric.name": result.name,
      "sluice.metric.phase": result.phase,
      "sluice.metric.dry_run": result.dryRun,
      "sluice.metric.measurements": countOf(result),
    },
    // What a dry run says changes nothing.
    ...(result.dryRun === true ? {} : failure(result.phase, result.message)),
  };
}
