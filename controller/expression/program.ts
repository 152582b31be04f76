/** A condition made ready for one type of result: checked, and with the compiler's shortcuts applied. */
import { type Checked, check } from "./types/checker.ts";
import { folded } from "./foldConstants.ts";
import { children, type Node, withChildren } from "./syntax/node.ts";
import { reshaped, type TypeOf } from "./types/shapes.ts";
import { INT, type Type } from "./types/types.ts";
import type { Value } from "./syntax/value.ts";

export interface Program {
  readonly root: Node;
  /** What the condition gives, as far as that is known beforehand. */
  readonly type: Type;
}

type Rule = (node: Node, typeOf: TypeOf) => Node;

/** Throws ExpressionError. */
export function compile(root: Node, result: Type | "open"): Program {
  const { type, types, floats } = check(root, result);
  const has = featuresOf(root);
  let node = root;
  const apply = (rule: Rule): void => {
    node = rewritten(node, rule, types);
  };
  if (floats.size > 0)
    apply((each) =>
      each.kind === "int" && floats.has(each) ? { ...each, kind: "float", value: Number(each.value) } : each,
    );
  if (has.membership) apply(inLiterals);
  for (let before: Node | undefined; has.foldable && node !== before;) {
    before = node;
    apply(folded);
  }
  if (has.membership) apply(inRange);
  if (has.loops) apply(reshaped);
  if (has.equality) apply(strictly);
  return { root: node, type };
}

interface Features {
  readonly membership: boolean;
  readonly foldable: boolean;
  readonly loops: boolean;
  readonly equality: boolean;
}

/** Most conditions need few of the passes. */
function featuresOf(root: Node): Features {
  const found = { membership: false, foldable: false, loops: false, equality: false };
  const waiting = new Set([root]);
  // Grows during the loop.
  for (const node of waiting) {
    if (node.kind === "binary") {
      found.membership ||= node.operator === "in";
      found.equality ||= node.operator === "==" || node.operator === "!=";
    }
    found.loops ||= node.kind === "builtin";
    // Literals above which nothing can be folded stand for themselves.
    found.foldable ||=
      node.kind === "unary" || node.kind === "array" || node.kind === "builtin" || node.kind === "binary";
    for (const child of children(node)) waiting.add(child);
  }
  return found;
}

/** From the leaves up. A node that replaces another has its type; a node that stands twice is rewritten once. */
function rewritten(root: Node, rule: Rule, types: Checked["types"]): Node {
  const done = new Map<Node, Node>();
  const typeOf: TypeOf = (node) => types.get(node);
  const visit = (node: Node): Node => {
    const known = done.get(node);
    if (known !== undefined) return known;
    const renewed = withChildren(node, children(node).map(visit));
    keepType(types, node, renewed);
    const next = rule(renewed, typeOf);
    keepType(types, renewed, next);
    done.set(node, next);
    return next;
  };
  return visit(root);
}

function keepType(types: Checked["types"], from: Node, to: Node): void {
  const type = to.kind === "int" ? INT : types.get(from);
  if (from !== to && type !== undefined) types.set(to, type);
}

/** `x in [1, 2]` looks up an integer, `x in ["a", "b"]` a text: then x must not be of another type. */
function inLiterals(node: Node, typeOf: TypeOf): Node {
  if (node.kind !== "binary" || node.operator !== "in" || node.right.kind !== "array") return node;
  const { items } = node.right;
  const of = typeOf(node.left)?.kind === "int" && items.every(({ kind }) => kind === "int") ? "int" : "string";
  if (items.length === 0 || !items.every(({ kind }) => kind === of)) return node;
  const values = items.flatMap((item): Value[] => (item.kind === "int" || item.kind === "string" ? [item.value] : []));
  const value: Value = { kind: "dict", by: "set", of, entries: new Set(values) };
  return { ...node, right: { kind: "constant", value, at: node.right.at } };
}

/** `x in 1..3` compares with the ends. */
function inRange(node: Node, typeOf: TypeOf): Node {
  if (node.kind !== "binary" || node.operator !== "in" || typeOf(node.left)?.kind !== "int") return node;
  const { left, right, at } = node;
  if (right.kind !== "binary" || right.operator !== ".." || right.left.kind !== "int" || right.right.kind !== "int")
    return node;
  return {
    kind: "binary",
    operator: "&&",
    left: { kind: "binary", operator: ">=", left, right: right.left, at },
    right: { kind: "binary", operator: "<=", left, right: right.right, at },
    at,
  };
}

/** Two values known to be ints, or texts, are compared as such; it is an error when they are not. */
function strictly(node: Node, typeOf: TypeOf): Node {
  if (node.kind !== "binary" || (node.operator !== "==" && node.operator !== "!=")) return node;
  const [left, right] = [typeOf(node.left)?.name, typeOf(node.right)?.name];
  return left === right && (left === "int" || left === "string") ? { ...node, strict: left } : node;
}
