/** Walks an object with its schema and returns what is wrong, as causes. */
import type { Cause } from "../model/model.ts";
import { isList, isObject, type Json } from "../../kube/object/json.ts";
import { pathText } from "./fieldPath.ts";
import { duplicate, invalid, jsonType, required, wrongType } from "./constraints.ts";
import { createMemory, type Memory } from "./walkMemory.ts";
import type { Schema } from "./schema.ts";
import { anywhere, type Shape, shapeOf } from "./shape.ts";

interface Walk {
  /** Where the walk is. */
  readonly path: (string | number)[];
  readonly causes: Cause[];
  /** Whether only types are checked. */
  readonly typesOnly: boolean;
}

export function causesIn(shape: Shape, object: Json, typesOnly: boolean): readonly Cause[] {
  const walk: Walk = { path: [], causes: [], typesOnly };
  check(shape, object, walk);
  if (typesOnly) return walk.causes;
  embedded(shape, object, walk);
  repeated(shape, object, walk);
  return walk.causes;
}

/** Objects in which nothing is wrong, for each of the two kinds of check. */
const sound = { all: createMemory(), types: createMemory() };

function check(shape: Shape, value: unknown, walk: Walk): void {
  const fits = hasType(shape, value, walk);
  if (!walk.typesOnly) {
    if (shape.combines) combinations(shape.schema, value, walk);
    if (value !== null) {
      for (const limit of shape.limits) report(limit(value, ""), () => limit(value, pathText(walk.path)), walk);
    }
  }
  if (!fits || typeof value !== "object" || value === null) return;
  if (isList(value)) {
    if (shape.items !== undefined) each(value, shape.items, walk);
  } else soundly(shape, value as Json, walk);
}

function soundly(shape: Shape, value: Json, walk: Walk): void {
  const memory = walk.typesOnly ? sound.types : sound.all;
  if (memory.knows(shape, value)) return;
  const before = walk.causes.length;
  members(shape, value, walk);
  if (walk.causes.length === before) memory.learn(shape, value);
}

/** The text of the path is made only when something is wrong there. */
function report(found: Cause | undefined, inFull: () => Cause | undefined, walk: Walk): void {
  const cause = found === undefined ? undefined : inFull();
  if (cause !== undefined) walk.causes.push(cause);
}

function hasType(shape: Shape, value: unknown, walk: Walk): boolean {
  const { types, schema } = shape;
  if (types.length === 0) return true;
  if (value === null && (schema.nullable === true || walk.typesOnly)) return true;
  if (types.some((type) => isOfType(value, type))) return true;
  const path = pathText(walk.path);
  // For a number with a format the error names the format, unless the value is null, a text or a list.
  const byFormat = numberFormats.includes(schema.format ?? "") && value !== null && !isList(value);
  walk.causes.push(
    byFormat && typeof value !== "string"
      ? wrongType(path, schema.format ?? "", typeof value === "number" ? "float64" : "")
      : wrongType(path, types.join(","), jsonType(value)),
  );
  return false;
}

const numberFormats: readonly string[] = ["int32", "int64", "float", "double"];

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case "string":
    case "boolean":
      return typeof value === type;
    case "integer":
      return Number.isInteger(value);
    case "number":
      return typeof value === "number";
    case "array":
      return isList(value);
    default:
      return isObject(value);
  }
}

function members(shape: Shape, value: Json, walk: Walk): void {
  for (const key in value) {
    const member = shape.members.get(key) ?? shape.others;
    const inner = value[key];
    // Undefined, which JSON does not have, means absent.
    if (member === undefined || inner === undefined) continue;
    walk.path.push(key);
    check(member, inner, walk);
    walk.path.pop();
  }
  if (walk.typesOnly) return;
  for (const name of shape.schema.required ?? []) {
    if (value[name] === undefined) walk.causes.push(required(pathText([...walk.path, name])));
  }
}

function each(list: readonly unknown[], items: Shape, walk: Walk): void {
  for (let index = 0; index < list.length; index++) {
    walk.path.push(index);
    check(items, list[index], walk);
    walk.path.pop();
  }
}

/** allOf, anyOf, oneOf and not. The API server names the place of such an error only in its message. */
function combinations(schema: Schema, value: unknown, walk: Walk): void {
  const broken = (rule: string): void => {
    walk.causes.push(invalid("<nil>", "", `"${pathText(walk.path)}" ${rule}`));
  };
  const attempts = (schemas: readonly Schema[]): readonly (readonly Cause[])[] =>
    schemas.map((one) => attempt(one, value, walk));
  const { allOf = [], anyOf = [], oneOf = [], not } = schema;
  if (anyOf.length > 0) {
    const results = attempts(anyOf);
    if (!results.some(isEmpty)) {
      broken("must validate at least one schema (anyOf)");
      walk.causes.push(...closest(results));
    }
  }
  if (oneOf.length > 0) {
    const results = attempts(oneOf);
    const valid = results.filter(isEmpty).length;
    if (valid !== 1) {
      const count = valid === 0 ? "Found none valid" : `Found ${valid} valid alternatives`;
      broken(`must validate one and only one schema (oneOf). ${count}`);
      if (valid === 0) walk.causes.push(...closest(results));
    }
  }
  const all = attempts(allOf);
  if (!all.every(isEmpty)) {
    walk.causes.push(...all.flat());
    broken(`must validate all the schemas (allOf)${all.some(isEmpty) ? "" : ". None validated"}`);
  }
  if (not !== undefined && isEmpty(attempt(not, value, walk))) broken("must not validate the schema (not)");
}

const isEmpty = (list: readonly unknown[]): boolean => list.length === 0;

/** Of alternatives that all failed, the one whose causes the API server reports: that with the fewest causes. */
function closest(results: readonly (readonly Cause[])[]): readonly Cause[] {
  return results.reduce((best, next) => (next.length < best.length ? next : best));
}

function attempt(schema: Schema, value: unknown, { path }: Walk): readonly Cause[] {
  const walk: Walk = { path: [...path], causes: [], typesOnly: false };
  check(shapeOf(schema), value, walk);
  return walk.causes;
}

/** The place as a field path, with entries of maps in brackets. */
function bracketed(walk: Walk, shape: Shape): string {
  let text = "";
  let at: Shape | undefined = shape;
  for (const part of walk.path) {
    if (typeof part === "number") {
      text += `[${part}]`;
      at = at?.items;
    } else {
      const named: Shape | undefined = at?.members.get(part);
      text += named === undefined ? `[${part}]` : text === "" ? part : `.${part}`;
      at = named ?? at?.others;
    }
  }
  return text;
}

const hasEmbedded = anywhere((schema) => schema["x-kubernetes-embedded-resource"] === true);
const hasKeyed = anywhere((schema) => ["set", "map"].includes(schema["x-kubernetes-list-type"] ?? ""));
const isSpecial = (shape: Shape): boolean => hasEmbedded(shape) || hasKeyed(shape);

type Inspect = (shape: Shape, value: object) => void;

/** Visits a value and those below it whose schema, or one further below, is special; `walk` has the path. */
function visit(shape: Shape, value: unknown, walk: Walk, seen: Memory, inspect: Inspect): void {
  if (typeof value !== "object" || value === null || !isSpecial(shape) || seen.knows(shape, value)) return;
  const before = walk.causes.length;
  inspect(shape, value);
  const descend = (key: string | number, below: Shape | undefined, inner: unknown): void => {
    if (below === undefined || typeof inner !== "object") return;
    walk.path.push(key);
    visit(below, inner, walk, seen, inspect);
    walk.path.pop();
  };
  if (isList(value)) {
    for (const [index, item] of value.entries()) descend(index, shape.items, item);
  } else {
    for (const key in value) descend(key, shape.members.get(key) ?? shape.others, (value as Json)[key]);
  }
  if (walk.causes.length === before) seen.learn(shape, value);
}

const seenEmbedded = createMemory();
const seenRepeated = createMemory();

/** Objects of the API that are part of another one need apiVersion and kind. */
function embedded(root: Shape, object: Json, walk: Walk): void {
  visit(root, object, walk, seenEmbedded, ({ schema }, value) => {
    if (schema["x-kubernetes-embedded-resource"] !== true || !isObject(value)) return;
    for (const name of ["apiVersion", "kind"]) {
      const field = `${bracketed(walk, root)}.${name}`;
      if (value[name] === undefined) walk.causes.push(required(field));
      else if (value[name] === "") walk.causes.push(invalid(field, "", "must not be empty"));
    }
  });
}

function repeated(root: Shape, object: Json, walk: Walk): void {
  visit(root, object, walk, seenRepeated, ({ schema }, value) => {
    const kind = schema["x-kubernetes-list-type"];
    if (!isList(value) || kind === undefined || kind === "atomic" || value.length < 2) return;
    const keys = kind === "set" ? value : value.map((item) => keyOf(item, schema["x-kubernetes-list-map-keys"] ?? []));
    const seen = new Map<string, number>();
    for (const [index, key] of keys.entries()) {
      const text = JSON.stringify(key) ?? "null";
      const times = (seen.get(text) ?? 0) + 1;
      seen.set(text, times);
      // Reported once, however often it repeats.
      if (times === 2) walk.causes.push(duplicate(`${bracketed(walk, root)}[${index}]`, key));
    }
  });
}

/** What identifies an element of a list-map; absent members are left out. */
function keyOf(item: unknown, names: readonly string[]): Json {
  if (!isObject(item)) return {};
  return Object.fromEntries(names.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]])));
}
