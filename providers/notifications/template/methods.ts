/** Methods of values: a row for each type that has some. */
import { DURATION_METHODS, MONTH_METHODS, TIME_METHODS, WEEKDAY_METHODS } from "./momentMethods.ts";
import { VERSION_METHODS } from "./semver.ts";
import { Int, Thing, type Signature, type Value } from "./values.ts";

/** A method's parameters, and what it does on its receiver. */
export type Method = readonly [takes: string, run: (self: never, ...args: never[]) => unknown];

const METHODS: ReadonlyMap<string, Readonly<Record<string, Method>>> = new Map([
  ["time.Time", TIME_METHODS],
  ["time.Duration", DURATION_METHODS],
  ["time.Month", MONTH_METHODS],
  ["time.Weekday", WEEKDAY_METHODS],
  ["*semver.Version", VERSION_METHODS],
]);

export function methodOf(value: Value, name: string): Signature | undefined {
  if (!(value instanceof Thing || value instanceof Int)) return undefined;
  const methods = METHODS.get(value.type);
  if (methods === undefined || !Object.hasOwn(methods, name)) return undefined;
  const method = methods[name];
  return method && { takes: method[0], run: (...args: never[]) => method[1](value as never, ...args) };
}

/** What a value's `String()` says; undefined for values without. */
export function textOf(value: Value): string | undefined {
  if (value instanceof Thing) return value.text();
  const method = value instanceof Int ? methodOf(value, "String") : undefined;
  return method && (method.run() as string);
}
