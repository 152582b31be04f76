/** Conditions run against what was measured. Nothing here throws; what goes wrong is a value. */
import { type Condition, notBool } from "./condition.ts";
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
