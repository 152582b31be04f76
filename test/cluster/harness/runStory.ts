/** What stories about AnalysisRuns measure and compare on a real API server. */
import type { AnalysisRunSpec, AnalysisRunStatus, Metric } from "../../../schema/analysis.ts";

/** A metric over what the source answers: 1 is good, 0 is bad, all else is neither. */
export const metric = (name: string, letters: string, more: Partial<Metric> = {}): Metric => ({
  name,
  provider: { web: { url: `SOURCE/RUN-${name}/${letters}`, jsonPath: "{$.v}" } },
  successCondition: "result == 1",
  failureCondition: "result == 0",
  ...more,
});

export const every = (interval: string, count: number, more: Partial<Metric> = {}): Partial<Metric> => ({
  interval,
  count,
  ...more,
});

export type RunSpec = Partial<AnalysisRunSpec> & { readonly metrics: Metric[] };

export const COMPLETED = ["Successful", "Failed", "Error", "Inconclusive"];

/** Without times, and in one order of metrics: the reference's depends on who answers first. */
export function timeless(status: AnalysisRunStatus): object {
  const { startedAt: _, completedAt: __, metricResults = [], ...kept } = status;
  const results = metricResults.map(({ measurements = [], ...result }) => ({
    ...result,
    measurements: measurements.map((measurement) => {
      const { startedAt: ___, finishedAt: ____, ...rest } = measurement;
      return rest;
    }),
  }));
  return { ...kept, metricResults: results.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}
