/**
 * What Go's decoding and encoding makes of an object of the API server's own kinds: zero values that are not behind a
 * pointer vanish, as do nulls; quantities and times get their canonical form; and goDefaults.ts's defaults are set.
 */
import { canonicalQuantity } from "../../kube/object/quantity.ts";
import { isList, type Json } from "../../kube/object/json.ts";
import { createMemory } from "./walkMemory.ts";
import type { Schema } from "./schema.ts";
import { type Shape, shapeOf } from "./shape.ts";

/** `object` has its schema's defaults already. Itself when nothing changes. */
export function decoded<T extends object>(schema: Schema, object: T): T {
  return decodedMembers(shapeOf(schema), object as unknown as Json) as unknown as T;
}

const known = createMemory();

function decodedMembers(shape: Shape, value: Json): Json {
  if (known.knows(shape, value)) return value;
  let result: Record<string, unknown> | undefined;
  for (const key in value) {
    const named = shape.members.get(key);
    const member = named ?? shape.others;
    if (member === undefined) continue;
    const old = value[key];
    const next = named === undefined ? decodedEntry(member, old) : decodedMember(named, old);
    if (Object.is(next, old)) continue;
    result ??= { ...value };
    if (next === undefined) delete result[key];
    else result[key] = next;
  }
  for (const [name, initial] of shape.goDefaults) {
    const current = (result ?? value)[name];
    if (current !== undefined && current !== null) continue;
    result ??= { ...value };
    const member = shape.members.get(name);
    result[name] = member === undefined ? initial : decodedMember(member, initial);
  }
  known.learn(shape, result ?? value);
  return result ?? value;
}

/** The value of a member; undefined when it is not written. */
function decodedMember(shape: Shape, value: unknown): unknown {
  const { schema } = shape;
  if (shape.open) return value;
  if (value === null) return schema.default;
  if (isList(value) || isMap(shape)) {
    const isEmpty = isList(value) ? value.length === 0 : isObjectWithoutMembers(value);
    return isEmpty ? schema.default : decodedValue(shape, value);
  }
  if (!isZero(value) || schema["x-go-pointer"] === true) return decodedValue(shape, value);
  return schema["x-go-default"] ?? schema.default;
}

const isZero = (value: unknown): boolean => value === "" || value === 0 || value === false;

const isMap = (shape: Shape): boolean => shape.others !== undefined && shape.members.size === 0;

function isObjectWithoutMembers(value: unknown): boolean {
  for (const _ in value as object) return false;
  return true;
}

/** An entry of a map or an element of a list is kept, whatever its value. */
function decodedEntry(shape: Shape, value: unknown): unknown {
  if (value !== null) return decodedValue(shape, value);
  switch (shape.schema.type) {
    case "string":
      return "";
    case "integer":
      return 0;
    case "boolean":
      return false;
    case "object":
      return {};
    default:
      return value;
  }
}

function decodedValue(shape: Shape, value: unknown): unknown {
  if (typeof value !== "object") return decodedScalar(shape.schema.format, value);
  if (value === null || shape.open) return value;
  return isList(value) ? decodedList(shape, value) : decodedMembers(shape, value as Json);
}

function decodedScalar(format: string | undefined, value: unknown): unknown {
  switch (format) {
    case "quantity":
      return typeof value === "string" || typeof value === "number" ? canonicalQuantity(String(value)) : value;
    case "date-time":
      return typeof value === "string" ? inUtc(value, 0) : value;
    case "date-time-micro":
      return typeof value === "string" ? inUtc(value, 6) : value;
    default:
      return value;
  }
}

/** A time as the API writes it: in UTC with so many decimals of a second. Here nothing is finer than milliseconds. */
function inUtc(time: string, digits: 0 | 6): string {
  const isWritten = digits === 0 ? time.length === 20 : time.length === 27;
  if (isWritten && time.endsWith("Z")) return time;
  const ms = Date.parse(time);
  if (Number.isNaN(ms)) return time;
  const text = new Date(ms).toISOString();
  return digits === 0 ? `${text.slice(0, 19)}Z` : `${text.slice(0, 23)}000Z`;
}

function decodedList(shape: Shape, list: readonly unknown[]): readonly unknown[] {
  const { items } = shape;
  if (items === undefined) return list;
  let result: unknown[] | undefined;
  for (let index = 0; index < list.length; index++) {
    const old = list[index];
    const next = decodedEntry(items, old);
    if (Object.is(next, old)) continue;
    result ??= [...list];
    result[index] = next;
  }
  return result ?? list;
}
