/** A file as lint reads it: its objects with their places in the text, and what is not YAML. */
import { isMap, isSeq, LineCounter, type ParsedNode } from "yaml";
import { isList, isObject, type Json } from "../../kube/object/json.ts";
import { messageOf } from "../../kube/object/errors.ts";
import { type Parsed, parseDocuments, problemOf } from "../yaml/parse.ts";
import type { Range } from "../yaml/position.ts";

export interface Source {
  /** As people named it: a path, or `standard input`. */
  readonly name: string;
  readonly text: string;
  /** Line and column of an offset, both from 1. */
  readonly positionOf: (offset: number) => { readonly line: number; readonly column: number };
  /** The objects of all documents; the items of a List each for itself. */
  readonly objects: readonly ObjectInText[];
  readonly problems: readonly TextProblem[];
}

export interface ObjectInText {
  readonly object: Json;
  readonly document: Parsed;
  /** Where the object begins. */
  readonly node: ParsedNode;
}

/** Something that is no object: the text is not YAML, or the YAML holds something else. */
export interface TextProblem {
  readonly rule: "not-yaml" | "not-an-object";
  readonly message: string;
  readonly range: Range;
  readonly help?: string;
}

/** The API server takes 3 MiB at most; a file holds several objects. */
const MOST_CHARS = 32 * 2 ** 20;

/** Never throws, whatever the text is. @param isNamed somebody named this file itself, so that it should have objects */
export function readSource(name: string, text: string, isNamed: boolean): Source {
  const lines = new LineCounter();
  const positionOf = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return line === 0 ? { line: 1, column: offset + 1 } : { line, column: col };
  };
  const unread = (message: string): Source => ({
    name,
    text,
    positionOf,
    objects: [],
    problems: [{ rule: "not-yaml", message, range: [0, 0] }],
  });
  if (text.length > MOST_CHARS) return unread("is longer than 32 MiB; no manifest is: give the manifests alone");
  try {
    return { name, text, positionOf, ...contentOf(parseDocuments(text, lines), text, isNamed) };
  } catch (error) {
    return unread(messageOf(error).replace(/^it /, ""));
  }
}

type Content = Pick<Source, "objects" | "problems">;

function contentOf(documents: readonly Parsed[], text: string, isNamed: boolean): Content {
  const problems: TextProblem[] = [];
  const objects: ObjectInText[] = [];
  for (const document of documents) {
    const wrong = documentProblems(document, text);
    problems.push(...wrong);
    if (wrong.length > 0 || document.contents === null) continue;
    let value: unknown;
    try {
      value = document.toJS();
      if (text.includes("&") && isCircle(value))
        throw new Error("an anchor holds an alias of itself, so that it never ends");
    } catch (error) {
      // An alias without its anchor, or aliases of aliases that would fill the memory.
      problems.push({ rule: "not-yaml", message: messageOf(error), range: startOf(document.contents) });
      continue;
    }
    if (value === null || value === undefined) continue;
    collect({ value, node: document.contents, document, depth: 0 }, { objects, problems, isNamed });
  }
  return { objects, problems };
}

/** Only an alias can make one. */
function isCircle(value: unknown, above: ReadonlySet<unknown> = new Set()): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (above.has(value)) return true;
  const inner = new Set(above).add(value);
  return Object.values(value).some((one) => isCircle(one, inner));
}

/** The first few: what follows is often only a consequence. */
const MOST_PROBLEMS = 10;

function documentProblems(document: Parsed, text: string): readonly TextProblem[] {
  return document.errors.slice(0, MOST_PROBLEMS).map((error) => {
    // The message ends with the place, which stands before it already.
    const message = problemOf(error, text).replace(/ at line \d+, column \d+/, "");
    const isTab = error.code === "TAB_AS_INDENT";
    const isTwice = error.code === "DUPLICATE_KEY";
    return {
      rule: "not-yaml",
      message: isTwice ? "a member stands there twice" : message,
      range: error.pos,
      ...(isTab ? { help: "YAML is indented by spaces: replace the tab" } : {}),
      ...(isTwice ? { help: "Of two members of one name the API server takes the last, or none: remove one" } : {}),
    };
  });
}

interface Value {
  readonly value: unknown;
  readonly node: ParsedNode;
  readonly document: Parsed;
  readonly depth: number;
}

interface Into {
  readonly objects: ObjectInText[];
  readonly problems: TextProblem[];
  readonly isNamed: boolean;
}

/** A List inside of a List inside of a List is nobody's. */
const DEEPEST_LIST = 4;

function collect({ value, node, document, depth }: Value, into: Into): void {
  if (!isObject(value)) {
    if (into.isNamed) into.problems.push(notAnObject("is not an object of Kubernetes, which is a map", node));
    return;
  }
  const { kind, apiVersion, items } = value;
  if (typeof kind === "string" && kind.endsWith("List") && isList(items) && depth < DEEPEST_LIST) {
    const list: unknown = isMap(node) ? node.get("items", true) : undefined;
    const each = kind === "List" ? {} : { apiVersion, kind: kind.slice(0, -"List".length) };
    for (const [index, item] of items.entries()) {
      const place = (isSeq(list) ? list.items[index] : undefined) as ParsedNode | undefined;
      collect(
        { value: isObject(item) ? { ...each, ...item } : item, node: place ?? node, document, depth: depth + 1 },
        into,
      );
    }
    return;
  }
  if (typeof kind === "string" && kind !== "" && typeof apiVersion === "string" && apiVersion !== "") {
    into.objects.push({ object: value, document, node });
    return;
  }
  // Values of a chart, settings of a tool: in a folder they are none of ours.
  if (kind === undefined && apiVersion === undefined && !into.isNamed) return;
  const missing = typeof kind === "string" && kind !== "" ? "apiVersion" : "kind";
  into.problems.push(notAnObject(`has no ${missing}, so that it is no object of Kubernetes`, node));
}

const notAnObject = (message: string, node: ParsedNode): TextProblem => ({
  rule: "not-an-object",
  message,
  range: startOf(node),
});

const startOf = ({ range }: ParsedNode): Range => [range[0], range[0]];
