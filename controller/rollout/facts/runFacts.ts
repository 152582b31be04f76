/** What deciding needs to know of the AnalysisRuns of a Rollout, from the cache. */
import { instant } from "../../../kube/object/time.ts";
import { equal } from "../../../kube/object/equality.ts";
import type { AnalysisRun } from "../../../schema/analysis.ts";
import { TEMPLATE_GENERATIONS } from "../../../schema/labels.ts";
import type { AnalysisRunFacts } from "../model/model.ts";

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
