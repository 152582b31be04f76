/** Equality and order of values, as in expr: all kinds of numbers compare, most other types only to themselves. */
import { ExpressionError } from "../syntax/problem.ts";
import {
  type Dict,
  integerOf,
  isDict,
  isList,
  isNil,
  keyOf,
  MAX_VALUE_DEPTH,
  typeName,
  type Value,
} from "../syntax/value.ts";

/** Counts the work of a comparison; throws when it becomes too much. */
export type Spend = (work: number) => void;

export function equal(a: Value, b: Value, spend: Spend, depth = 0): boolean {
  if (depth > MAX_VALUE_DEPTH) throw new ExpressionError("the lists that == compares are nested too deep");
  spend(1);
  if (typeof a === "string" || typeof a === "boolean") return a === b;
  const number = sameNumber(a, b);
  if (number !== undefined) return number;
  if (isList(a) && isList(b) && a.fixed !== true && b.fixed !== true) {
    if (a.of !== "pair" && (a.of === b.of || a.of === "any" || b.of === "any") && b.of !== "pair") {
      spend(2);
      return (
        a.items.length === b.items.length &&
        a.items.every((item, i) => equal(item, b.items[i] ?? null, spend, depth + 1))
      );
    }
  }
  return (isNil(a) && isNil(b)) || identical(a, b, spend, depth);
}

/** Undefined unless both are numbers. */
function sameNumber(a: Value, b: Value): boolean | undefined {
  if (typeof a === "number" && typeof b === "number") return a === b;
  const [x, y] = [integerOf(a), integerOf(b)];
  if (x !== undefined && y !== undefined) return x === y;
  if (x !== undefined && typeof b === "number") return Number(x) === b;
  return y !== undefined && typeof a === "number" ? a === Number(y) : undefined;
}

/** The same type and the same content, all the way down. */
function identical(a: Value, b: Value, spend: Spend, depth: number): boolean {
  if (depth > MAX_VALUE_DEPTH) throw new ExpressionError("the values that == compares are nested too deep");
  spend(2);
  if (typeName(a) !== typeName(b)) return false;
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) return a === b;
  if (a.kind === "func") return false;
  if (a === b) return true;
  if (isList(a) && isList(b)) {
    if (a.items.length !== b.items.length || a.absent !== b.absent) return false;
    return a.items.every((item, i) => identical(item, b.items[i] ?? null, spend, depth + 1));
  }
  if (isDict(a) && isDict(b)) return sameEntries(a, b, (x, y) => identical(x, y, spend, depth + 1));
  if (a.kind === "moment" && b.kind === "moment") return a.ns === b.ns;
  if (a.kind === "span" && b.kind === "span") return a.ns === b.ns;
  if (a.kind === "sized" && b.kind === "sized") return a.value === b.value;
  return a.kind === "zone" && b.kind === "zone" && a.name === b.name;
}

function sameEntries(a: Dict, b: Dict, same: (a: Value, b: Value) => boolean): boolean {
  if (a.entries.size !== b.entries.size) return false;
  if (a.by === "text" && b.by === "text") {
    return a.entries.entries().every(([key, value]) => {
      const other = b.entries.get(key);
      return other !== undefined && same(value, other);
    });
  }
  if (a.by === "any" && b.by === "any") {
    return a.entries.entries().every(([key, [, value]]) => {
      const other = b.entries.get(key);
      return other !== undefined && same(value, other[1]);
    });
  }
  return false;
}

export type Order = "<" | ">" | "<=" | ">=";

/** Negative, zero or positive; NaN when one of them is NaN. Throws for what has no order. */
export function compared(a: Value, b: Value, operator: Order): number {
  if (typeof a === "number" && typeof b === "number") return difference(a, b);
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  const [x, y] = [integerOf(a), integerOf(b)];
  if (x !== undefined && y !== undefined) return x < y ? -1 : x > y ? 1 : 0;
  if (x !== undefined && typeof b === "number") return difference(Number(x), b);
  if (y !== undefined && typeof a === "number") return difference(a, Number(y));
  if (typeof a === "object" && a !== null && typeof b === "object" && b !== null) {
    if ((a.kind === "moment" && b.kind === "moment") || (a.kind === "span" && b.kind === "span")) {
      return a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : 0;
    }
  }
  throw new ExpressionError(`${operator} does not take a ${typeName(a)} and a ${typeName(b)}`);
}

/** Equal infinities differ by 0. */
const difference = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : a > b ? 1 : Number.NaN);

export function holds(operator: Order, a: Value, b: Value): boolean {
  const order = compared(a, b, operator);
  switch (operator) {
    case "<":
      return order < 0;
    case ">":
      return order > 0;
    case "<=":
      return order <= 0;
    case ">=":
      return order >= 0;
    default:
      return operator satisfies never;
  }
}

/** Whether a value is in a list or a map. */
export function includes(container: Value, value: Value, spend: Spend): boolean {
  if (container === null) return false;
  if (isList(container)) return container.items.some((item) => equal(item, value, spend));
  if (isDict(container)) return entryOf(container, value) !== undefined;
  if (typeof container === "object" && container.kind === "moment" && typeof value === "string") return false;
  throw new ExpressionError(`in does not take a ${typeName(container)}`);
}

/** The value of a key in a map; undefined when the key is missing. Nil stands for the zero key. */
export function entryOf(dict: Dict, key: Value): Value | undefined {
  if (dict.by === "any") return anyEntry(dict, key);
  const wanted = dict.by === "text" || dict.of === "string" ? (key ?? "") : (key ?? 0n);
  if (typeof wanted !== (dict.by === "set" && dict.of === "int" ? "bigint" : "string")) {
    throw new ExpressionError(`a ${typeName(dict)} has nothing under a ${typeName(key)}`);
  }
  if (dict.by === "set") return dict.entries.has(wanted) ? true : undefined;
  return typeof wanted === "string" ? dict.entries.get(wanted) : undefined;
}

function anyEntry(dict: Extract<Dict, { readonly by: "any" }>, key: Value): Value | undefined {
  if (typeof key === "number" && Number.isNaN(key)) return undefined;
  return dict.entries.get(keyOf(key, 0))?.[1];
}
