/**
 * A place in an object: the value there (it may be anything) and the path to it.
 *
 * Rules read objects that no schema has checked yet (the linter's input) as well as parsed ones, so every accessor
 * here is total: a member of the wrong type reads like an absent one, since refusing it is up to the schema.
 * Walking over members counts against the budget of the judgement (budget.ts).
 */
import { spend, spendSort, spendText } from "../object/budget.ts";

/**
 * Hundreds of places are looked at for each that is reported. So a place only links to the one it was reached from, and
 * its path is built when somebody asks for it (`pathOf`).
 */
export interface Place {
  readonly value: unknown;
  /** Undefined where a path begins. */
  readonly from: Place | undefined;
  /** The way from there: member names, the index of an element, or the key of an entry. Without `from`: the path. */
  readonly step: string | number | readonly [key: string];
  /** The true path, where the reference's differs; only without `from`. */
  readonly exact: string | undefined;
}

const WALKING = "walking over its members";
const READING = "reading its texts";

export const root = (value: unknown): Place => placed(value, "");

/** A place with a path of its own. @param exactPath the true path, where the reference's differs */
export const placed = (value: unknown, path: string, exactPath?: string): Place => ({
  value,
  from: undefined,
  step: path,
  exact: exactPath,
});

/**
 * The path in the reference's words; it leaves out `canary` and `blueGreen` in most strategy rules
 * (docs/behaviour/validation.md#paths).
 */
export function pathOf({ from, step }: Place): string {
  return further(from === undefined ? "" : pathOf(from), step);
}

/** The true path, where the reference's differs. */
export function exactPathOf({ from, step, exact }: Place): string | undefined {
  if (from === undefined) return exact;
  const before = exactPathOf(from);
  return before === undefined ? undefined : further(before, step);
}

function further(path: string, step: Place["step"]): string {
  if (typeof step !== "string") return `${path}[${typeof step === "number" ? step : step[0]}]`;
  return path === "" ? step : `${path}.${step}`;
}

/** Descends by member names; an absent one reads as undefined. Rules mostly do this, and mostly by one name. */
export function at(place: Place, name: string, ...names: readonly string[]): Place {
  spend(names.length + 1, WALKING);
  let value = memberOf(place.value, name);
  let step = name;
  for (let index = 0; index < names.length; index++) {
    const next = names[index] ?? "";
    value = memberOf(value, next);
    step = `${step}.${next}`;
  }
  return { value, from: place, step, exact: undefined };
}

/** The elements of a list, with `[i]` in their paths; empty for anything else. */
export function items(place: Place): readonly Place[] {
  if (!Array.isArray(place.value)) return [];
  spend(place.value.length, WALKING);
  return place.value.map((value: unknown, step) => ({ value, from: place, step, exact: undefined }));
}

/** The entries of a map in key order, with `[key]` in their paths. The reference walks in Go's random order. */
export function entries(place: Place): readonly (readonly [string, Place])[] {
  return keys(place).map((key) => {
    const entry: Place = { value: memberOf(place.value, key), from: place, step: [key], exact: undefined };
    return [key, entry] as const;
  });
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
