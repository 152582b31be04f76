/** Sprig's functions on maps. Where Go's order of keys is by chance, they are sorted here. */
import { spend } from "../../../kube/object/budget.ts";
import { conversion, toText } from "./cast.ts";
import { deepCopy, merge } from "./deep.ts";
import { sortedEntries } from "./format.ts";
import type { Method } from "./methods.ts";
import { ANY, Dict, List, Problem, texts, WALKING, type Value } from "./values.ts";

function dict(...all: Value[]): Dict {
  const entries = new Map<string, Value>();
  for (let i = 0; i < all.length; i += 2) entries.set(toText(all[i]), i + 1 < all.length ? all[i + 1] : "");
  return new Dict(entries);
}

function set(into: Dict, key: string, value: Value): Dict {
  into.entries.set(key, value);
  return into;
}

function unset(from: Dict, key: string): Dict {
  from.entries.delete(key);
  return from;
}

function filtered(from: Dict, keep: (key: string) => boolean): Dict {
  spend(from.entries.size * 4 + 1, WALKING);
  return new Dict(new Map([...from.entries].filter(([key]) => keep(key))));
}

function mapOf(value: Value): Dict {
  if (value instanceof Dict && value.of === ANY) return value;
  throw conversion(value, "map[string]interface {}");
}

function dig(...all: Value[]): Value {
  if (all.length < 3) throw new Problem("dig needs at least three arguments");
  let value: Value = mapOf(all.at(-1));
  const keys = all.slice(0, -2).map((key) => {
    if (typeof key === "string") return key;
    throw conversion(key, "string");
  });
  for (const key of keys) {
    const { entries } = mapOf(value);
    if (!entries.has(key)) return all.at(-2);
    value = entries.get(key);
  }
  return value;
}

const merging =
  (overwrite: boolean) =>
  (into: Dict, ...others: Dict[]): Dict => {
    for (const other of others) merge(into, other, overwrite);
    return into;
  };

const copy = (value: Value): Value => {
  if (value !== null) return deepCopy(value);
  throw new Problem("reflect: call of reflect.Value.Type on zero Value");
};

export const DICTS: Readonly<Record<string, Method>> = {
  deepCopy: ["a", copy],
  dict: ["a…", dict],
  dig: ["a…", dig],
  get: ["ms", ({ entries }: Dict, key: string) => (entries.has(key) ? entries.get(key) : "")],
  hasKey: ["ms", ({ entries }: Dict, key: string) => entries.has(key)],
  keys: ["m…", (...all: Dict[]) => texts(all.flatMap((each) => sortedEntries(each).map(([key]) => key)))],
  merge: ["mm…", merging(false)],
  mergeOverwrite: ["mm…", merging(true)],
  mustDeepCopy: ["a", copy],
  mustMerge: ["mm…", merging(false)],
  mustMergeOverwrite: ["mm…", merging(true)],
  omit: ["ms…", (from: Dict, ...keys: string[]) => filtered(from, (key) => !keys.includes(key))],
  pick: ["ms…", (from: Dict, ...keys: string[]) => filtered(from, (key) => keys.includes(key))],
  pluck: [
    "sm…",
    (key: string, ...all: Dict[]) =>
      new List(all.flatMap(({ entries }) => (entries.has(key) ? [entries.get(key)] : []))),
  ],
  set: ["msa", set],
  unset: ["ms", unset],
  values: ["m", (of: Dict) => new List(sortedEntries(of).map(([, value]) => value))],
};
