/** The AnalysisRuns of a Rollout or an Experiment, with the Jobs that measured for them. */
import type { AnalysisRun, Measurement } from "../../schema/analysis.ts";
import { analysisIcon } from "./icons.ts";
import type { AnalysisRunInfo, JobInfo, MetricInfo, NonJobInfo } from "./info.ts";
import { byName, byRevision, objectInfo, revisionOf } from "./objectInfo.ts";
import type { Owned } from "./owned.ts";

/** In the metadata of a measurement that a Job made. */
const JOB_NAME = "job-name";
const JOB_NAMESPACE = "job-namespace";

interface Made {
  readonly metric: string;
  readonly measurement: Measurement;
}

function jobInfo({ metric, measurement }: Made, runNamespace: string): JobInfo | undefined {
  const name = measurement.metadata?.[JOB_NAME];
  if (name === undefined) return undefined;
  const namespace = measurement.metadata?.[JOB_NAMESPACE] ?? runNamespace;
  const startedAt = measurement.startedAt ?? "";
  return {
    objectMeta: objectInfo({ name, namespace, creationTimestamp: startedAt }),
    status: measurement.phase,
    icon: analysisIcon(measurement.phase),
    metricName: metric,
    startedAt,
  };
}

const nonJobInfo = ({ metric, measurement }: Made): NonJobInfo => ({
  value: measurement.value ?? "",
  status: measurement.phase,
  metricName: metric,
  startedAt: measurement.startedAt ?? "",
});

const whole = (count: unknown): number => (typeof count === "number" ? count : 0);

const metricInfos = ({ spec }: AnalysisRun): readonly MetricInfo[] =>
  (spec.metrics ?? []).map(({ name, successCondition, count, inconclusiveLimit, failureLimit }) => ({
    name,
    successCondition: successCondition ?? "",
    count: whole(count),
    inconclusiveLimit: whole(inconclusiveLimit),
    failureLimit: whole(failureLimit),
  }));

function analysisRunInfo(run: AnalysisRun): AnalysisRunInfo {
  const results = run.status?.metricResults ?? [];
  const total = (of: "successful" | "failed" | "inconclusive" | "error"): number =>
    results.reduce((sum, result) => sum + (result[of] ?? 0), 0);
  const made = results.flatMap(({ name: metric, measurements }) =>
    (measurements ?? []).map((measurement) => ({ metric, measurement })),
  );
  const status = run.status?.phase ?? "";
  return {
    objectMeta: objectInfo(run.metadata),
    icon: analysisIcon(status),
    revision: revisionOf(run.metadata),
    status,
    successful: total("successful"),
    failed: total("failed"),
    inconclusive: total("inconclusive"),
    error: total("error"),
    jobs: made.flatMap((one) => jobInfo(one, run.metadata.namespace) ?? []),
    nonJobInfo: made.filter(({ measurement }) => measurement.metadata === undefined).map(nonJobInfo),
    metrics: metricInfos(run),
    specAndStatus: { spec: run.spec, status: run.status },
  };
}

const created = ({ objectMeta }: AnalysisRunInfo): string => objectMeta.creationTimestamp;

/** Newest revision first, in it the oldest run first; of those of one second the last by name. */
export const analysisRunInfos = (owner: string, owned: Owned): readonly AnalysisRunInfo[] =>
  owned
    .analysisRuns(owner)
    .map(analysisRunInfo)
    .toSorted(
      (a, b) => byRevision(a, b) || (created(a) === created(b) ? byName(b, a) : created(a) < created(b) ? -1 : 1),
    );
