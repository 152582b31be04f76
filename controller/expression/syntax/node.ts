/** The tree of an expression. Every node knows where it stands in the source (`at`, UTF-16 units). */
import type { Value } from "./value.ts";

export type UnaryOperator = "not" | "-" | "+";

export type BinaryOperator =
  | "||"
  | "&&"
  | "=="
  | "!="
  | "<"
  | ">"
  | ">="
  | "<="
  | "in"
  | "matches"
  | "contains"
  | "startsWith"
  | "endsWith"
  | ".."
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "**"
  | "??";

interface Placed {
  readonly at: number;
}

export interface Binary extends Placed {
  readonly kind: "binary";
  readonly operator: BinaryOperator;
  readonly left: Node;
  readonly right: Node;
  /** == and !=: both sides are known to be of this type. */
  readonly strict?: "int" | "string";
}

export interface Member extends Placed {
  readonly kind: "member";
  readonly object: Node;
  readonly property: Node;
  /** `?.` */
  readonly optional: boolean;
}

export interface Builtin extends Placed {
  readonly kind: "builtin";
  readonly name: string;
  readonly args: readonly Node[];
  /** What filter, find and findLast give for an element that is kept, instead of the element. */
  readonly gives?: Node;
  /** find, findLast: it is an error when no element is found. */
  readonly throws?: true;
  /** count: stop at this number. */
  readonly enough?: number;
}

export interface Call extends Placed {
  readonly kind: "call";
  readonly callee: Node;
  readonly args: readonly Node[];
}

/** An int literal, or the unsigned constant that some nodes were folded to. */
export interface Int extends Placed {
  readonly kind: "int";
  readonly value: bigint;
}

export type Node =
  | (Placed & { readonly kind: "nil" })
  | (Placed & { readonly kind: "name"; readonly name: string })
  | Int
  | (Placed & { readonly kind: "float"; readonly value: number })
  | (Placed & { readonly kind: "bool"; readonly value: boolean })
  | (Placed & { readonly kind: "string"; readonly value: string })
  | (Placed & { readonly kind: "bytes"; readonly value: string })
  | (Placed & { readonly kind: "constant"; readonly value: Value })
  | (Placed & { readonly kind: "unary"; readonly operator: UnaryOperator; readonly operand: Node })
  | Binary
  /** A whole chain: its value is nil when a `?.` in it meets nil. */
  | (Placed & { readonly kind: "chain"; readonly inner: Node })
  | Member
  | (Placed & { readonly kind: "slice"; readonly object: Node; readonly from?: Node; readonly to?: Node })
  | Call
  | Builtin
  | (Placed & { readonly kind: "closure"; readonly body: Node })
  /** `#` (""), `#index`, `#acc` */
  | (Placed & { readonly kind: "pointer"; readonly name: string })
  | (Placed & { readonly kind: "let"; readonly name: string; readonly value: Node; readonly body: Node })
  | (Placed & { readonly kind: "sequence"; readonly nodes: readonly Node[] })
  | (Placed & { readonly kind: "conditional"; readonly test: Node; readonly chosen: Node; readonly otherwise: Node })
  | (Placed & { readonly kind: "array"; readonly items: readonly Node[] })
  | (Placed & { readonly kind: "map"; readonly pairs: readonly (readonly [key: Node, value: Node])[] });

export type NodeOf<K extends Node["kind"]> = Extract<Node, { readonly kind: K }>;

/** The nodes right below, in the order in which they are evaluated. */
export function children(node: Node): readonly Node[] {
  switch (node.kind) {
    case "nil":
    case "name":
    case "int":
    case "float":
    case "bool":
    case "string":
    case "bytes":
    case "constant":
    case "pointer":
      return [];
    case "unary":
      return [node.operand];
    case "binary":
      return [node.left, node.right];
    case "chain":
      return [node.inner];
    case "member":
      return [node.object, node.property];
    case "slice":
      return [node.object, node.from, node.to].filter((child) => child !== undefined);
    case "call":
      return [node.callee, ...node.args];
    case "builtin":
      return node.gives === undefined ? node.args : [...node.args, node.gives];
    case "closure":
      return [node.body];
    case "let":
      return [node.value, node.body];
    case "sequence":
      return node.nodes;
    case "conditional":
      return [node.test, node.chosen, node.otherwise];
    case "array":
      return node.items;
    case "map":
      return node.pairs.flat();
    default:
      return node satisfies never;
  }
}

/** Whether some path from the root is longer. Without recursion, since deep trees are what it is there to find. */
export function isDeeper(root: Node, limit: number): boolean {
  let level: readonly Node[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true;
    // A chain of comparisons has each operand twice.
    level = [...new Set(level.flatMap(children))];
  }
  return false;
}

/** The same node with other children, given in the order of `children`; the node itself when all are the same. */
export function withChildren(node: Node, nodes: readonly Node[]): Node {
  const before = children(node);
  if (nodes.every((child, index) => child === before[index])) return node;
  const [first = node, second = node, third = node] = nodes;
  switch (node.kind) {
    case "unary":
      return { ...node, operand: first };
    case "binary":
      return { ...node, left: first, right: second };
    case "chain":
      return { ...node, inner: first };
    case "member":
      return { ...node, object: first, property: second };
    case "slice":
      return {
        ...node,
        object: first,
        ...(node.from && { from: second }),
        ...(node.to && { to: nodes.at(-1) ?? second }),
      };
    case "call":
      return { ...node, callee: first, args: nodes.slice(1) };
    case "builtin":
      return {
        ...node,
        args: nodes.slice(0, node.args.length),
        ...(node.gives && { gives: nodes.at(-1) ?? node.gives }),
      };
    case "closure":
      return { ...node, body: first };
    case "let":
      return { ...node, value: first, body: second };
    case "sequence":
      return { ...node, nodes };
    case "conditional":
      return { ...node, test: first, chosen: second, otherwise: third };
    case "array":
      return { ...node, items: nodes };
    case "map":
      return {
        ...node,
        pairs: node.pairs.map((pair, index) => [nodes[2 * index] ?? pair[0], nodes[2 * index + 1] ?? pair[1]]),
      };
    case "nil":
    case "name":
    case "int":
    case "float":
    case "bool":
    case "string":
    case "bytes":
    case "constant":
    case "pointer":
      return node;
    default:
      return node satisfies never;
  }
}
