/** The built-in functions that take plain values, by name. */
import { LIST_FUNCTIONS } from "./listFunctions.ts";
import type { Machine } from "./machine.ts";
import { NUMBER_FUNCTIONS } from "./numberFunctions.ts";
import { ExpressionError } from "../syntax/problem.ts";
import { TEXT_FUNCTIONS } from "./textFunctions.ts";
import type { Value } from "../syntax/value.ts";

export type BuiltinFunction = (m: Machine, args: readonly Value[]) => Value;

const FUNCTIONS: ReadonlyMap<string, BuiltinFunction> = new Map([
  ...NUMBER_FUNCTIONS,
  ...TEXT_FUNCTIONS,
  ...LIST_FUNCTIONS,
]);

/** Throws ExpressionError. */
export function callBuiltin(m: Machine, name: string, args: readonly Value[]): Value {
  const found = FUNCTIONS.get(name);
  if (found === undefined) throw new ExpressionError(`there is no function ${name}() without a closure`);
  return found(m, args);
}
