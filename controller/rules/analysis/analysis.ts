/**
 * What is wrong with analysis templates and runs by themselves
 * (docs/behaviour/validation.md#analysis-templates-and-runs).
 *
 * A run is complete, so what would end it in Error refuses it. A template may be completed by others: a Rollout
 * merges several, and arguments, metrics or rules may come from any of them. It is refused only for what no other
 * template can repair; the rest warns. The reference stores every template and judges it only when it is used.
 */
import {
  argumentNames,
  conflictingArguments,
  runArgumentViolations,
  runArgumentWarnings,
  templateArgumentWarnings,
} from "./arguments.ts";
import { once } from "../../../kube/object/budget.ts";
import {
  conditionViolations,
  conditionWarnings,
  runConditionViolations,
  runConditionWarnings,
} from "./metricConditions.ts";
import { metricViolations, metricWarnings } from "./metric.ts";
import { at, count, isTrue, items, type Place, repeated, root, text } from "../../../kube/validation/place.ts";
import { MAX_PATTERN, regexpSearch } from "../../../kube/regexp/matches.ts";
import { isTemplated, tagHelp, unresolvedTags } from "./tags.ts";
import { listed } from "../../../kube/validation/nearNames.ts";
import { wordViolations, wordWarnings } from "./words.ts";
import { duplicate, helped, invalid, required, type Violation } from "../../../kube/validation/violation.ts";

type Rule = (spec: Place) => readonly Violation[];

const metricsOf = (spec: Place): readonly Place[] => items(at(spec, "metrics"));

const METRIC = "List at least one metric, with a name and a provider";

const someMetric: Rule = (spec) =>
  metricsOf(spec).length > 0
    ? []
    : [helped(required("metrics-required", at(spec, "metrics"), "no metrics specified"), METRIC)];

const eachMetric: Rule = (spec) => {
  const named = metricsOf(spec).map((metric) => ({ metric, name: at(metric, "name") }));
  const again = new Set(repeated(named.map(({ name }) => name)));
  return named.flatMap(({ metric, name }) => [
    ...(again.has(name) ? [helped(duplicate("metric-duplicate", name), "Give each metric a name of its own")] : []),
    ...metricViolations(metric),
  ]);
};

const limitsInWords: Rule = (spec) => metricsOf(spec).flatMap(metricWarnings);

/** The regular expressions of `dryRun` and `measurementRetention`, list by list. */
const expressions = (spec: Place): readonly (readonly Place[])[] =>
  ["dryRun", "measurementRetention"].map((member) => items(at(spec, member)).map((rule) => at(rule, "metricName")));

const repeatedExpressions: Rule = (spec) =>
  expressions(spec).flatMap((list) =>
    repeated(list).map((place) => helped(duplicate("metric-rule-duplicate", place), "List each metric once")),
  );

/** Names with tags are matched once they are resolved. */
const unmatchedExpressions: Rule = (spec) => {
  const rules = expressions(spec).flat();
  const names = metricsOf(spec).map((metric) => at(metric, "name"));
  if (rules.length === 0 || names.some(isTemplated)) return [];
  const search = regexpSearch(names.map(text));
  const thereAre = `metricName is a regular expression, such as .* for all; the metrics are ${listed(names.map(text))}`;
  return rules.flatMap((place) => {
    const found = search(text(place));
    if (found === true) return [];
    return found === false
      ? [helped(invalid("metric-rule-unmatched", place, "Rule didn't match any metric name(s)", text(place)), thereAre)]
      : [invalid("metric-rule-costly", place, TOO_COSTLY, text(place))];
  });
};

const TOO_COSTLY = `the regular expression is too costly to match against the names of the metrics: at most ${MAX_PATTERN} characters, and few repetitions`;

function tagViolations(spec: Place, judged: (name: string | undefined) => boolean): readonly Violation[] {
  return once("tags without a value", spec.value, () => unresolvedTags(at(spec, "metrics"), argumentNames(spec)))
    .filter(({ name }) => judged(name))
    .map(({ place, tag, name, detail }) =>
      helped(invalid("metric-tag", place, detail, tag), tagHelp(name, argumentNames(spec))),
    );
}

/** An argument that another template of the same analysis may declare. */
const isArgument = (name: string | undefined): boolean => name?.startsWith("args.") === true;

const hopelessTags: Rule = (spec) => tagViolations(spec, (name) => !isArgument(name));
const undeclaredTags: Rule = (spec) => tagViolations(spec, isArgument);
const everyTag: Rule = (spec) => tagViolations(spec, () => true);

/** The reference follows templates that include themselves until it crashes. */
const notItself = (template: Place): readonly Violation[] => {
  const name = text(at(template, "metadata", "name"));
  const cluster = text(at(template, "kind")) === "ClusterAnalysisTemplate";
  return items(at(template, "spec", "templates"))
    .filter((reference) => name !== "" && text(at(reference, "templateName")) === name)
    .filter((reference) => isTrue(at(reference, "clusterScope")) === cluster)
    .map((reference) =>
      helped(
        invalid("template-cycle", at(reference, "templateName"), "a template cannot include itself"),
        "Remove this entry of templates, or name another template",
      ),
    );
};

const TEMPLATE_RULES: readonly Rule[] = [
  eachMetric,
  conditionViolations,
  hopelessTags,
  repeatedExpressions,
  conflictingArguments,
];

/** Never throws, whatever it is given. AnalysisTemplates and ClusterAnalysisTemplates: what no use can repair. */
export function analysisTemplateViolations(template: unknown): readonly Violation[] {
  const place = root(template);
  const spec = at(place, "spec");
  return [...TEMPLATE_RULES.flatMap((rule) => rule(spec)), ...notItself(place), ...wordViolations(template)];
}

const includesOthers = (spec: Place): boolean => count(at(spec, "templates")) > 0;

const measuresNothing: Rule = (spec) =>
  metricsOf(spec).length > 0 || includesOthers(spec)
    ? []
    : [helped(required("metrics-required", at(spec, "metrics"), "measures nothing by itself"), METRIC)];

/** Rules that match no metric of their own template may be meant for those that it includes. */
const unmatchedAlone: Rule = (spec) =>
  metricsOf(spec).length === 0 || includesOthers(spec) ? [] : unmatchedExpressions(spec);

const TEMPLATE_WARNINGS: readonly Rule[] = [
  measuresNothing,
  limitsInWords,
  conditionWarnings,
  undeclaredTags,
  unmatchedAlone,
  templateArgumentWarnings,
];

/** What works only together with some other templates, or works otherwise than it reads. */
export function analysisTemplateWarnings(template: unknown): readonly Violation[] {
  const spec = at(root(template), "spec");
  return [...TEMPLATE_WARNINGS.flatMap((rule) => rule(spec)), ...(includesOthers(spec) ? [] : wordWarnings(template))];
}

const RUN_RULES: readonly Rule[] = [
  runArgumentViolations,
  everyTag,
  someMetric,
  eachMetric,
  runConditionViolations,
  unmatchedExpressions,
];

/** Never throws, whatever it is given. What would end the run in Error before anything is measured. */
export function analysisRunViolations(run: unknown): readonly Violation[] {
  const spec = at(root(run), "spec");
  return [...RUN_RULES.flatMap((rule) => rule(spec)), ...wordViolations(run)];
}

const RUN_WARNINGS: readonly Rule[] = [limitsInWords, runConditionWarnings, repeatedExpressions, runArgumentWarnings];

export function analysisRunWarnings(run: unknown): readonly Violation[] {
  const spec = at(root(run), "spec");
  return [...RUN_WARNINGS.flatMap((rule) => rule(spec)), ...wordWarnings(run)];
}
