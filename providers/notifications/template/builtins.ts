/** The functions of text/template itself. `and`, `or` and `call` are in call.ts. */
import { spendBytes } from "../../../kube/object/budget.ts";
import { byteOrder } from "../../../kube/object/goJson.ts";
import { formatted, print, shownValue } from "./format.ts";
import { sprintf } from "./printf.ts";
import {
  ANY,
  byteLength,
  byteSlice,
  Dict,
  Func,
  held,
  int,
  Int,
  isTrue,
  List,
  member,
  Problem,
  typeName,
  utf8,
  type Signature,
  type Value,
} from "./values.ts";

const isNil = (value: Value): value is null | undefined => value === null || value === undefined;

type Kind = "invalid" | "bool" | "int" | "uint" | "float" | "string";

function basicKind(value: Value): Kind {
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return "float";
  if (typeof value === "string") return "string";
  if (value instanceof Int) return value.type.startsWith("uint") ? "uint" : "int";
  return "invalid";
}

const isInteger = (kind: Kind): boolean => kind === "int" || kind === "uint";

const incompatible = (a: Value, b: Value): Problem =>
  new Problem(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);

function equal(first: Value, other: Value): boolean {
  const [a, b] = [held(first), held(other)];
  const [x, y] = [basicKind(a), basicKind(b)];
  if (a instanceof Int && b instanceof Int) return a.n === b.n;
  if (x !== y) {
    if (isNil(a) || isNil(b)) return false;
    throw incompatible(a, b);
  }
  if (x !== "invalid") return a === b;
  const [nilA, nilB] = [isNil(a), isNil(b)];
  if (nilA || nilB) return nilA && nilB;
  const [kindA, kindB] = [kindOf(a), kindOf(b)];
  if (kindA !== kindB) {
    throw new Problem(
      `non-comparable types ${formatted(a, "s", {})}: ${typeName(a)}, ${typeName(b)}: ${shownValue(b)}`,
    );
  }
  if (a instanceof List || a instanceof Dict || a instanceof Func) {
    if (isNilOf(a) || isNilOf(b)) return isNilOf(a) && isNilOf(b);
    throw new Problem(`non-comparable type ${formatted(b, "s", {})}: ${typeName(b)}`);
  }
  // Two pointers are the same only when they point to the same.
  return a === b || (!typeName(a).startsWith("*") && shownValue(a) === shownValue(b));
}

const isNilOf = (value: Value): boolean => value instanceof List && value.isNil;
const kindOf = (value: Value): string =>
  value instanceof List ? "slice" : value instanceof Dict ? "map" : value instanceof Func ? "func" : "struct";

function eq(first: Value, ...others: Value[]): boolean {
  if (others.length === 0) throw new Problem("missing argument for comparison");
  return others.some((other) => equal(first, other));
}

function less(first: Value, second: Value): boolean {
  const [a, b] = [held(first), held(second)];
  const [x, y] = [basicKind(a), basicKind(b)];
  const invalid = new Problem("invalid type for comparison");
  if (x === "invalid" || y === "invalid") throw invalid;
  if (a instanceof Int && b instanceof Int) return a.n < b.n;
  if (x !== y && !(isInteger(x) && isInteger(y))) throw incompatible(a, b);
  if (typeof a === "number" && typeof b === "number") return a < b;
  if (typeof a === "string" && typeof b === "string") return byteOrder(a, b) < 0;
  throw invalid;
}

const lessOrEqual = (a: Value, b: Value): boolean => less(a, b) || eq(a, b);

function indexOf(index: Value, size: number): number {
  if (isNil(index)) throw new Problem("cannot index slice/array with nil");
  if (!(index instanceof Int)) throw new Problem(`cannot index slice/array with type ${typeName(index)}`);
  if (index.n < 0n || index.n > BigInt(size)) throw new Problem(`index out of range: ${index.n}`);
  return Number(index.n);
}

function index(item: Value, ...indexes: Value[]): Value {
  if (isNil(held(item))) throw new Problem("index of untyped nil");
  let value: Value = item;
  for (const each of indexes) {
    const [it, at] = [held(value), held(each)];
    if (isNil(it)) throw new Problem("index of nil pointer");
    if (it instanceof Dict) {
      if (isNil(at)) throw new Problem("value is nil; should be of type string");
      if (typeof at !== "string") throw new Problem(`value has type ${typeName(at)}; should be string`);
      value = it.entries.has(at) ? member(it.of, it.entries.get(at)) : zeroOf(it.of);
    } else if (it instanceof List) {
      const i = indexOf(at, it.items.length);
      if (i >= it.items.length) throw new Problem("reflect: slice index out of range");
      value = member(it.of, it.items[i]);
    } else if (typeof it === "string") {
      const bytes = utf8(it);
      const i = indexOf(at, bytes.length);
      if (i >= bytes.length) throw new Problem("reflect: string index out of range");
      value = new Int(bytes[i] ?? 0, "uint8");
    } else throw new Problem(`can't index item of type ${typeName(it).replace("*", "")}`);
  }
  return value;
}

function zeroOf(type: string): Value {
  if (type === "string") return "";
  return type === ANY ? member(ANY, null) : new List([], type.slice(2), true);
}

function slice(item: Value, ...indexes: Value[]): Value {
  const it = held(item);
  if (isNil(it)) throw new Problem("slice of untyped nil");
  if (indexes.length > 3) throw new Problem(`too many slice indexes: ${indexes.length}`);
  if (typeof it === "string" && indexes.length === 3) throw new Problem("cannot 3-index slice a string");
  if (typeof it !== "string" && !(it instanceof List)) throw new Problem(`can't slice item of type ${typeName(it)}`);
  const size = typeof it === "string" ? byteLength(it) : it.items.length;
  const [from = 0, to = size, most = size] = indexes.map((each) => indexOf(held(each), size));
  if (from > to) throw new Problem(`invalid slice index: ${from} > ${to}`);
  if (to > most) throw new Problem(`invalid slice index: ${to} > ${most}`);
  return typeof it === "string" ? byteSlice(it, from, to) : new List(it.items.slice(from, to), it.of);
}

function length(item: Value): Value {
  const it = held(item);
  if (it === undefined) throw new Problem("reflect: call of reflect.Value.Type on zero Value");
  if (it === null) throw new Problem("len of nil pointer");
  if (typeof it === "string") return int(byteLength(it));
  if (it instanceof List) return int(it.items.length);
  if (it instanceof Dict) return int(it.entries.size);
  throw new Problem(`len of type ${typeName(it).replace("*", "")}`);
}

const HTML: Readonly<Record<string, string>> = {
  "\0": "\ufffd",
  '"': "&#34;",
  "'": "&#39;",
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
};
const JS: Readonly<Record<string, string>> = { "\\": "\\\\", "'": "\\'", '"': '\\"' };

function js(char: string): string {
  const named = JS[char];
  if (named !== undefined) return named;
  if (/[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(char) && !/[<>&=]/.test(char)) return char;
  return String.raw`\u` + (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
}

/** As url.QueryEscape writes it. */
export const queryEscaped = (text: string): string =>
  encodeURIComponent(text.toWellFormed())
    .replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");

const ESCAPING = "escaping";
const escaping = (values: readonly Value[]): string => {
  const text = values.length === 1 && values[0] === null ? "<no value>" : print(values.map(missing));
  spendBytes(text.length * 6, ESCAPING);
  return text;
};
const missing = (value: Value): Value => (isNil(value) ? "<no value>" : value);

export const BUILTINS: Readonly<Record<string, Signature>> = {
  and: { takes: "vv…", run: isTrue },
  call: { takes: "vv…", run: isTrue },
  eq: { takes: "vv…", run: eq },
  ge: { takes: "vv", run: (a: Value, b: Value) => !less(a, b) },
  gt: { takes: "vv", run: (a: Value, b: Value) => !lessOrEqual(a, b) },
  html: { takes: "a…", run: (...all: Value[]) => escaping(all).replaceAll(/[\0"'&<>]/g, (char) => HTML[char] ?? "") },
  index: { takes: "vv…", run: index },
  js: {
    takes: "a…",
    run: (...all: Value[]) => escaping(all).replaceAll(/[\\'"<>&=]|[^ -\x7f]/gu, js),
  },
  le: { takes: "vv", run: lessOrEqual },
  len: { takes: "v", run: length },
  lt: { takes: "vv", run: less },
  ne: { takes: "vv", run: (a: Value, b: Value) => !eq(a, b) },
  not: { takes: "v", run: (value: Value) => !isTrue(value) },
  or: { takes: "vv…", run: isTrue },
  print: { takes: "a…", run: (...all: Value[]) => print(all) },
  printf: { takes: "sa…", run: (format: string, ...all: Value[]) => sprintf(format, all) },
  println: { takes: "a…", run: (...all: Value[]) => `${all.map(shownValue).join(" ")}\n` },
  slice: { takes: "vv…", run: slice },
  urlquery: { takes: "a…", run: (...all: Value[]) => queryEscaped(escaping(all)) },
};
