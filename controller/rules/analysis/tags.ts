/**
 * Tags in texts, `{{args.name}}` (docs/behaviour/validation.md#tags): where they stand in an object and whether they
 * can be resolved.
 */
import { spend, spendBytes, spendText } from "../../../kube/object/budget.ts";
import { didYouMean, listed } from "../../../kube/validation/nearNames.ts";
import { at, items, keys, type Place } from "../../../kube/validation/place.ts";

/** A tag in a text: from its `{{` to the end of its `}}`. */
interface Tag {
  readonly from: number;
  readonly to: number;
  /** Between the braces, trimmed. */
  readonly name: string;
}

const TAG_SEARCH = "looking for tags";
const EXPANDING = "expanding tags";

/** From left to right; each character is read once, whatever the text is made of. */
function* tagsIn(text: string): Generator<Tag> {
  spendText(text, TAG_SEARCH);
  for (let from = text.indexOf("{{"); from >= 0;) {
    const end = text.indexOf("}}", from + 2);
    // A tag that is not closed here is not closed further on either.
    if (end < 0) return;
    spend(2, TAG_SEARCH);
    yield { from, to: end + 2, name: text.slice(from + 2, end).trim() };
    from = text.indexOf("{{", end + 2);
  }
}

export interface Expansion {
  /** In UTF-16 units: known before the text is made. */
  readonly length: number;
  /** Tags that have no value stand for themselves. */
  readonly isComplete: boolean;
  /** Makes the text. */
  text(): string;
}

/** What a text becomes when its tags get their values. Many short tags with long values make gigabytes. */
export function expansionOf(text: string, valueOf: (name: string) => string | undefined): Expansion {
  const pieces: string[] = [];
  let length = 0;
  let end = 0;
  let isComplete = true;
  const add = (piece: string): void => {
    pieces.push(piece);
    length += piece.length;
  };
  for (const { from, to, name } of tagsIn(text)) {
    const value = valueOf(name);
    isComplete &&= value !== undefined;
    add(text.slice(end, from));
    add(value ?? text.slice(from, to));
    end = to;
  }
  add(text.slice(end));
  return {
    length,
    isComplete,
    text: () => {
      spendBytes(length, EXPANDING);
      return pieces.join("");
    },
  };
}

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

/** More findings help nobody, and a text may consist of nothing else. */
const MOST = 50;

/**
 * The tags below a place that none of the names ("args.x") resolves, in the order of the object. Without recursion: an
 * object may be nested without end.
 */
export function unresolvedTags(place: Place, names: ReadonlySet<string>): readonly TagProblem[] {
  const found: TagProblem[] = [];
  if (!holdsTags(place.value)) return found;
  const waiting = [place];
  for (let here = waiting.pop(); here !== undefined && found.length < MOST; here = waiting.pop()) {
    if (typeof here.value === "string") unresolvedIn(here, here.value, names, found);
    else if (isHolder(here.value)) for (const part of parts(here).toReversed()) waiting.push(part);
  }
  return found;
}

/**
 * @param name what stands between the braces, undefined when they are never closed
 * @param known what may stand there: "args.x"
 */
export function tagHelp(name: string | undefined, known: ReadonlySet<string>): string {
  if (name === undefined) return "A tag is written {{args.NAME}}, with both braces at its end, too";
  const form = "A tag is written {{args.NAME}}, where NAME is one of spec.args";
  if (known.size === 0) return `${form}; there are none`;
  const near = didYouMean(name, known);
  return `${near === undefined ? "" : `${near} `}${form}: ${listed([...known].map((each) => each.replace(/^args\./, "")))}`;
}

const isHolder = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Most objects hold no tag, which this finds out without knowing the places. */
function holdsTags(value: unknown): boolean {
  const waiting = [value];
  while (waiting.length > 0) {
    const here = waiting.pop();
    if (typeof here === "string") {
      spendText(here, TAG_SEARCH);
      if (here.includes("{{")) return true;
    } else if (isHolder(here)) {
      const members: readonly unknown[] = Array.isArray(here) ? here : Object.values(here);
      spend(1 + members.length / 2, TAG_SEARCH);
      if (!Array.isArray(here) && Object.keys(here).some((key) => key.includes("{{"))) return true;
      for (const member of members) waiting.push(member);
    }
  }
  return false;
}

/** Elements or members; the name of a member may hold a tag too. */
function parts(place: Place): readonly Place[] {
  if (Array.isArray(place.value)) return items(place);
  return keys(place).flatMap((key) => [...(key.includes("{{") ? [{ ...place, value: key }] : []), at(place, key)]);
}

function unresolvedIn(place: Place, text: string, names: ReadonlySet<string>, found: TagProblem[]): void {
  spendText(text, TAG_SEARCH);
  for (let from = text.indexOf("{{"); from >= 0 && found.length < MOST;) {
    const to = text.indexOf("}}", from + 2);
    if (to < 0) {
      found.push({ place, tag: "{{", name: undefined, detail: "a {{ is never closed by }}" });
      return;
    }
    spend(2, TAG_SEARCH);
    const inner = text.slice(from + 2, to);
    const tag = `{{${inner.length > 80 ? `${inner.slice(0, 80)}…` : inner}}}`;
    if (!names.has(inner.trim())) found.push({ place, tag, name: inner.trim(), detail: `failed to resolve ${tag}` });
    from = text.indexOf("{{", to + 2);
  }
}

/** A value that is not known before its tags are resolved. */
export const isTemplated = ({ value }: Place): boolean => typeof value === "string" && value.includes("{{");
