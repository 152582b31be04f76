/** `matches`: Go's regular expressions, without backtracking; and the functions that search a text for another. */
import { type Budget, type Compiled, compileRegexp, searchRegexp } from "../../../kube/regexp/matches.ts";
import { fromGo } from "../syntax/goText.ts";
import { type Machine, spendWalk, workLeft } from "./machine.ts";
import { ExpressionError } from "../syntax/problem.ts";
import { firstIndexOf } from "./textSearch.ts";
import { integerOf, isList, isNil, shown, typeName, type Value } from "../syntax/value.ts";

/** A pattern without special characters. */
const PLAIN = /^[^\\.+*?()|[\]{}^$]*$/;
/** A step of the budget of regular expressions is half of the machine's. */
const STEPS_OF_WORK = 2;

/** Throws ExpressionError. */
export function matches(m: Machine, value: Value, pattern: Value): boolean {
  if (isNil(value) || isNil(pattern)) return false;
  const text = textOf(value);
  if (text === undefined || typeof pattern !== "string") {
    throw new ExpressionError(`matches does not take a ${typeName(value)} and a ${typeName(pattern)}`);
  }
  m.spend((text.length + pattern.length) / 16);
  if (PLAIN.test(pattern)) return firstIndexOf(text, pattern) >= 0;
  spendWalk(m.spend, text);
  const budget = { steps: STEPS_OF_WORK * workLeft(m) };
  const before = budget.steps;
  const compiled = compiledOnce(m, pattern, budget);
  const found = typeof compiled === "string" ? undefined : searchRegexp(compiled, fromGo(text), budget);
  m.spend((before - budget.steps) / STEPS_OF_WORK);
  if (compiled === "none") throw new ExpressionError(`not a regular expression of Go's (RE2): ${shown(pattern)}`);
  if (compiled === "costly") throw new ExpressionError(`too large a regular expression: ${shown(pattern)}`);
  if (found === undefined) throw new ExpressionError(`the text is too long for ${shown(pattern)}`);
  return found;
}

/** Loops use the same pattern again and again. */
function compiledOnce(m: Machine, pattern: string, budget: Budget): Compiled {
  const compiled = m.regexp?.pattern === pattern ? m.regexp.compiled : compileRegexp(fromGo(pattern), budget);
  m.regexp = { pattern, compiled };
  return compiled;
}

/** The pattern that was compiled last; only one is kept, since each may hold some megabytes. */
export interface LastRegexp {
  readonly pattern: string;
  readonly compiled: Compiled;
}

/** `contains`, `startsWith` and `endsWith`. Throws ExpressionError. */
export function textTest(
  m: Machine,
  operator: "contains" | "startsWith" | "endsWith",
  left: Value,
  right: Value,
): boolean {
  if (isNil(left) || isNil(right)) return false;
  if (typeof left !== "string" || typeof right !== "string") {
    throw new ExpressionError(`${operator} does not take a ${typeName(left)} and a ${typeName(right)}`);
  }
  if (operator === "contains") {
    m.spend((left.length + right.length) / 16);
    return firstIndexOf(left, right) >= 0;
  }
  m.spend(right.length / 500);
  return operator === "startsWith" ? left.startsWith(right) : left.endsWith(right);
}

/** A text or bytes. */
function textOf(value: Value): string | undefined {
  if (typeof value === "string") return value;
  if (!isList(value) || value.of !== "uint8") return undefined;
  return value.items.map((byte) => String.fromCharCode(Number(integerOf(byte) ?? 0n))).join("");
}
