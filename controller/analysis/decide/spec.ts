/**
 * The metrics of a run as numbers, once their tags have values, or why the run cannot be measured
 * (docs/behaviour/analysis.md#a-run-that-cannot-be-measured).
 */
import { goDurationMs } from "../../../kube/object/goDuration.ts";
import { at, root } from "../../../kube/validation/place.ts";
import type { AnalysisRunSpec, Metric } from "../../../schema/analysis.ts";
import { usualBudget, regexpSearch } from "../../expression/regexp/matches.ts";
import { limitOf, metricViolations } from "../../rules/analysis/metric.ts";
import { type Annotations, readWords } from "../../rules/analysis/words.ts";
import { argumentValues, rendered } from "../make/render.ts";

/** A metric that can be measured. Secrets in it are stand-ins. */
export interface ReadyMetric {
  readonly name: string;
  /** Its place in `spec.metrics`. */
  readonly index: number;
  /** ms; undefined: it is measured once. */
  readonly intervalMs: number | undefined;
  readonly initialDelayMs: number | undefined;
  /** undefined: without end. */
  readonly count: number | undefined;
  /** Negative: off. */
  readonly failureLimit: number;
  readonly inconclusiveLimit: number;
  readonly consecutiveErrorLimit: number;
  /** 0: off. */
  readonly consecutiveSuccessLimit: number;
  /** It is measured, but does not decide. */
  readonly dryRun: boolean;
  /** How many measurements stay in the status. */
  readonly kept: number;
  /** The other metrics of its group, of which one success is enough. */
  readonly group?: readonly string[];
}

const MEASUREMENTS_KEPT = 10;
const CONSECUTIVE_ERRORS = 4;

type Read = { readonly metrics: readonly ReadyMetric[] } | { readonly problem: string };

/** Problems are whole messages, in the reference's words. @throws {TooCostlyError} */
export function readSpec(spec: AnalysisRunSpec, annotations: Annotations = {}): Read {
  const metrics = resolved(spec);
  if ("problem" in metrics) return { problem: `Unable to resolve metric arguments: ${metrics.problem}` };
  const invalid = invalidMetrics(metrics.all) ?? unmatchedRules(spec, metrics.all);
  if (invalid !== undefined) return { problem: `Analysis spec invalid: ${invalid}` };
  const { anyOf } = readWords(annotations).words;
  return { metrics: readyMetrics(spec, metrics.all).map((metric) => grouped(metric, anyOf)) };
}

/** A name that no metric has can never succeed, and so forgives nothing. */
function grouped(metric: ReadyMetric, groups: readonly (readonly string[])[]): ReadyMetric {
  const group = groups.find((names) => names.includes(metric.name));
  return group === undefined ? metric : { ...metric, group: group.filter((name) => name !== metric.name) };
}

function resolved(spec: AnalysisRunSpec): { readonly all: readonly Metric[] } | { readonly problem: string } {
  const given = spec.metrics ?? [];
  const args = argumentValues(spec.args ?? []);
  if ("problem" in args) return given.length === 0 ? { all: [] } : args;
  const all: Metric[] = [];
  for (const metric of given) {
    const made = rendered(metric, args.values);
    if ("problem" in made) return made;
    all.push(made.metric);
  }
  return { all };
}

function invalidMetrics(metrics: readonly Metric[]): string | undefined {
  if (metrics.length === 0) return "no metrics specified";
  const names = new Set<string>();
  for (const [index, metric] of metrics.entries()) {
    if (names.has(metric.name)) return `metrics[${index}]: duplicate name '${metric.name}'`;
    names.add(metric.name);
    const [first] = metricViolations(root(metric));
    if (first !== undefined) return `metrics[${index}]: ${first.detail}`;
  }
  return undefined;
}

/** A rule that is no regular expression, or one that is too costly, matches nothing. */
function unmatchedRules(spec: AnalysisRunSpec, metrics: readonly Metric[]): string | undefined {
  const search = regexpSearch(metrics.map(({ name }) => name));
  for (const member of ["dryRun", "measurementRetention"] as const) {
    const index = (spec[member] ?? []).findIndex(({ metricName }) => search(metricName) !== true);
    if (index >= 0) return `${member}[${index}]: Rule didn't match any metric name(s)`;
  }
  return undefined;
}

function readyMetrics(spec: AnalysisRunSpec, metrics: readonly Metric[]): readonly ReadyMetric[] {
  const budget = usualBudget();
  const matches = (pattern: string, name: string): boolean => regexpSearch([name], budget)(pattern) === true;
  return metrics.map((metric, index) => {
    const limit = (member: keyof Metric): number => limitOf(at(root(metric), member)) ?? 0;
    const count = limit("count");
    const intervalMs = durationOf(metric.interval);
    // Of several rules the last one counts.
    const kept = spec.measurementRetention?.findLast((rule) => matches(rule.metricName, metric.name))?.limit ?? 0;
    return {
      name: metric.name,
      index,
      intervalMs,
      initialDelayMs: durationOf(metric.initialDelay),
      count: count !== 0 ? count : intervalMs === undefined ? 1 : undefined,
      failureLimit: limit("failureLimit"),
      inconclusiveLimit: limit("inconclusiveLimit"),
      consecutiveErrorLimit:
        metric.consecutiveErrorLimit === undefined ? CONSECUTIVE_ERRORS : limit("consecutiveErrorLimit"),
      consecutiveSuccessLimit: limit("consecutiveSuccessLimit"),
      dryRun: (spec.dryRun ?? []).some((rule) => matches(rule.metricName, metric.name)),
      kept: kept > 0 ? kept : MEASUREMENTS_KEPT,
    };
  });
}

const durationOf = (text: string | undefined): number | undefined =>
  text === undefined || text === "" ? undefined : goDurationMs(text);
