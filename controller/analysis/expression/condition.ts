/**
 * Metric conditions (`successCondition`, `failureCondition`): expressions over what was measured (metrics.md §2). Parsed
 * and checked here without being run, or run against a result. Nothing here throws; what goes wrong is a value.
 */
import { evaluate } from "./evaluate.ts";
import { functionsFor } from "./functions.ts";
import { newMachine } from "./machine.ts";
import type { Node } from "./node.ts";
import { parse } from "./parser.ts";
import { ExpressionError, type Problem, problemOf } from "./problem.ts";
import { compile } from "./program.ts";
import { isBool, isUnknown, type Type, typeOf } from "./types.ts";
import { typeName, type Value } from "./value.ts";

export type Outcome = { readonly holds: boolean } | { readonly problem: Problem };

/** A condition that can be parsed. */
export interface Condition {
  readonly source: string;
  readonly root: Node;
}

type Parsed = { readonly condition: Condition } | { readonly problem: Problem };

/** What went wrong as a value; a stack that overflows counts, since only nesting can do that here. */
function attempted<T>(source: string, action: () => T): T | { readonly problem: Problem } {
  try {
    return action();
  } catch (error) {
    if (error instanceof ExpressionError) return { problem: problemOf(source, error) };
    if (error instanceof RangeError)
      return { problem: problemOf(source, new ExpressionError("it is nested too deep")) };
    throw error;
  }
}

export function parseCondition(source: string): Parsed {
  return attempted(source, () => ({ condition: { source, root: parse(source.toWellFormed()) } }));
}

/** Why the condition can never be true or false for a result of this type; undefined when it may. */
export function conditionProblem({ source, root }: Condition, result: Type): Problem | undefined {
  const checked = attempted(source, () => {
    const { type } = compile(root, result);
    if (!isBool(type) && !isUnknown(type)) throw new ExpressionError(notBool(type.name), root.at);
    return undefined;
  });
  return checked?.problem;
}

const notBool = (type: string): string => `it gives a ${type}, and a condition is true or false`;

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
