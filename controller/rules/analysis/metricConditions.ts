/**
 * Conditions of metrics, as far as they are wrong whatever is measured: they cannot be parsed, or no result of their
 * provider fits. The reference stores them, and ends every measurement in Error
 * (docs/behaviour/metric-conditions.md#conditions-at-admission).
 *
 * Tags in a run are given their values first. In a template they are not known yet: a condition with tags only warns.
 */
import { type Condition, conditionProblem, parseCondition } from "../../expression/condition.ts";
import {
  BOOL,
  FLOAT,
  FLOATS,
  LIST,
  listOf,
  NIL,
  STRING,
  TEXT_MAP,
  type Type,
  UNKNOWN,
} from "../../expression/types/types.ts";
import { MAX_LENGTH } from "../../expression/syntax/reader.ts";
import { once } from "../../../kube/object/budget.ts";
import { at, items, type Place, present, root, text } from "../../../kube/validation/place.ts";
import { expansionOf, isTemplated } from "./tags.ts";
import { helped, invalid, type Violation } from "../../../kube/validation/violation.ts";
import type { MetricProviderRow, ResultShape } from "../../../providers/metrics/provider.ts";
import { providerOf, PROVIDERS } from "../../../providers/metrics/providers.ts";

type Rule = (spec: Place, providers?: readonly MetricProviderRow[]) => readonly Violation[];

/** The types that the results of providers are compiled as. */
const TYPES: { readonly [S in ResultShape]: Type } = {
  number: FLOAT,
  numbers: FLOATS,
  text: STRING,
  bool: BOOL,
  nothing: NIL,
  map: TEXT_MAP,
  maps: listOf(TEXT_MAP),
  list: LIST,
  "any list": listOf(UNKNOWN),
};

/** What a tag might stand for: a value, a text, an operator, a name. */
const STAND_INS = ["1", "a", ">", "result", "true"];

/** Characters of one object's conditions that are checked; nobody writes more, and it would delay other reviews. */
const MAX_CHARACTERS = 20_000;

interface Found {
  readonly place: Place;
  /** Undefined where no provider of that name is known. */
  readonly provider: MetricProviderRow | undefined;
}

/** A condition over results whose shapes are known. */
interface Checked {
  readonly place: Place;
  readonly provider: MetricProviderRow;
}

/** All conditions of the metrics, up to the limit. */
function conditionsOf(spec: Place, providers: readonly MetricProviderRow[]): readonly Found[] {
  let left = MAX_CHARACTERS;
  return items(at(spec, "metrics"))
    .flatMap((metric) => {
      const provider = providerOf(at(metric, "provider").value, providers)?.row;
      return ["successCondition", "failureCondition"].map((member) => ({ place: at(metric, member), provider }));
    })
    .filter(({ place }) => (left -= text(place).length) >= 0 && text(place) !== "");
}

const isChecked = (found: Found): found is Checked => found.provider?.conditions.kind === "checked";

/** Many metrics have the same condition. */
const parsed = (source: string): ReturnType<typeof parseCondition> =>
  once("condition", source, () => parseCondition(source));

/** Why the condition can never be true or false; undefined when it may. */
const problemOf = (source: string, provider: MetricProviderRow): string | undefined =>
  once(`problem with ${provider.kind}`, source, () => {
    const read = parsed(source);
    return "problem" in read ? read.problem.text : typeProblem(read.condition, provider);
  });

/** Every kind of result that the provider has must be wrong; the first is the usual one. */
function typeProblem(condition: Condition, { conditions }: MetricProviderRow): string | undefined {
  let first: string | undefined;
  for (const shape of conditions.kind === "checked" ? conditions.results : []) {
    const problem = conditionProblem(condition, TYPES[shape]);
    if (problem === undefined) return undefined;
    first ??= problem.text;
  }
  return first;
}

const violation = ({ place, provider }: Found, problem: string): Violation =>
  helped(invalid("metric-condition", place, problem), conditionHelp(provider));

/** A condition over a result of each shape. */
const EXAMPLES: { readonly [S in ResultShape]: string } = {
  number: "result >= 0.95",
  numbers: "result[0] >= 0.95",
  text: 'result == "ok"',
  bool: "result == true",
  nothing: "isNil(result)",
  map: "result.successRate >= 0.95",
  maps: 'all(result, #.status == "ok")',
  list: "len(result) > 0",
  "any list": "len(result) > 0",
};

function conditionHelp(provider: MetricProviderRow | undefined): string | undefined {
  if (provider === undefined) return undefined;
  const { conditions, title } = provider;
  if (conditions.kind === "ignored") return "Remove the condition";
  const shape = conditions.kind === "checked" ? conditions.results[0] : undefined;
  return shape === undefined ? undefined : `A condition on ${title} is true or false, such as ${EXAMPLES[shape]}`;
}

type Values = ReadonlyMap<string, string>;

/** What is wrong with a condition once its tags have their values; undefined: some tag has no value. */
type Resolved = { readonly problem: string | undefined } | undefined;

const resolvedProblem = (source: string, provider: MetricProviderRow, values: Values): Resolved =>
  once(`problem with ${provider.kind} and values`, source, () => {
    const expansion = expansionOf(source, (name) => values.get(name));
    if (!expansion.isComplete) return undefined;
    // A condition of this length is refused anyway, so its text need not be made.
    if (expansion.length > MAX_LENGTH) return { problem: `longer than ${MAX_LENGTH} characters` };
    const text = expansion.text();
    return text.includes("{{") ? undefined : { problem: problemOf(text, provider) };
  });

/** The literal values of arguments by their names in tags; a secret is not known. */
const valuesOf = (spec: Place): Values =>
  new Map(
    items(at(spec, "args"))
      .filter((argument) => typeof at(argument, "value").value === "string" && !present(at(argument, "valueFrom")))
      .map((argument) => [`args.${text(at(argument, "name"))}`, text(at(argument, "value"))]),
  );

/** Conditions without tags that no result can satisfy. */
export const conditionViolations: Rule = (spec, providers = PROVIDERS) =>
  conditionsOf(spec, providers)
    .filter(isChecked)
    .filter(({ place }) => !isTemplated(place))
    .flatMap((found) => {
      const problem = problemOf(text(found.place), found.provider);
      return problem === undefined ? [] : [violation(found, problem)];
    });

/** In a run tags are given their values. */
export const runConditionViolations: Rule = (spec, providers = PROVIDERS) => {
  const values = valuesOf(spec);
  return [
    ...conditionViolations(spec, providers),
    ...conditionsOf(spec, providers)
      .filter(isChecked)
      .filter(({ place }) => isTemplated(place))
      .flatMap((found) => {
        const problem = resolvedProblem(text(found.place), found.provider, values)?.problem;
        return problem === undefined ? [] : [violation(found, problem)];
      }),
  ];
};

/** What reads as wrong, but may be meant: conditions that are ignored or read otherwise, and those with tags. */
export const conditionWarnings: Rule = (spec, providers = PROVIDERS) => {
  const values = valuesOf(spec);
  return conditionsOf(spec, providers).flatMap((found) => {
    const ignored = found.provider?.conditions.kind === "ignored";
    const problem = ignored ? "is not read by this provider" : doubt(found, values);
    return problem === undefined ? [] : [violation(found, problem)];
  });
};

/** For runs: a tag that has a value is judged as that value. */
export const runConditionWarnings: Rule = (spec, providers = PROVIDERS) =>
  conditionWarnings(spec, providers).filter(({ value }) => !isTemplated(root(value)));

function doubt(found: Found, values: Values): string | undefined {
  const source = text(found.place);
  if (!isTemplated(found.place)) {
    const read = isChecked(found) ? undefined : parsed(source);
    return read !== undefined && "problem" in read ? `reads as no condition: ${read.problem.text}` : undefined;
  }
  if (!isChecked(found)) return undefined;
  const byDefault = resolvedProblem(source, found.provider, values);
  if (byDefault === undefined) return once("stand-ins", source, () => unreadable(source));
  const { problem } = byDefault;
  return problem === undefined ? undefined : `is wrong with the values that the arguments have here: ${problem}`;
}

/** Why a condition cannot be parsed, whatever its tags stand for. */
function unreadable(source: string): string | undefined {
  let first: string | undefined;
  for (const standIn of STAND_INS) {
    const read = parsed(expansionOf(source, () => standIn).text());
    if (!("problem" in read)) return undefined;
    first ??= read.problem.text;
  }
  return `reads as no condition, whatever its tags stand for: ${first}`;
}
