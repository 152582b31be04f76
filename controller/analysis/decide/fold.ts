/** What came of measurements, in the results of their metrics (docs/behaviour/analysis.md#counting). */
import { timestamp } from "../../../kube/object/time.ts";
import type { Measurement, MetricResult } from "../../../schema/analysis.ts";
import type { Measured } from "../facts/measurements.ts";
import { isCompleted } from "./phase.ts";
import type { ReadyMetric } from "./spec.ts";

type Results = readonly MetricResult[];

export const resultOf = (results: Results, name: string): MetricResult | undefined =>
  results.find((result) => result.name === name);

export const lastOf = (result: MetricResult | undefined): Measurement | undefined => result?.measurements?.at(-1);

export const isOpen = (measurement: Measurement | undefined): boolean =>
  measurement !== undefined && measurement.finishedAt === undefined;

/** Zeroes and empty texts are absent, as the reference writes them. */
export function withResult(results: Results, result: MetricResult): Results {
  const kept = Object.fromEntries(
    Object.entries(result).filter(([, value]) => value !== 0 && value !== "" && value !== false && value !== undefined),
  ) as unknown as MetricResult;
  const at = results.findIndex(({ name }) => name === result.name);
  return at < 0 ? [...results, kept] : results.with(at, kept);
}

/** An outcome that the status holds already, or that nobody waits for, changes nothing. */
export function folded(results: Results, outcome: Measured, metric: ReadyMetric): Results {
  const before = resultOf(results, metric.name);
  const last = lastOf(before);
  if (isCompleted(before?.phase)) return results;
  // The answer to the write that stored it was lost.
  if (outcome.kind === "begin" && last?.startedAt === timestamp(outcome.startedAt)) return results;
  if (outcome.kind !== "begin" && !isOpen(last)) return results;
  const measurement = measurementOf(outcome, outcome.kind === "begin" ? undefined : last);
  const result = counted(before ?? firstResult(outcome, metric), measurement.phase);
  const earlier = before?.measurements ?? [];
  const measurements =
    outcome.kind === "begin" ? [...earlier, measurement] : earlier.with(earlier.length - 1, measurement);
  return withResult(results, { ...result, measurements });
}

function firstResult({ resultMetadata }: Measured, { name, dryRun }: ReadyMetric): MetricResult {
  return { name, phase: "Running", dryRun, ...membersOf("metadata", resultMetadata) };
}

function measurementOf(outcome: Measured, old: Measurement | undefined): Measurement {
  const { phase, value, message, metadata, resumeAt, arrivedAt, startedAt } = outcome;
  return {
    ...old,
    phase,
    ...(message === undefined || message === "" ? {} : { message }),
    ...(value === undefined || value === "" ? {} : { value }),
    ...membersOf("metadata", metadata === undefined ? old?.metadata : { ...old?.metadata, ...metadata }),
    startedAt: old?.startedAt ?? timestamp(startedAt),
    ...(isCompleted(phase) ? { finishedAt: timestamp(arrivedAt) } : {}),
    ...(resumeAt === undefined ? {} : { resumeAt: timestamp(resumeAt) }),
  };
}

const membersOf = <Name extends string>(
  name: Name,
  map: Readonly<Record<string, string>> | undefined,
): { readonly [N in Name]?: Record<string, string> } =>
  map === undefined || Object.keys(map).length === 0 ? {} : ({ [name]: map } as { readonly [N in Name]: typeof map });

/** An error does not count as a measurement; any other outcome ends a row of errors, any but a success that of successes. */
function counted(result: MetricResult, phase: string): MetricResult {
  const plusOne = (value: number | undefined): number => (value ?? 0) + 1;
  const measured = { count: plusOne(result.count), consecutiveError: 0, consecutiveSuccess: 0 };
  switch (phase) {
    case "Successful":
      return {
        ...result,
        ...measured,
        successful: plusOne(result.successful),
        consecutiveSuccess: plusOne(result.consecutiveSuccess),
      };
    case "Failed":
      return { ...result, ...measured, failed: plusOne(result.failed) };
    case "Inconclusive":
      return { ...result, ...measured, inconclusive: plusOne(result.inconclusive) };
    case "Error":
      return {
        ...result,
        error: plusOne(result.error),
        consecutiveError: plusOne(result.consecutiveError),
        consecutiveSuccess: 0,
      };
    default:
      return result;
  }
}
