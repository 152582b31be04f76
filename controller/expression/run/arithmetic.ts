/** Arithmetic on values: integers stay integers of 64 bits that wrap around, `/` and `**` always give floats. */
import type { BinaryOperator } from "../syntax/node.ts";
import { power } from "./power.ts";
import { ExpressionError } from "../syntax/problem.ts";
import { integerOf, type Moment, type Span, truncate, typeName, type Value, wrap } from "../syntax/value.ts";

type Operator = Extract<BinaryOperator, "+" | "-" | "*" | "/" | "%" | "**">;

export function calculate(operator: Operator, a: Value, b: Value): Value {
  if (typeof a === "number" && typeof b === "number") return floats(operator, a, b);
  const [x, y] = [integerOf(a), integerOf(b)];
  if (x !== undefined && y !== undefined) return integers(operator, x, y);
  if (x !== undefined && typeof b === "number") return floats(operator, Number(x), b);
  if (y !== undefined && typeof a === "number") return floats(operator, a, Number(y));
  if (operator === "+" && typeof a === "string" && typeof b === "string") return a + b;
  return times(operator, a, b) ?? refuse(operator, a, b);
}

function refuse(operator: Operator, a: Value, b: Value): never {
  throw new ExpressionError(`${operator} does not take a ${typeName(a)} and a ${typeName(b)}`);
}

function floats(operator: Operator, a: number, b: number): number {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "**":
      return power(a, b);
    case "%":
      return refuse(operator, a, b);
    default:
      return operator satisfies never;
  }
}

function integers(operator: Operator, a: bigint, b: bigint): Value {
  switch (operator) {
    case "+":
      return wrap(a + b);
    case "-":
      return wrap(a - b);
    case "*":
      return wrap(a * b);
    case "/":
      return Number(a) / Number(b);
    case "**":
      return power(Number(a), Number(b));
    case "%":
      if (b === 0n) throw new ExpressionError("% by zero");
      return a % b;
    default:
      return operator satisfies never;
  }
}

const isMoment = (value: Value): value is Moment =>
  typeof value === "object" && value !== null && value.kind === "moment";

const isSpan = (value: Value): value is Span => typeof value === "object" && value !== null && value.kind === "span";

const span = (ns: bigint): Span => ({ kind: "span", ns: wrap(ns) });

/** What a difference of times becomes when no duration can hold it. */
const MAX_SPAN = 2n ** 63n - 1n;

const saturated = (ns: bigint): Span => span(ns > MAX_SPAN ? MAX_SPAN : ns < -MAX_SPAN - 1n ? -MAX_SPAN - 1n : ns);

/** With times and durations; undefined for values that cannot be added. */
function times(operator: Operator, a: Value, b: Value): Value | undefined {
  if (isMoment(a)) {
    if (operator === "-" && isMoment(b)) return saturated(a.ns - b.ns);
    if (!isSpan(b) || (operator !== "+" && operator !== "-")) return undefined;
    return { ...a, ns: operator === "+" ? a.ns + b.ns : a.ns - b.ns };
  }
  if (isMoment(b)) return operator === "+" && isSpan(a) ? { ...b, ns: b.ns + a.ns } : undefined;
  if (isSpan(a) && isSpan(b)) {
    if (operator === "+") return span(a.ns + b.ns);
    if (operator === "-") return span(a.ns - b.ns);
  }
  return operator === "*" ? scaled(a, b) : undefined;
}

/** A duration times a float is a float, as in the reference. */
function scaled(a: Value, b: Value): Value | undefined {
  const nsOf = (value: Value): bigint | undefined => (isSpan(value) ? value.ns : integerOf(value));
  const [x, y] = [nsOf(a), nsOf(b)];
  if (x !== undefined && y !== undefined) return span(x * y);
  if (x !== undefined && typeof b === "number") return Number(x) * b;
  return y !== undefined && typeof a === "number" ? a * Number(y) : undefined;
}

export function negated(value: Value): Value {
  if (typeof value === "number") return -value;
  if (typeof value === "bigint") return wrap(-value);
  if (typeof value === "object" && value?.kind === "sized") {
    if (value.go === "int64") return { ...value, value: wrap(-value.value) };
    if (value.go === "uint8") return { ...value, value: BigInt.asUintN(8, -value.value) };
  }
  throw new ExpressionError(`- does not take a ${typeName(value)}`);
}

/** Where Go wants an index or a bound: a float is cut to an integer. */
export function integerFrom(value: Value): bigint {
  const integer = typeof value === "number" ? truncate(value) : integerOf(value);
  if (integer === undefined) throw new ExpressionError(`an integer is wanted, not a ${typeName(value)}`);
  return integer;
}
