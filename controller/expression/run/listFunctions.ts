/** Built-in functions of lists and maps. */
import { integerFrom } from "./arithmetic.ts";
import { entryOf, equal } from "./compare.ts";
import { fromGo } from "../syntax/goText.ts";
import { isDescending } from "./loops.ts";
import { type Machine, spendElements } from "./machine.ts";
import { methodOf } from "../types/methods.ts";
import { ExpressionError } from "../syntax/problem.ts";
import { sorted } from "./sorting.ts";
import {
  anyList,
  type Dict,
  isDict,
  isList,
  keyOf,
  type List,
  MAX_VALUE_DEPTH,
  sized,
  typeName,
  type Value,
} from "../syntax/value.ts";

type Call = (m: Machine, args: readonly Value[]) => Value;

function listOf(name: string, value: Value = null): List {
  if (isList(value)) return value;
  throw new ExpressionError(`${name}() takes a list, not a ${typeName(value)}`);
}

function dictOf(name: string, value: Value = null): Dict {
  if (isDict(value)) return value;
  throw new ExpressionError(`${name}() takes a map, not a ${typeName(value)}`);
}

/** The element or member; nil when it is missing. Throws for an index or key of the wrong kind. */
function get(from: Value, key: Value): Value {
  if (from === null) return null;
  if (typeof key === "string" && methodOf(typeName(from), fromGo(key)) !== undefined) {
    return { kind: "func", name: fromGo(key), of: from };
  }
  if (isDict(from)) return entryOf(from, key) ?? null;
  if (!isList(from) && typeof from !== "string") return null;
  const size = isList(from) ? from.items.length : from.length;
  const index = Number(integerFrom(key));
  const place = index < 0 ? size + index : index;
  if (place < 0 || place >= size) return null;
  return isList(from) ? (from.items[place] ?? null) : sized("uint8", BigInt(from.charCodeAt(place)));
}

/** The first or last element; nil for a value without elements. */
const end =
  (index: bigint): Call =>
  (_, [value = null]) =>
    isDict(value) && value.by !== "any" ? null : get(value, index);

const take: Call = (m, [value, count = null]) => {
  const list = listOf("take", value);
  const most =
    typeof count === "bigint"
      ? count
      : typeof count === "object" && count?.kind === "sized" && count.go !== "uint8"
        ? count.value
        : undefined;
  if (most === undefined || most < 0n || list.fixed === true) {
    throw new ExpressionError(`take() does not take ${most ?? typeName(count)} elements`);
  }
  m.spend(list.items.length / 4);
  return {
    ...list,
    items: list.items.slice(0, Number(most > BigInt(list.items.length) ? BigInt(list.items.length) : most)),
  };
};

function pairsOf(m: Machine, name: string, value: Value = null): readonly (readonly [Value, Value])[] {
  const dict = dictOf(name, value);

  m.spend(dict.entries.size);
  if (dict.by === "any") return [...dict.entries.values()];
  return dict.by === "text" ? [...dict.entries] : [...dict.entries].map((key) => [key, true]);
}

const toPairs: Call = (m, [value]) => {
  const items = pairsOf(m, "toPairs", value).map((pair): List => ({
    kind: "list",
    of: "any",
    items: pair,
    fixed: true,
  }));
  return { kind: "list", of: "pair", items };
};

const fromPairs: Call = (m, [value]) => {
  const { items } = listOf("fromPairs", value);
  m.spend(items.length);
  const entries = new Map<string, readonly [Value, Value]>();
  for (const [index, item] of items.entries()) {
    const [key = null, second = null] = isList(item) && item.items.length === 2 ? item.items : [];
    if (!isList(item) || item.items.length !== 2)
      throw new ExpressionError("fromPairs() takes lists of a key and a value");
    entries.set(keyOf(key, index), [key, second]);
  }
  return { kind: "dict", by: "any", groups: false, entries };
};

const reverse: Call = (m, [value]) => {
  const { items } = listOf("reverse", value);
  spendElements(m, items.length);
  return anyList(items.toReversed());
};

const uniq: Call = (m, [value]) => {
  const kept: Value[] = [];
  for (const item of listOf("uniq", value).items) {
    if (!kept.some((other) => equal(item, other, m.spend))) kept.push(item);
  }
  return anyList(kept);
};

/** Nil when there is nothing in the lists. */
const concat: Call = (m, args) => {
  const lists = args.map((arg) => listOf("concat", arg).items);
  spendElements(
    m,
    lists.reduce((sum, items) => sum + items.length, 0),
  );
  const all = anyList(lists.flat());
  return all.items.length === 0 ? { ...all, absent: true } : all;
};

const flatten: Call = (m, [value]) => {
  const items: Value[] = [];
  const add = (list: List, depth: number): void => {
    if (depth > MAX_VALUE_DEPTH) throw new ExpressionError("the lists of flatten() are nested too deep");
    for (const item of list.items) {
      m.spend(1);
      if (isList(item)) add(item, depth + 1);
      else items.push(item);
    }
  };
  add(listOf("flatten", value), 0);
  spendElements(m, items.length);
  return anyList(items);
};

/** A value that is not a list of the usual kinds gives an empty list. */
const sort: Call = (m, [value = null, order = "asc"]) => {
  const descending = isDescending(order);
  if (!isList(value) || value.fixed === true || value.of === "pair" || value.of === "uint8") {
    return { ...anyList([]), absent: true };
  }
  const items = sorted(value.items, (item) => item, { descending, spend: m.spend });
  spendElements(m, items.length);
  return anyList(items);
};

export const LIST_FUNCTIONS: ReadonlyMap<string, Call> = new Map<string, Call>([
  ["get", (_, [from = null, key = null]) => get(from, key)],
  ["first", end(0n)],
  ["last", end(-1n)],
  ["take", take],
  ["keys", (m, [value]) => anyList(pairsOf(m, "keys", value).map(([key]) => key))],
  ["values", (m, [value]) => anyList(pairsOf(m, "values", value).map(([, item]) => item))],
  ["toPairs", toPairs],
  ["fromPairs", fromPairs],
  ["reverse", reverse],
  ["uniq", uniq],
  ["concat", concat],
  ["flatten", flatten],
  ["sort", sort],
]);
