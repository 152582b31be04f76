/** Groups of metrics of which one success is enough (docs/behaviour/analysis.md#groups). Pure. */
import type { MetricResult } from "../../../schema/analysis.ts";
import { resultOf } from "./fold.ts";
import { isCompleted } from "./phase.ts";
import type { ReadyMetric } from "./spec.ts";

/**
 * Whether the end of a metric does not count, since another one of its group has succeeded, or may yet. One that ended
 * well without any success (nothing was measured) has shown nothing.
 */
export function isForgiven(
  { group = [] }: ReadyMetric,
  metrics: readonly ReadyMetric[],
  results: readonly MetricResult[],
): boolean {
  return group.some((name) => {
    const other = metrics.find((each) => each.name === name);
    if (other === undefined || other.dryRun) return false;
    const result = resultOf(results, name);
    if (result === undefined || !isCompleted(result.phase)) return true;
    return result.phase === "Successful" && (result.successful ?? 0) > 0;
  });
}
