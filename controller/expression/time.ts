/** Expressions that give an instant, such as `now() - duration("5m")`. Nothing here throws; what goes wrong is a value. */
import { parseCondition } from "./condition.ts";
import { compile } from "./program.ts";
import { evaluate } from "./run/evaluate.ts";
import { functionsFor } from "./run/functions.ts";
import { newMachine } from "./run/machine.ts";
import { attempted, ExpressionError } from "./syntax/problem.ts";
import { typeName, type Value } from "./syntax/value.ts";
import { NIL } from "./types/types.ts";

/**
 * The instant in ms since the epoch, with a fraction, or why there is none, as a sentence.
 * @param now ms since the epoch, for now()
 */
export function evaluateTime(source: string, now: number): { readonly ms: number } | { readonly problem: string } {
  const parsed = parseCondition(source);
  if ("problem" in parsed) return { problem: parsed.problem.message };
  const { root } = parsed.condition;
  const outcome = attempted(source, () => {
    const { root: ready } = compile(root, NIL);
    const environment = new Map<string, Value>([
      ["result", null],
      ...functionsFor(null).map((each) => [each.name, each] as const),
    ]);
    const value = evaluate(newMachine(environment, now), ready);
    if (typeof value === "object" && value?.kind === "moment") return { ms: Number(value.ns) / 1e6 };
    throw new ExpressionError(`expected time.Time, but got ${typeName(value)}`, root.at);
  });
  return "problem" in outcome ? { problem: outcome.problem.message } : outcome;
}
