/** When a metric is measured next (docs/behaviour/analysis.md#when-a-metric-is-measured). Pure. */
import { instant, timestamp } from "../../../kube/object/time.ts";
import type { MetricResult } from "../../../schema/analysis.ts";
import type { FlightKind } from "../facts/measurements.ts";
import { isOpen, lastOf } from "./fold.ts";
import { isCompleted } from "./phase.ts";
import type { ReadyMetric } from "./spec.ts";

/** After an error, whatever the interval is. */
const ERROR_RETRY_MS = 10_000;
/** Measuring more often would only keep the source and the API server busy. */
const SHORTEST_INTERVAL_MS = 1_000;

export interface Due {
  readonly flight: FlightKind;
  /** ms since the epoch. */
  readonly at: number;
}

export interface Times {
  /** When the run began, ms since the epoch. */
  readonly startedAt: number;
  /** When the last measurement ended, where that is known more exactly than from the status. */
  readonly endedAt: number | undefined;
}

/** Undefined: it is not measured any more. @param terminating what is open is ended, and nothing begins */
export function nextOf(
  metric: ReadyMetric,
  result: MetricResult | undefined,
  times: Times,
  terminating: boolean,
): Due | undefined {
  if (isCompleted(result?.phase)) return undefined;
  const last = lastOf(result);
  if (last !== undefined && isOpen(last)) {
    return terminating ? { flight: "terminate", at: 0 } : { flight: "resume", at: instant(last.resumeAt) ?? 0 };
  }
  if (terminating) return undefined;
  if (last === undefined) return { flight: "begin", at: times.startedAt + Math.max(0, metric.initialDelayMs ?? 0) };
  if (metric.count !== undefined && (result?.count ?? 0) >= metric.count) return undefined;
  const intervalMs = last.phase === "Error" ? ERROR_RETRY_MS : (metric.intervalMs ?? ERROR_RETRY_MS);
  return { flight: "begin", at: endOf(last.finishedAt, times) + Math.max(SHORTEST_INTERVAL_MS, intervalMs) };
}

/** A status has whole seconds, which would make each interval up to a second shorter. */
function endOf(finishedAt: string | undefined, { endedAt }: Times): number {
  if (endedAt !== undefined && timestamp(endedAt) === finishedAt) return endedAt;
  return instant(finishedAt) ?? 0;
}
