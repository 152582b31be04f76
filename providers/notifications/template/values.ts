/**
 * Values of a template, with the types that Go would have: what is printed, compared and refused depends on them.
 * `undefined` is a value that is missing (`<no value>`), `null` a nil that is there; a float64 is a number, and a
 * map's or list's member of no particular type is an `Any` until a pipeline ends.
 */
import { spend } from "../../../kube/object/budget.ts";

export type Value = undefined | null | string | boolean | number | Int | List | Dict | Func | Thing | Any;

/** An integer, or a type made of one: `int`, `int64`, `uint8`, `time.Duration`. */
export class Int {
  readonly n: bigint;
  readonly type: string;
  constructor(n: bigint | number, type = "int") {
    this.n = type.startsWith("uint") ? BigInt.asUintN(64, BigInt(n)) : BigInt.asIntN(64, BigInt(n));
    this.type = type;
  }
}

export const ANY = "interface {}";

export class List {
  items: Value[];
  /** The type of its members. */
  readonly of: string;
  readonly isNil: boolean;
  constructor(items: Value[], of = ANY, isNil = false) {
    this.items = items;
    this.of = of;
    this.isNil = isNil;
  }
}

export class Dict {
  readonly entries: Map<string, Value>;
  readonly of: string;
  constructor(entries: Map<string, Value> = new Map<string, Value>(), of = ANY) {
    this.entries = entries;
    this.of = of;
  }
}

/** What can be called. `takes`: a letter for each parameter (call.ts), `…` behind the last when it repeats. */
export interface Signature {
  readonly takes: string;
  readonly run: (...args: never[]) => unknown;
}

export class Func {
  readonly signature: Signature;
  readonly type: string;
  constructor(signature: Signature, type = "func(...interface {}) interface {}") {
    this.signature = signature;
    this.type = type;
  }
}

/** A struct with methods, which prints as a text. */
export class Thing<T = unknown> {
  readonly type: string;
  readonly data: T;
  readonly text: () => string;
  constructor(type: string, data: T, text: () => string) {
    this.type = type;
    this.data = data;
    this.text = text;
  }
}

export class Any {
  readonly held: Value;
  constructor(held: Value) {
    this.held = held;
  }
}

/** What an error says behind the place where it arose. */
export class Problem extends Error {}

export const int = (n: number | bigint): Int => new Int(n);
export const int64 = (n: number | bigint): Int => new Int(n, "int64");
export const texts = (items: string[]): List => new List(items, "string");

/** The value itself, or a missing one for a nil. */
export const bare = (value: Value): Value => (value instanceof Any ? (value.held ?? undefined) : (value ?? undefined));
export const held = (value: Value): Value => (value instanceof Any ? value.held : value);

export function typeName(value: Value): string {
  if (value instanceof Any) return ANY;
  if (value === undefined || value === null) return "<nil>";
  if (typeof value === "number") return "float64";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "string";
  if (value instanceof List) return `[]${value.of}`;
  if (value instanceof Dict) return `map[string]${value.of}`;
  return value.type;
}

export function kindName(value: Value): string {
  if (value === undefined || value === null) return "invalid";
  if (value instanceof List) return "slice";
  if (value instanceof Dict) return "map";
  if (value instanceof Func) return "func";
  if (value instanceof Thing) return value.type.startsWith("*") ? "ptr" : "struct";
  if (value instanceof Int && value.type.startsWith("time.")) return value.type === "time.Duration" ? "int64" : "int";
  return typeName(value);
}

export function isTrue(value: Value): boolean {
  const it = held(value);
  if (it instanceof Int) return it.n !== 0n;
  if (it instanceof List) return it.items.length > 0;
  if (it instanceof Dict) return it.entries.size > 0;
  return typeof it === "object" ? it !== null : Boolean(it) || Number.isNaN(it);
}

export const WALKING = "walking over values";

/** How deep values may lie in each other: a map can be put into itself. */
const MAX_DEPTH = 200;

export function deeper(depth: number): number {
  spend(3, WALKING);
  if (depth >= MAX_DEPTH) throw new Problem(`values lie in each other more than ${MAX_DEPTH} deep`);
  return depth + 1;
}

/** A member of a list or map, typed as Go's reflection sees it. */
export const member = (of: string, value: Value): Value => (of === ANY ? new Any(held(value) ?? null) : value);

const fromBytes = (bytes: Uint8Array): List =>
  new List(
    Array.from(bytes, (byte) => new Int(byte, "uint8")),
    "uint8",
  );

/** What the caller hands over: JSON, bytes (a Secret's), bigints (int64), dates, functions, and values of this file. */
export function fromHost(value: unknown, dates: (ms: number) => Value, depth = 0): Value {
  const next = deeper(depth);
  if (value === undefined || value === null) return null;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "bigint") return int64(value);
  if (typeof value === "function") {
    const host = value as (...args: unknown[]) => unknown;
    const run = (...args: Value[]): Value => fromHost(called(host, args.map(toHost)), dates);
    return new Func({ takes: "a".repeat(host.length), run });
  }
  if (value instanceof Date) return dates(value.getTime());
  if (value instanceof Uint8Array) return fromBytes(value);
  if (Array.isArray(value)) return new List(value.map((each) => fromHost(each, dates, next)));
  if (isValue(value)) return value;
  const entries = Object.entries(value);
  const isBytes = entries.length > 0 && entries.every(([, each]) => each instanceof Uint8Array);
  return new Dict(
    new Map(entries.flatMap(([key, each]) => (each === undefined ? [] : [[key, fromHost(each, dates, next)]]))),
    isBytes ? "[]uint8" : ANY,
  );
}

function called(host: (...args: unknown[]) => unknown, args: unknown[]): unknown {
  try {
    return host(...args);
  } catch (error) {
    throw error instanceof Problem ? error : new Problem(error instanceof Error ? error.message : String(error));
  }
}

const isValue = (value: object): value is Int | Func | Thing | List | Dict =>
  [Int, Func, Thing, List, Dict].some((type) => value instanceof type);

function toHost(value: Value): unknown {
  const it = held(value);
  if (it instanceof Int) return Number(it.n);
  if (it instanceof List) return it.items.map(toHost);
  return it instanceof Dict ? Object.fromEntries([...it.entries].map(([key, each]) => [key, toHost(each)])) : it;
}

/** The bytes of a `[]uint8`. */
export const bytesOf = (list: List): Uint8Array =>
  Uint8Array.from(list.items, (each) => Number((each as Int).n & 255n));

const encoder = new TextEncoder();
const decoder = new TextDecoder();
export const utf8 = (text: string): Uint8Array => encoder.encode(text);
export const fromUtf8 = (bytes: Uint8Array): string => decoder.decode(bytes);
export const isAscii = (text: string): boolean => !/[^\0-\x7f]/.test(text);
/** Of a text in UTF-8, which Go's functions count in. */
export const byteLength = (text: string): number => (isAscii(text) ? text.length : utf8(text).length);
export const byteSlice = (text: string, from: number, to?: number): string =>
  isAscii(text) ? text.slice(from, to) : fromUtf8(utf8(text).slice(from, to));
