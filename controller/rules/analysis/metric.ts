/**
 * One metric of an analysis (docs/behaviour/validation.md#metrics), in the reference's words; each violation has its
 * true path.
 */
import { once } from "../../../kube/object/budget.ts";
import { goDurationProblem } from "../../../kube/object/goDuration.ts";
import { at, keys, type Place, present, text, whole } from "../../../kube/validation/place.ts";
import type { MetricProviderRow } from "../../../providers/metrics/provider.ts";
import { PROVIDERS } from "../../../providers/metrics/providers.ts";
import { isTemplated } from "./tags.ts";
import { invalid, required, type Violation } from "../../../kube/validation/violation.ts";

type Rule = (metric: Place, providers: readonly MetricProviderRow[]) => readonly Violation[];

/**
 * A limit: a number, or a string of digits; a text that is not a number counts as 0, and so does a missing one.
 * Undefined while it holds a tag, whose value is not known yet.
 */
export function limitOf(place: Place): number | undefined {
  if (!present(place)) return 0;
  if (isTemplated(place)) return undefined;
  if (typeof place.value === "string") return /^[+-]?\d+$/.test(place.value) ? Number(place.value) : 0;
  return whole(place);
}

interface Limits {
  readonly count: number;
  readonly failure: number;
  readonly success: number;
  readonly inconclusive: number;
}

/** A limit that is not known yet reads as NaN, which no comparison finds wrong. */
const limitsOf = (metric: Place): Limits => once("limits of a metric", metric.value, () => readLimits(metric));

function readLimits(metric: Place): Limits {
  const limit = (member: string): number => limitOf(at(metric, member)) ?? Number.NaN;
  return {
    count: limit("count"),
    failure: limit("failureLimit"),
    success: limit("consecutiveSuccessLimit"),
    inconclusive: limit("inconclusiveLimit"),
  };
}

const limitsInRange: Rule = (metric) => {
  const { failure, success, inconclusive } = limitsOf(metric);
  const error = limitOf(at(metric, "consecutiveErrorLimit")) ?? Number.NaN;
  const problems: readonly (readonly [wrong: boolean, member: string, detail: string])[] = [
    [success < 0, "consecutiveSuccessLimit", "consecutiveSuccessLimit must be >= 0"],
    [failure < -1, "failureLimit", "failureLimit must be >= 0, or -1 to be disabled"],
    [
      success === 0 && failure === -1,
      "failureLimit",
      "failureLimit and consecutiveSuccessLimit cannot both be disabled",
    ],
    [inconclusive < 0, "inconclusiveLimit", "inconclusiveLimit must be >= 0"],
    [error < 0, "consecutiveErrorLimit", "consecutiveErrorLimit must be >= 0"],
  ];
  return problems
    .filter(([wrong]) => wrong)
    .map(([, member, detail]) => invalid("metric-limit", at(metric, member), detail));
};

/** So few measurements could never reach the limits. */
const countCoversLimits: Rule = (metric) => {
  const { count, failure, success, inconclusive } = limitsOf(metric);
  if (!(count > 0)) return [];
  const both = `count (${count}) must be >= failureLimit + consecutiveSuccessLimit (${failure} + ${success}) if both >= 0`;
  const problems: readonly (readonly [wrong: boolean, detail: string])[] = [
    [success >= 0 && failure >= 0 && count < failure + success, both],
    [success >= 0 && failure < 0 && count < success, "count must be >= consecutiveSuccessLimit"],
    [count < inconclusive, "count must be >= inconclusiveLimit"],
  ];
  return problems.filter(([wrong]) => wrong).map(([, detail]) => invalid("metric-count", at(metric, "count"), detail));
};

const intervalBetweenMeasurements: Rule = (metric) => {
  const place = at(metric, "interval");
  if (!((limitOf(at(metric, "count")) ?? 0) > 1) || text(place) !== "") return [];
  return [required("metric-interval-required", place, "interval must be specified when count > 1")];
};

const durations: Rule = (metric) =>
  [
    { place: at(metric, "interval"), title: "interval" },
    { place: at(metric, "initialDelay"), title: "startDelay" },
  ].flatMap(({ place, title }) => {
    const problem = text(place) === "" || isTemplated(place) ? undefined : goDurationProblem(text(place));
    return problem === undefined ? [] : [invalid("metric-duration", place, `invalid ${title} string: ${problem}`)];
  });

const oneProvider: Rule = (metric, providers) => {
  const place = at(metric, "provider");
  const members = new Set(keys(place));
  const given = providers
    .filter(({ kind }) => members.has(kind))
    .flatMap(({ kind, names }) => {
      const settings = at(place, kind);
      if (names !== undefined) return names(settings);
      return present(settings) ? [kind] : [];
    });
  if (given.length === 1) return [];
  if (given.length === 0) return [required("metric-provider", place, "no provider specified")];
  return [invalid("metric-provider", place, "multiple providers specified", given.join(", "))];
};

const RULES: readonly Rule[] = [limitsInRange, countCoversLimits, intervalBetweenMeasurements, durations, oneProvider];

/** Why every run with this metric would end in Error, whatever is measured. */
export const metricViolations = (
  metric: Place,
  providers: readonly MetricProviderRow[] = PROVIDERS,
): readonly Violation[] => RULES.flatMap((rule) => rule(metric, providers));

/** Limits whose text is not a number: they count as 0, which is seldom what was meant. */
export const metricWarnings = (metric: Place): readonly Violation[] =>
  ["count", "failureLimit", "inconclusiveLimit", "consecutiveErrorLimit", "consecutiveSuccessLimit"]
    .map((member) => at(metric, member))
    .filter((place) => typeof place.value === "string" && !isTemplated(place) && !/^[+-]?\d+$/.test(place.value))
    .map((place) => invalid("metric-limit-text", place, "is not a number and counts as 0"));
