/** What a reading of a provider says, by the conditions of its metric (docs/behaviour/metric-conditions.md). Pure. */
import type { MetricProviderRow, Reading } from "../../../providers/metrics/provider.ts";
import type { Metric } from "../../../schema/analysis.ts";
import type { NoData } from "../../rules/analysis/words.ts";
import { parseCondition } from "../../expression/condition.ts";
import { evaluateCondition } from "../../expression/evaluation.ts";
import { ExpressionError } from "../../expression/syntax/problem.ts";
import { fromJson, isList, isNil, type Value, vector } from "../../expression/syntax/value.ts";

/** A measurement without its times. */
export interface Judged {
  readonly phase: "Running" | "Successful" | "Failed" | "Inconclusive" | "Error";
  readonly value?: string;
  readonly message?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** ms since the epoch. */
  readonly resumeAt?: number;
}

/** What the annotations of a run say about one metric. */
export interface DataWords {
  readonly noData?: NoData | undefined;
  readonly minSamples?: number | undefined;
}

/** @param metric with the values of its tags; @param now ms since the epoch */
export function judgedReading(
  given: Reading,
  metric: Pick<Metric, "successCondition" | "failureCondition">,
  row: Pick<MetricProviderRow, "conditions" | "usualCondition">,
  now: number,
  words: DataWords = {},
): Judged {
  const reading = withoutData(given, words);
  const { metadata, message } = reading;
  const common = { ...(message === undefined ? {} : { message }), ...(metadata === undefined ? {} : { metadata }) };
  switch (reading.kind) {
    case "value":
      return { ...common, ...judgedValue(reading, metric, row, now) };
    case "decided":
      return { ...common, phase: reading.phase, ...(reading.text === undefined ? {} : { value: reading.text }) };
    case "running":
      return { ...common, phase: "Running", resumeAt: reading.resumeAt };
    case "noData":
      return { ...common, phase: PHASES[words.noData ?? "error"] };
    case "error":
      return { ...common, phase: "Error" };
    default:
      return reading satisfies never;
  }
}

const PHASES = {
  error: "Error",
  inconclusive: "Inconclusive",
  success: "Successful",
  failure: "Failed",
} as const satisfies Readonly<Record<NoData, Judged["phase"]>>;

/** A value that is none, where the run has a word for that: nothing, no series, or too few samples. */
function withoutData(reading: Reading, { noData, minSamples }: DataWords): Reading {
  if (reading.kind !== "value") return reading;
  const { value, samples = numbersIn(value), message, metadata } = reading;
  const isTooFew = minSamples !== undefined && samples < minSamples;
  const isNone = noData !== undefined && isNothing(value);
  if (!isTooFew && !isNone) return reading;
  const why = isNone ? "no data" : `${samples} samples, and ${minSamples} are needed`;
  return {
    kind: "noData",
    message: message === undefined ? why : `${why}; ${message}`,
    ...(metadata === undefined ? {} : { metadata }),
  };
}

const isNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  Number.isNaN(value) ||
  (Array.isArray(value) && value.every((item) => item === null || Number.isNaN(item)));

/** A list has as many samples as it has values. */
const numbersIn = (value: unknown): number =>
  Array.isArray(value) ? value.filter((item) => !isNothing(item)).length : isNothing(value) ? 0 : 1;

type ValueReading = Extract<Reading, { readonly kind: "value" }>;

/** An error has no value, as with the reference. */
function judgedValue(
  { value, text }: ValueReading,
  { successCondition: wanted = "", failureCondition = "" }: Pick<Metric, "successCondition" | "failureCondition">,
  row: Pick<MetricProviderRow, "conditions" | "usualCondition">,
  now: number,
): Judged {
  const successCondition = wanted + failureCondition === "" ? (row.usualCondition ?? "") : wanted;
  const result = valueOf(value, row);
  if ("problem" in result) return { phase: "Error", message: result.problem };
  const evaluated = (name: string, source: string): Evaluated =>
    source === "" ? {} : holds(name, source, result.value, now);
  const success = evaluated("successCondition", successCondition);
  if (success.problem !== undefined) return { phase: "Error", message: success.problem };
  const failure = evaluated("failureCondition", failureCondition);
  if (failure.problem !== undefined) return { phase: "Error", message: failure.problem };
  return { phase: phaseOf(success.holds, failure.holds), value: text ?? shown(value) };
}

/** Undefined: there is no such condition. Failure beats success. */
function phaseOf(success: boolean | undefined, failure: boolean | undefined): "Successful" | "Failed" | "Inconclusive" {
  if (failure === true) return "Failed";
  if (success === true) return "Successful";
  if (success === undefined) return "Successful";
  return failure === undefined ? "Failed" : "Inconclusive";
}

interface Evaluated {
  readonly holds?: boolean;
  readonly problem?: string;
}

function holds(name: string, source: string, result: Value, now: number): Evaluated {
  const parsed = parseCondition(source);
  const outcome = "problem" in parsed ? parsed : evaluateCondition(parsed.condition, result, now);
  if ("holds" in outcome) return outcome;
  const nothing = isNil(result) || (isList(result) && result.items.length === 0);
  const tail = nothing
    ? "metric result is nil or empty: no data returned from the metric provider"
    : outcome.problem.message;
  return { problem: `could not evaluate ${name} "${source}": ${tail}` };
}

/** A list of numbers is Go's []float64 where the source gives numbers alone, and []any in decoded JSON. */
function valueOf(
  value: unknown,
  { conditions }: Pick<MetricProviderRow, "conditions">,
): { readonly value: Value } | { readonly problem: string } {
  const isNumbers = conditions.kind === "checked" && conditions.results.includes("numbers");
  if (isNumbers && Array.isArray(value) && value.every((item) => typeof item === "number"))
    return { value: vector(value) };
  try {
    return { value: fromJson(value) };
  } catch (error) {
    if (error instanceof ExpressionError) return { problem: error.message };
    throw error;
  }
}

function shown(value: unknown): string {
  if (typeof value === "number") return String(value);
  return (
    JSON.stringify(value, (_, item: unknown) =>
      typeof item === "number" && !Number.isFinite(item) ? String(item) : item,
    ) ?? ""
  );
}
