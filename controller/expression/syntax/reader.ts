/** Which token of its source a parser is at, and what it expects there. */
import type { Token } from "./lexer.ts";
import type { Node } from "./node.ts";
import { ExpressionError } from "./problem.ts";
import { shown } from "./value.ts";

export interface Parser {
  readonly tokens: readonly Token[];
  next: number;
  /** How many closures are open here: `#` has a meaning only inside of one. */
  closures: number;
  nodes: number;
  nesting: number;
}

/** As in expr. */
const MAX_NODES = 10_000;
/** More than anybody writes; code that walks the tree does so on the stack. */
export const MAX_DEPTH = 400;
export const MAX_LENGTH = 100_000;

export const END: Token = { kind: "end", text: "", at: 0 };
export const current = (p: Parser): Token => p.tokens[p.next] ?? p.tokens.at(-1) ?? END;

export function take(p: Parser): Token {
  const token = current(p);
  if (token.kind === "end") throw unexpected(p, "more");
  p.next++;
  return token;
}

const sees = (p: Parser, kind: Token["kind"], text: string): boolean => {
  const token = current(p);
  return token.kind === kind && token.text === text;
};

export const seesOperator = (p: Parser, text: string): boolean => sees(p, "operator", text);
export const seesBracket = (p: Parser, text: string): boolean => sees(p, "bracket", text);

export function skip(p: Parser, kind: Token["kind"], text: string): boolean {
  if (!sees(p, kind, text)) return false;
  p.next++;
  return true;
}

export function expect(p: Parser, kind: "operator" | "bracket", text: string): void {
  if (!skip(p, kind, text)) throw unexpected(p, text);
}

export function expectName(p: Parser, what: string): Token {
  if (current(p).kind !== "name") throw unexpected(p, what);
  return take(p);
}

export function unexpected(p: Parser, expected: string): ExpressionError {
  const { kind, text, at } = current(p);
  if (kind === "end") return new ExpressionError(`it ends too early: expected ${expected}`, at);
  const word = kind === "string" || kind === "bytes" ? `"${shown(text)}"` : text;
  return new ExpressionError(`unexpected ${word}: expected ${expected}`, at);
}

export const tooDeep = (at: number): ExpressionError =>
  new ExpressionError(`nested deeper than ${MAX_DEPTH} levels, or more operators in a row`, at);

/** Counts the node, as expr does. */
export function made<N extends Node>(p: Parser, node: N): N {
  p.nodes++;
  if (p.nodes > MAX_NODES) throw new ExpressionError(`more than ${MAX_NODES} parts`, node.at);
  return node;
}
