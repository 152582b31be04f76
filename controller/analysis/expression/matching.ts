/** `matches`: Go's regular expressions, without backtracking. */
import { parseRegexp } from "../../rules/regexp/syntax.ts";
import { regexpSearch } from "../../rules/regexp/matches.ts";
import { fromGo } from "./goText.ts";
import { type Machine, workLeft } from "./machine.ts";
import { ExpressionError } from "./problem.ts";
import { integerOf, isList, isNil, shown, typeName, type Value } from "./value.ts";

/** Nothing in it stands for anything else. */
const PLAIN = /^[^\\.+*?()|[\]{}^$]*$/;

/** Throws ExpressionError. */
export function matches(m: Machine, value: Value, pattern: Value): boolean {
  if (isNil(value) || isNil(pattern)) return false;
  const text = textOf(value);
  if (text === undefined || typeof pattern !== "string") {
    throw new ExpressionError(`matches does not take a ${typeName(value)} and a ${typeName(pattern)}`);
  }
  m.spend(text.length / 16 + 50 * pattern.length);
  if (PLAIN.test(pattern)) return text.includes(pattern);
  if (parseRegexp(fromGo(pattern)) === undefined) {
    throw new ExpressionError(`not a regular expression of Go's (RE2): ${shown(pattern)}`);
  }
  const budget = { work: workLeft(m) };
  const before = budget.work;
  const found = regexpSearch([fromGo(text)], budget)(fromGo(pattern));
  m.spend(before - Math.max(budget.work, 0));
  if (found === undefined) throw new ExpressionError(`the text is too long for ${shown(pattern)}`);
  return found;
}

/** A text or bytes. */
function textOf(value: Value): string | undefined {
  if (typeof value === "string") return value;
  if (!isList(value) || value.of !== "uint8") return undefined;
  return value.items.map((byte) => String.fromCharCode(Number(integerOf(byte) ?? 0n))).join("");
}
