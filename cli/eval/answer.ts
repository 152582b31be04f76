/** What a condition says of a result, as an analysis would (docs/behaviour/metric-conditions.md#trying-one). Pure. */
import { parseCondition } from "../../controller/expression/condition.ts";
import { evaluateCondition } from "../../controller/expression/evaluation.ts";
import { ExpressionError, type Problem } from "../../controller/expression/syntax/problem.ts";
import { fromJson, type Value, vector } from "../../controller/expression/syntax/value.ts";

/** What providers give: lists of numbers (Prometheus, Graphite), a number (Datadog), and all that JSON can be. */
export const TYPES = ["vector", "scalar", "json"] as const;
export type ResultType = (typeof TYPES)[number];

export type Evaluated =
  | { readonly value: boolean }
  /** `hint`: what to write instead, in one sentence. */
  | { readonly value: null; readonly error: string; readonly hint: string };

/** Numbers that JSON cannot write. */
export const SPECIAL: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  ["NaN", Number.NaN],
  ["+Inf", Infinity],
  ["Inf", Infinity],
  ["-Inf", -Infinity],
]);

const numberIn = (json: unknown): number | undefined => (typeof json === "number" ? json : SPECIAL.get(json));

const EXAMPLES: Readonly<Record<ResultType, string>> = {
  vector: "result[0] >= 0.95, or all(result, # >= 0.95)",
  scalar: "result >= 0.95",
  json: 'result.errors < 5, or result == "ok"',
};

const unanswered = (error: string, hint: string): Evaluated => ({ value: null, error, hint });

/** A result as a provider would give it; without `type` as it looks. */
function typeOfResult(result: unknown): ResultType {
  if (numberIn(result) !== undefined) return "scalar";
  return Array.isArray(result) && result.length > 0 && result.every((each) => numberIn(each) !== undefined)
    ? "vector"
    : "json";
}

function valueOf(result: unknown, type: ResultType): Value | { readonly problem: string } {
  if (type === "json") return fromJson(result);
  if (type === "scalar") return numberIn(result) ?? { problem: "the result of a scalar is a number" };
  const numbers = Array.isArray(result) ? result.map(numberIn) : [undefined];
  return numbers.every((each) => each !== undefined)
    ? vector(numbers)
    : { problem: "the result of a vector is a list of numbers" };
}

/** @param now ms since the epoch */
export function evaluated(condition: string, result: unknown, given: ResultType | undefined, now: number): Evaluated {
  const type = given ?? typeOfResult(result);
  try {
    const value = valueOf(result, type);
    if (typeof value === "object" && value !== null && "problem" in value)
      return unanswered(value.problem, "Give --type, or another --result");
    const read = parseCondition(condition);
    const outcome = "problem" in read ? read : evaluateCondition(read.condition, value, now);
    return "holds" in outcome
      ? { value: outcome.holds }
      : unanswered(outcome.problem.text, hintFor(outcome.problem, type));
  } catch (error) {
    if (error instanceof ExpressionError) return unanswered(error.message, "Give a result that is nested less");
    throw error;
  }
}

const hintFor = ({ message }: Problem, type: ResultType): string => {
  if (message.startsWith("it takes too"))
    return "A condition may not take more than some milliseconds: visit less of the result";
  return `A condition on a ${type === "json" ? "JSON result" : type} is true or false, such as ${EXAMPLES[type]}`;
};

/** Characters of a line: a result has 1 MiB at most. */
export const LONGEST_LINE = 2 * 2 ** 20;

/** The answer to a line `{"condition": …, "result": …, "type": …}`, without its end. */
export function answerToLine(line: string, now: number): string {
  const answer = evaluatedLine(line, now);
  return JSON.stringify(answer.value === null ? { value: null, error: answer.error } : answer);
}

function evaluatedLine(line: string, now: number): Evaluated {
  if (line.length > LONGEST_LINE) return unanswered(`the line has more than ${LONGEST_LINE} characters`, "");
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return unanswered("the line is not JSON", "");
  }
  const { condition, result, type } = (json ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof condition !== "string") return unanswered("the line has no condition: it is to be a text", "");
  const known = TYPES.find((each) => each === type);
  if (type !== undefined && known === undefined) return unanswered(`the type is one of ${TYPES.join(", ")}`, "");
  return evaluated(condition, result, known, now);
}
