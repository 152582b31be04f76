/** Where in a text a member of an object stands: from the path in a finding to line and column. */
import { isAlias, isMap, isScalar, isSeq, type ParsedNode, type YAMLMap } from "yaml";
import { isMerge, keyOf, type Parsed } from "./parse.ts";

/** Offsets in the text; the end is not part of it. */
export type Range = readonly [start: number, end: number];

export interface PlaceInText {
  /** Of the path, as far as the text has it. */
  readonly segments: readonly (string | number)[];
  /** Whether all of the path is there. */
  readonly isWhole: boolean;
  /** What stands there; undefined where nothing does. */
  readonly node: ParsedNode | undefined;
  /** The name of the member, where it is one. */
  readonly key: ParsedNode | undefined;
  /** The map that it is a member of. */
  readonly holder: YAMLMap.Parsed | undefined;
  /** Reached through an alias or a merge, or with an anchor of its own: other places may have the same text. */
  readonly isShared: boolean;
}

type Step = Omit<PlaceInText, "segments" | "isWhole">;

/**
 * Follows a path such as `spec.steps[0].setWeight` or `metadata.labels[app.kubernetes.io/name]`. Keys may hold dots: of
 * those that fit the longest is meant. Where the text ends before the path does, the last place that is there.
 * @param start where the path begins: a document's content, or an item of a List
 */
export function placeInText(document: Parsed, start: ParsedNode | null, path: string): PlaceInText {
  const segments: (string | number)[] = [];
  let at = resolved(document, { node: start ?? undefined, key: undefined, holder: undefined, isShared: false });
  let rest = path;
  while (rest !== "") {
    const next = stepInto(document, at, rest);
    if (next === undefined) return { ...at, segments, isWhole: false };
    segments.push(next.segment);
    rest = next.rest;
    at = resolved(document, next.step);
  }
  return { ...at, segments, isWhole: true };
}

function resolved(document: Parsed, step: Step): Step {
  const { node } = step;
  if (isAlias(node)) return { ...step, node: node.resolve(document) as ParsedNode | undefined, isShared: true };
  return node?.anchor === undefined ? step : { ...step, isShared: true };
}

interface Next {
  readonly segment: string | number;
  readonly rest: string;
  readonly step: Step;
}

function stepInto(document: Parsed, { node, isShared }: Step, rest: string): Next | undefined {
  if (isSeq(node)) {
    const [whole, digits = ""] = /^\[(\d{1,9})\]/.exec(rest) ?? [];
    const item = node.items[Number(digits)];
    if (whole === undefined || item === undefined) return undefined;
    const step = { node: item, key: undefined, holder: undefined, isShared };
    return { segment: Number(digits), rest: rest.slice(whole.length), step };
  }
  return isMap(node) ? memberIn(document, node, rest, isShared) : undefined;
}

function memberIn(document: Parsed, map: YAMLMap.Parsed, rest: string, isShared: boolean): Next | undefined {
  let best: Next | undefined;
  for (const pair of map.items) {
    const name = keyOf(pair);
    const left = afterKey(rest, name);
    if (left === undefined || (best !== undefined && left.length > best.rest.length)) continue;
    best = { segment: name, rest: left, step: { node: pair.value ?? undefined, key: pair.key, holder: map, isShared } };
  }
  if (best !== undefined) return best;
  for (const pair of map.items.filter(isMerge)) {
    const from = merged(document, pair.value);
    const sources = isSeq(from) ? from.items : [from];
    for (const source of sources) {
      const node = merged(document, source);
      // A merge of a merge is not followed: a circle of them would not end.
      const found = isMap(node) ? memberIn(document, withoutMerges(node), rest, true) : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

const merged = (document: Parsed, node: ParsedNode | null | undefined): ParsedNode | undefined =>
  resolved(document, { node: node ?? undefined, key: undefined, holder: undefined, isShared: true }).node;

const withoutMerges = (map: YAMLMap.Parsed): YAMLMap.Parsed =>
  ({ items: map.items.filter((pair) => !isMerge(pair)) }) as YAMLMap.Parsed;

/** What is left of a path behind this key; undefined: the path does not begin with it. */
function afterKey(rest: string, key: string): string | undefined {
  if (rest.startsWith(`[${key}]`)) return rest.slice(key.length + 2);
  const from = rest.startsWith(".") ? 1 : 0;
  if (!rest.startsWith(key, from)) return undefined;
  const left = rest.slice(from + key.length);
  return left === "" || left.startsWith(".") || left.startsWith("[") ? left : undefined;
}

/**
 * What to show of a place, on one line if it can be: the value where it is a scalar, else the name of the member, else
 * the beginning of the item.
 * @param isKeyMeant the name of the member is what is wrong
 */
export function rangeOf(place: PlaceInText, text: string, isKeyMeant: boolean): Range {
  const { node, key, isWhole } = place;
  const value = isScalar(node) ? rangeIn(node) : undefined;
  const isEmpty = value === undefined || value[0] === value[1];
  const range = isWhole && !isKeyMeant && !isEmpty ? value : (rangeIn(key) ?? rangeIn(node) ?? [0, 0]);
  return onOneLine(range, text);
}

const rangeIn = (node: ParsedNode | undefined): Range | undefined =>
  node?.range === undefined || node.range === null ? undefined : [node.range[0], node.range[1]];

function onOneLine([start, end]: Range, text: string): Range {
  const newline = text.indexOf("\n", start);
  const last = newline === -1 ? text.length : newline;
  if (end <= last) return [start, Math.max(start, end)];
  return [start, Math.max(start, start + text.slice(start, last).trimEnd().length)];
}
