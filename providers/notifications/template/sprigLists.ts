/** Sprig's functions on lists. Those that Go gives twice (`mustFirst`) are the same here: both fail. */
import { spend } from "../../../kube/object/budget.ts";
import { byteOrder } from "../../../kube/object/goJson.ts";
import { isEmpty, listOf, NIL_POINTER, toInt, toText, toTexts } from "./cast.ts";
import { deepEqual } from "./deep.ts";
import type { Method } from "./methods.ts";
import { kindName, List, Problem, texts, WALKING, type Value } from "./values.ts";

const NONE = new List([], undefined, true);

function copied(value: Value, verb: string): Value[] {
  const { items } = listOf(value, verb);
  spend(items.length / 2 + 1, WALKING);
  return [...items];
}

/** Those of the list that `keep` wants, which gets what was kept before. */
function filtered(value: Value, verb: string, keep: (item: Value, before: readonly Value[]) => boolean): List {
  const kept: Value[] = [];
  for (const item of copied(value, verb)) if (keep(item, kept)) kept.push(item);
  return new List(kept);
}

const includes = (list: readonly Value[], value: Value): boolean => list.some((item) => deepEqual(item, value));

function part(value: Value, verb: string, from: number, to?: number): List {
  const items = copied(value, verb);
  return items.length === 0 ? NONE : new List(items.slice(from, to));
}

function slice(value: Value, ...indexes: Value[]): Value {
  if (value === null || value === undefined) throw new Problem(NIL_POINTER);
  if (!(value instanceof List)) throw new Problem(`list should be type of slice or array but ${kindName(value)}`);
  const { items, of } = value;
  if (items.length === 0) return null;
  spend(items.length / 4, WALKING);
  const [from = 0, to = items.length] = indexes.map((index) => Number(toInt(index)));
  if (from < 0 || from > to || to > items.length) throw new Problem("reflect.Value.Slice: slice index out of bounds");
  return new List(items.slice(from, to), of);
}

function concat(...lists: Value[]): List {
  const items = lists.flatMap((list) => {
    if (list === null) throw new Problem(NIL_POINTER);
    if (!(list instanceof List)) throw new Problem(`Cannot concat type ${kindName(list)} as list`);
    spend(list.items.length + 1, WALKING);
    return list.items;
  });
  return items.length === 0 ? NONE : new List(items);
}

function chunk(size: number, value: Value): List {
  const items = copied(value, "chunk");
  if (size <= 0) throw new Problem("runtime error: makeslice: len out of range");
  const chunks: List[] = [];
  for (let i = 0; i < items.length; i += size) chunks.push(new List(items.slice(i, i + size)));
  return new List(chunks, "[]interface {}");
}

function has(needle: Value, value: Value): boolean {
  return value !== null && includes(copied(value, "find has on"), needle);
}

function sortAlpha(value: Value): List {
  if (!(value instanceof List)) return texts([toText(value)]);
  spend(value.items.length * 16, "sorting");
  return texts(toTexts(value).toSorted(byteOrder));
}

const list = (...items: Value[]): List => new List(items);

const BOTH: Readonly<Record<string, Method>> = {
  append: ["aa", (value: Value, item: Value) => new List([...copied(value, "push on"), item])],
  chunk: ["ia", chunk],
  compact: ["a", (value: Value) => filtered(value, "compact on", (item) => !isEmpty(item))],
  first: ["a", (value: Value) => copied(value, "find first on")[0] ?? null],
  has: ["aa", has],
  initial: ["a", (value: Value) => part(value, "find initial on", 0, -1)],
  last: ["a", (value: Value) => copied(value, "find last on").at(-1) ?? null],
  prepend: ["aa", (value: Value, item: Value) => new List([item, ...copied(value, "prepend on")])],
  push: ["aa", (value: Value, item: Value) => new List([...copied(value, "push on"), item])],
  rest: ["a", (value: Value) => part(value, "find rest on", 1)],
  reverse: ["a", (value: Value) => new List(copied(value, "find reverse on").toReversed())],
  slice: ["aa…", slice],
  uniq: ["a", (value: Value) => filtered(value, "find uniq on", (item, before) => !includes(before, item))],
  without: [
    "aa…",
    (value: Value, ...omit: Value[]) => filtered(value, "find without on", (item) => !includes(omit, item)),
  ],
};

const must = ([name, row]: [string, Method]): [string, Method] => [
  `must${name.slice(0, 1).toUpperCase()}${name.slice(1)}`,
  row,
];

export const LISTS: Readonly<Record<string, Method>> = {
  ...BOTH,
  ...Object.fromEntries(Object.entries(BOTH).map(must)),
  concat: ["a…", concat],
  list: ["a…", list],
  sortAlpha: ["a", sortAlpha],
  tuple: ["a…", list],
};
