/** What deciding needs to know of the AnalysisRuns and Experiments of a Rollout, from the cache. */
import { instant } from "../../../kube/object/time.ts";
import { equal } from "../../../kube/object/equality.ts";
import type { AnalysisRun } from "../../../schema/analysis.ts";
import { TEMPLATE_GENERATIONS } from "../../../schema/labels.ts";
import type { Experiment } from "../../../schema/experiment.ts";
import { outlineOf } from "../actions/createExperiment.ts";
import type { AnalysisRunFacts, ExperimentFacts } from "../model/model.ts";

export function analysisRunFacts({ metadata, spec, status }: AnalysisRun): AnalysisRunFacts {
  return {
    name: metadata.name,
    uid: metadata.uid ?? "",
    labels: metadata.labels ?? {},
    createdAt: instant(metadata.creationTimestamp) ?? 0,
    deleting: metadata.deletionTimestamp !== undefined,
    phase: status?.phase ?? "",
    message: status?.message ?? "",
    terminated: spec.terminate === true,
    measured: (status?.metricResults ?? []).some(({ measurements }) => (measurements ?? []).length > 0),
    generations: metadata.annotations?.[TEMPLATE_GENERATIONS],
    spec,
  };
}

/** Measurements that go on tell the Rollout nothing. */
export function sameForOwner(old: AnalysisRun | undefined, next: AnalysisRun | undefined): boolean {
  if (old === undefined || next === undefined) return false;
  const [before, after] = [analysisRunFacts(old), analysisRunFacts(next)];
  return equal({ ...before, spec: undefined }, { ...after, spec: undefined });
}

export function rolloutExperimentFacts({ metadata, spec, status }: Experiment): ExperimentFacts {
  return {
    name: metadata.name,
    uid: metadata.uid ?? "",
    labels: metadata.labels ?? {},
    createdAt: instant(metadata.creationTimestamp) ?? 0,
    deleting: metadata.deletionTimestamp !== undefined,
    phase: status?.phase ?? "",
    message: status?.message ?? "",
    terminated: spec.terminate === true,
    templates: (status?.templateStatuses ?? []).map(({ name, serviceName = "", podTemplateHash = "" }) => ({
      name,
      serviceName,
      podTemplateHash,
    })),
    outline: outlineOf(spec),
  };
}

/** Counts of pods tell the Rollout nothing. */
export const sameExperimentForOwner = (old: Experiment | undefined, next: Experiment | undefined): boolean =>
  old !== undefined && next !== undefined && equal(rolloutExperimentFacts(old), rolloutExperimentFacts(next));
