/**
 * YAML as it is written: documents of a stream whose untouched parts stay as they are, to the byte, and whose changed
 * objects keep their comments and the order of their keys (docs/convert.md#what-is-printed). JSON is YAML, too.
 */
import {
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type ParsedNode,
  stringify,
  type ToStringOptions,
  type YAMLMap,
} from "yaml";
import { equal } from "../../kube/object/equality.ts";
import { isList, isObject, type Json } from "../../kube/object/json.ts";
import { messageOf } from "../../kube/object/errors.ts";
import { isMerge, keyOf, type Parsed, parseDocuments, problemOf } from "../yaml/parse.ts";

/** A file with its documents, or why it cannot be read. */
export type Read =
  | { readonly kind: "stream"; readonly stream: Stream }
  /** A sentence, with the line. */
  | { readonly kind: "refused"; readonly problem: string };

export interface Stream {
  /** The objects of all documents; the items of a List each for itself. */
  readonly objects: readonly Held[];
  /** The text with each object of `becomes` in its place; undefined, or none for an index: as it was. */
  print(becomes: readonly (readonly Json[] | undefined)[]): Printed;
}

export interface Held {
  readonly object: unknown;
  /** 1 for the first document. */
  readonly document: number;
}

export interface Printed {
  readonly text: string;
  /** Documents (from 1) whose comments could not be kept. */
  readonly plain: readonly number[];
}

/** Two spaces, as Kubernetes' own tools print. */
const PLAIN: ToStringOptions = { lineWidth: 0, indentSeq: false };

/** The way in which the text is laid out already. */
function layoutOf(text: string): ToStringOptions {
  const between = String.raw`:[ \t]*(?:#[^\n]*)?\n(?:[ \t]*(?:#[^\n]*)?\n)*`;
  const dash = new RegExp(String.raw`^( *)[^\s#-][^\n]*${between}( *)- `, "m").exec(text);
  const nested = new RegExp(String.raw`^[^\s#-][^\n]*${between}( +)[^\s#-]`, "m").exec(text);
  return {
    ...PLAIN,
    indentSeq: dash !== null && (dash[2]?.length ?? 0) > (dash[1]?.length ?? 0),
    indent: nested?.[1]?.length ?? 2,
    flowCollectionPadding: /\{ \S/.test(text) || (/\[ \S/.test(text) && !/\{\S/.test(text)),
  };
}

/** Parses text from a file, from `kustomize build` or from `helm template`. */
export function readStream(text: string): Read {
  let parsed: readonly Parsed[];
  try {
    parsed = parseDocuments(text);
  } catch (error) {
    return { kind: "refused", problem: messageOf(error) };
  }
  const problem = parsed.flatMap(({ errors }) => errors)[0];
  if (problem !== undefined) return { kind: "refused", problem: `it is not YAML: ${problemOf(problem, text)}` };
  const places: Place[] = [];
  for (const [n, document] of parsed.entries()) {
    let object: unknown;
    try {
      object = document.toJS();
    } catch (error) {
      // An alias without its anchor, or aliases of aliases that would fill the memory.
      const why = messageOf(error);
      return { kind: "refused", problem: `document ${n + 1} is not YAML: ${why}` };
    }
    const items = isObject(object) && object["kind"] === "List" ? object["items"] : undefined;
    if (isList(items)) for (const [item, inner] of items.entries()) places.push({ object: inner, document: n, item });
    else places.push({ object, document: n });
  }
  return {
    kind: "stream",
    stream: {
      objects: places.map(({ object, document }) => ({ object, document: document + 1 })),
      print: (becomes) => printed(text, parsed, places, becomes),
    },
  };
}

interface Place {
  readonly object: unknown;
  readonly document: number;
  /** Index in the items of a List. */
  readonly item?: number;
}

function printed(
  text: string,
  documents: readonly Parsed[],
  places: readonly Place[],
  becomes: readonly (readonly Json[] | undefined)[],
): Printed {
  if (documents.length === 0 || becomes.every((next) => next === undefined)) return { text, plain: [] };
  let end = 0;
  const plain: number[] = [];
  const parts = documents.map((document, n) => {
    const source = text.slice(end, n === documents.length - 1 ? undefined : document.range[2]);
    end = document.range[2];
    const changes = places.flatMap((place, at) => {
      const next = becomes[at];
      return place.document !== n || next === undefined ? [] : [{ place, next }];
    });
    if (changes.length === 0) return source;
    const { text: part, keepsComments } = changedDocument(document, source, changes);
    if (!keepsComments) plain.push(n + 1);
    return source.includes("\r\n") ? part.replaceAll(/\r?\n/g, "\r\n") : part;
  });
  return { text: joined(parts), plain };
}

interface Change {
  readonly place: Place;
  readonly next: readonly Json[];
}

function changedDocument(
  document: Parsed,
  source: string,
  changes: readonly Change[],
): { readonly text: string; readonly keepsComments: boolean } {
  const layout = layoutOf(source);
  if (isJson(source)) return { text: changedJson(document.toJS(), changes), keepsComments: true };
  const items: unknown = document.get("items");
  const isInList = changes.some(({ place }) => place.item !== undefined) && isSeq(items);
  if (!isInList) {
    const [{ next }] = changes as [Change];
    const [first, ...others] = next;
    const added = others.map((object) => `---\n${stringify(object, layout)}`).join("");
    if (first === undefined) return { text: added, keepsComments: true };
    if (first === changes[0]?.place.object) return { text: joined([source, added]), keepsComments: true };
    const { text, keepsComments } = reshapedDocument(document, first, layout);
    return { text: `${text}${added}`, keepsComments };
  }
  // From the end, so that the indexes of those before stay right.
  for (const { place, next } of changes.toReversed()) {
    const at = place.item ?? 0;
    const [first, ...others] = next;
    if (first === undefined) items.items.splice(at, 1);
    else {
      items.items[at] = reshaped(document, items.items[at], first);
      items.items.splice(at + 1, 0, ...others.map((object) => document.createNode(object)));
    }
  }
  return { text: document.toString(layout), keepsComments: true };
}

function isJson(source: string): boolean {
  try {
    JSON.parse(source);
    return true;
  } catch {
    return false;
  }
}

/** What was JSON stays JSON; what comes beside an object makes a List of it. */
function changedJson(object: unknown, changes: readonly Change[]): string {
  const text = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
  if (changes.every(({ place }) => place.item === undefined)) {
    const next: readonly Json[] = changes[0]?.next ?? [];
    if (next.length === 0) return "";
    return text(next.length === 1 ? next[0] : { apiVersion: "v1", kind: "List", items: next });
  }
  const { items: before } = object as { readonly items: readonly unknown[] };
  const items = before.flatMap((item, n): readonly unknown[] => {
    const change = changes.find(({ place }) => place.item === n);
    return change === undefined ? [item] : change.next;
  });
  return text({ ...(object as Json), items });
}

function reshapedDocument(
  document: Parsed,
  object: Json,
  layout: ToStringOptions,
): { readonly text: string; readonly keepsComments: boolean } {
  try {
    document.contents = reshaped(document, document.contents, object) as ParsedNode;
    return { text: document.toString(layout), keepsComments: true };
  } catch {
    // An anchor went with what is gone, and something that stays names it.
    return { text: `---\n${stringify(object, layout)}`, keepsComments: false };
  }
}

/** The node with the value `to`: its comments and order stay where a part of it stays. */
function reshaped(document: Parsed, node: unknown, to: unknown): unknown {
  if (
    isMap(node) &&
    isObject(to) &&
    !node.items.some(isMerge) &&
    node.items.some((pair) => Object.hasOwn(to, keyOf(pair)))
  )
    return reshapedMap(document, node, to);
  if (isSeq(node) && isList(to) && node.items.length === to.length) {
    for (const [n, item] of to.entries()) node.items[n] = reshaped(document, node.items[n], item);
    return node;
  }
  if ((isCollection(node) || isScalar(node) || isAlias(node)) && equal(node.toJS(document), to)) return node;
  const made = document.createNode(to);
  if ((isScalar(node) && isScalar(made)) || (isCollection(node) && isCollection(made))) {
    made.comment = node.comment ?? null;
    made.commentBefore = node.commentBefore ?? null;
    made.spaceBefore = node.spaceBefore ?? false;
  }
  return made;
}

/** What stays keeps its place; what is new comes at the end, or where `to` has it after a member that is there. */
function reshapedMap(document: Parsed, map: YAMLMap, to: Json): YAMLMap {
  map.items = map.items.filter((pair) => Object.hasOwn(to, keyOf(pair)));
  const old = new Map(map.items.map((pair) => [keyOf(pair), pair]));
  let at = 0;
  for (const [key, value] of Object.entries(to)) {
    const pair = old.get(key);
    if (pair === undefined) {
      map.items.splice(at, 0, document.createPair(key, value));
      at += 1;
    } else {
      pair.value = reshaped(document, pair.value, value);
      at = map.items.indexOf(pair) + 1;
    }
  }
  return map;
}

/** Each part ends its last line; documents after the first begin with their marker. */
function joined(parts: readonly string[]): string {
  let text = "";
  for (const part of parts) {
    if (part === "") continue;
    if (text !== "" && !text.endsWith("\n") && !/^\r?\n/.test(part)) text += "\n";
    const begins = /^(?:[ \t]*(?:#[^\n]*)?\r?\n)*---/.test(part) || /(^|\n)\.\.\.\s*$/.test(text);
    text += text === "" || begins ? part : `---\n${part}`;
  }
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
