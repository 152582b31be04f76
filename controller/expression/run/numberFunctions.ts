/** Built-in functions of numbers, bits, times and types. */
import { holds } from "./compare.ts";
import { date, duration, moment } from "./dates.ts";
import { fromGo, runeCount } from "../syntax/goText.ts";
import { type Machine, spendWalk } from "./machine.ts";
import { parsedFloat, parsedInteger } from "../syntax/parsing.ts";
import { printed } from "./print.ts";
import { ExpressionError } from "../syntax/problem.ts";
import {
  integerOf,
  isDict,
  isList,
  MAX_VALUE_DEPTH,
  shown,
  truncate,
  typeName,
  type Value,
  wrap,
} from "../syntax/value.ts";

type Call = (m: Machine, args: readonly Value[]) => Value;

const refuse = (name: string, value: Value): ExpressionError =>
  new ExpressionError(`${name}() does not take a ${typeName(value)}`);

/** A function of one number that gives a float. */
const rounding =
  (name: string, round: (value: number) => number): Call =>
  (m, [value = null]) => {
    m.spend(1);
    if (typeof value === "number") return round(value);
    const integer = integerOf(value);
    if (integer === undefined) throw refuse(name, value);
    return Number(integer);
  };

/** Halves go away from zero. */
function halfAway(value: number): number {
  const whole = Math.trunc(value);
  return Math.abs(value - whole) >= 0.5 ? whole + Math.sign(value) : whole;
}

const abs: Call = (_, [value = null]) => {
  // Negative zero stays what it is.
  if (typeof value === "number") return value < 0 ? -value : value;
  if (typeof value === "bigint") return wrap(value < 0n ? -value : value);
  if (integerOf(value) === undefined || typeof value !== "object" || value?.kind !== "sized")
    throw refuse("abs", value);
  return value.value < 0n ? { ...value, value: wrap(-value.value) } : value;
};

const int: Call = (m, [value = null]) => {
  if (typeof value === "string") m.spend(2 + value.length / 8);
  if (typeof value === "number") return truncate(value);
  if (typeof value === "object" && value?.kind === "sized") return value.value;
  if (typeof value === "object" && value?.kind === "span") return value.ns;
  const integer = typeof value === "string" ? parsedInteger(value) : integerOf(value);
  if (integer !== undefined) return integer;
  throw typeof value === "string"
    ? new ExpressionError(`int() of "${shown(value)}", which is no whole number`)
    : refuse("int", value);
};

const float: Call = (m, [value = null]) => {
  if (typeof value === "string") m.spend(2 + value.length / 8);
  if (typeof value === "number") return value;
  const integer = integerOf(value);
  if (integer !== undefined) return Number(integer);
  const parsed = typeof value === "string" ? parsedFloat(value) : undefined;
  if (parsed !== undefined) return parsed;
  throw typeof value === "string"
    ? new ExpressionError(`float() of "${shown(value)}", which is no number`)
    : refuse("float", value);
};

const len: Call = (m, [value = null]) => {
  if (isList(value)) return BigInt(value.items.length);
  if (isDict(value)) return BigInt(value.entries.size);
  if (typeof value !== "string") throw refuse("len", value);
  spendWalk(m.spend, value);
  return BigInt(runeCount(value));
};

const NAMES: Readonly<Record<string, string>> = {
  int64: "int",
  uint8: "uint",
  float64: "float",
  "[2]any": "array",
  "*time.Location": "time.Location",
};

const type: Call = (_, [value = null]) => {
  if (isList(value)) return "array";
  if (isDict(value)) return "map";
  const name = typeName(value);
  return NAMES[name] ?? name;
};

const isNumber = (value: Value): boolean => typeof value === "number" || integerOf(value) !== undefined;

/** The largest or smallest number in values and lists of them; nil when there is none. */
function extreme(m: Machine, name: "max" | "min", args: readonly Value[], depth = 0): Value {
  if (depth > MAX_VALUE_DEPTH) throw new ExpressionError(`the lists of ${name}() are nested too deep`);
  let best: Value = null;
  for (const arg of args) {
    m.spend(3);
    let value = arg;
    if (isList(arg)) {
      const wrong = arg.items.find((item) => !isNumber(item) && !isList(item));
      if (wrong !== undefined) throw refuse(name, wrong);
      value = extreme(m, name, arg.items, depth + 1);
      if (value === null) continue;
    } else if (!isNumber(arg)) {
      if (args.length === 1) return arg;
      throw refuse(name, arg);
    }
    if (best === null || holds(name === "max" ? "<" : ">", best, value)) best = value;
  }
  return best;
}

/** The number itself; a duration counts as one here. */
function numberIn(name: string, arg: Value): number {
  if (typeof arg === "number") return arg;
  const value = typeof arg === "object" && arg?.kind === "span" ? arg.ns : integerOf(arg);
  if (value === undefined) throw refuse(name, arg);
  return Number(value);
}

interface Sum {
  readonly count: number;
  readonly total: number;
}

/** Each list is added up by itself. */
function added(m: Machine, args: readonly Value[], depth = 0): Sum {
  if (depth > MAX_VALUE_DEPTH) throw new ExpressionError("the lists of mean() are nested too deep");
  let [count, total] = [0, 0];
  for (const arg of args) {
    m.spend(2);
    const nested = isList(arg) ? added(m, arg.items, depth + 1) : { count: 1, total: numberIn("mean", arg) };
    count += nested.count;
    total += nested.total;
  }
  return { count, total };
}

const mean: Call = (m, args) => {
  const { count, total } = added(m, args);
  return count === 0 ? 0 : total / count;
};

/** Adds all numbers in values and lists of them. */
function collect(m: Machine, args: readonly Value[], into: number[], depth = 0): void {
  if (depth > MAX_VALUE_DEPTH) throw new ExpressionError("the lists of median() are nested too deep");
  for (const arg of args) {
    m.spend(2);
    if (isList(arg)) collect(m, arg.items, into, depth + 1);
    else into.push(numberIn("median", arg));
  }
}

/** NaN comes first, as Go sorts floats. */
const byValue = (a: number, b: number): number => {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : -1;
  return Number.isNaN(b) ? 1 : a - b || 0;
};

const median: Call = (m, args) => {
  const values: number[] = [];
  collect(m, args, values);
  if (values.length === 0) return 0;
  const inOrder = values.toSorted(byValue);
  const middle = Math.floor(inOrder.length / 2);
  const [below = 0, above = 0] = [inOrder[middle - 1], inOrder[middle]];
  return inOrder.length % 2 === 1 ? above : (below + above) / 2;
};

function bitsOf(name: string, value: Value = null): bigint {
  const integer = integerOf(value);
  if (integer === undefined) throw refuse(name, value);
  return integer;
}

const bits =
  (name: string, calculate: (a: bigint, b: bigint) => bigint): Call =>
  (_, [a, b]) =>
    wrap(calculate(bitsOf(name, a), bitsOf(name, b)));

/** A shift by more than 63 leaves nothing of the number. */
const shift =
  (name: string, calculate: (a: bigint, by: bigint) => bigint): Call =>
  (_, [a, b]) => {
    const by = bitsOf(name, b);
    if (by < 0n) throw new ExpressionError(`${name}() does not shift by ${by}`);
    return wrap(calculate(bitsOf(name, a), by > 64n ? 64n : by));
  };

const textOf = (name: string, value: Value = null): string => {
  if (typeof value !== "string") throw refuse(name, value);
  return fromGo(value);
};

/** A text that is read as something: as much work as some nodes, and more the longer it is. */
function shortOf(m: Machine, name: string, value: Value = null): string {
  m.spend(8);
  if (typeof value === "string") spendWalk(m.spend, value);
  return textOf(name, value);
}

const UTC_NAMES: ReadonlySet<string> = new Set(["", "UTC"]);

const timezone: Call = (m, [name]) => {
  const text = shortOf(m, "timezone", name);
  if (UTC_NAMES.has(text)) return { kind: "zone", name: "UTC" };
  throw new ExpressionError("time zones other than UTC are not supported");
};

const dateOf: Call = (m, args) => {
  const [first, ...rest] = args;
  const zoned = typeof first === "object" && first?.kind === "zone";
  const [text, layout] = zoned ? rest : args;
  if (layout !== undefined)
    throw new ExpressionError("date() with a layout is not supported; it reads the usual forms");
  return date(shortOf(m, "date", text));
};

export const NUMBER_FUNCTIONS: ReadonlyMap<string, Call> = new Map<string, Call>([
  ["len", len],
  ["type", type],
  ["abs", abs],
  ["ceil", rounding("ceil", Math.ceil)],
  ["floor", rounding("floor", Math.floor)],
  ["round", rounding("round", halfAway)],
  ["int", int],
  ["float", float],
  ["string", (m, [value = null]) => printed(value, m.spend)],
  ["max", (m, args) => extreme(m, "max", args)],
  ["min", (m, args) => extreme(m, "min", args)],
  ["mean", mean],
  ["median", median],
  ["now", (m) => moment(m.now, m.asked++)],
  ["duration", (m, [text]) => duration(shortOf(m, "duration", text))],
  ["date", dateOf],
  ["timezone", timezone],
  ["bitand", bits("bitand", (a, b) => a & b)],
  ["bitor", bits("bitor", (a, b) => a | b)],
  ["bitxor", bits("bitxor", (a, b) => a ^ b)],
  ["bitnand", bits("bitnand", (a, b) => a & ~b)],
  ["bitshl", shift("bitshl", (a, by) => a << by)],
  ["bitshr", shift("bitshr", (a, by) => a >> by)],
  ["bitushr", shift("bitushr", (a, by) => BigInt.asUintN(64, a) >> by)],
  ["bitnot", (_, [value]) => ~bitsOf("bitnot", value)],
]);
