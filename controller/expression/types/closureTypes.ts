/** The types of functions that take a closure. */
import { BOOL, elementOf, GROUPS, INT, isUnknown, LIST, listOf, plain, type Type, UNKNOWN } from "./types.ts";

/** Functions whose closure is a condition. */
export const CLOSED: ReadonlySet<string> = new Set([
  "all",
  "none",
  "any",
  "one",
  "filter",
  "count",
  "find",
  "findLast",
  "findIndex",
  "findLastIndex",
]);

/** Functions whose closure may give anything. */
export const OTHER_CLOSED: ReadonlySet<string> = new Set(["map", "sum", "groupBy", "sortBy", "reduce"]);

const NO_POINTERS: ReadonlyMap<string, Type> = new Map();
const MAP_POINTERS: ReadonlyMap<string, Type> = new Map([["index", INT]]);
const REDUCE_POINTERS: ReadonlyMap<string, Type> = new Map([
  ["index", INT],
  ["acc", UNKNOWN],
]);

/** The names besides `#` that the closure may use. */
export function pointersOf(name: string): ReadonlyMap<string, Type> {
  if (name === "reduce") return REDUCE_POINTERS;
  return name === "map" ? MAP_POINTERS : NO_POINTERS;
}

/** What a call gives. */
export function closedType(name: string, collection: Type, body: Type): Type {
  switch (name) {
    case "filter":
      return isUnknown(collection) ? LIST : listOf(elementOf(collection));
    case "map":
      return listOf(body);
    case "count":
    case "findIndex":
    case "findLastIndex":
      return INT;
    case "find":
    case "findLast":
      return isUnknown(collection) ? UNKNOWN : elementOf(collection);
    case "sum":
      return plain(body);
    case "groupBy":
      return GROUPS;
    case "sortBy":
      return collection;
    case "reduce":
      return body;
    default:
      return BOOL;
  }
}
