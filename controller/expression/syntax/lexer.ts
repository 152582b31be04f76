/** The words of an expression. */
import { spend } from "../../../kube/object/budget.ts";
import { ExpressionError } from "./problem.ts";
import { quoted, raw } from "./quoted.ts";

export type TokenKind = "name" | "number" | "string" | "bytes" | "operator" | "bracket" | "end";

export interface Token {
  readonly kind: TokenKind;
  /** The word; the value of a string (bytes, goText.ts). */
  readonly text: string;
  readonly at: number;
}

const SPACE = /[\t-\r \u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]+|\/\/[^\n]*/y;
const NAME = /[\p{L}\p{Nd}_$]+/uy;
const NUMBER =
  /0x[\da-f_]*(?:\.(?!\.)[\da-f_]*)?|0o[0-7_]*(?:\.(?!\.)[0-7_]*)?(?:e[+-]?[0-7_]*)?|0b[01_]*(?:\.(?!\.)[01_]*)?(?:e[+-]?[01_]*)?|\.?[\d_]+(?:\.(?!\.)[\d_]*)?(?:e[+-]?[\d_]*)?/iy;
const OPERATOR = /\|\|?|::?|[,;%+\-^/]|[&!=*<>][&=*]?|\?[.?]?|\.\.?|##?/y;

/** Names that are operators. */
const WORDS: ReadonlySet<string> = new Set([
  "not",
  "in",
  "or",
  "and",
  "matches",
  "contains",
  "startsWith",
  "endsWith",
  "let",
  "if",
  "else",
]);

function word(sticky: RegExp, source: string, at: number): string | undefined {
  sticky.lastIndex = at;
  return sticky.exec(source)?.[0];
}

/** For reading a word: steps of the budget of a judgement. */
const WORD_STEPS = 10;

/** All tokens, the last of kind `end`. Throws ExpressionError, or TooCostlyError when a judgement's budget runs out. */
export function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < source.length;) {
    const space = word(SPACE, source, at);
    if (space !== undefined) at += space.length;
    else if (source.startsWith("/*", at)) at = commentEnd(source, at);
    else {
      spend(WORD_STEPS, "reading conditions");
      at = next(source, at, tokens);
    }
  }
  const end = source.trimEnd().length;
  return [...tokens, { kind: "end", text: "", at: Math.max(end - 1, 0) }];
}

function commentEnd(source: string, at: number): number {
  const end = source.indexOf("*/", at + 2);
  if (end < 0) throw new ExpressionError("a comment is not closed: */ is missing", at);
  return end + 2;
}

/** Adds the token that stands here. @returns where it ends */
function next(source: string, at: number, tokens: Token[]): number {
  const char = source[at] ?? "";
  const following = source[at + 1] ?? "";
  const add = (kind: TokenKind, text: string, end: number): number => {
    tokens.push({ kind, text, at });
    return end;
  };
  if (char === '"' || char === "'") {
    const { value, end } = quoted(source, at, false);
    return add("string", value, end);
  }
  if (char === "`") {
    const { value, end } = raw(source, at);
    return add("string", value, end);
  }
  if ((char === "b" || char === "B") && (following === '"' || following === "'")) {
    const { value, end } = quoted(source, at + 1, true);
    return add("bytes", value, end);
  }
  if (/\d/.test(char) || (char === "." && /\d/.test(following))) return number(source, at, tokens);
  if ("([{}])".includes(char)) return add("bracket", char, at + 1);
  const operator = word(OPERATOR, source, at);
  if (operator !== undefined) {
    const end = add("operator", operator, at + operator.length);
    return operator.startsWith("#") ? pointerName(source, end, tokens) : end;
  }
  const name = word(NAME, source, at);
  if (name !== undefined) return add(WORDS.has(name) ? "operator" : "name", name, at + name.length);
  throw new ExpressionError(`unexpected character ${String.fromCodePoint(source.codePointAt(at) ?? 0)}`, at);
}

function number(source: string, at: number, tokens: Token[]): number {
  const text = word(NUMBER, source, at) ?? "";
  const end = at + text.length;
  // `1..3` is a range: anything else that directly follows a number belongs to it.
  if (!source.startsWith("..", end) && word(NAME, source, end) !== undefined) {
    throw new ExpressionError(`not a number: ${text}${word(NAME, source, end) ?? ""}`, at);
  }
  tokens.push({ kind: "number", text, at });
  return end;
}

/** `#index`: the word right behind the sign is its name, even one that is an operator. */
function pointerName(source: string, at: number, tokens: Token[]): number {
  const name = word(NAME, source, at);
  if (name === undefined) return at;
  tokens.push({ kind: "name", text: name, at });
  return at + name.length;
}
