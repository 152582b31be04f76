/**
 * Tags in texts, `{{args.name}}` (validation.md §6.4): where they stand in an object and whether they can be resolved.
 */
import { at, items, keys, type Place } from "./place.ts";

export interface Tag {
  /** The text that holds it. */
  readonly place: Place;
  /** Between the braces, as it stands; undefined when they are never closed. */
  readonly inner: string | undefined;
}

/** Every tag below a place, in the order of the object. Without recursion: an object may be nested without end. */
export function tagsBelow(place: Place): readonly Tag[] {
  const found: Tag[] = [];
  const waiting = [place];
  for (let here = waiting.pop(); here !== undefined; here = waiting.pop()) {
    const { value } = here;
    if (typeof value === "string") found.push(...tagsOf(here, value));
    else if (Array.isArray(value)) waiting.push(...items(here).toReversed());
    else if (typeof value === "object" && value !== null) waiting.push(...members(here));
  }
  return found;
}

/** The members of an object, last first; a name may hold a tag too. */
function members(place: Place): readonly Place[] {
  return keys(place)
    .toReversed()
    .flatMap((key) => [at(place, key), ...(key.includes("{{") ? [{ ...place, value: key }] : [])]);
}

function tagsOf(place: Place, text: string): readonly Tag[] {
  const found: Tag[] = [];
  for (let from = text.indexOf("{{"); from >= 0; ) {
    const to = text.indexOf("}}", from + 2);
    if (to < 0) return [...found, { place, inner: undefined }];
    found.push({ place, inner: text.slice(from + 2, to) });
    from = text.indexOf("{{", to + 2);
  }
  return found;
}

/** A value that says nothing before its tags are resolved. */
export const isTemplated = ({ value }: Place): boolean => typeof value === "string" && value.includes("{{");

/** Why a tag resolves to nothing, in the reference's words; undefined when it does. `names`: "args.x", … */
export function tagProblem({ inner }: Tag, names: ReadonlySet<string>): string | undefined {
  if (inner === undefined) return "a {{ is never closed by }}";
  return names.has(inner.trim()) ? undefined : `failed to resolve {{${shortened(inner)}}}`;
}

/** A tag as violations show it; what stands between distant braces can be a whole script. */
export const tagText = ({ inner }: Tag): string => (inner === undefined ? "{{" : `{{${shortened(inner)}}}`);

const shortened = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}…` : text);
