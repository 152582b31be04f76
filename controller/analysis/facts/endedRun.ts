/**
 * Of a run that is over nothing is decided any more but when it is deleted, and its owner looks at its phase. A Rollout
 * keeps ten of them by default, so that there are many more of these than of runs that measure.
 */
import { isList, isObject } from "../../../kube/object/json.ts";
import type {
  AnalysisRun,
  AnalysisRunSpec,
  AnalysisRunStatus,
  Metric,
  MetricResult,
} from "../../../schema/analysis.ts";
import { MOST_METRICS } from "../../process/analysisSeries.ts";

/** What is held of a run that is over: which metrics it had, where they were measured, and how each ended. */
export const endedRun = (run: AnalysisRun, status: AnalysisRunStatus): AnalysisRun => ({
  ...run,
  spec: specOf(run.spec),
  status: statusOf(status),
});

/** As many as the metrics of the process show. Stored objects may have anything in the place of a list. */
function first<T>(list: readonly T[] | undefined): readonly T[] {
  const given: unknown = list;
  if (!isList(given)) return [];
  return given.slice(0, MOST_METRICS).filter((each): each is T => isObject(each));
}

function specOf(spec: AnalysisRunSpec | undefined): AnalysisRunSpec {
  const { metrics, ttlStrategy, terminate } = spec ?? { metrics: [] };
  return {
    metrics: first(metrics).map(metricOf),
    ...(ttlStrategy === undefined ? {} : { ttlStrategy }),
    ...(terminate === undefined ? {} : { terminate }),
  };
}

const metricOf = ({ name, provider }: Metric): Metric => ({
  name,
  provider: Object.fromEntries(Object.keys(provider ?? {}).map((kind) => [kind, {}])),
});

function statusOf({ phase, message, startedAt, completedAt, metricResults }: AnalysisRunStatus): AnalysisRunStatus {
  return {
    phase,
    ...(message === undefined ? {} : { message }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(completedAt === undefined ? {} : { completedAt }),
    metricResults: first(metricResults).map(resultOf),
  };
}

/** That anything was measured stays to be seen. */
function resultOf({ name, phase, dryRun, measurements }: MetricResult): MetricResult {
  const [measurement] = first(measurements);
  return {
    name,
    phase,
    ...(dryRun === undefined ? {} : { dryRun }),
    ...(measurement === undefined ? {} : { measurements: [{ phase: measurement.phase }] }),
  };
}
