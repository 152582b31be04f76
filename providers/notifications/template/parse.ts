/** Reads a template, in the grammar and with the errors of Go's text/template. */
import { spend } from "../../../kube/object/budget.ts";
import { goQuoted } from "../../../kube/object/goQuoted.ts";
import { newLexer, nextToken, shown, type Lexer, type Token, type TokenType } from "./lex.ts";
import { numberLiteral, unquote } from "./literals.ts";
import { written, type Block, type Branch, type Command, type Operand, type Pipe } from "./nodes.ts";
import { Problem } from "./values.ts";

export interface Tree {
  readonly text: string;
  /** By name: the template itself, and those that it defines. */
  readonly templates: ReadonlyMap<string, readonly Block[]>;
}

/** How deep blocks, and parentheses, may lie in each other. Go allows 10,000 parentheses. */
const MAX_DEPTH = 200;

interface Parser {
  readonly name: string;
  readonly lexer: Lexer;
  readonly isFunction: (name: string) => boolean;
  readonly templates: Map<string, readonly Block[]>;
  /** Up to three tokens that were read ahead; the first is the last one that the lexer gave. */
  tokens: [Token, Token, Token];
  peeked: number;
  variables: string[];
  ranges: number;
  actionLine: number;
  depth: number;
}

const READING = "reading the template";
const NOTHING: Token = { type: "eof", pos: 0, text: "", line: 0 };

/** @throws {Problem} with the whole message */
export function parse(name: string, text: string, isFunction: (name: string) => boolean): Tree {
  const templates = new Map<string, readonly Block[]>();
  const p: Parser = { name, lexer: newLexer(text), isFunction, templates, ...scope(), depth: 0 };
  const root: Block[] = [];
  while (peek(p).type !== "eof") {
    if (peek(p).type === "{{") {
      const open = next(p);
      const word = nextSolid(p);
      if (word.type === "keyword" && word.text === "define") {
        definition(p);
        continue;
      }
      backup2(p, open);
    }
    const node = textOrAction(p);
    if (isStop(node)) fail(p, `unexpected ${STOPS[node.k]}`);
    root.push(node);
  }
  add(p, name, root);
  return { text, templates };
}

type Stop = { readonly k: "end" | "else"; readonly pos: number };
const STOPS = { end: "{{end}}", else: "{{else}}" } as const;
const isStop = (node: Block | Stop): node is Stop => node.k === "end" || node.k === "else";

const scope = (): Pick<Parser, "tokens" | "peeked" | "variables" | "ranges" | "actionLine"> => ({
  tokens: [NOTHING, NOTHING, NOTHING],
  peeked: 0,
  variables: ["$"],
  ranges: 0,
  actionLine: 0,
});

function next(p: Parser): Token {
  if (p.peeked > 0) p.peeked--;
  else {
    spend(10, READING);
    p.tokens[0] = nextToken(p.lexer);
  }
  return p.tokens[p.peeked] ?? NOTHING;
}

function peek(p: Parser): Token {
  const token = next(p);
  p.peeked++;
  return token;
}

function backup2(p: Parser, token: Token): void {
  p.tokens[1] = token;
  p.peeked = 2;
}

function nextSolid(p: Parser): Token {
  for (;;) {
    const token = next(p);
    if (token.type !== "space") return token;
  }
}

function peekSolid(p: Parser): Token {
  const token = nextSolid(p);
  p.peeked++;
  return token;
}

function fail(p: Parser, text: string): never {
  throw new Problem(`template: ${p.name}:${p.tokens[0].line}: ${text}`);
}

/** What another function throws, with the place. */
function located<T>(p: Parser, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Problem) return fail(p, error.message);
    throw error;
  }
}

function unexpected(p: Parser, token: Token, context: string): never {
  if (token.type !== "error") fail(p, `unexpected ${shown(token)} in ${context}`);
  const started = `${token.text.endsWith(" action") ? "" : " in action"} started at ${p.name}:${p.actionLine}`;
  return fail(p, token.text + (p.actionLine !== 0 && p.actionLine !== token.line ? started : ""));
}

function expect(p: Parser, type: TokenType, context: string): Token {
  const token = nextSolid(p);
  return token.type === type ? token : unexpected(p, token, context);
}

function deeper<T>(p: Parser, work: () => T): T {
  if (p.depth >= MAX_DEPTH) fail(p, "max expression depth exceeded");
  p.depth++;
  const result = work();
  p.depth--;
  return result;
}

const isEmpty = (list: readonly Block[]): boolean => list.every((node) => node.k === "text" && node.text.trim() === "");

function add(p: Parser, name: string, list: readonly Block[]): void {
  const known = p.templates.get(name);
  if (known === undefined || isEmpty(known)) p.templates.set(name, list);
  else if (!isEmpty(list)) fail(p, `template: multiple definition of template ${goQuoted(name)}`);
}

/** The body of a template inside of another one, which knows none of its variables. */
function inner(p: Parser, name: string, context: string): void {
  const within: Parser = { ...p, ...scope() };
  const [list, stop] = itemList(within);
  if (stop.k !== "end") fail(within, `unexpected ${STOPS[stop.k]} in ${context}`);
  add(within, name, list);
}

function definition(p: Parser): void {
  const within: Parser = { ...p, ...scope() };
  const name = templateName(within, "define clause");
  expect(within, "}}", "define clause");
  inner(p, name, "define clause");
}

function templateName(p: Parser, context: string, token = nextSolid(p)): string {
  if (token.type !== "string" && token.type !== "raw") unexpected(p, token, context);
  return located(p, () => unquote(token.text));
}

function itemList(p: Parser): [Block[], Stop] {
  return deeper(p, () => {
    const list: Block[] = [];
    while (peekSolid(p).type !== "eof") {
      const node = textOrAction(p);
      if (isStop(node)) return [list, node];
      list.push(node);
    }
    return fail(p, "unexpected EOF");
  });
}

function textOrAction(p: Parser): Block | Stop {
  const token = nextSolid(p);
  if (token.type === "text") return { k: "text", pos: token.pos, text: token.text };
  if (token.type !== "{{") unexpected(p, token, "input");
  p.actionLine = token.line;
  const node = action(p);
  p.actionLine = 0;
  return node;
}

function action(p: Parser): Block | Stop {
  const token = nextSolid(p);
  const { pos } = token;
  switch (token.type === "keyword" ? token.text : "") {
    case "block":
      return block(p);
    case "break":
    case "continue": {
      const k = token.text === "break" ? "break" : "continue";
      const end = nextSolid(p);
      if (end.type !== "}}") unexpected(p, end, `{{${k}}}`);
      if (p.ranges === 0) fail(p, `{{${k}}} outside {{range}}`);
      return { k, pos };
    }
    case "else": {
      const after = peekSolid(p);
      const goesOn = after.type === "keyword" && (after.text === "if" || after.text === "with");
      return { k: "else", pos: goesOn ? after.pos : expect(p, "}}", "else").pos };
    }
    case "end":
      return { k: "end", pos: expect(p, "}}", "end").pos };
    case "if":
    case "range":
    case "with":
      return control(p, token.text as "if" | "range" | "with");
    case "template":
      return template(p);
  }
  p.peeked++;
  return { k: "action", pos: peek(p).pos, pipe: pipeline(p, "command", "}}") };
}

function control(p: Parser, k: Branch["k"]): Branch {
  const known = p.variables.length;
  const pipe = pipeline(p, k, "}}");
  if (k === "range") p.ranges++;
  const [list, stop] = itemList(p);
  if (k === "range") p.ranges--;
  let otherwise: Block[] | undefined;
  if (stop.k === "else") {
    const after = peek(p);
    if (k !== "range" && after.type === "keyword" && after.text === k) {
      next(p);
      otherwise = [deeper(p, () => control(p, k))];
    } else {
      const [rest, end] = itemList(p);
      if (end.k !== "end") fail(p, `expected end; found ${STOPS[end.k]}`);
      otherwise = rest;
    }
  }
  p.variables.length = known;
  return { k, pos: pipe.pos, pipe, list, otherwise };
}

function block(p: Parser): Block {
  const token = nextSolid(p);
  const name = templateName(p, "block clause", token);
  const pipe = pipeline(p, "block clause", "}}");
  inner(p, name, "block clause");
  return { k: "template", pos: token.pos, name, pipe };
}

function template(p: Parser): Block {
  const token = nextSolid(p);
  const name = templateName(p, "template clause", token);
  if (nextSolid(p).type === "}}") return { k: "template", pos: token.pos, name, pipe: undefined };
  p.peeked++;
  return { k: "template", pos: token.pos, name, pipe: pipeline(p, "template clause", "}}") };
}

const OPERANDS: ReadonlySet<TokenType> = new Set<TokenType>(
  "bool character complex . field identifier number raw string variable (".split(" ") as TokenType[],
);

function pipeline(p: Parser, context: string, end: TokenType): Pipe {
  const pipe: Pipe = { k: "pipe", pos: peekSolid(p).pos, variables: [], assigns: false, commands: [] };
  declarations(p, pipe, context);
  for (;;) {
    const token = nextSolid(p);
    if (token.type === end) break;
    const isNil = token.type === "keyword" && token.text === "nil";
    if (!isNil && !OPERANDS.has(token.type)) unexpected(p, token, context);
    p.peeked++;
    pipe.commands.push(command(p));
  }
  if (pipe.commands.length === 0) fail(p, `missing value for ${context}`);
  for (const [i, { args }] of pipe.commands.entries()) {
    if (i > 0 && /^(?:bool|dot|nil|number|string)$/.test(args[0]?.k ?? "")) {
      fail(p, `non executable command in pipeline stage ${i + 1}`);
    }
  }
  return pipe;
}

function declarations(p: Parser, pipe: Pipe, context: string): void {
  for (;;) {
    const variable = peekSolid(p);
    if (variable.type !== "variable") return;
    next(p);
    // A variable without a sign behind it is an argument, and goes back.
    const after = peek(p);
    const sign = peekSolid(p);
    const isComma = sign.type === "char" && sign.text === ",";
    if (sign.type !== "=" && sign.type !== ":=" && !isComma) {
      if (after.type === "space") p.tokens[2] = variable;
      p.tokens[1] = after.type === "space" ? after : variable;
      p.peeked = after.type === "space" ? 3 : 2;
      return;
    }
    nextSolid(p);
    pipe.variables.push(variable.text);
    p.variables.push(variable.text);
    if (!isComma) {
      pipe.assigns = sign.type === "=";
      return;
    }
    if (context !== "range" || pipe.variables.length >= 2) fail(p, `too many declarations in ${context}`);
    if (!/^(?:variable|\}\}|\))$/.test(peekSolid(p).type)) fail(p, "range can only initialize variables");
  }
}

function command(p: Parser): Command {
  const made = { k: "command" as const, pos: peekSolid(p).pos, args: [] as Operand[] };
  for (;;) {
    peekSolid(p);
    const node = operand(p);
    if (node !== undefined) made.args.push(node);
    const token = next(p);
    if (token.type === "space") continue;
    if (token.type === "}}" || token.type === ")") p.peeked++;
    else if (token.type !== "|") unexpected(p, token, "operand");
    break;
  }
  if (made.args.length === 0) fail(p, "empty command");
  return made;
}

function operand(p: Parser): Operand | undefined {
  const node = term(p);
  if (node === undefined || peek(p).type !== "field") return node;
  const { pos } = peek(p);
  const fields: string[] = [];
  while (peek(p).type === "field") fields.push(next(p).text.slice(1));
  if (node.k === "field" || node.k === "variable") return { ...node, pos, names: [...node.names, ...fields] };
  if (/^(?:bool|string|number|nil|dot)$/.test(node.k)) fail(p, `unexpected . after term ${goQuoted(written(node))}`);
  return { k: "chain", pos, of: node, fields };
}

function term(p: Parser): Operand | undefined {
  const { type, text, pos } = nextSolid(p);
  switch (type) {
    case "identifier":
      if (!p.isFunction(text)) fail(p, `function ${goQuoted(text)} not defined`);
      return { k: "identifier", pos, name: text };
    case ".":
      return { k: "dot", pos };
    case "variable":
      spend(p.variables.length / 8, READING);
      if (!p.variables.includes(text)) fail(p, `undefined variable ${goQuoted(text)}`);
      return { k: "variable", pos, names: [text] };
    case "field":
      return { k: "field", pos, names: [text.slice(1)] };
    case "bool":
      return { k: "bool", pos, value: text === "true" };
    case "character":
    case "complex":
    case "number":
      return { k: "number", pos, text, ...located(p, () => numberLiteral(text)) };
    case "(":
      return deeper(p, () => pipeline(p, "parenthesized pipeline", ")"));
    case "string":
    case "raw":
      return { k: "string", pos, quoted: text, value: located(p, () => unquote(text)) };
    default:
      if (type === "keyword" && text === "nil") return { k: "nil", pos };
      p.peeked++;
      return undefined;
  }
}
