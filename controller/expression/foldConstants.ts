/**
 * What expr's compiler computes beforehand. It is more than a saving: `x && false` is false though x would fail, and
 * `1 % 0` fails even where its value is never used.
 */
import { calculate } from "./run/arithmetic.ts";
import type { Binary, Node, NodeOf } from "./syntax/node.ts";
import { ExpressionError } from "./syntax/problem.ts";
import { anyList, type Value, wrap } from "./syntax/value.ts";

/** The node itself when there is nothing to fold. Throws ExpressionError for a remainder by zero. */
export function folded(node: Node): Node {
  switch (node.kind) {
    case "unary":
      return unary(node);
    case "binary":
      return binary(node);
    case "array":
      return array(node);
    case "builtin":
      return filterOfFilter(node);
    default:
      return node;
  }
}

function unary(node: NodeOf<"unary">): Node {
  const { operator, operand, at } = node;
  if (operator === "not") return operand.kind === "bool" ? { kind: "bool", value: !operand.value, at } : node;
  if (operand.kind === "int") return { ...operand, value: operator === "-" ? wrap(-operand.value) : operand.value, at };
  if (operand.kind === "float") return { ...operand, value: operator === "-" ? -operand.value : operand.value, at };
  return node;
}

function binary(node: Binary): Node {
  switch (node.operator) {
    case "+":
    case "-":
    case "*":
    case "/":
    case "**":
      return calculated(node, node.operator);
    case "%":
      return remainder(node);
    case "&&":
      return logic(node, true);
    case "||":
      return logic(node, false);
    case "==":
      return equality(node);
    default:
      return node;
  }
}

const numberOf = (node: Node): Value | undefined =>
  node.kind === "int" || node.kind === "float" ? node.value : undefined;

function calculated(node: Binary, operator: "+" | "-" | "*" | "/" | "**"): Node {
  const { left, right, at } = node;
  const [a, b] = [numberOf(left), numberOf(right)];
  if (a !== undefined && b !== undefined) {
    const value = calculate(operator, a, b);
    return typeof value === "bigint" ? { kind: "int", value, at } : { kind: "float", value: Number(value), at };
  }
  if (operator === "+" && left.kind === "string" && right.kind === "string") {
    return { kind: "string", value: left.value + right.value, at };
  }
  return node;
}

function remainder(node: Binary): Node {
  const { left, right, at } = node;
  if (left.kind !== "int" || right.kind !== "int") return node;
  if (right.value === 0n) throw new ExpressionError("% by zero", at);
  return { kind: "int", value: left.value % right.value, at };
}

/** `neutral` is what leaves the other side as it is: true for &&, false for ||. */
function logic(node: Binary, neutral: boolean): Node {
  const { left, right, at } = node;
  if (left.kind === "bool" && left.value === neutral) return right;
  if (right.kind === "bool" && right.value === neutral) return left;
  return left.kind === "bool" || right.kind === "bool" ? { kind: "bool", value: !neutral, at } : node;
}

function equality(node: Binary): Node {
  const { left, right, at } = node;
  const comparable =
    (left.kind === "int" && right.kind === "int") ||
    (left.kind === "string" && right.kind === "string") ||
    (left.kind === "bool" && right.kind === "bool");
  return comparable ? { kind: "bool", value: left.value === right.value, at } : node;
}

function array(node: NodeOf<"array">): Node {
  const values: Value[] = [];
  for (const item of node.items) {
    if (item.kind !== "int" && item.kind !== "float" && item.kind !== "string" && item.kind !== "bool") return node;
    values.push(item.value);
  }
  return values.length === 0 ? node : { kind: "constant", value: anyList(values), at: node.at };
}

/** One filter with both conditions. */
function filterOfFilter(node: NodeOf<"builtin">): Node {
  const [inner, closure] = node.args;
  if (node.name !== "filter" || inner?.kind !== "builtin" || inner.name !== "filter") return node;
  const [list, first] = inner.args;
  if (list === undefined || first?.kind !== "closure" || closure?.kind !== "closure") return node;
  const body: Node = { kind: "binary", operator: "&&", left: first.body, right: closure.body, at: closure.at };
  return { ...node, args: [list, { ...closure, body }] };
}
