/**
 * Conditions of metrics, as far as they are wrong whatever will be measured: they cannot be read, or no result of their
 * provider fits. The reference stores them, and ends every measurement in Error
 * (docs/behaviour/metric-conditions.md#conditions-at-admission).
 *
 * Tags in a run are given their values first. In a template nobody knows them yet, so a condition with tags only warns.
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
import { at, items, keys, type Place, present, text } from "../../../kube/validation/place.ts";
import { expansionOf, isTemplated } from "./tags.ts";
import { invalid, type Violation } from "../../../kube/validation/violation.ts";

type Rule = (spec: Place) => readonly Violation[];

const JSON_TYPES = [TEXT_MAP, LIST, FLOAT, STRING, BOOL, NIL];

/** What the providers' results are compiled as. Those that are not here go without conditions, or read them themselves. */
const RESULTS: ReadonlyMap<string, readonly Type[]> = new Map([
  ["prometheus", [FLOATS, FLOAT]],
  ["web", JSON_TYPES],
  ["datadog", [FLOAT, FLOATS, NIL]],
  ["wavefront", [FLOAT, FLOATS]],
  ["newRelic", [TEXT_MAP, listOf(TEXT_MAP)]],
  ["cloudWatch", [listOf(UNKNOWN)]],
  ["graphite", [FLOATS]],
  ["influxdb", [LIST]],
  ["skywalking", JSON_TYPES],
]);

const IGNORED: ReadonlySet<string> = new Set(["job", "kayenta"]);

/** What a tag might stand for: a value, a text, an operator, a name. */
const STAND_INS = ["1", "a", ">", "result", "true"];

/** Characters of one object's conditions that are looked at; nobody writes more, and it holds up other reviews. */
const MAX_CHARACTERS = 20_000;

interface Found {
  readonly place: Place;
  readonly provider: string;
}

/** All conditions of the metrics, up to the limit. */
function conditionsOf(spec: Place): readonly Found[] {
  let left = MAX_CHARACTERS;
  return items(at(spec, "metrics"))
    .flatMap((metric) => {
      const provider = keys(at(metric, "provider"))[0] ?? "";
      return ["successCondition", "failureCondition"].map((member) => ({ place: at(metric, member), provider }));
    })
    .filter(({ place }) => (left -= text(place).length) >= 0 && text(place) !== "");
}

const readsConditions = ({ provider }: Found): boolean => RESULTS.has(provider);

/** Many metrics have the same condition. */
const parsed = (source: string): ReturnType<typeof parseCondition> =>
  once("condition", source, () => parseCondition(source));

/** Why the condition can never come out true or false; undefined when it may. */
const problemOf = (source: string, provider: string): string | undefined =>
  once(`problem with ${provider}`, source, () => {
    const read = parsed(source);
    return "problem" in read ? read.problem.text : typeProblem(read.condition, provider);
  });

/** Every kind of result that the provider has must be wrong; the first is the usual one. */
function typeProblem(condition: Condition, provider: string): string | undefined {
  let first: string | undefined;
  for (const type of RESULTS.get(provider) ?? []) {
    const problem = conditionProblem(condition, type);
    if (problem === undefined) return undefined;
    first ??= problem.text;
  }
  return first;
}

const violation = (place: Place, problem: string): Violation => invalid("metric-condition", place, problem);

type Values = ReadonlyMap<string, string>;

/** What is wrong with a condition once its tags have their values; undefined: nothing, or not all have one. */
type Resolved = { readonly problem: string | undefined } | undefined;

const resolvedProblem = (source: string, provider: string, values: Values): Resolved =>
  once(`problem with ${provider} and values`, source, () => {
    const expansion = expansionOf(source, (name) => values.get(name));
    if (!expansion.isComplete) return undefined;
    // As long a condition is refused when it is read, so it need not be put together.
    if (expansion.length > MAX_LENGTH) return { problem: `longer than ${MAX_LENGTH} characters` };
    const text = expansion.text();
    return text.includes("{{") ? undefined : { problem: problemOf(text, provider) };
  });

/** The literal values of arguments by what tags call them; a secret is not known. */
const valuesOf = (spec: Place): Values =>
  new Map(
    items(at(spec, "args"))
      .filter((argument) => typeof at(argument, "value").value === "string" && !present(at(argument, "valueFrom")))
      .map((argument) => [`args.${text(at(argument, "name"))}`, text(at(argument, "value"))]),
  );

/** Conditions without tags that no result can satisfy. */
export const conditionViolations: Rule = (spec) =>
  conditionsOf(spec)
    .filter((found) => readsConditions(found) && !isTemplated(found.place))
    .flatMap(({ place, provider }) => {
      const problem = problemOf(text(place), provider);
      return problem === undefined ? [] : [violation(place, problem)];
    });

/** In a run tags are given their values. */
export const runConditionViolations: Rule = (spec) => {
  const values = valuesOf(spec);
  return [
    ...conditionViolations(spec),
    ...conditionsOf(spec)
      .filter((found) => readsConditions(found) && isTemplated(found.place))
      .flatMap(({ place, provider }) => {
        const problem = resolvedProblem(text(place), provider, values)?.problem;
        return problem === undefined ? [] : [violation(place, problem)];
      }),
  ];
};

/** What reads as wrong, but may be meant for others: who ignores it, who reads it otherwise, and what tags stand for. */
export const conditionWarnings: Rule = (spec) => {
  const values = valuesOf(spec);
  return conditionsOf(spec).flatMap((found) => {
    const problem = IGNORED.has(found.provider) ? "is not read by this provider" : doubt(found, values);
    return problem === undefined ? [] : [violation(found.place, problem)];
  });
};

/** For runs: tags with values are judged as what they stand for. */
export const runConditionWarnings: Rule = (spec) =>
  conditionWarnings(spec).filter(({ value }) => !isTemplated({ value, path: "" }));

function doubt({ place, provider }: Found, values: Values): string | undefined {
  const source = text(place);
  if (!isTemplated(place)) {
    const read = readsConditions({ place, provider }) ? undefined : parsed(source);
    return read !== undefined && "problem" in read ? `reads as no condition: ${read.problem.text}` : undefined;
  }
  if (!readsConditions({ place, provider })) return undefined;
  const byDefault = resolvedProblem(source, provider, values);
  if (byDefault === undefined) return once("stand-ins", source, () => unreadable(source));
  const { problem } = byDefault;
  return problem === undefined ? undefined : `is wrong with the values that the arguments have here: ${problem}`;
}

/** Whatever the tags stand for. */
function unreadable(source: string): string | undefined {
  let first: string | undefined;
  for (const standIn of STAND_INS) {
    const read = parsed(expansionOf(source, () => standIn).text());
    if (!("problem" in read)) return undefined;
    first ??= read.problem.text;
  }
  return `reads as no condition, whatever its tags stand for: ${first}`;
}
