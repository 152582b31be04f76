/**
 * Tags in texts, `{{args.name}}` (validation.md §6.4): where they stand in an object and whether they can be resolved.
 */
import { at, items, keys, type Place } from "./place.ts";

export interface TagProblem {
  /** The text that holds the tag. */
  readonly place: Place;
  /** The tag, shortened. */
  readonly tag: string;
  /** What is between its braces, trimmed; undefined when they are never closed. */
  readonly name: string | undefined;
  /** In the reference's words. */
  readonly detail: string;
}

/** More of them help nobody, and a text may consist of nothing else. */
const MOST = 50;

/**
 * The tags below a place that none of the names ("args.x") resolves, in the order of the object. Without recursion: an
 * object may be nested without end.
 */
export function unresolvedTags(place: Place, names: ReadonlySet<string>): readonly TagProblem[] {
  const found: TagProblem[] = [];
  const waiting = [place];
  for (let here = waiting.pop(); here !== undefined && found.length < MOST; here = waiting.pop()) {
    if (typeof here.value === "string") unresolvedIn(here, here.value, names, found);
    else for (const part of parts(here).toReversed()) waiting.push(part);
  }
  return found;
}

/** Elements or members; the name of a member may hold a tag too. */
function parts(place: Place): readonly Place[] {
  if (Array.isArray(place.value)) return items(place);
  return keys(place).flatMap((key) => [...(key.includes("{{") ? [{ ...place, value: key }] : []), at(place, key)]);
}

function unresolvedIn(place: Place, text: string, names: ReadonlySet<string>, found: TagProblem[]): void {
  for (let from = text.indexOf("{{"); from >= 0 && found.length < MOST;) {
    const to = text.indexOf("}}", from + 2);
    if (to < 0) {
      found.push({ place, tag: "{{", name: undefined, detail: "a {{ is never closed by }}" });
      return;
    }
    const inner = text.slice(from + 2, to);
    const tag = `{{${inner.length > 80 ? `${inner.slice(0, 80)}…` : inner}}}`;
    if (!names.has(inner.trim())) found.push({ place, tag, name: inner.trim(), detail: `failed to resolve ${tag}` });
    from = text.indexOf("{{", to + 2);
  }
}

/** A value that says nothing before its tags are resolved. */
export const isTemplated = ({ value }: Place): boolean => typeof value === "string" && value.includes("{{");
