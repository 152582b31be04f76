/** How server-side apply sees a value: which lists and maps are one field, and what identifies a list's elements. */
import { objectMetaSchema } from "../schema/builtin.ts";
import { isBuiltin, type Schema } from "../schema/schema.ts";
import { type Shape, shapeOf } from "../schema/shape.ts";
import { pathText } from "./fieldSet.ts";
import { isList, isObject, type Json } from "../../kube/object/json.ts";

const whole = new WeakMap<Schema, Schema>();

/** Adds the members that every object has, which definitions leave out. */
export function typedShape(schema: Schema): Shape {
  if (isBuiltin(schema)) return shapeOf(schema);
  const known = whole.get(schema);
  if (known !== undefined) return shapeOf(known);
  const text = { type: "string" };
  const properties = { ...schema.properties, apiVersion: text, kind: text, metadata: objectMetaSchema() };
  const made: Schema = { ...schema, type: "object", properties };
  whole.set(schema, made);
  return shapeOf(made);
}

/** "leaf" is a scalar, or a list or map that has only one owner. */
export type Structure = "leaf" | "map" | "list";

/** Without a shape (that is, without a schema) maps have many owners and lists one. */
export function structureOf(shape: Shape | undefined, value: unknown): Structure {
  const type = isObject(value) ? "map" : isList(value) ? "list" : value === null ? typeOfNull(shape) : "leaf";
  return type === "leaf" || isAtomic(shape, type) ? "leaf" : type;
}

const typeOfNull = (shape: Shape | undefined): Structure => {
  const type = shape?.schema.type;
  return type === "object" ? "map" : type === "array" ? "list" : "leaf";
};

function isAtomic(shape: Shape | undefined, type: "map" | "list"): boolean {
  if (type === "map") return shape?.schema["x-kubernetes-map-type"] === "atomic";
  const kind = shape?.schema["x-kubernetes-list-type"];
  return kind !== "set" && kind !== "map";
}

export const memberShape = (shape: Shape | undefined, name: string): Shape | undefined =>
  shape?.members.get(name) ?? shape?.others;

/** Whether the schema names the member: then a set needs no entry for the member itself. */
export const isNamed = (shape: Shape | undefined, name: string): boolean => shape?.members.has(name) === true;

/**
 * What identifies an element of a set or a list-map, in FieldsV1: `k:{"name":"web"}`, `v:"x"`. An absent key has its
 * default; an element without any key is an element of its own.
 */
export function elementOf(shape: Shape | undefined, item: unknown): string {
  const keys = shape?.schema["x-kubernetes-list-map-keys"];
  if (shape?.schema["x-kubernetes-list-type"] === "set" || keys === undefined || !isObject(item)) {
    return `v:${JSON.stringify(item)}`;
  }
  const key: Record<string, unknown> = {};
  for (const name of keys.length > 1 ? keys.toSorted() : keys) {
    const value = item[name] ?? shape?.items?.members.get(name)?.schema.default;
    if (value !== undefined) key[name] = value;
  }
  return `k:${JSON.stringify(key)}`;
}

/** Why a list's elements cannot be identified, with the place: `.spec.ports: duplicate entries for key …`. */
export function untypedProblem(shape: Shape | undefined, value: unknown, path: readonly string[]): string | undefined {
  const structure = structureOf(shape, value);
  if (structure === "leaf") return undefined;
  if (structure === "map") {
    return firstOf(Object.entries(entriesOf(value)), ([name, entry]) =>
      untypedProblem(memberShape(shape, name), entry, [...path, `f:${name}`]),
    );
  }
  const seen = new Set<string>();
  const { "x-kubernetes-list-map-keys": keys, "x-kubernetes-list-type": kind } = shape?.schema ?? {};
  return firstOf(itemsOf(value), (item, index) => {
    const element = elementOf(shape, item);
    const where = `${pathText(path)}:`;
    if (kind === "map" && !isObject(item)) {
      return `${where} element ${index}: associative list with keys may not have non-map elements`;
    }
    if (element === "k:{}") return `${where} element ${index}: ${withoutKeys(keys)}`;
    if (seen.has(element)) return `${where} duplicate entries for key ${pathText([element])}`;
    seen.add(element);
    return untypedProblem(shape?.items, item, [...path, element]);
  });
}

function withoutKeys(keys: readonly string[] = []): string {
  const names = `[${keys.map((name) => JSON.stringify(name)).join(" ")}]`;
  const rest = "(and doesn't have default values for any key fields)";
  return `associative list with keys has an element that omits all key fields ${names} ${rest}`;
}

function firstOf<T>(list: readonly T[], find: (item: T, index: number) => string | undefined): string | undefined {
  for (const [index, item] of list.entries()) {
    const found = find(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

export const entriesOf = (value: unknown): Json => (isObject(value) ? value : {});
export const itemsOf = (value: unknown): readonly unknown[] => (isList(value) ? value : []);
