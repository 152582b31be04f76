/** Conditions run against what was measured. Nothing here throws; what goes wrong is a value. */
import { type Condition, notBool, parseCondition } from "./condition.ts";
import { evaluate } from "./run/evaluate.ts";
import { functionsFor } from "./run/functions.ts";
import { newMachine } from "./run/machine.ts";
import { attempted, ExpressionError, type Problem } from "./syntax/problem.ts";
import { compile } from "./program.ts";
import { typeOf } from "./types/types.ts";
import { typeName, type Value } from "./syntax/value.ts";

export type Outcome = { readonly holds: boolean } | { readonly problem: Problem };

/** Whether the condition holds for a result. `now`: milliseconds since the epoch, for now(). */
export function evaluateCondition({ source, root }: Condition, result: Value, now: number): Outcome {
  return attempted(source, () => {
    const program = compile(root, typeOf(result));
    const environment = new Map<string, Value>([
      ["result", result],
      ...functionsFor(result).map((each) => [each.name, each] as const),
    ]);
    const value = evaluate(newMachine(environment, now), program.root);
    if (typeof value !== "boolean") throw new ExpressionError(notBool(typeName(value)), root.at);
    return { holds: value };
  });
}

/** The instant that an expression such as `now() - duration("5m")` gives, in ms since the epoch. `now`: the same. */
export function evaluateTime(source: string, now: number): { readonly ms: number } | { readonly problem: string } {
  const parsed = parseCondition(source);
  if ("problem" in parsed) return { problem: parsed.problem.message };
  const given = attempted(source, () => {
    const environment = new Map<string, Value>(functionsFor(null).map((each) => [each.name, each] as const));
    const value = evaluate(newMachine(environment, now), compile(parsed.condition.root, typeOf(null)).root);
    const isTime = typeof value === "object" && value?.kind === "moment";
    if (!isTime) throw new ExpressionError(`expected time.Time, but got ${typeName(value)}`);
    return { ms: Number(value.ns / 1_000_000n) };
  });
  return "problem" in given ? { problem: given.problem.message } : given;
}
