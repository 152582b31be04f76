/**
 * Metric conditions (`successCondition`, `failureCondition`): expressions over what was measured
 * (docs/behaviour/metric-conditions.md#the-language), read and checked without being run (`evaluation.ts` does that).
 * Nothing here throws; what goes wrong is a value.
 */
import type { Node } from "./syntax/node.ts";
import { parse } from "./syntax/parser.ts";
import { attempted, ExpressionError, type Problem } from "./syntax/problem.ts";
import { compile } from "./program.ts";
import { isBool, isUnknown, type Type } from "./types/types.ts";

/** A condition that can be parsed. */
export interface Condition {
  readonly source: string;
  readonly root: Node;
}

type Parsed = { readonly condition: Condition } | { readonly problem: Problem };

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

/** For a condition whose value is of another type. */
export const notBool = (type: string): string => `it gives a ${type}, and a condition is true or false`;
