/**
 * The grammar of expr-lang's expressions (the version that the reference uses), as a recursive descent. What it accepts
 * and how tightly operators bind are expr's; the wording of the errors is ours.
 */
import { PREDICATE_ARGUMENTS, isBuiltin } from "./builtinNames.ts";
import { toGo } from "./goText.ts";
import { type Token, tokensOf } from "./lexer.ts";
import { type BinaryOperator, isDeeper, type Node, type UnaryOperator } from "./node.ts";
import { numberNode } from "./numberLiteral.ts";
import { ExpressionError } from "./problem.ts";
import {
  current,
  END,
  expect,
  expectName,
  made,
  MAX_DEPTH,
  MAX_LENGTH,
  type Parser,
  seesBracket,
  seesOperator,
  skip,
  take,
  tooDeep,
  unexpected,
} from "./reader.ts";

const UNARY: ReadonlyMap<string, { readonly operator: UnaryOperator; readonly binds: number }> = new Map([
  ["not", { operator: "not", binds: 50 }],
  ["!", { operator: "not", binds: 50 }],
  ["-", { operator: "-", binds: 90 }],
  ["+", { operator: "+", binds: 90 }],
]);

interface BinaryRule {
  readonly operator: BinaryOperator | "|";
  readonly binds: number;
}

const rules = (
  binds: number,
  ...operators: readonly (BinaryOperator | "|")[]
): readonly (readonly [string, BinaryRule])[] => operators.map((operator) => [operator, { operator, binds }] as const);

const BINARY: ReadonlyMap<string, BinaryRule> = new Map([
  ...rules(0, "|"),
  ...rules(10, "||"),
  ["or", { operator: "||", binds: 10 }],
  ...rules(15, "&&"),
  ["and", { operator: "&&", binds: 15 }],
  ...rules(20, "==", "!=", "<", ">", ">=", "<=", "in", "matches", "contains", "startsWith", "endsWith"),
  ...rules(25, ".."),
  ...rules(30, "+", "-"),
  ...rules(60, "*", "/", "%"),
  ...rules(100, "**"),
  ["^", { operator: "**", binds: 100 }],
  ...rules(500, "??"),
]);

const NEGATABLE: ReadonlySet<string> = new Set(["contains", "matches", "startsWith", "endsWith", "in"]);
const COMPARISONS: ReadonlySet<string> = new Set(["<", ">", ">=", "<="]);

/** Throws ExpressionError. */
export function parse(source: string): Node {
  if (source.length > MAX_LENGTH) throw new ExpressionError(`longer than ${MAX_LENGTH} characters`);
  const p: Parser = { tokens: tokensOf(source), next: 0, closures: 0, nodes: 0, nesting: 0 };
  const node = sequence(p);
  if (current(p).kind !== "end") throw unexpected(p, "an operator or the end");
  // A chain of operators makes a tree as deep as it is long.
  if (p.nodes > MAX_DEPTH && isDeeper(node, MAX_DEPTH)) throw tooDeep(node.at);
  return node;
}

/** `a; b; c` */
function sequence(p: Parser): Node {
  const first = expression(p, 0);
  const nodes = [first];
  while (skip(p, "operator", ";")) {
    if (current(p).kind === "end") break;
    nodes.push(expression(p, 0));
  }
  return nodes.length === 1 ? first : made(p, { kind: "sequence", nodes, at: first.at });
}

function expression(p: Parser, binds: number): Node {
  if (++p.nesting > MAX_DEPTH) throw tooDeep(current(p).at);
  const node = expressionHere(p, binds);
  p.nesting--;
  return node;
}

function expressionHere(p: Parser, binds: number): Node {
  if (binds === 0 && seesOperator(p, "let")) return declaration(p);
  if (binds === 0 && seesOperator(p, "if")) return ifElse(p);
  const node = operations(p, primary(p), binds);
  return binds === 0 ? ternary(p, node) : node;
}

/** What follows a first operand, as long as the operators bind at least as tightly as `binds`. */
function operations(p: Parser, first: Node, binds: number): Node {
  let node = first;
  let before = "";
  while (current(p).kind === "operator") {
    const negated = seesOperator(p, "not");
    const token = negated ? (p.tokens[p.next + 1] ?? END) : current(p);
    if (negated && !(token.kind === "operator" && NEGATABLE.has(token.text))) {
      throw unexpected(p, "an operator, or not before in, matches, contains, startsWith or endsWith");
    }
    const rule = BINARY.get(token.text);
    if (rule === undefined || rule.binds < binds) break;
    p.next += negated ? 2 : 1;
    node = operation(p, node, { token, rule, negated, before });
    before = token.text;
  }
  return node;
}

interface Operation {
  readonly token: Token;
  readonly rule: BinaryRule;
  readonly negated: boolean;
  /** The operator before. */
  readonly before: string;
}

function operation(p: Parser, left: Node, { token, rule, negated, before }: Operation): Node {
  const { at } = token;
  const { operator } = rule;
  if (operator === "|") return call(p, expectName(p, "a function behind |"), [left]);
  if (before === "??" && operator !== "??") {
    throw new ExpressionError(`${token.text} cannot follow ??: put one of them in parentheses`, at);
  }
  if (COMPARISONS.has(operator)) return comparison(p, left, { token, operator, binds: rule.binds });
  const right = expression(p, operator === "**" ? rule.binds : rule.binds + 1);
  const node = made(p, { kind: "binary", operator, left, right, at });
  return negated ? made(p, { kind: "unary", operator: "not", operand: node, at }) : node;
}

/** `a < b < c` means `a < b && b < c`. */
function comparison(
  p: Parser,
  first: Node,
  { token, operator, binds }: { readonly token: Token; readonly operator: BinaryOperator; readonly binds: number },
): Node {
  const compare = (left: Node, by: BinaryOperator, at: number): readonly [Node, right: Node] => {
    const right = expression(p, binds + 1);
    return [made(p, { kind: "binary", operator: by, left, right, at }), right];
  };
  let [all, last] = compare(first, operator, token.at);
  while (current(p).kind === "operator" && COMPARISONS.has(current(p).text)) {
    const { text, at } = take(p);
    const rule = BINARY.get(text)?.operator;
    const [next, right] = compare(last, rule === undefined || rule === "|" ? operator : rule, at);
    all = made(p, { kind: "binary", operator: "&&", left: all, right: next, at });
    last = right;
  }
  return all;
}

function declaration(p: Parser): Node {
  take(p);
  const { text, at } = expectName(p, "the name of a variable");
  expect(p, "operator", "=");
  const value = expression(p, 0);
  if (!skip(p, "operator", ";")) throw unexpected(p, "; and what the variable is for");
  return made(p, { kind: "let", name: text, value, body: sequence(p), at });
}

function ifElse(p: Parser): Node {
  const { at } = take(p);
  if (++p.nesting > MAX_DEPTH) throw tooDeep(at);
  const test = expression(p, 0);
  const chosen = block(p);
  expect(p, "operator", "else");
  const otherwise = seesOperator(p, "if") ? ifElse(p) : block(p);
  p.nesting--;
  return { kind: "conditional", test, chosen, otherwise, at };
}

function block(p: Parser): Node {
  expect(p, "bracket", "{");
  const node = sequence(p);
  expect(p, "bracket", "}");
  return node;
}

/** `a ? b : c` and `a ?: c` */
function ternary(p: Parser, test: Node): Node {
  let node = test;
  while (skip(p, "operator", "?")) {
    let chosen = node;
    if (!skip(p, "operator", ":")) {
      chosen = expression(p, 0);
      expect(p, "operator", ":");
    }
    node = made(p, { kind: "conditional", test: node, chosen, otherwise: expression(p, 0), at: node.at });
  }
  return node;
}

function primary(p: Parser): Node {
  const token = current(p);
  if (token.kind === "operator") {
    const unary = UNARY.get(token.text);
    if (unary !== undefined) {
      take(p);
      const operand = expression(p, unary.binds);
      return postfix(p, made(p, { kind: "unary", operator: unary.operator, operand, at: token.at }));
    }
    if (p.closures > 0 && (token.text === "#" || token.text === ".")) return postfix(p, pointer(p));
    if (token.text === "::") {
      take(p);
      return postfix(p, call(p, expectName(p, "a function"), []));
    }
  }
  if (skip(p, "bracket", "(")) {
    const inner = sequence(p);
    if (!skip(p, "bracket", ")")) throw unexpected(p, ") for the parenthesis that is open");
    return postfix(p, inner);
  }
  return operand(p);
}

/** `#`, `#acc`; and the `#` that is left out before `.x`, which is not consumed. */
function pointer(p: Parser): Node {
  const { text, at } = current(p);
  if (text === ".") return made(p, { kind: "pointer", name: "", at });
  take(p);
  return made(p, { kind: "pointer", name: current(p).kind === "name" ? take(p).text : "", at });
}

function operand(p: Parser): Node {
  const { kind, text, at } = current(p);
  switch (kind) {
    case "name":
      take(p);
      if (text === "true" || text === "false") return made(p, { kind: "bool", value: text === "true", at });
      if (text === "nil") return made(p, { kind: "nil", at });
      return postfix(
        p,
        seesBracket(p, "(") ? call(p, { kind, text, at }, []) : made(p, { kind: "name", name: text, at }),
      );
    case "number":
      take(p);
      return made(p, numberNode(text, at));
    case "string":
    case "bytes":
      take(p);
      return postfix(p, made(p, { kind, value: text, at }));
    case "bracket":
      if (skip(p, "bracket", "[")) return postfix(p, array(p, at));
      if (skip(p, "bracket", "{")) return postfix(p, map(p, at));
      throw unexpected(p, "a value");
    case "operator":
    case "end":
      throw unexpected(p, "a value");
    default:
      return kind satisfies never;
  }
}

/** What stands between brackets: separated by commas, and with one after the last if the user likes. */
function listed<T>(p: Parser, close: string, element: () => T): T[] {
  const all: T[] = [];
  while (!seesBracket(p, close)) {
    if (all.length > 0 && !skip(p, "operator", ",")) throw unexpected(p, `, or ${close}`);
    if (all.length > 0 && seesBracket(p, close)) break;
    all.push(element());
  }
  take(p);
  return all;
}

const array = (p: Parser, at: number): Node =>
  made(p, { kind: "array", items: listed(p, "]", () => expression(p, 0)), at });

const map = (p: Parser, at: number): Node => made(p, { kind: "map", pairs: listed(p, "}", () => pair(p)), at });

function pair(p: Parser): readonly [Node, Node] {
  const { kind, text, at } = current(p);
  let key: Node;
  if (kind === "number" || kind === "string" || kind === "name") {
    take(p);
    key = made(p, { kind: "string", value: kind === "name" ? toGo(text) : text, at });
  } else if (seesBracket(p, "(")) key = expression(p, 0);
  else throw unexpected(p, "a key: a name, a string, a number, or an expression in parentheses");
  if (!skip(p, "operator", ":")) throw unexpected(p, ": and the value of the key");
  const value = expression(p, 0);
  p.nodes++;
  return [key, value];
}

/** What follows a function's name. `given`: the arguments that a pipe passes first. */
function call(p: Parser, { text, at }: Token, given: readonly Node[]): Node {
  if (!skip(p, "bracket", "(")) throw unexpected(p, `( behind the function ${text}`);
  const kinds = PREDICATE_ARGUMENTS.get(text);
  if (kinds !== undefined) {
    return made(p, { kind: "builtin", name: text, args: predicateArguments(p, text, kinds, given), at });
  }
  const callee: Node | undefined = isBuiltin(text) ? undefined : made(p, { kind: "name", name: text, at });
  const args = [...given, ...listed(p, ")", () => expression(p, 0))];
  return made(p, callee === undefined ? { kind: "builtin", name: text, args, at } : { kind: "call", callee, args, at });
}

/** Of functions that take a closure: `all(list, # > 1)`. */
function predicateArguments(p: Parser, name: string, kinds: readonly string[], given: readonly Node[]): Node[] {
  const args = [...given];
  for (const kind of kinds.slice(given.length)) {
    if (seesBracket(p, ")")) {
      if (kind.endsWith("?")) break;
      throw unexpected(p, `${kind} of ${name}()`);
    }
    if (args.length > given.length && !skip(p, "operator", ",")) throw unexpected(p, ", or )");
    args.push(kind.startsWith("a condition") ? closure(p) : expression(p, 0));
  }
  skip(p, "operator", ",");
  if (!skip(p, "bracket", ")")) throw unexpected(p, `) behind what ${name}() takes`);
  return args;
}

function closure(p: Parser): Node {
  const { at } = current(p);
  p.closures++;
  const braced = seesBracket(p, "{");
  const body = braced ? block(p) : expression(p, 0);
  if (!braced && seesOperator(p, ";")) throw new ExpressionError("put { and } around it", current(p).at);
  p.closures--;
  return made(p, { kind: "closure", body, at });
}

/** `.x`, `?.x`, `[0]`, `?.[0]`, `[1:2]`, `.f()` behind a value. */
function postfix(p: Parser, first: Node): Node {
  let node = first;
  for (;;) {
    const optional = seesOperator(p, "?.");
    if (optional || seesOperator(p, ".")) {
      take(p);
      node = seesBracket(p, "[") && optional ? indexed(p, node, true) : member(p, node, optional);
    } else if (seesBracket(p, "[")) node = indexed(p, node, false);
    else return node;
  }
}

function member(p: Parser, before: Node, optional: boolean): Node {
  const { kind, text, at } = current(p);
  // Words that are operators are names here.
  if (kind !== "name" && !(kind === "operator" && /^[\p{L}_$]/u.test(text)))
    throw unexpected(p, "the name of a member");
  take(p);
  const property = made(p, { kind: "string", value: toGo(text), at });
  const object = before.kind === "chain" ? before.inner : before;
  let node: Node = made(p, { kind: "member", object, property, optional, at });
  if (skip(p, "bracket", "(")) {
    node = made(p, { kind: "call", callee: node, args: listed(p, ")", () => expression(p, 0)), at });
  }
  return before.kind === "chain" || optional ? made(p, { kind: "chain", inner: node, at }) : node;
}

function indexed(p: Parser, object: Node, optional: boolean): Node {
  const { at } = take(p);
  const from = seesOperator(p, ":") ? undefined : expression(p, 0);
  if (skip(p, "operator", ":")) {
    const to = seesBracket(p, "]") ? undefined : expression(p, 0);
    if (!skip(p, "bracket", "]")) throw unexpected(p, "] behind the slice");
    return made(p, { kind: "slice", object, ...(from && { from }), ...(to && { to }), at });
  }
  if (from === undefined) throw unexpected(p, "an index");
  if (!skip(p, "bracket", "]")) throw unexpected(p, "] behind the index");
  const node = made(p, { kind: "member", object, property: from, optional, at });
  return optional ? made(p, { kind: "chain", inner: node, at }) : node;
}
