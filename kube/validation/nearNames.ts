/** Names that somebody may have meant who wrote another one. */
import { distance } from "fastest-levenshtein";
import { spend } from "../object/budget.ts";
import { goQuoted } from "../object/goQuoted.ts";

/** Longer texts are not misspelt names. */
const LONGEST = 80;
/** With more names to choose from, the first ones have to do. */
const MOST_COMPARED = 500;
/** How many names are listed. */
const MOST_LISTED = 8;

/**
 * The known name that is most like the given one: the same but for case, dashes and underscores, or a third of its
 * letters apart at most. Undefined when none is.
 */
export function nearest(given: string, known: Iterable<string>): string | undefined {
  if (given === "" || given.length > LONGEST) return undefined;
  const plainGiven = plain(given);
  let best: { readonly name: string; readonly apart: number } | undefined;
  for (const name of firstOf(known, MOST_COMPARED)) {
    if (name === given || name.length > LONGEST) continue;
    spend(1 + name.length / 4, "looking for a name that was meant");
    const apart = distance(plainGiven, plain(name));
    if (apart <= Math.min(given.length, name.length) / 3 && apart < (best?.apart ?? Number.POSITIVE_INFINITY))
      best = { name, apart };
  }
  return best?.name;
}

/** `Did you mean "setWeight"?`; undefined when no known name is like the given one. */
export function didYouMean(given: string, known: Iterable<string>): string | undefined {
  const near = nearest(given, known);
  return near === undefined ? undefined : `Did you mean ${goQuoted(near)}?`;
}

/** `a, b and c`, at most eight of them and how many more there are; "" for none. */
export const listed = (names: Iterable<string>, join: "and" | "or" = "and"): string => {
  const all = [...firstOf(names, MOST_COMPARED)];
  const shown = all.slice(0, MOST_LISTED);
  if (all.length > shown.length) return `${shown.join(", ")} ${join} ${all.length - shown.length} more`;
  const last = shown.pop();
  return last === undefined ? "" : shown.length === 0 ? last : `${shown.join(", ")} ${join} ${last}`;
};

const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_\s]/g, "");

function* firstOf<T>(all: Iterable<T>, most: number): Generator<T> {
  let count = 0;
  for (const each of all) {
    if (count++ >= most) return;
    yield each;
  }
}
