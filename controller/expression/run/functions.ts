/** Calls of values: the functions of conditions (`asInt`, `default` …) and the methods of times and durations. */
import { calculate } from "./arithmetic.ts";
import { durationText, floorDiv, monthName, nanosecond, wallClock, weekdayName } from "./dates.ts";
import { compared } from "./compare.ts";
import { fromGo, toGo } from "../syntax/goText.ts";
import { methodOf } from "../types/methods.ts";
import { parsedFloat, parsedInteger } from "../syntax/parsing.ts";
import { ExpressionError } from "../syntax/problem.ts";
import {
  type Func,
  integerOf,
  isNil,
  type Moment,
  shown,
  sized,
  type Span,
  truncate,
  typeName,
  type Value,
  wrap,
} from "../syntax/value.ts";

/** What conditions may call besides the built-in functions. isNil and default check the result, whatever is passed. */
export const functionsFor = (result: Value): readonly Func[] => [
  ...["asInt", "asFloat", "isNaN", "isInf"].map((name): Func => ({ kind: "func", name })),
  { kind: "func", name: "isNil", of: result },
  { kind: "func", name: "default", of: result },
];

/** Throws ExpressionError. */
export function callFunction(callee: Value, args: readonly Value[]): Value {
  if (typeof callee !== "object" || callee?.kind !== "func") {
    throw new ExpressionError(`a ${typeName(callee)} is no function`);
  }
  const { name, of = null } = callee;
  if (callee.call !== undefined) return callee.call(args);
  const method = methodOf(typeName(of), name);
  if (method !== undefined) return callMethod({ name, of, args, takes: method.takes.map((type) => type.name) });
  const [first = null, second = null] = args;
  const wanted = name === "default" ? 2 : 1;
  if (args.length !== wanted) throw new ExpressionError(`${name} takes ${wanted} arguments, and gets ${args.length}`);
  switch (name) {
    case "asInt":
      return asInt(first);
    case "asFloat":
      return asFloat(first);
    case "isNaN":
      return Number.isNaN(floatOf(name, first));
    case "isInf":
      return Math.abs(floatOf(name, first)) === Infinity;
    case "isNil":
      return isNil(of);
    case "default":
      return isNil(of) ? second : of;
    default:
      throw new ExpressionError(`there is no function ${name}`);
  }
}

function asInt(value: Value): Value {
  const integer = typeof value === "number" ? truncate(value) : integerOf(value);
  if (integer !== undefined) return sized("int64", integer);
  if (typeof value !== "string") throw new ExpressionError(`asInt() does not take a ${typeName(value)}`);
  const parsed = parsedInteger(value);
  if (parsed === undefined) throw new ExpressionError(`asInt() takes whole numbers, and "${shown(value)}" is none`);
  return sized("int64", parsed);
}

function asFloat(value: Value): number {
  if (typeof value === "number") return value;
  const integer = integerOf(value);
  if (integer !== undefined) return Number(integer);
  if (typeof value !== "string") throw new ExpressionError(`asFloat() does not take a ${typeName(value)}`);
  const parsed = parsedFloat(value);
  if (parsed === undefined) throw new ExpressionError(`asFloat() takes numbers, and "${shown(value)}" is none`);
  return parsed;
}

function floatOf(name: string, value: Value): number {
  if (typeof value === "number") return value;
  throw new ExpressionError(`${name}() takes a float64, not a ${typeName(value)}`);
}

interface MethodCall {
  readonly name: string;
  readonly of: Value;
  readonly args: readonly Value[];
  readonly takes: readonly string[];
}

function callMethod({ name, of, args, takes }: MethodCall): Value {
  if (args.length !== takes.length || args.some((arg, index) => typeName(arg) !== takes[index])) {
    throw new ExpressionError(`${name}() takes (${takes.join(", ")}), not (${args.map(typeName).join(", ")})`);
  }
  if (typeof of === "object" && of !== null) {
    if (of.kind === "moment") return timeMethod(name, of, args);
    if (of.kind === "span") return durationMethod(name, of, args);
    if (of.kind === "sized") return toGo(of.go === "time.Month" ? monthName(of.value) : weekdayName(of.value));
  }
  throw new ExpressionError(`a ${typeName(of)} has no ${name}()`);
}

const MS = 1_000_000n;
const SECOND = 1_000n * MS;
/** Nanoseconds of Go's zero time. */
const ZERO_TIME = -62_135_596_800n * SECOND;
const DAY_MS = 86_400_000;

const TIME_PARTS: ReadonlyMap<string, (wall: Date) => number> = new Map([
  ["Year", (wall: Date) => wall.getUTCFullYear()],
  ["Day", (wall: Date) => wall.getUTCDate()],
  ["Hour", (wall: Date) => wall.getUTCHours()],
  ["Minute", (wall: Date) => wall.getUTCMinutes()],
  ["Second", (wall: Date) => wall.getUTCSeconds()],
  ["YearDay", (wall: Date) => Math.floor((wall.getTime() - Date.UTC(wall.getUTCFullYear(), 0, 1)) / DAY_MS) + 1],
]);

const UNIX: Readonly<Record<string, bigint>> = { Unix: SECOND, UnixMilli: MS, UnixMicro: 1_000n, UnixNano: 1n };

function timeMethod(name: string, time: Moment, args: readonly Value[]): Value {
  const [first = null] = args;
  const part = TIME_PARTS.get(name);
  if (part !== undefined) return BigInt(part(wallClock(time)));
  const unit = UNIX[name];
  if (unit !== undefined) return sized("int64", wrap(floorDiv(time.ns, unit)));
  switch (name) {
    case "Add":
      return calculate("+", time, first);
    case "AddDate":
      return addDate(
        time,
        args.map((arg) => Number(integerOf(arg) ?? 0n)),
      );
    case "Sub":
      return calculate("-", time, first);
    case "After":
      return compared(time, first, ">") > 0;
    case "Before":
      return compared(time, first, "<") < 0;
    case "Equal":
      return compared(time, first, "<") === 0;
    case "Compare":
      return BigInt(compared(time, first, "<"));
    case "IsZero":
      return time.ns === ZERO_TIME;
    case "Month":
      return sized("time.Month", BigInt(wallClock(time).getUTCMonth() + 1));
    case "Weekday":
      return sized("time.Weekday", BigInt(wallClock(time).getUTCDay()));
    case "Nanosecond":
      return nanosecond(time);
    case "UTC":
      return { ...time, offsetSeconds: 0, zone: "UTC" };
    case "Truncate":
      return { ...time, ns: time.ns - remainder(time.ns - ZERO_TIME, first) };
    default:
      throw new ExpressionError(`a time has no ${name}()`);
  }
}

/** What exceeds a whole multiple of a duration; 0 when `unit` is not a duration. */
function remainder(ns: bigint, unit: Value): bigint {
  const size = typeof unit === "object" && unit?.kind === "span" ? unit.ns : 0n;
  return size <= 0n ? 0n : ns - floorDiv(ns, size) * size;
}

function addDate(time: Moment, [years = 0, months = 0, days = 0]: readonly number[]): Moment {
  const wall = wallClock(time);
  const before = wall.getTime();
  wall.setUTCFullYear(wall.getUTCFullYear() + years, wall.getUTCMonth() + months, wall.getUTCDate() + days);
  if (Number.isNaN(wall.getTime())) throw new ExpressionError("AddDate() leaves all calendars");
  return { ...time, ns: time.ns + BigInt(wall.getTime() - before) * MS };
}

const DURATION_UNITS: Readonly<Record<string, bigint>> = {
  Hours: 3_600n * SECOND,
  Minutes: 60n * SECOND,
  Seconds: SECOND,
};
const WHOLE_UNITS: Readonly<Record<string, bigint>> = { Milliseconds: MS, Microseconds: 1_000n, Nanoseconds: 1n };

function durationMethod(name: string, { ns }: Span, args: readonly Value[]): Value {
  const unit = DURATION_UNITS[name];
  if (unit !== undefined) return Number(ns / unit) + Number(ns % unit) / Number(unit);
  const whole = WHOLE_UNITS[name];
  if (whole !== undefined) return sized("int64", ns / whole);
  switch (name) {
    case "Abs":
      return { kind: "span", ns: ns < 0n ? wrap(-ns) : ns };
    case "String":
      return toGo(durationText(ns));
    case "Truncate": {
      const [first = null] = args;
      return { kind: "span", ns: ns < 0n ? ns + remainder(-ns, first) : ns - remainder(ns, first) };
    }
    default:
      throw new ExpressionError(`a duration has no ${fromGo(name)}()`);
  }
}
