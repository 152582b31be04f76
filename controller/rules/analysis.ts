/**
 * What is wrong with analysis templates and runs by themselves (validation.md §5).
 *
 * A run is complete, so whatever would end it in Error refuses it. A template may be completed by others: a Rollout
 * merges several, and arguments, metrics or rules may come from any of them. It is refused only for what no company
 * can mend; the rest warns. The reference stores every template and judges it only when it is used.
 */
import { argumentNames, runArgumentViolations, runArgumentWarnings } from "./analysisArguments.ts";
import { conflictingArguments, repeatedArguments, twoSources } from "./analysisArguments.ts";
import { metricViolations, metricWarnings } from "./metric.ts";
import { at, count, isTrue, items, type Place, root, text, texts } from "./place.ts";
import { regexpMatchesSome } from "./regexp/matches.ts";
import { isTemplated, tagProblem, tagsBelow, tagText } from "./tags.ts";
import { duplicate, invalid, required, type Violation } from "./violation.ts";

type Rule = (spec: Place) => readonly Violation[];

const metricsOf = (spec: Place): readonly Place[] => items(at(spec, "metrics"));

/** The places whose text one before them has already. A text with tags may become another. */
function repeated(places: readonly Place[]): readonly Place[] {
  const seen = new Set<string>();
  return places.filter((place) => {
    const again = seen.has(text(place)) && !isTemplated(place);
    seen.add(text(place));
    return again;
  });
}

const eachMetric: Rule = (spec) => metricsOf(spec).flatMap(metricViolations);
const limitsInWords: Rule = (spec) => metricsOf(spec).flatMap(metricWarnings);

const metricNames: Rule = (spec) =>
  repeated(metricsOf(spec).map((metric) => at(metric, "name"))).map((place) => duplicate("metric-duplicate", place));

const someMetric: Rule = (spec) =>
  metricsOf(spec).length > 0 ? [] : [required("metrics-required", at(spec, "metrics"), "no metrics specified")];

const MODIFIERS = ["dryRun", "measurementRetention"];

const modifierNames = (spec: Place): readonly (readonly Place[])[] =>
  MODIFIERS.map((member) => items(at(spec, member)).map((rule) => at(rule, "metricName")));

const repeatedModifiers: Rule = (spec) =>
  modifierNames(spec).flatMap((names) => repeated(names).map((place) => duplicate("metric-rule-duplicate", place)));

/** Names with tags are matched once they are resolved. */
const unmatchedModifiers: Rule = (spec) => {
  const rules = modifierNames(spec).flat();
  const metrics = metricsOf(spec).map((metric) => at(metric, "name"));
  if (rules.length === 0 || metrics.some(isTemplated)) return [];
  return rules
    .filter((place) => regexpMatchesSome(text(place), metrics.map(text)) === false)
    .map((place) => invalid("metric-rule-unmatched", place, "Rule didn't match any metric name(s)", text(place)));
};

/** Tags that nothing resolves. `judged` picks the ones to report. */
function tagViolations(spec: Place, judged: (inner: string | undefined) => boolean): readonly Violation[] {
  const names = argumentNames(spec);
  return tagsBelow({ ...at(spec, "metrics") }).flatMap((tag) => {
    const problem = tagProblem(tag, names);
    if (problem === undefined || !judged(tag.inner)) return [];
    return [invalid("metric-tag", tag.place, problem, tagText(tag))];
  });
}

/** An argument that another template may declare. */
const mayBeDeclaredElsewhere = (inner: string | undefined): boolean => inner?.trim().startsWith("args.") === true;

const hopelessTags: Rule = (spec) => tagViolations(spec, (inner) => !mayBeDeclaredElsewhere(inner));
const undeclaredTags: Rule = (spec) => tagViolations(spec, mayBeDeclaredElsewhere);
const unresolvedTags: Rule = (spec) => tagViolations(spec, () => true);

const TEMPLATE_RULES: readonly Rule[] = [
  metricNames,
  eachMetric,
  hopelessTags,
  repeatedModifiers,
  conflictingArguments,
];

const RUN_RULES: readonly Rule[] = [
  runArgumentViolations,
  unresolvedTags,
  someMetric,
  metricNames,
  eachMetric,
  unmatchedModifiers,
];

/** The reference follows templates that include themselves until it crashes. */
function includesItself(template: Place): readonly Violation[] {
  const name = text(at(template, "metadata", "name"));
  const cluster = text(at(template, "kind")) === "ClusterAnalysisTemplate";
  return items(at(template, "spec", "templates"))
    .filter((reference) => name !== "" && text(at(reference, "templateName")) === name)
    .filter((reference) => isTrue(at(reference, "clusterScope")) === cluster)
    .map((reference) => invalid("template-cycle", at(reference, "templateName"), "a template cannot include itself"));
}

/** Never throws, whatever it is given. For AnalysisTemplates and ClusterAnalysisTemplates; what no use of them can mend. */
export function analysisTemplateViolations(template: unknown): readonly Violation[] {
  const place = root(template);
  const spec = at(place, "spec");
  return [...TEMPLATE_RULES.flatMap((rule) => rule(spec)), ...includesItself(place)];
}

/** Rules of a template that matches no metric of its own may be meant for those that it includes. */
const unmatchedAlone: Rule = (spec) =>
  metricsOf(spec).length === 0 || count(at(spec, "templates")) > 0 ? [] : unmatchedModifiers(spec);

const measuresSomething: Rule = (spec) =>
  metricsOf(spec).length > 0 || count(at(spec, "templates")) > 0
    ? []
    : [required("metrics-required", at(spec, "metrics"), "measures nothing by itself")];

const TEMPLATE_WARNINGS: readonly Rule[] = [
  measuresSomething,
  limitsInWords,
  undeclaredTags,
  unmatchedAlone,
  repeatedArguments,
  (spec) => twoSources(spec, "is refused by inline analysis; elsewhere the secret wins over the value"),
];

/** What works in some company, or works otherwise than it reads. */
export function analysisTemplateWarnings(template: unknown): readonly Violation[] {
  const spec = at(root(template), "spec");
  return TEMPLATE_WARNINGS.flatMap((rule) => rule(spec));
}

/** Never throws, whatever it is given. What would end the run in Error before anything is measured. */
export function analysisRunViolations(run: unknown): readonly Violation[] {
  const spec = at(root(run), "spec");
  return RUN_RULES.flatMap((rule) => rule(spec));
}

export function analysisRunWarnings(run: unknown): readonly Violation[] {
  const spec = at(root(run), "spec");
  return [limitsInWords, repeatedModifiers, runArgumentWarnings].flatMap((rule) => rule(spec));
}
