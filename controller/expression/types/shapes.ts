/**
 * Loops that expr's compiler rewrites. The result is the same as long as nothing fails; but fewer elements are
 * evaluated, and that shows where one of the skipped elements would fail.
 */
import { type Binary, type Builtin, children, type Int, type Node, type NodeOf } from "../syntax/node.ts";
import type { Type } from "./types.ts";
import { wrap } from "../syntax/value.ts";

export type TypeOf = (node: Node) => Type | undefined;

/** Longer sums are not written as a chain of additions: the tree would become too deep. */
const MAX_TERMS = 100;

/** The loop that does the work of this node; the node itself when it has no such form. */
export function reshaped(node: Node, typeOf: TypeOf): Node {
  if (node.kind === "binary") return counted(combined(node, typeOf));
  if (node.kind === "member") return node.optional ? node : indexedFilter(node);
  if (node.kind !== "builtin") return node;
  const renewed = firstOrLast(countedFilter(mappedFilter(node)));
  return sumOfMap(sumOfArray(sumOfRange(renewed)));
}

const isFilter = (node: Node | undefined): node is Builtin => node?.kind === "builtin" && node.name === "filter";

/** `map(filter(list, p), q)`: both in one loop. */
function mappedFilter(node: Builtin): Builtin {
  const [list, closure] = node.args;
  if (node.name !== "map" || !isFilter(list) || list.gives !== undefined) return node;
  if (closure?.kind !== "closure" || usesIndex(closure)) return node;
  return { ...node, name: "filter", args: list.args, gives: closure.body };
}

function usesIndex(closure: Node): boolean {
  const waiting = new Set([closure]);
  // Grows during the loop.
  for (const node of waiting) {
    if (node.kind === "pointer" && node.name === "index") return true;
    for (const child of children(node)) waiting.add(child);
  }
  return false;
}

/** `len(filter(list, p))` */
function countedFilter(node: Builtin): Builtin {
  const [list] = node.args;
  return node.name === "len" && isFilter(list) ? { ...node, name: "count", args: list.args } : node;
}

/** `filter(list, p)[0]` and `[-1]` */
function indexedFilter(node: NodeOf<"member">): Node {
  const { object, property, at } = node;
  if (!isFilter(object) || property.kind !== "int" || (property.value !== 0n && property.value !== -1n)) return node;
  return { ...object, name: property.value === 0n ? "find" : "findLast", throws: true, at };
}

/** `first(filter(list, p))` and `last(…)` */
function firstOrLast(node: Builtin): Builtin {
  const [list] = node.args;
  if ((node.name !== "first" && node.name !== "last") || !isFilter(list)) return node;
  return { ...list, name: node.name === "first" ? "find" : "findLast", at: node.at };
}

const COMBINED: Readonly<Record<string, readonly [between: string, inside: "&&" | "||"]>> = {
  all: ["&&", "&&"],
  any: ["||", "||"],
  none: ["&&", "||"],
};

/** `all(list, p) && all(list, q)`: one loop over the same list. */
function combined(node: Binary, typeOf: TypeOf): Node {
  const { left, right } = node;
  if (left.kind !== "builtin" || right.kind !== "builtin" || left.name !== right.name) return node;
  const [between, inside] = COMBINED[left.name] ?? [];
  if (between !== node.operator || inside === undefined) return node;
  const [[list, first], [other, second]] = [left.args, right.args];
  if (list === undefined || other === undefined || first?.kind !== "closure" || second?.kind !== "closure") return node;
  if (typeOf(list)?.name !== typeOf(other)?.name || !isSame(list, other)) return node;
  const body: Binary = { kind: "binary", operator: inside, left: first.body, right: second.body, at: first.at };
  return { ...left, args: [list, { ...first, body: combined(body, typeOf) }], at: node.at };
}

/** Whether two nodes would print the same; false when comparing them would take long. */
function isSame(a: Node, b: Node): boolean {
  const waiting: [Node, Node][] = [[a, b]];
  for (let inspected = 0; inspected < MAX_INSPECTED; inspected++) {
    const [one, other] = waiting.pop() ?? [];
    if (one === undefined || other === undefined) return true;
    const [below, others] = [children(one), children(other)];
    if (ownText(one) !== ownText(other) || below.length !== others.length) return false;
    below.forEach((child, index) => waiting.push([child, others[index] ?? child]));
  }
  return false;
}

const MAX_INSPECTED = 1_000;

/** What a node consists of besides its children. */
function ownText(node: Node): string {
  const { at: _, ...own } = node;
  const texts = Object.entries(own).map(([name, value]: readonly [string, unknown]) =>
    typeof value === "object" && name !== "value" ? "" : `${name} ${constantText(value)}`,
  );
  return texts.join("\n");
}

const constantText = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    inner instanceof Set ? [...inner].map(String) : typeof inner === "bigint" ? `${inner}n` : inner,
  );

/** `count(list, p) > 3`: four are enough; where one is enough it becomes `any`. */
function counted(node: Node): Node {
  if (node.kind !== "binary") return node;
  const { left, right, operator, at } = node;
  if (left.kind !== "builtin" || left.name !== "count" || left.args.length !== 2 || right.kind !== "int") return node;
  const enough = operator === ">" || operator === "<=" ? right.value + 1n : right.value;
  const { gives: _, ...count } = left;
  if (enough === 1n && (operator === ">" || operator === ">=")) return { ...count, name: "any", at };
  if (![">", ">=", "<", "<="].includes(operator) || right.value < 0n || enough <= 1n) return node;
  return { ...node, left: { ...left, enough: Number(enough) } };
}

const range = (node: Node | undefined): readonly [from: bigint, to: bigint] | undefined =>
  node?.kind === "binary" && node.operator === ".." && node.left.kind === "int" && node.right.kind === "int"
    ? [node.left.value, node.right.value]
    : undefined;

/** `sum(1..9)` and `reduce(1..9, # + #acc)` are computed beforehand. */
function sumOfRange(node: Builtin): Builtin | Int {
  const [list, closure, first] = node.args;
  const [from, to] = range(list) ?? [0n, -1n];
  if (to < from) return node;
  const count = wrap(to - from + 1n);
  const sum = wrap(count * (from + to)) / 2n;
  if (node.name === "sum") {
    const value = closure === undefined ? sum : sumOfTerms(closure, sum, count);
    return value === undefined ? node : { kind: "int", value: wrap(value), at: node.at };
  }
  if (node.name !== "reduce" || closure?.kind !== "closure" || !addsUp(closure.body)) return node;
  if (first === undefined) return { kind: "int", value: sum, at: node.at };
  return first.kind === "int" ? { kind: "int", value: wrap(first.value + sum), at: node.at } : node;
}

const isPointer = (node: Node, name: string): boolean => node.kind === "pointer" && node.name === name;

const addsUp = (body: Node): boolean =>
  body.kind === "binary" &&
  body.operator === "+" &&
  ((isPointer(body.left, "") && isPointer(body.right, "acc")) ||
    (isPointer(body.left, "acc") && isPointer(body.right, "")));

/** `#`, `# * k`, `# + k`, `# - k` and the other way round. */
function sumOfTerms(closure: Node, sum: bigint, count: bigint): bigint | undefined {
  const body = closure.kind === "closure" ? closure.body : closure;
  if (isPointer(body, "")) return sum;
  if (body.kind !== "binary") return undefined;
  const { left, right, operator } = body;
  const [constant, isLeft] =
    isPointer(left, "") && right.kind === "int"
      ? [right.value, true]
      : left.kind === "int" && isPointer(right, "")
        ? [left.value, false]
        : [];
  if (constant === undefined) return undefined;
  if (operator === "*") return constant * sum;
  if (operator === "+") return sum + count * constant;
  if (operator !== "-") return undefined;
  return isLeft ? sum - count * constant : count * constant - sum;
}

/** `sum([a, b, c])` is a + (b + c). */
function sumOfArray(node: Builtin | Int): Node {
  if (node.kind !== "builtin" || node.name !== "sum" || node.args.length !== 1) return node;
  const [list] = node.args;
  if (list?.kind !== "array" || list.items.length < 2 || list.items.length > MAX_TERMS) return node;
  const { at } = node;
  return list.items.reduceRight((right, left) => ({ kind: "binary", operator: "+", left, right, at }));
}

/** `sum(map(list, p))` */
function sumOfMap(node: Node): Node {
  if (node.kind !== "builtin" || node.name !== "sum" || node.args.length !== 1) return node;
  const [list] = node.args;
  return list?.kind === "builtin" && list.name === "map" && list.args.length === 2
    ? { ...node, args: list.args }
    : node;
}
