/**
 * The metrics of a run as numbers, once their tags have values, or why the run cannot be measured
 * (docs/behaviour/analysis.md#a-run-that-cannot-be-measured).
 */
import { goDurationMs } from "../../../kube/object/goDuration.ts";
import { at, root } from "../../../kube/validation/place.ts";
import type { AnalysisRunSpec, Metric } from "../../../schema/analysis.ts";
import { compileRegexp, searchRegexp, usualBudget } from "../../../kube/regexp/matches.ts";
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
  const invalid = (problem: string): Read => ({ problem: `Analysis spec invalid: ${problem}` });
  const wrong = invalidMetrics(metrics.all);
  if (wrong !== undefined) return invalid(wrong);
  const names = metrics.all.map(({ name }) => name);
  const dryRun = matchesOf("dryRun", spec.dryRun ?? [], names);
  if ("problem" in dryRun) return invalid(dryRun.problem);
  const retention = matchesOf("measurementRetention", spec.measurementRetention ?? [], names);
  if ("problem" in retention) return invalid(retention.problem);
  const { anyOf } = readWords(annotations).words;
  const ready = readyMetrics(spec, metrics.all, { dryRun: dryRun.matched, retention: retention.matched });
  return { metrics: ready.map((metric) => grouped(metric, anyOf)) };
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

interface Rules {
  /** For each rule, the names of the metrics that it matches. */
  readonly dryRun: readonly ReadonlySet<string>[];
  readonly retention: readonly ReadonlySet<string>[];
}

/** A rule that is no regular expression, or one that is too costly, matches nothing. */
function matchesOf(
  member: "dryRun" | "measurementRetention",
  rules: readonly { readonly metricName: string }[],
  names: readonly string[],
): { readonly matched: readonly ReadonlySet<string>[] } | { readonly problem: string } {
  const budget = usualBudget();
  const matched: ReadonlySet<string>[] = [];
  for (const [index, { metricName }] of rules.entries()) {
    const compiled = compileRegexp(metricName, budget);
    const found = names.map((name) => typeof compiled !== "string" && searchRegexp(compiled, name, budget));
    if (compiled === "costly" || found.includes(undefined))
      return { problem: `${member}[${index}]: Rule is too costly to match against the names of the metrics` };
    if (!found.includes(true)) return { problem: `${member}[${index}]: Rule didn't match any metric name(s)` };
    matched.push(new Set(names.filter((_, place) => found[place] === true)));
  }
  return { matched };
}

function readyMetrics(
  spec: AnalysisRunSpec,
  metrics: readonly Metric[],
  { dryRun, retention }: Rules,
): readonly ReadyMetric[] {
  return metrics.map((metric, index) => {
    const limit = (member: keyof Metric): number => limitOf(at(root(metric), member)) ?? 0;
    const count = limit("count");
    const intervalMs = durationOf(metric.interval);
    // Of several rules the last one counts.
    const rule = retention.findLastIndex((names) => names.has(metric.name));
    const kept = spec.measurementRetention?.[rule]?.limit ?? 0;
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
      dryRun: dryRun.some((names) => names.has(metric.name)),
      kept: kept > 0 ? kept : MEASUREMENTS_KEPT,
    };
  });
}

const durationOf = (text: string | undefined): number | undefined =>
  text === undefined || text === "" ? undefined : goDurationMs(text);
