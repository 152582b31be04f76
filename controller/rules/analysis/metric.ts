/**
 * One metric of an analysis (docs/behaviour/validation.md#metrics), in the reference's words; each violation has its
 * true path.
 */
import { once } from "../../../kube/object/budget.ts";
import { goDurationProblem } from "../../../kube/object/goDuration.ts";
import { at, keys, type Place, present, text, whole } from "../../../kube/validation/place.ts";
import type { MetricProviderRow } from "../../../providers/metrics/provider.ts";
import { OWN_PREFIX } from "../../../providers/metrics/pluginService.ts";
import { OWN_PROVIDERS, PROVIDERS } from "../../../providers/metrics/providers.ts";
import { isTemplated } from "./tags.ts";
import { durationHelp } from "../../../kube/object/durationHelp.ts";
import { didYouMean } from "../../../kube/validation/nearNames.ts";
import { helped, invalid, required, type Violation } from "../../../kube/validation/violation.ts";

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

/** What each limit says. */
const LIMITS: Readonly<Record<string, string>> = {
  consecutiveSuccessLimit: "It is how many measurements in a row must succeed to end the metric; 0 switches it off",
  failureLimit:
    "It is how many measurements may fail before the metric fails: 0 is none, and -1 needs a consecutiveSuccessLimit of 1 or more",
  inconclusiveLimit: "It is how many measurements may be inconclusive; 0 is none",
  consecutiveErrorLimit: "It is how many measurements in a row may end in an error; 4 by default",
};

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
    .map(([, member, detail]) => helped(invalid("metric-limit", at(metric, member), detail), LIMITS[member]));
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
  const given = `With count ${count}, failureLimit ${failure}, consecutiveSuccessLimit ${success} and inconclusiveLimit ${inconclusive}`;
  const help = `${given} the limits cannot be reached: raise count, lower the limits, or leave count out to measure without end`;
  return problems
    .filter(([wrong]) => wrong)
    .map(([, detail]) => helped(invalid("metric-count", at(metric, "count"), detail), help));
};

const intervalBetweenMeasurements: Rule = (metric) => {
  const place = at(metric, "interval");
  if (!((limitOf(at(metric, "count")) ?? 0) > 1) || text(place) !== "") return [];
  const found = required("metric-interval-required", place, "interval must be specified when count > 1");
  return [helped(found, "Write how long to wait from one measurement to the next, such as interval: 30s")];
};

const durations: Rule = (metric) =>
  [
    { place: at(metric, "interval"), title: "interval" },
    { place: at(metric, "initialDelay"), title: "startDelay" },
  ].flatMap(({ place, title }) => {
    const problem = text(place) === "" || isTemplated(place) ? undefined : goDurationProblem(text(place));
    if (problem === undefined) return [];
    const found = invalid("metric-duration", place, `invalid ${title} string: ${problem}`);
    return [helped(found, durationHelp(place.value, "none"))];
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
  if (given.length === 0) {
    return [helped(required("metric-provider", place, "no provider specified"), noProvider(place, providers))];
  }
  const found = invalid("metric-provider", place, "multiple providers specified", given.join(", "));
  return [helped(found, "A metric is measured by one of them: make a metric of each")];
};

/** Names of ours under `plugin`, and their settings, which no CRD knows. */
const ownProvider: Rule = (metric) => {
  const plugins = at(metric, "provider", "plugin");
  return keys(plugins)
    .filter((name) => name.startsWith(OWN_PREFIX))
    .flatMap((name) => {
      const row = OWN_PROVIDERS.find(({ kind }) => kind === name);
      const place = at(plugins, name);
      const names = OWN_PROVIDERS.map(({ kind }) => kind);
      if (row === undefined) {
        const found = invalid("metric-provider", place, "there is no such provider", name);
        return [helped(found, `${didYouMean(name, names) ?? ""} Sluice's own are ${names.join(", ")}`.trim())];
      }
      const problem = row.settingsProblem?.(place.value);
      return problem === undefined ? [] : [helped(invalid("metric-provider", place, problem), SETTINGS_OF_OURS)];
    });
};

const SETTINGS_OF_OURS = "Its settings are in docs/behaviour/providers.md";

function noProvider(place: Place, providers: readonly MetricProviderRow[]): string {
  const kinds = providers.map(({ kind }) => kind).toSorted();
  const near = keys(place)
    .map((member) => didYouMean(member, kinds))
    .find((found) => found !== undefined);
  return `${near === undefined ? "" : `${near} `}Write one of ${kinds.join(", ")} under provider`;
}

const RULES: readonly Rule[] = [
  limitsInRange,
  countCoversLimits,
  intervalBetweenMeasurements,
  durations,
  oneProvider,
  ownProvider,
];

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
    .map((place) =>
      helped(
        invalid("metric-limit-text", place, "is not a number and counts as 0"),
        'Write a whole number, such as 3 or "3", or a tag such as "{{args.count}}"',
      ),
    );
