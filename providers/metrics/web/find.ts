/**
 * What a JSONPath finds in JSON, by client-go's rules and in its words. Numbers compare with numbers, where client-go
 * refuses to compare a number in JSON with a whole one in the path (docs/differences.md). Nothing here throws.
 */
import { byteOrder, isFields } from "../../../kube/object/goJson.ts";
import type { Node, Slice } from "./jsonPath.ts";

/** Caught by `findFirst`. */
class Missing extends Error {}

/** Values that a path may come by: `..` in `..` in `..` would take for ever. */
const MOST_STEPS = 300_000;

interface Search {
  steps: number;
  /** Loops that a `range` has begun and no `end` has ended. */
  depth: number;
}

type Values = readonly unknown[];

/** The first value that is found; undefined: nothing is, and nothing is wrong. */
export function findFirst(
  nodes: readonly Node[],
  data: unknown,
): { readonly value: unknown } | { readonly problem: string } | undefined {
  try {
    const { results } = all(nodes, data, { steps: 0, depth: 0 });
    const first = results.find((values) => values.length > 0);
    return first === undefined ? undefined : { value: first[0] };
  } catch (error) {
    if (error instanceof Missing) return { problem: error.message };
    if (error instanceof RangeError) return { problem: "the answer is nested too deep" };
    throw error;
  }
}

/** @returns what each node finds, and how many of the nodes were gone through: those up to an `end` in a loop */
function all(
  nodes: readonly Node[],
  data: unknown,
  search: Search,
): { readonly results: readonly Values[]; readonly length: number } {
  const results: Values[] = [];
  for (let index = 0; index < nodes.length; index++) {
    const node = nodes[index];
    const word = node?.kind === "list" ? node.nodes.find((each) => each.kind === "word")?.word : undefined;
    if (node === undefined) continue;
    if (word === "end") {
      if (search.depth === 0) throw new Missing("not in range, nothing to end");
      return { results, length: index + 1 };
    }
    const found = walk([data], node, search);
    if (word !== "range") {
      results.push(found);
      continue;
    }
    const rest = nodes.slice(index + 1);
    search.depth += 1;
    // With nothing to go through, what is in the loop is still read, so as to find its end.
    const turns = (found.length > 0 ? found : [null]).map((value) => all(rest, value, search));
    search.depth -= 1;
    if (found.length > 0) results.push(...turns.flatMap((turn) => turn.results));
    index += turns.at(-1)?.length ?? rest.length;
  }
  return { results, length: nodes.length };
}

function walk(values: Values, node: Node, search: Search): Values {
  search.steps += values.length + 1;
  if (search.steps > MOST_STEPS) throw new Missing("the path goes through too many values");
  switch (node.kind) {
    case "list":
      return through(values, node.nodes, search);
    case "text":
      return [node.text];
    case "literal":
      return values.map(() => node.value);
    case "field":
      return fields(values, node.name);
    case "array":
      return values.flatMap((value) => (value === null ? [] : elements(value, node.slice)));
    case "wildcard":
      return values.flatMap(children);
    case "recursive":
      return descendants(values, search);
    case "union":
      return node.branches.flatMap((branch) => through(values, branch, search));
    case "filter":
      return values.flatMap((value) => filtered(value, node, search));
    case "word":
      if (node.word === "range") return values;
      throw new Missing(`unrecognized identifier ${node.word}`);
    default:
      return node satisfies never;
  }
}

const through = (values: Values, nodes: readonly Node[], search: Search): Values =>
  nodes.reduce<Values>((current, node) => walk(current, node, search), values);

function fields(values: Values, name: string): Values {
  const found = values.flatMap((value) => (isFields(value) && Object.hasOwn(value, name) ? [value[name]] : []));
  if (values.length > 0 && found.length === 0) throw new Missing(`${name} is not found`);
  return found;
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return "nil";
  if (isFields(value)) return "map[string]interface {}";
  return typeof value === "number" ? "float64" : typeof value === "boolean" ? "bool" : "string";
}

function elements(value: unknown, slice: Slice): Values {
  if (!Array.isArray(value)) throw new Missing(`${typeName(value)} is not array or slice`);
  const { length } = value;
  let { from = 0, to = length } = slice;
  if (from < 0) from += length;
  if (to < 0 || (to === 0 && slice.isDerived)) to += length;
  if (from === to) return [];
  const outside = (index: number): Missing =>
    new Missing(`array index out of bounds: index ${index}, length ${length}`);
  if (from >= length || from < 0) throw outside(from);
  if (to > length || to < 0) throw outside(to - 1);
  if (from > to) throw new Missing(`starting index ${from} is greater than ending index ${to}`);
  const { step = 1 } = slice;
  if (step <= 0) throw new Missing("step must be > 0");
  return value.slice(from, to).filter((_: unknown, index) => index % step === 0);
}

/** Of a text its bytes, as in Go. Members in the order of their names, where Go has no order. */
function children(value: unknown): Values {
  if (Array.isArray(value)) return value;
  if (typeof value === "string") return [...new TextEncoder().encode(value)];
  if (!isFields(value)) return [];
  return Object.keys(value)
    .toSorted(byteOrder)
    .map((name) => value[name]);
}

/** All that has something in it, with what is in it. */
function descendants(values: Values, search: Search): Values {
  const found: unknown[] = [];
  const visit = (value: unknown): void => {
    if (typeof value === "string" ? value === "" : typeof value !== "object" || value === null) return;
    const inside = typeof value === "string" ? [] : children(value);
    if (typeof value !== "string" && inside.length === 0) return;
    search.steps += inside.length + 1;
    if (search.steps > MOST_STEPS) throw new Missing("the path goes through too many values");
    found.push(value);
    inside.forEach(visit);
  };
  values.forEach(visit);
  return found;
}

type Filter = Node & { readonly kind: "filter" };

function filtered(value: unknown, node: Filter, search: Search): Values {
  if (!Array.isArray(value)) throw new Missing(`a ${typeName(value)} is not array or slice and cannot be filtered`);
  return value.filter((element: unknown) => passes(element, node, search));
}

function passes(element: unknown, { left, operator, right }: Filter, search: Search): boolean {
  if (operator === "exists") return exists(element, left, search);
  const a = through([element], left, search);
  if (a.length === 0) return false;
  const b = through([element], right, search);
  if (b.length === 0) return false;
  if (a.length > 1 || b.length > 1) throw new Missing("can only compare one element at a time");
  return compared(a[0], operator, b[0]);
}

function exists(element: unknown, left: readonly Node[], search: Search): boolean {
  try {
    return through([element], left, search).length > 0;
  } catch (error) {
    if (error instanceof Missing && search.steps <= MOST_STEPS) return false;
    throw error;
  }
}

function compared(a: unknown, operator: string, b: unknown): boolean {
  if (!["<", ">", "==", "!=", "<=", ">="].includes(operator))
    throw new Missing(`unrecognized filter operator ${operator}`);
  const isBasic = (value: unknown): boolean => ["string", "number", "boolean"].includes(typeof value);
  const isOrdered = operator !== "==" && operator !== "!=";
  if (!isBasic(a) || !isBasic(b) || (isOrdered && typeof a === "boolean"))
    throw new Missing("invalid type for comparison");
  if (typeof a !== typeof b) throw new Missing("incompatible types for comparison");
  const order =
    typeof a === "string" && typeof b === "string" ? byteOrder(a, b) : a === b ? 0 : Number(a) < Number(b) ? -1 : 1;
  switch (operator) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    case "==":
      return order === 0;
    default:
      return order !== 0;
  }
}
