/** Splits a template into tokens, one at a time: what a name is depends on what stands before it. */
import { goQuoted } from "../../../kube/object/goQuoted.ts";

export type TokenType =
  | "error"
  | "bool"
  | "char"
  | "character"
  | "complex"
  | "="
  | ":="
  | "eof"
  | "field"
  | "identifier"
  | "{{"
  | "("
  | "number"
  | "|"
  | "raw"
  | "}}"
  | ")"
  | "space"
  | "string"
  | "text"
  | "variable"
  | "."
  | "keyword";

export interface Token {
  readonly type: TokenType;
  readonly pos: number;
  readonly text: string;
  readonly line: number;
}

export interface Lexer {
  readonly text: string;
  pos: number;
  line: number;
  insideAction: boolean;
  parens: number;
  /** After an error nothing follows. */
  failed: boolean;
}

export const newLexer = (text: string): Lexer => ({
  text,
  pos: 0,
  line: 1,
  insideAction: false,
  parens: 0,
  failed: false,
});

const KEYWORDS = new Set("block break continue define else end if range nil template with".split(" "));

/** As an error names it. */
export function shown({ type, text }: Token): string {
  if (type === "eof") return "EOF";
  if (type === "error") return text;
  if (type === "keyword" || type === ".") return `<${text}>`;
  const chars = Array.from(text);
  return new TextEncoder().encode(text).length > 10 ? `${goQuoted(chars.slice(0, 10).join(""))}...` : goQuoted(text);
}

function take(l: Lexer, type: TokenType, length: number): Token {
  const text = l.text.slice(l.pos, l.pos + length);
  const token = { type, pos: l.pos, text, line: l.line };
  skip(l, length);
  return token;
}

function skip(l: Lexer, length: number): void {
  const skipped = l.text.slice(l.pos, l.pos + length);
  for (let at = skipped.indexOf("\n"); at !== -1; at = skipped.indexOf("\n", at + 1)) l.line++;
  l.pos += length;
}

function fail(l: Lexer, text: string, pos = l.pos): Token {
  l.failed = true;
  return { type: "error", pos, text, line: l.line };
}

export function nextToken(l: Lexer): Token {
  if (l.failed) return { type: "eof", pos: 0, text: "EOF", line: l.line };
  return l.insideAction ? insideAction(l) : text(l);
}

const sticky = (l: Lexer, pattern: RegExp): string | undefined => {
  pattern.lastIndex = l.pos;
  return pattern.exec(l.text)?.[0];
};

function text(l: Lexer): Token {
  for (;;) {
    const open = l.text.indexOf("{{", l.pos);
    if (open === -1) {
      const rest = l.text.length - l.pos;
      return rest > 0 ? take(l, "text", rest) : { type: "eof", pos: l.pos, text: "EOF", line: l.line };
    }
    if (open > l.pos) {
      const before = l.text.slice(l.pos, open);
      const trims = /^-[ \t\r\n]/.test(l.text.slice(open + 2, open + 4));
      const kept = trims ? before.replace(/[ \t\r\n]+$/, "") : before;
      const token = take(l, "text", kept.length);
      skip(l, open - l.pos);
      if (kept !== "") return token;
    }
    const marker = /^-[ \t\r\n]/.test(l.text.slice(l.pos + 2, l.pos + 4)) ? 2 : 0;
    if (!l.text.startsWith("/*", l.pos + 2 + marker)) {
      const token = take(l, "{{", 2);
      skip(l, marker);
      [l.insideAction, l.parens] = [true, 0];
      return token;
    }
    const start = l.pos + 2 + marker;
    const end = l.text.indexOf("*/", start + 2);
    if (end === -1) return fail(l, "unclosed comment");
    const [, trim, spaces = ""] = /^([ \t\r\n]-)?\}\}([ \t\r\n]*)/.exec(l.text.slice(end + 2)) ?? [];
    const isClosed = l.text.startsWith("}}", end + 2 + (trim?.length ?? 0));
    if (!isClosed) return fail(l, "comment ends before closing delimiter");
    skip(l, end + 2 - l.pos + (trim === undefined ? 2 : 4 + spaces.length));
  }
}

const CLOSE = /[ \t\r\n]-\}\}|\}\}/y;
const SPACE = /[ \t\r\n]+/y;
const WORD = /[_\p{L}\p{Nd}]+/uy;
const NAME_AFTER = /[.$][_\p{L}\p{Nd}]*/uy;
const TERMINATOR = /[ \t\r\n.,|:)(]|\}\}|$/y;
const SIGNED = String.raw`[+-]?(?:0[xX][\da-fA-F_]*(?:\.[\da-fA-F_]*)?(?:[pP][+-]?[\d_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?|[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?[\d_]*)?)i?`;
const NUMBER = new RegExp(SIGNED, "y");
const QUOTED: Readonly<Record<string, readonly [TokenType, RegExp, string]>> = {
  '"': ["string", /"(?:[^"\\\n]|\\[^\n])*"/y, "unterminated quoted string"],
  "'": ["character", /'(?:[^'\\\n]|\\[^\n])*'/y, "unterminated character constant"],
  "`": ["raw", /`[^`]*`/y, "unterminated raw quoted string"],
};

function insideAction(l: Lexer): Token {
  const close = sticky(l, CLOSE);
  if (close !== undefined) return l.parens === 0 ? closed(l, close) : fail(l, "unclosed left paren");
  const char = l.text.slice(l.pos, l.pos + 1);
  if (char === "") return fail(l, "unclosed action");
  const spaces = sticky(l, SPACE);
  if (spaces !== undefined) {
    // The last space may belong to a closing trim marker.
    const isMarker = l.text.startsWith("-}}", l.pos + spaces.length);
    return take(l, "space", spaces.length - (isMarker ? 1 : 0));
  }
  if (char === "=" || char === "|") return take(l, char, 1);
  if (char === ":") return l.text[l.pos + 1] === "=" ? take(l, ":=", 2) : fail(l, "expected :=");
  const quoted = QUOTED[char];
  if (quoted !== undefined) {
    const literal = sticky(l, quoted[1]);
    return literal === undefined ? fail(l, quoted[2]) : take(l, quoted[0], literal.length);
  }
  if (char === "$" || (char === "." && !/\d/.test(l.text[l.pos + 1] ?? ""))) return named(l, char);
  if (/[+\-.\d]/.test(char)) return number(l);
  const word = sticky(l, WORD);
  if (word !== undefined) return wordToken(l, word);
  if (char === "(") l.parens++;
  else if (char === ")" && --l.parens < 0) return fail(l, "unexpected right paren");
  if (char === "(" || char === ")") return take(l, char, 1);
  if (/[ -~]/.test(char)) return take(l, "char", 1);
  return fail(l, `unrecognized character in action: ${codePoint(l.text, l.pos)}`);
}

function closed(l: Lexer, close: string): Token {
  skip(l, close.length - 2);
  const token = take(l, "}}", 2);
  if (close.length > 2) skip(l, sticky(l, SPACE)?.length ?? 0);
  l.insideAction = false;
  return token;
}

/** A field, a variable, or the dot and the dollar alone. */
function named(l: Lexer, char: string): Token {
  const name = sticky(l, NAME_AFTER) ?? char;
  const type = name === "." ? "." : char === "$" ? "variable" : "field";
  return ends(l, name.length) ?? take(l, type, name.length);
}

function wordToken(l: Lexer, word: string): Token {
  const type = KEYWORDS.has(word) ? "keyword" : word === "true" || word === "false" ? "bool" : "identifier";
  return ends(l, word.length) ?? take(l, type, word.length);
}

/** An error when something else than an end of a word follows. */
function ends(l: Lexer, length: number): Token | undefined {
  TERMINATOR.lastIndex = l.pos + length;
  if (TERMINATOR.test(l.text)) return undefined;
  return fail(l, `bad character ${codePoint(l.text, l.pos + length)}`);
}

function number(l: Lexer): Token {
  let literal = sticky(l, NUMBER) ?? "";
  let type: TokenType = "number";
  if (/^[+-]/.test(l.text.slice(l.pos + literal.length))) {
    NUMBER.lastIndex = l.pos + literal.length;
    literal += NUMBER.exec(l.text)?.[0] ?? "";
    if (!literal.endsWith("i")) return fail(l, `bad number syntax: ${goQuoted(literal)}`);
    type = "complex";
  }
  WORD.lastIndex = l.pos + literal.length;
  const next = WORD.exec(l.text)?.[0];
  if (next === undefined) return take(l, type, literal.length);
  return fail(l, `bad number syntax: ${goQuoted(literal + (Array.from(next)[0] ?? ""))}`);
}

/** `U+0041 'A'`. */
export function codePoint(text: string, at: number): string {
  const code = text.codePointAt(at);
  if (code === undefined) return "U+FFFFFFFFFFFFFFFF";
  const char = String.fromCodePoint(code);
  const isPrintable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(char);
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}${isPrintable ? ` '${char}'` : ""}`;
}
