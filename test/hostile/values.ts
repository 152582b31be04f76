/** Values that are hostile by their length, width, depth or form, for each type of place. */
import type { Structural } from "../../schema/crd.ts";
import { least, most, type Json } from "./bases.ts";

export interface Hostile {
  readonly name: string;
  /** `size`: its approximate size in bytes. */
  readonly make: (size: number) => unknown;
}

const filled = (part: string, size: number): string => part.repeat(Math.max(1, Math.floor(size / part.length)));

/** Building blocks of texts: each is repeated up to the wanted length. */
const PARTS: readonly string[] = [
  ...Array.from(
    "a09 ,.-_/\\\"'%&<=!([{}])*?|+^$#@:;~`\n\t\r\0\u0001\u007f\u0085\u00a0\u00adßİſ\u0301\u200b\u2028\ufeff",
  ),
  "\ud800 \udc00 😀 {{ }} {{}} {{args.a}} {{args.b}} {{{{args.a}}}}".split(" "),
  String.raw`(?: (a| (a*)* a* a{ a{1, a{1000} [a- [^ (?P<a> \x{ \pL [[: \Q`.split(" "),
  "a, a. a/ a=b, ../ %0a %2f 1h 1. 1_ 1e +- 0x 1m0.0 && !! result[ [0] .a asInt( $. $.. $[?( {$ a:b@".split(" "),
  ["{{ args.a }}", "a in (", "a && ", "a || ", "- ", "a ? b : ", "<!--", "a: b\n", "? ", "&a *a ", "a\n", "ab "],
  ["__proto__.", "- -", "0,"],
].flat();

const nested = (open: string, inner: string, close: string) => (size: number) => {
  const depth = Math.floor((size - inner.length) / (open.length + close.length));
  return open.repeat(depth) + inner + close.repeat(depth);
};

const TEXTS: readonly Hostile[] = [
  { name: "empty", make: () => "" },
  ...PARTS.map((part) => ({ name: `${JSON.stringify(part)}…`, make: (size: number) => filled(part, size) })),
  { name: "1000…", make: (size) => `1${filled("0", size)}` },
  { name: "0.000…1", make: (size) => `0.${filled("0", size)}1` },
  { name: "1e999…", make: (size) => `1e${filled("9", size)}` },
  { name: "-1e-999…", make: (size) => `-1e-${filled("9", size)}` },
  { name: "1e999", make: () => "1e999" },
  { name: "999999999999999999Ei", make: () => "999999999999999999Ei" },
  { name: "1e-99999999", make: () => "1e-99999999" },
  { name: "(?:(?:…))", make: nested("(?:", "a", ")") },
  { name: "((…))", make: nested("(", "a", ")") },
  { name: "[[…]]", make: nested("[", "0", "]") },
  { name: "((a*)*)*", make: nested("(", "a", ")*") },
  { name: "empty repeats, nested", make: () => "(?:(?:(?:(?:){1000}){1000}){1000}){1000}." },
  { name: "repeats, nested", make: () => "(?:(?:(?:a{600}){600}){600})" },
  { name: "repeats in a row", make: (size) => filled("(?:(?:a?){30}){30}", size) },
  { name: "a slash, long parts", make: (size) => `${filled("a", size / 2)}/${filled("b", size / 2)}` },
  { name: "an address, long host", make: (size) => `http://${filled("a.", size)}/` },
  { name: "a date, long fraction", make: (size) => `2026-01-02T03:04:05.${filled("1", size)}Z` },
  { name: "a quoted text", make: (size) => `"${filled("a", size)}"` },
  { name: "a comparison of long texts", make: (size) => `"${filled("a", size / 2)}" == "${filled("a", size / 2)}"` },
  { name: "a duration of many parts", make: (size) => filled("1h1m1s1ms", size) },
  {
    name: "a selector of many parts",
    make: (size) =>
      parts(size, 12)
        .map((at) => `k${at}=v${at}`)
        .join(","),
  },
  {
    name: "distinct tags",
    make: (size) =>
      parts(size, 16)
        .map((at) => `{{args.x${at}}}`)
        .join(" "),
  },
  {
    name: "distinct lines",
    make: (size) =>
      parts(size, 12)
        .map((at) => `k${at}: v${at}`)
        .join("\n"),
  },
];

const parts = (size: number, each: number): number[] => Array.from({ length: Math.floor(size / each) }, (_, at) => at);

const NUMBERS: readonly Hostile[] = [
  0,
  -1,
  2 ** 31 - 1,
  -(2 ** 31),
  2 ** 31,
  2 ** 53,
  -(2 ** 53),
  0.5,
  1e21,
  1e-9,
  1e308,
  -1e308,
].map((value) => ({ name: String(value), make: () => value }));

/** Values of a wrong type for any place, or of the right type but unexpected. */
const WRONG: readonly Hostile[] = [null, "x", 1.5, true, [], {}, [null], [[]], { a: null }].map((value) => ({
  name: `the wrong ${JSON.stringify(value)}`,
  make: () => structuredClone(value),
}));

/** Appends the index to every text in it, however deep, so that none occurs twice. */
function numbered(value: unknown, index: number): unknown {
  if (typeof value === "string") return `${value}${index}`;
  if (Array.isArray(value)) return value.map((item) => numbered(item, index));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, numbered(member, index)]));
}

const bytesOf = (value: unknown): number => (JSON.stringify(value) ?? "").length + 1;

function manyOf(item: unknown, size: number, mostItems: number): number {
  return Math.max(1, Math.min(mostItems, Math.floor(size / (bytesOf(item) + 5))));
}

const copies = (item: unknown, size: number, mostItems = 60_000): unknown[] =>
  Array.from({ length: manyOf(item, size, mostItems) }, () => item);

const different = (item: unknown, size: number, mostItems = 60_000): unknown[] =>
  Array.from({ length: manyOf(item, size, mostItems) }, (_, index) => numbered(item, index));

/** An item whose own lists and maps are as wide as the list that it stands in. */
function wide(node: Structural, size: number): unknown {
  if (node.type === "string" && node.enum === undefined && node.format === undefined) return filled("a", size);
  if (node.items !== undefined) return different(least(node.items), size);
  if (node.additionalProperties !== undefined) return named(least(node.additionalProperties), size, (at) => `k${at}`);
  if (node.properties === undefined) return least(node);
  const { properties, required = [] } = node;
  const names = Object.keys(properties);
  const grown = names.filter((name) => {
    const { items, additionalProperties, type } = properties[name] ?? {};
    return items ?? additionalProperties ?? type === "object";
  });
  return Object.fromEntries([
    ...required.map((name) => [name, least(properties[name] ?? {})] as const),
    ...grown.map((name) => [name, wide(properties[name] ?? {}, size / grown.length)] as const),
  ]);
}

function named(value: unknown, size: number, key: (at: number) => string, mostKeys = 60_000): Json {
  const count = Math.max(1, Math.min(mostKeys, Math.floor(size / (bytesOf(value) + key(0).length + 6))));
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [key(at), value]));
}

const LISTS = (item: Structural): readonly Hostile[] => [
  { name: "a thousand equal items", make: (size) => copies(least(item), size, 1_000) },
  { name: "a thousand different items", make: (size) => different(least(item), size, 1_000) },
  { name: "equal items", make: (size) => copies(least(item), size) },
  { name: "different items", make: (size) => different(least(item), size) },
  { name: "equal full items", make: (size) => copies(most(item, 3), size) },
  { name: "different full items", make: (size) => different(most(item, 3), size) },
  { name: "a thousand full items", make: (size) => different(most(item, 2), size, 1_000) },
  { name: "equal wide items", make: (size) => copies(wide(item, Math.sqrt(size) * 4), size) },
  { name: "different wide items", make: (size) => different(wide(item, Math.sqrt(size) * 4), size) },
  { name: "one wide item", make: (size) => [wide(item, size)] },
  { name: "thirty wide items", make: (size) => different(wide(item, size / 30), size, 30) },
  { name: "nothing but nulls", make: (size) => copies(null, size) },
];

const MAPS = (value: Structural): readonly Hostile[] => [
  { name: "a thousand keys", make: (size) => named(least(value), size, (at) => `k${at}`, 1_000) },
  { name: "keys", make: (size) => named(least(value), size, (at) => `k${at}`) },
  { name: "keys with a prefix", make: (size) => named(least(value), size, (at) => `example.com/k${at}`) },
  { name: "keys that are numbers", make: (size) => named(least(value), size, (at) => `${at * 7}`) },
  { name: "keys with tags", make: (size) => named(least(value), size, (at) => `{{args.k${at}}}`) },
  { name: "long keys", make: (size) => named(least(value), size, (at) => `${filled("k", size / 30)}${at}`) },
  { name: "one long key", make: (size) => ({ [filled("k", size)]: least(value) }) },
  { name: "wide values", make: (size) => named(wide(value, Math.sqrt(size) * 4), size, (at) => `k${at}`) },
  {
    name: "names of JavaScript",
    make: () =>
      JSON.parse(`{"__proto__":${JSON.stringify(least(value))},"constructor":${JSON.stringify(least(value))}}`) as Json,
  },
];

const deep = (open: string, close: string) => (size: number) =>
  JSON.parse(open.repeat(depthOf(size)) + "1" + close.repeat(depthOf(size))) as unknown;
/** The API server accepts 10,000 levels. */
const depthOf = (size: number): number => Math.min(9_000, Math.floor(size / 8));

const OPEN: readonly Hostile[] = [
  { name: "deep objects", make: (size) => ({ a: deep('{"a":', "}")(size) }) },
  { name: "deep lists", make: (size) => ({ a: deep("[", "]")(size) }) },
  { name: "150 levels", make: () => ({ a: deep('{"a":', "}")(8 * 150) }) },
  { name: "many members", make: (size) => named("a", size, (at) => `k${at}`) },
  { name: "a long list", make: (size) => ({ a: different("a", size) }) },
  { name: "many numbers", make: (size) => ({ a: copies(1e21, size) }) },
  { name: "a list of objects", make: (size) => ({ a: different({ a: "a", b: { c: ["d"] } }, size) }) },
  { name: "many tags", make: (size) => ({ a: copies("{{args.a}}", size) }) },
  { name: "a long text", make: (size) => ({ a: filled("a", size) }) },
  { name: "quotes", make: (size) => ({ a: filled('"', size) }) },
  { name: "a long tag", make: (size) => ({ a: `{{args.${filled("a", size)}}}` }) },
];

/** An unknown member, where the API server keeps such members. */
const isOpen = (node: Structural): boolean => node["x-kubernetes-preserve-unknown-fields"] === true;

/** All values to try at a place of this type; the first ones are specific to it. */
export function valuesFor(node: Structural): readonly Hostile[] {
  return [...ofType(node), ...WRONG];
}

function ofType(node: Structural): readonly Hostile[] {
  if (node["x-kubernetes-int-or-string"] === true) return [...TEXTS, ...NUMBERS];
  if (node.items !== undefined) return LISTS(node.items);
  if (node.additionalProperties !== undefined) return MAPS(node.additionalProperties);
  switch (node.type) {
    case "string":
      return TEXTS;
    case "integer":
      return NUMBERS;
    case "boolean":
      return [];
    default: {
      const full: readonly Hostile[] = [
        { name: "every member", make: () => most(node, 3) },
        { name: "all wide", make: (size) => wide(node, size) },
        { name: "nothing", make: () => ({}) },
      ];
      return isOpen(node) ? [...OPEN, ...(node.properties === undefined ? [] : full)] : full;
    }
  }
}
