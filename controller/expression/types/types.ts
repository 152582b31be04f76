/**
 * What Go knows of a value before it is evaluated. Types are identified by their names, except that a list declared as
 * []any may remember what it was made of.
 */
import { type List, typeName, type Value } from "../syntax/value.ts";

export type Kind =
  | "none"
  | "any"
  | "bool"
  | "int"
  | "int64"
  | "uint8"
  | "float64"
  | "string"
  | "slice"
  | "map"
  | "func"
  | "struct"
  | "pointer";

export interface Type {
  readonly name: string;
  readonly kind: Kind;
  /** Of slices and maps. */
  readonly element?: Type;
  readonly key?: Type;
  /** Of functions. */
  readonly signature?: Signature;
  /** Functions built in, whose calls have rules of their own. */
  readonly builtin?: string;
}

export interface Signature {
  readonly takes: readonly Type[];
  readonly gives: Type;
}

const basic = (kind: Kind, name: string = kind): Type => ({ name, kind });

/** A type of which nothing is known. */
export const UNKNOWN: Type = basic("none", "unknown");
export const NIL: Type = basic("none", "nil");
export const ANY = basic("any");
export const BOOL = basic("bool");
export const INT = basic("int");
export const INT64 = basic("int64");
export const UINT8 = basic("uint8");
export const FLOAT = basic("float64");
export const STRING = basic("string");
export const TIME = basic("struct", "time.Time");
export const DURATION = basic("int64", "time.Duration");
export const MONTH = basic("int", "time.Month");
export const WEEKDAY = basic("int", "time.Weekday");
export const ZONE = basic("pointer", "*time.Location");

const sliceOf = (element: Type): Type => ({ name: `[]${element.name}`, kind: "slice", element });

export const FLOATS = sliceOf(FLOAT);
export const STRINGS = sliceOf(STRING);
export const INTS = sliceOf(INT);
export const BYTES = sliceOf(UINT8);
export const LIST = sliceOf(ANY);
export const TEXT_MAP: Type = { name: "map[string]any", kind: "map", key: STRING, element: ANY };
export const ANY_MAP: Type = { name: "map[any]any", kind: "map", key: ANY, element: ANY };
export const GROUPS: Type = { name: "map[any][]any", kind: "map", key: ANY, element: LIST };

/** A list declared as []any whose elements all have a known type. */
export const listOf = (element: Type): Type => ({ ...LIST, element });

export const func = (takes: readonly Type[], gives: Type): Type => ({
  name: `func(${takes.map(({ name }) => name).join(", ")}) ${gives.name}`,
  kind: "func",
  signature: { takes, gives },
});

const SLICES: { readonly [E in List["of"]]: Type } = {
  any: LIST,
  int: INTS,
  float64: FLOATS,
  string: STRINGS,
  uint8: BYTES,
  pair: LIST,
};

/** The type that a result is compiled against. */
export function typeOf(value: Value): Type {
  if (value === null) return NIL;
  if (typeof value === "object") {
    if (value.kind === "list") return SLICES[value.of];
    if (value.kind === "dict") return value.by === "text" ? TEXT_MAP : ANY_MAP;
    if (value.kind === "moment") return TIME;
    if (value.kind === "span") return DURATION;
    if (value.kind === "sized") return value.go === "uint8" ? UINT8 : INT64;
    return UNKNOWN;
  }
  return [BOOL, INT, FLOAT, STRING].find(({ name }) => name === typeName(value)) ?? UNKNOWN;
}

export const isNilType = (type: Type): boolean => type === NIL;
export const isUnknown = (type: Type): boolean => type.kind === "any" || type === UNKNOWN;
export const isInteger = ({ name }: Type): boolean => name === "int" || name === "int64" || name === "uint8";
export const isFloat = ({ kind }: Type): boolean => kind === "float64";
export const isNumber = (type: Type): boolean => isInteger(type) || isFloat(type);
export const isBool = ({ kind }: Type): boolean => kind === "bool";
export const isText = ({ kind }: Type): boolean => kind === "string";
export const isSlice = ({ kind }: Type): boolean => kind === "slice";
export const isMap = ({ kind }: Type): boolean => kind === "map";
export const isTime = ({ name }: Type): boolean => name === TIME.name;
export const isDuration = ({ name }: Type): boolean => name === DURATION.name;

const HOLDS_NIL: ReadonlySet<Kind> = new Set(["pointer", "any", "func", "map", "slice"]);

export function isAssignable(type: Type, to: Type): boolean {
  if (isNilType(type)) return HOLDS_NIL.has(to.kind);
  if (type.kind === "none" || to.kind === "none") return false;
  return to.kind === "any" || type.name === to.name;
}

export const isComparable = (left: Type, right: Type): boolean =>
  isUnknown(left) ||
  isUnknown(right) ||
  isNilType(left) ||
  isNilType(right) ||
  (isNumber(left) && isNumber(right)) ||
  (isSlice(left) && isSlice(right)) ||
  isAssignable(left, right);

/** True when both are unknown, or one is unknown and the other passes a test. */
export function mayFit(left: Type, right: Type, ...tests: readonly ((type: Type) => boolean)[]): boolean {
  const passes = (type: Type): boolean => tests.some((test) => test(type));
  if (isUnknown(left)) return isUnknown(right) || passes(right);
  return isUnknown(right) && passes(left);
}

/** The element of a slice or map; unknown for anything else. */
export const elementOf = ({ element = UNKNOWN }: Type): Type => element;

/** Forgets what a list of []any was made of. */
export const plain = (type: Type): Type => (type.name === LIST.name ? LIST : type);
