/**
 * Reads templates of Kubernetes' JSONPath, `{$.data.ok}` or `{.items[?(@.name=="a")].x}`, as client-go does: errors are
 * in its words. Nothing here throws.
 */
import { GO_ESCAPES } from "../../../kube/object/goQuoted.ts";

export type Node =
  | { readonly kind: "list"; readonly nodes: readonly Node[] }
  /** Outside of braces, or in quotes. */
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "array"; readonly slice: Slice }
  | {
      readonly kind: "filter";
      readonly left: readonly Node[];
      readonly operator: string;
      readonly right: readonly Node[];
    }
  | { readonly kind: "literal"; readonly value: number | boolean }
  | { readonly kind: "wildcard" }
  | { readonly kind: "recursive" }
  | { readonly kind: "union"; readonly branches: readonly (readonly Node[])[] }
  /** `range` and `end`. */
  | { readonly kind: "word"; readonly word: string };

/** `[from:to:step]`; `[2]` is the slice of one element, which has a derived end. */
export interface Slice {
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly isDerived: boolean;
  readonly step: number | undefined;
}

/** Caught by `parseJsonPath`. */
class SyntaxProblem extends Error {}

/** @returns a list for each pair of braces, and the texts between them */
export function parseJsonPath(template: string): { readonly nodes: readonly Node[] } | { readonly problem: string } {
  try {
    return { nodes: parsed(template) };
  } catch (error) {
    if (error instanceof SyntaxProblem) return { problem: error.message };
    // Filters in filters in filters.
    if (error instanceof RangeError) return { problem: "it is nested too deep" };
    throw error;
  }
}

function parsed(template: string): readonly Node[] {
  const nodes: Node[] = [];
  const reader: Reader = { text: template, at: 0 };
  while (reader.at < template.length) {
    const open = template.indexOf("{", reader.at);
    const end = open < 0 ? template.length : open;
    if (end > reader.at) nodes.push({ kind: "text", text: template.slice(reader.at, end) });
    reader.at = end + 1;
    if (open >= 0) nodes.push({ kind: "list", nodes: action(reader) });
  }
  return nodes;
}

/** What stands in braces, without them; what follows a brace in it is not read. */
const inBraces = (text: string): readonly Node[] => action({ text: `${text}}`, at: 0 });

interface Reader {
  readonly text: string;
  at: number;
}

const isTerminator = (char: string): boolean => char === "" || " \t\r\n.,[]$@{}".includes(char);
const isDigit = (char: string): boolean => /^\p{Nd}$/u.test(char);
const isWordly = (char: string): boolean => /^[\p{L}\p{Nd}_]$/u.test(char);

/** Up to and with the closing brace. */
function action(reader: Reader): readonly Node[] {
  const nodes: Node[] = [];
  for (;;) {
    const char = reader.text.charAt(reader.at);
    if (char === "}") {
      reader.at += 1;
      return nodes;
    }
    if (char === "" || char === "\n" || char === "\r") throw new SyntaxProblem("unclosed action");
    if (char === " " || char === "@" || char === "$") reader.at += 1;
    else nodes.push(...part(reader, char, nodes.at(-1)));
  }
}

function part(reader: Reader, char: string, before: Node | undefined): readonly Node[] {
  if (reader.text.startsWith("[?(", reader.at)) return [filter(reader)];
  if (reader.text.startsWith("..", reader.at)) return recursive(reader, before);
  if (char === "[") return subscript(reader);
  if (char === '"' || char === "'") return [{ kind: "text", text: quoted(reader, char) }];
  if (char === ".") {
    reader.at += 1;
    return [field(reader)];
  }
  if (char === "+" || char === "-" || isDigit(char)) return [number(reader)];
  if (isWordly(char)) return [word(reader)];
  const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  throw new SyntaxProblem(`unrecognized character in action: U+${code} '${char}'`);
}

/** What `takes` accepts, from here on. */
function taken(reader: Reader, takes: (char: string) => boolean): string {
  const from = reader.at;
  while (reader.at < reader.text.length && takes(reader.text.charAt(reader.at))) reader.at += 1;
  return reader.text.slice(from, reader.at);
}

function word(reader: Reader): Node {
  const name = taken(reader, (char) => !isTerminator(char));
  return name === "true" || name === "false"
    ? { kind: "literal", value: name === "true" }
    : { kind: "word", word: name };
}

function recursive(reader: Reader, before: Node | undefined): readonly Node[] {
  if (before?.kind === "recursive") throw new SyntaxProblem("invalid multiple recursive descent");
  reader.at += 2;
  const descent: Node = { kind: "recursive" };
  return isWordly(reader.text.charAt(reader.at)) ? [descent, field(reader)] : [descent];
}

function number(reader: Reader): Node {
  const from = reader.at;
  reader.at += 1;
  taken(reader, (char) => char === "." || isDigit(char));
  const text = reader.text.slice(from, reader.at);
  if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(text)) throw new SyntaxProblem(`cannot parse number ${text}`);
  return { kind: "literal", value: Number(text) };
}

/** A name up to what ends it; a backslash makes the next character a part of it. */
function field(reader: Reader): Node {
  const from = reader.at;
  for (;;) {
    const char = reader.text.charAt(reader.at);
    if (char === "\\") reader.at = Math.min(reader.at + 2, reader.text.length);
    else if (isTerminator(char)) break;
    else reader.at += 1;
  }
  const name = reader.text.slice(from, reader.at);
  return name === "*" ? { kind: "wildcard" } : { kind: "field", name: name.replaceAll("\\", "") };
}

function subscript(reader: Reader): readonly Node[] {
  const inside = taken({ ...reader, at: reader.at + 1 }, (char) => char !== "]" && char !== "\n");
  const end = reader.at + 1 + inside.length;
  if (reader.text.charAt(end) !== "]") throw new SyntaxProblem("unterminated array");
  reader.at = end + 1;
  const text = inside === "*" ? ":" : inside;
  if (text.includes(",")) {
    const branches = text.split(",").map((each) => inBraces(`[${each.replace(/^ +| +$/g, "")}]`));
    return [{ kind: "union", branches }];
  }
  const key = /^'([^']*)'$/.exec(text)?.[1];
  return key === undefined ? [{ kind: "array", slice: slice(text) }] : inBraces(`.${key}`);
}

function slice(text: string): Slice {
  const match = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/.exec(text);
  if (match === null) throw new SyntaxProblem(`invalid array index ${text}`);
  const [from, to, step] = [match[1] ?? "", match[2], match[3]].map((part) => bound(part));
  const isDerived = match[2] === undefined;
  return { from, to: isDerived ? (from ?? 0) + 1 : to, isDerived, step };
}

function bound(part: string | undefined): number | undefined {
  const digits = (part ?? "").replace(":", "");
  if (digits === "") return undefined;
  if (digits === "-" || digits.length > 16) throw new SyntaxProblem(`array index ${digits} is not a number`);
  return Number(digits);
}

function filter(reader: Reader): Node {
  const from = reader.at + 3;
  const end = filterEnd(reader.text, from);
  if (reader.text.charAt(end + 1) !== "]") throw new SyntaxProblem("unclosed array expect ]");
  reader.at = end + 2;
  const text = reader.text.slice(from, end);
  const [, left, operator = "", right = ""] = /^([^!<>=]+)([!<>=]+)(.+?)$/.exec(text) ?? [];
  if (left === undefined) return { kind: "filter", left: inBraces(text), operator: "exists", right: [] };
  return { kind: "filter", left: inBraces(left), operator, right: inBraces(right) };
}

/** Where its closing parenthesis is; one in quotes does not count. */
function filterEnd(text: string, from: number): number {
  let quote: string | undefined;
  let isClosed = false;
  for (let at = from; ; at++) {
    const char = text.charAt(at);
    if (char === "" || char === "\n") throw new SyntaxProblem("unterminated filter");
    if ((char === '"' || char === "'") && quote === undefined) quote = char;
    else if (char === quote && text.charAt(at - 1) !== "\\") isClosed = true;
    else if (char === ")" && (quote === undefined || isClosed)) return at;
  }
}

function quoted(reader: Reader, quote: string): string {
  const from = reader.at;
  let end = from + 1;
  while (reader.text.charAt(end) !== quote || reader.text.charAt(end - 1) === "\\") {
    const char = reader.text.charAt(end);
    if (char === "" || char === "\n") throw new SyntaxProblem("unterminated quoted string");
    end += 1;
  }
  reader.at = end + 1;
  return reader.text
    .slice(from + 1, end)
    .replace(/\\(?:x([\da-f]{2})|u([\da-f]{4})|U([\da-f]{8})|(.?))/gi, (all, x, u, long, char: string | undefined) => {
      const code = Number.parseInt(String(x ?? u ?? long ?? ""), 16);
      const plain = char === undefined ? undefined : GO_ESCAPES[char];
      const isValid = plain !== undefined || code <= 0x10ffff;
      if (!isValid) throw new SyntaxProblem(`unquote string ${all} error invalid syntax`);
      return plain ?? String.fromCodePoint(code);
    });
}
