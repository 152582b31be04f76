/**
 * What the API server does with an object by its schema alone: unknown members are dropped, defaults filled in, values
 * checked. Every function returns the object that it was given when nothing changes, and takes the schema of a custom
 * resource (its root) or of one of the API server's own kinds.
 */
import type { Cause } from "../model/model.ts";
import { isList, isObject, type Json } from "../../kube/object/json.ts";
import { objectMetaSchema } from "./builtin.ts";
import { causesIn } from "./causes.ts";
import { pathText } from "./fieldPath.ts";
import { createMemory } from "./walkMemory.ts";
import { isBuiltin, type Schema } from "./schema.ts";
import { type Shape, shapeOf } from "./shape.ts";

/** Members of every object of the API, even if its schema does not have them. */
const resourceMembers: readonly string[] = ["apiVersion", "kind", "metadata"];

/** Objects without unknown members, and objects that have all their defaults. */
const pruned = createMemory();
const complete = createMemory();

interface Trail {
  readonly path: (string | number)[];
  readonly unknown: string[];
  /** Unknown members in the metadata of objects inside of others, which the API server checks last. */
  readonly late: string[];
}

/**
 * The object without the members that its schema does not know, and the paths of those as in the API's messages
 * ("spec.template.spec.containers[0].nam"), in the order in which the API server reports them.
 */
export function prune<T extends object>(schema: Schema, object: T): { object: T; unknown: readonly string[] } {
  const trail: Trail = { path: [], unknown: [], late: [] };
  const shape = shapeOf(schema);
  const kept = isBuiltin(schema) ? prunedValue(shape, object, trail) : prunedResource(shape, object, trail);
  if (kept === object) return { object, unknown: [] };
  if (isBuiltin(schema)) return { object: kept as T, unknown: trail.unknown };
  return { object: kept as T, unknown: [...trail.unknown.toSorted(), ...trail.late.toSorted()] };
}

function prunedValue(shape: Shape, value: unknown, trail: Trail): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isList(value)) return prunedList(shape, value, trail);
  if (shape.schema["x-kubernetes-embedded-resource"] === true) return prunedResource(shape, value, trail);
  return prunedMembers(shape, value as Json, trail, () => undefined);
}

/** An object of the API inside of another one, or a custom resource itself: metadata has a shape of its own. */
function prunedResource(shape: Shape, value: object, trail: Trail): unknown {
  return prunedMembers(shape, value as Json, trail, (name) =>
    name === "metadata" ? shapeOf(objectMetaSchema()) : resourceMembers.includes(name) ? anything : undefined,
  );
}

const anything = shapeOf({ "x-kubernetes-preserve-unknown-fields": true });
/** For maps that may hold anything: as the schema does not describe what is inside, every member there is unknown. */
const nothing = shapeOf({});

function prunedMembers(shape: Shape, value: Json, trail: Trail, special: (name: string) => Shape | undefined): Json {
  if (pruned.knows(shape, value)) return value;
  let result: Record<string, unknown> | undefined;
  const fallback = shape.others ?? (shape.schema.additionalProperties === true ? nothing : undefined);
  for (const key in value) {
    const member = special(key) ?? shape.members.get(key) ?? fallback;
    if (member === undefined) {
      if (shape.open) continue;
      trail.unknown.push(pathText([...trail.path, key]));
      result ??= { ...value };
      delete result[key];
      continue;
    }
    const old = value[key];
    if (typeof old !== "object" || old === null) continue;
    const isLate = trail.path.length > 0 && special(key) !== undefined;
    trail.path.push(key);
    const next = prunedValue(member, old, isLate ? { ...trail, unknown: trail.late } : trail);
    trail.path.pop();
    if (next === old) continue;
    result ??= { ...value };
    result[key] = next;
  }
  pruned.learn(shape, result ?? value);
  return result ?? value;
}

function prunedList(shape: Shape, list: readonly unknown[], trail: Trail): readonly unknown[] {
  const items = shape.items ?? (shape.open ? undefined : nothing);
  if (items === undefined) return list;
  let result: unknown[] | undefined;
  for (let index = 0; index < list.length; index++) {
    const old = list[index];
    if (typeof old !== "object" || old === null) continue;
    trail.path.push(index);
    const next = prunedValue(items, old, trail);
    trail.path.pop();
    if (next === old) continue;
    result ??= [...list];
    result[index] = next;
  }
  return result ?? list;
}

/**
 * The object with the defaults of its schema; nulls that the schema does not allow become the default, or are dropped.
 * The defaults of the API server's own kinds are those of their Go types: builtinRules.ts has the others, and
 * handles nulls there.
 */
export function withDefaults<T extends object>(schema: Schema, object: T): T {
  return defaulted(shapeOf(schema), object, !isBuiltin(schema)) as T;
}

function defaulted(shape: Shape, value: unknown, dropsNulls: boolean): unknown {
  if (typeof value !== "object" || value === null) return value;
  return isList(value) ? defaultedList(shape, value, dropsNulls) : defaultedMembers(shape, value as Json, dropsNulls);
}

const isRefusedNull = (shape: Shape, value: unknown): boolean => value === null && shape.schema.nullable !== true;

function defaultedMembers(shape: Shape, value: Json, dropsNulls: boolean): Json {
  if (complete.knows(shape, value)) return value;
  let result: Record<string, unknown> | undefined;
  for (const [name, initial] of shape.defaults) {
    const current = value[name];
    if (current !== undefined && !(current === null && shape.members.get(name)?.schema.nullable !== true)) continue;
    if (current === initial) continue;
    result ??= { ...value };
    result[name] = initial;
  }
  const filled = result ?? value;
  for (const key in filled) {
    const old = filled[key];
    if (typeof old !== "object") continue;
    const member = shape.members.get(key) ?? shape.others;
    if (member === undefined) continue;
    const next = isRefusedNull(member, old) && dropsNulls ? member.schema.default : defaulted(member, old, dropsNulls);
    if (next === old) continue;
    result ??= { ...value };
    if (next === undefined) delete result[key];
    else result[key] = next;
  }
  complete.learn(shape, result ?? value);
  return result ?? value;
}

function defaultedList(shape: Shape, list: readonly unknown[], dropsNulls: boolean): readonly unknown[] {
  const { items } = shape;
  if (items === undefined) return list;
  let result: unknown[] | undefined;
  for (let index = 0; index < list.length; index++) {
    const old = list[index];
    if (typeof old !== "object") continue;
    const initial = items.schema.default;
    const next = isRefusedNull(items, old) && initial !== undefined ? initial : old;
    const filled = defaulted(items, next, dropsNulls);
    if (filled === old) continue;
    result ??= [...list];
    result[index] = filled;
  }
  return result ?? list;
}

/**
 * What is wrong with the object by its schema, in the API server's words. For a custom resource: types, required members,
 * limits, formats, and what repeats in lists that are sets or maps; `x-kubernetes-validations` (CEL) is not evaluated. For
 * the API server's own kinds types alone: there the schema only describes, and builtinRules.ts has the rules.
 */
export function validate(schema: Schema, object: object): readonly Cause[] {
  return isObject(object) ? causesIn(shapeOf(schema), object, isBuiltin(schema)) : [];
}
