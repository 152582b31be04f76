/**
 * Values as Go holds them while it evaluates a condition: integers and floats apart, strings as bytes, lists and maps
 * with the type that Go gave them, since types decide what may be compared with what.
 *
 * | Go | here |
 * | --- | --- |
 * | nil | null |
 * | bool | boolean |
 * | int | bigint, 64 bits |
 * | float64 | number |
 * | string | string of bytes (goText.ts) |
 */
import { ExpressionError } from "./problem.ts";
import { fromGo, toGo } from "./goText.ts";

export type Value = null | boolean | bigint | number | string | Sized | List | Dict | Moment | Span | Func | Zone;

/** Integers that are not Go's `int`. Only int64 and uint8 count as numbers; the others are names of days. */
export interface Sized {
  readonly kind: "sized";
  readonly go: "int64" | "uint8" | "time.Month" | "time.Weekday";
  readonly value: bigint;
}

/** What a list's elements are declared as. `pair` stands for Go's `[2]any`. */
export type Element = "any" | "int" | "float64" | "string" | "uint8" | "pair";

export interface List {
  readonly kind: "list";
  readonly of: Element;
  readonly items: readonly Value[];
  /** An array of fixed length (one pair of `toPairs`). */
  readonly fixed?: true;
  /** Go's nil slice, which counts as nil. */
  readonly absent?: true;
}

/** Maps by text; maps by anything, under the key that `keyOf` makes; mere sets, which stand for a list of literals. */
export type Dict =
  | { readonly kind: "dict"; readonly by: "text"; readonly entries: ReadonlyMap<string, Value> }
  | {
      readonly kind: "dict";
      readonly by: "any";
      /** Groups hold lists; a missing one reads as an empty list. */
      readonly groups: boolean;
      readonly entries: ReadonlyMap<string, readonly [key: Value, value: Value]>;
    }
  | { readonly kind: "dict"; readonly by: "set"; readonly of: "int" | "string"; readonly entries: ReadonlySet<Value> };

/** An instant with the zone it is shown in. */
export interface Moment {
  readonly kind: "moment";
  /** Nanoseconds since the epoch. */
  readonly ns: bigint;
  readonly offsetSeconds: number;
  /** "UTC", or "" for a zone that is only an offset. */
  readonly zone: string;
}

export interface Span {
  readonly kind: "span";
  readonly ns: bigint;
}

export interface Func {
  readonly kind: "func";
  readonly name: string;
  /** Bound to the value that it is a method of. */
  readonly of?: Value;
  /** What it does, where whoever evaluates the expression has brought it along. Throws ExpressionError. */
  readonly call?: (args: readonly Value[]) => Value;
}

export interface Zone {
  readonly kind: "zone";
  readonly name: string;
}

/** Deeper values would overflow the stack of the code that walks them. */
export const MAX_VALUE_DEPTH = 500;

export const anyList = (items: readonly Value[]): List => ({ kind: "list", of: "any", items });
export const textDict = (entries: ReadonlyMap<string, Value>): Dict => ({ kind: "dict", by: "text", entries });
export const sized = (go: Sized["go"], value: bigint): Sized => ({ kind: "sized", go, value });

/** Go's []float64: what a query with several values gives. */
export const vector = (values: readonly number[]): List => ({ kind: "list", of: "float64", items: values });

/** Decoded JSON as Go decodes it into `any`: numbers are floats. Throws ExpressionError when it is nested too deep. */
export function fromJson(json: unknown, depth = 0): Value {
  if (depth > MAX_VALUE_DEPTH) throw new ExpressionError(`a value is nested deeper than ${MAX_VALUE_DEPTH} levels`);
  if (typeof json === "string") return toGo(json);
  if (typeof json === "number" || typeof json === "boolean") return json;
  if (Array.isArray(json)) return anyList(json.map((item) => fromJson(item, depth + 1)));
  if (typeof json !== "object" || json === null) return null;
  const entries = new Map<string, Value>();
  for (const [key, value] of Object.entries(json)) entries.set(toGo(key), fromJson(value, depth + 1));
  return textDict(entries);
}

export const isList = (value: Value): value is List =>
  typeof value === "object" && value !== null && value.kind === "list";

export const isDict = (value: Value): value is Dict =>
  typeof value === "object" && value !== null && value.kind === "dict";

/** Nil, or a nil slice. */
export const isNil = (value: Value): boolean => value === null || (isList(value) && value.absent === true);

/** An integer of any width, undefined for everything else. */
export function integerOf(value: Value): bigint | undefined {
  if (typeof value === "bigint") return value;
  if (typeof value !== "object" || value === null || value.kind !== "sized") return undefined;
  return value.go === "int64" || value.go === "uint8" ? value.value : undefined;
}

export const wrap = (value: bigint): bigint => BigInt.asIntN(64, value);

const MIN_INT = -(2n ** 63n);

/** A float cut to an integer; what no integer can hold becomes the least one, as on the reference's usual machines. */
export function truncate(value: number): bigint {
  return value >= -(2 ** 63) && value < 2 ** 63 ? BigInt(Math.trunc(value)) : MIN_INT;
}

const ELEMENTS: { readonly [E in Element]: string } = {
  any: "any",
  int: "int",
  float64: "float64",
  string: "string",
  uint8: "uint8",
  pair: "[2]any",
};

/** Go's name of the type that a value has at run time. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "bigint":
      return "int";
    case "number":
      return "float64";
    case "string":
      return "string";
    case "object":
      return value === null ? "nil" : objectTypeName(value);
    default:
      return value satisfies never;
  }
}

function objectTypeName(value: Value & object): string {
  switch (value.kind) {
    case "sized":
      return value.go;
    case "list":
      return value.fixed === true ? "[2]any" : `[]${ELEMENTS[value.of]}`;
    case "dict":
      if (value.by === "text") return "map[string]any";
      return value.by === "set" ? `map[${value.of}]struct {}` : `map[any]${value.groups ? "[]any" : "any"}`;
    case "moment":
      return "time.Time";
    case "span":
      return "time.Duration";
    case "func":
      return "func";
    case "zone":
      return "*time.Location";
    default:
      return value satisfies never;
  }
}

/** The key under which a map that takes anything stores it: by type and value. Throws for what Go cannot hash. */
export function keyOf(key: Value, serial: number): string {
  if (typeof key === "number") return Number.isNaN(key) ? `NaN ${serial}` : `float64 ${key === 0 ? 0 : key}`;
  if (typeof key !== "object" || key === null) return `${typeName(key)} ${String(key)}`;
  switch (key.kind) {
    case "sized":
      return `${key.go} ${key.value}`;
    case "moment":
      return `time ${key.ns} ${key.zone} ${key.offsetSeconds}`;
    case "span":
      return `duration ${key.ns}`;
    case "zone":
      return `zone ${key.name}`;
    case "list":
      if (key.fixed === true) return `pair ${key.items.map((item) => JSON.stringify(keyOf(item, serial))).join(" ")}`;
      throw unhashable(key);
    case "dict":
    case "func":
      throw unhashable(key);
    default:
      return key satisfies never;
  }
}

const unhashable = (key: Value): ExpressionError =>
  new ExpressionError(`a ${typeName(key)} cannot be the key of a map`);

export const shown = (value: string): string => (value.length > 60 ? `${fromGo(value.slice(0, 60))}…` : fromGo(value));
