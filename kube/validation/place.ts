/**
 * A place in an object: the value there (it may be anything) and the path to it.
 *
 * Rules read objects that no schema has checked yet (the linter's input) as well as parsed ones, so every accessor
 * here is total: a member of the wrong type reads like an absent one, since refusing it is up to the schema.
 * Walking over members counts against the budget of the judgement (budget.ts).
 */
import { spend, spendSort, spendText } from "../object/budget.ts";

export interface Place {
  readonly value: unknown;
  /**
   * Path in the reference's words; it leaves out `canary` and `blueGreen` in most strategy rules
   * (docs/behaviour/validation.md#paths).
   */
  readonly path: string;
  /** The true path, where the reference's differs. */
  readonly exactPath?: string;
}

const WALKING = "walking over its members";
const READING = "reading its texts";

export const root = (value: unknown): Place => ({ value, path: "" });

/** Descends by member names; an absent one reads as undefined. Rules mostly do this, so it makes only one object. */
export function at(place: Place, ...names: readonly string[]): Place {
  spend(names.length, WALKING);
  let { value, path } = place;
  for (const name of names) {
    value = memberOf(value, name);
    path = path === "" ? name : `${path}.${name}`;
  }
  if (place.exactPath === undefined) return { value, path };
  let exactPath = place.exactPath;
  for (const name of names) exactPath = `${exactPath}.${name}`;
  return { value, path, exactPath };
}

/** The elements of a list, with `[i]` in their paths; empty for anything else. */
export function items(place: Place): readonly Place[] {
  if (!Array.isArray(place.value)) return [];
  spend(place.value.length, WALKING);
  return place.value.map((value: unknown, index) => step(place, value, `[${index}]`));
}

/** The entries of a map in key order, with `[key]` in their paths. The reference walks in Go's random order. */
export function entries(place: Place): readonly (readonly [string, Place])[] {
  return keys(place).map((key) => [key, step(place, memberOf(place.value, key), `[${key}]`)] as const);
}

export const present = (place: Place): boolean => place.value !== undefined && place.value !== null;

/** A text is counted in full, since whoever asks for it reads all of it. */
export function text({ value }: Place): string {
  if (typeof value !== "string") return "";
  spendText(value, READING);
  return value;
}

export const isTrue = (place: Place): boolean => place.value === true;

/** A whole number, or undefined. */
export function whole(place: Place): number | undefined {
  return typeof place.value === "number" && Number.isInteger(place.value) ? place.value : undefined;
}

export const count = (place: Place): number =>
  Array.isArray(place.value) ? place.value.length : namesOf(place.value).length;

/** The names of the members, sorted. */
export function keys({ value }: Place): readonly string[] {
  const names = namesOf(value);
  if (names.length < 2) return names;
  spendSort(names.length, WALKING);
  return names.toSorted();
}

function namesOf(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  const names = Object.keys(value);
  spend(names.length, WALKING);
  return names;
}

/** The strings of a list; other elements read as "". */
export const texts = (place: Place): readonly string[] => items(place).map(text);

/** The places whose text is the same as that of an earlier place. */
export function repeated(places: readonly Place[]): readonly Place[] {
  const again = repeats(places.map(text));
  return places.filter((_, index) => again[index] === true);
}

/** For each name, whether an earlier one is the same. */
export function repeats(names: readonly string[]): readonly boolean[] {
  const seen = new Set<string>();
  return names.map((name) => {
    const before = seen.size;
    return seen.add(name).size === before;
  });
}

/** A map of strings in key order; other values read as "". */
export function textMap(place: Place): ReadonlyMap<string, string> {
  return new Map(entries(place).map(([key, entry]) => [key, text(entry)]));
}

/** Most members that rules read are absent; only of present ones it is checked that they are not inherited. */
function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  const member = (value as Record<string, unknown>)[name];
  return member === undefined || !Object.hasOwn(value, name) ? undefined : member;
}

function step(from: Place, value: unknown, suffix: string): Place {
  const path = from.path + suffix;
  return from.exactPath === undefined ? { value, path } : { value, path, exactPath: from.exactPath + suffix };
}
