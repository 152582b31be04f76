/**
 * Strategic merge patches: merge patches for which a schema defines which lists are merged, and by what key. Only the
 * API server's own kinds take them. Directives in the patch change lists in other ways; listOrder.ts orders elements.
 */
import type { Schema } from "../schema/schema.ts";
import { type Shape, shapeOf } from "../schema/shape.ts";
import { isList, isObject, type Json, withMember } from "../../kube/object/json.ts";
import { type Identity, keyIdentity, ordered, sameScalar } from "./listOrder.ts";
import { withoutNulls } from "../../kube/object/mergePatch.ts";
import { goJsonType, inapplicable, PatchError } from "../model/patchError.ts";

const directive = "$patch";
const retainKeys = "$retainKeys";
const orderPrefix = "$setElementOrder";
const deletePrefix = "$deleteFromPrimitiveList";

/** The object after the patch; itself when that changes nothing. @throws {PatchError} as the API server would answer. */
export function applyStrategicMerge<T extends object>(object: T, patch: unknown, schema: Schema): T {
  if (!isObject(patch)) {
    throw new PatchError(
      400,
      `json: cannot unmarshal ${goJsonType(patch)} into Go value of type map[string]interface {}`,
    );
  }
  return mergedMap(object as unknown as Json, patch, shapeOf(schema)) as unknown as T;
}

function mergedMap(original: Json, patch: Json, shape: Shape | undefined): Json {
  const instead = directedMap(patch);
  if (instead !== undefined) return instead;
  let result = retained(original, patch);
  const done = new Set([retainKeys]);
  for (const key of Object.keys(patch).filter((one) => one.startsWith(orderPrefix))) {
    const name = named(key, orderPrefix);
    done.add(key);
    const list = orderedList(result[name], patch[name], patch[key], memberOf(shape, name));
    if (list === undefined) continue;
    done.add(name);
    result = withMember(result, name, list);
  }
  for (const key of Object.keys(patch)) {
    if (done.has(key)) continue;
    const deletes = key.startsWith(deletePrefix);
    const name = deletes ? named(key, deletePrefix) : key;
    const current = result[name];
    result = withMember(result, name, mergedMember(current, patch[key], memberOf(shape, name), deletes));
  }
  return result;
}

const memberOf = (shape: Shape | undefined, name: string): Shape | undefined =>
  shape?.members.get(name) ?? shape?.others;

/** "finalizers" of "$setElementOrder/finalizers". */
function named(key: string, prefix: string): string {
  const slash = key.indexOf("/");
  if (slash === prefix.length) return key.slice(slash + 1);
  const what = prefix === orderPrefix ? "setElementOrder list" : "primitive list";
  throw new PatchError(400, `invalid patch format of ${what}`);
}

/** What the directive `$patch` makes of an object as a whole. */
function directedMap(patch: Json): Json | undefined {
  if (!Object.hasOwn(patch, directive)) return undefined;
  switch (patch[directive]) {
    case "replace":
      return withMember(patch, directive, undefined);
    case "delete":
      return {};
    default:
      throw unknownDirective(patch);
  }
}

const unknownDirective = (patch: Json): PatchError =>
  new PatchError(500, `unknown patch type: ${String(patch[directive])} in map: ${goMap(patch)}`);

/** As Go prints a map: "map[name:web]". */
function goMap(value: unknown): string {
  if (isList(value)) return `[${value.map(goMap).join(" ")}]`;
  if (!isObject(value)) return typeof value === "string" ? value : value === null ? "<nil>" : JSON.stringify(value);
  const entries = Object.keys(value).toSorted();
  return `map[${entries.map((key) => `${key}:${goMap(value[key])}`).join(" ")}]`;
}

/** `$retainKeys`: all other members are removed. */
function retained(original: Json, patch: Json): Json {
  const keys = patch[retainKeys];
  if (keys === undefined) return original;
  const isMeant = (key: string): boolean =>
    patch[key] !== null && key !== retainKeys && !key.startsWith(deletePrefix) && !key.startsWith(orderPrefix);
  if (
    !isList(keys) ||
    !Object.keys(patch)
      .filter(isMeant)
      .every((key) => keys.includes(key))
  ) {
    throw new PatchError(400, "invalid patch format of retainKeys");
  }
  return Object.keys(original).reduce(
    (result, key) => (keys.includes(key) ? result : withMember(result, key, undefined)),
    original,
  );
}

/** The new value of a member; undefined when it is removed. */
function mergedMember(current: unknown, patch: unknown, shape: Shape | undefined, deletes: boolean): unknown {
  if (patch === null) return undefined;
  if (isObject(current) && isObject(patch)) {
    return strategyOf(shape) === "replace" ? patch : mergedMap(current, patch, shape);
  }
  if (isList(current) && isList(patch)) {
    if (!deletes && strategyOf(shape) !== "merge") return patch;
    const list = mergedList(current, patch, shape, deletes);
    const isSame = list.length === current.length && list.every((item, index) => Object.is(item, current[index]));
    return isSame ? current : list;
  }
  return deletes ? current : withoutDirectives(withoutNulls(patch));
}

const strategyOf = (shape: Shape | undefined): string | undefined =>
  shape?.schema["x-kubernetes-patch-strategy"]?.split(",").find((one) => one !== "retainKeys");

/** A value that replaces nothing, without the directives in it. */
function withoutDirectives(value: unknown): unknown {
  if (isList(value)) return value.filter((item) => !isDirective(item)).map(withoutDirectives);
  if (!isObject(value)) return value;
  if (isDirective(value)) return undefined;
  return Object.keys(value).reduce((result, key) => withMember(result, key, withoutDirectives(value[key])), value);
}

const isDirective = (value: unknown): boolean => isObject(value) && Object.hasOwn(value, directive);

function mergedList(
  current: readonly unknown[],
  patch: readonly unknown[],
  shape: Shape | undefined,
  deletes: boolean,
): readonly unknown[] {
  if (current.length === 0 && patch.length === 0) return current;
  const first = current[0] ?? patch[0];
  if (isList(first)) throw inapplicable("Cannot patch: lists of lists cannot be merged");
  if (!isObject(first)) {
    if (deletes) return current.filter((item) => !patch.includes(item));
    const both = [...new Set([...current, ...patch])];
    return ordered(both, patch, current, sameScalar);
  }
  const key = shape?.schema["x-kubernetes-patch-merge-key"] ?? "";
  const { remaining, additions } = afterSpecial(current, patch, key);
  const merged = additions.reduce<readonly unknown[]>(
    (list, item) => withElement(list, item, key, shape?.items),
    remaining,
  );
  return ordered(merged, additions, remaining, keyIdentity(key));
}

/** Carries out the elements that are directives: `{"$patch": "delete", "name": "a"}`, `{"$patch": "replace"}`. */
function afterSpecial(current: readonly unknown[], patch: readonly unknown[], key: string) {
  let remaining = current;
  let replaces = false;
  const additions: unknown[] = [];
  for (const item of patch) {
    if (!isObject(item) || !Object.hasOwn(item, directive)) {
      additions.push(item);
      continue;
    }
    switch (item[directive]) {
      case "delete": {
        if (!Object.hasOwn(item, key)) throw noMergeKey(item, key);
        remaining = remaining.filter((one) => !isObject(one) || one[key] !== item[key]);
        break;
      }
      case "replace":
        replaces = true;
        break;
      case "merge":
        throw new PatchError(500, "merging lists cannot yet be specified in the patch");
      default:
        throw unknownDirective(item);
    }
  }
  return replaces ? { remaining: additions, additions: [] } : { remaining, additions };
}

const noMergeKey = (item: unknown, key: string): PatchError =>
  new PatchError(500, `map: ${goMap(item)} does not contain declared merge key: ${key}`);

function withElement(
  list: readonly unknown[],
  item: unknown,
  key: string,
  shape: Shape | undefined,
): readonly unknown[] {
  if (!isObject(item) || !Object.hasOwn(item, key)) throw noMergeKey(item, key);
  const index = list.findIndex((one) => isObject(one) && one[key] === item[key]);
  const current = list[index];
  if (!isObject(current)) return [...list, item];
  const merged = mergedMap(current, item, shape);
  return merged === current ? list : list.with(index, merged);
}

/** `$setElementOrder/…`: the order of the whole list, of which the patch may have only some elements. */
function orderedList(current: unknown, patch: unknown, order: unknown, shape: Shape | undefined): unknown {
  if (!isList(order)) throw new PatchError(500, `expected a []interface {}, but received a ${goTypeOf(order)}`);
  for (const list of [current, patch]) {
    if (list === undefined || isList(list)) continue;
    throw new PatchError(500, `expected a []interface {}, but received a ${goTypeOf(list)}`);
  }
  const key = shape?.schema["x-kubernetes-patch-merge-key"] ?? "";
  const identity: Identity = key === "" ? sameScalar : keyIdentity(key);
  if (isList(patch)) refuseOtherOrder(patch, order, identity);
  if (!isList(current)) {
    if (!isList(patch)) return undefined;
    const list = withoutDirectives(patch);
    return isList(list) ? ordered(list, order, [], identity) : undefined;
  }
  const merged = isList(patch) ? mergedMember(current, patch, shape, false) : current;
  return isList(merged) ? ordered(merged, order, current, identity) : undefined;
}

function goTypeOf(value: unknown): string {
  if (isObject(value)) return "map[string]interface {}";
  return typeof value === "number" ? "int64" : value === null ? "%!s(<nil>)" : goJsonType(value);
}

/** The patch's list may leave out elements of the order, but not contradict it. */
function refuseOtherOrder(patch: readonly unknown[], order: readonly unknown[], same: Identity): void {
  const additions = patch.filter((item) => !isDirective(item));
  if (order.length === 0 || additions.length === 0) return;
  let next = 0;
  for (const item of order) if (next < additions.length && same(additions[next], item)) next++;
  if (next === additions.length) return;
  const lists = `The order in patch list:\n${goMap(patch)}\n doesn't match ${orderPrefix} list:\n${goMap(order)}\n`;
  throw new PatchError(500, lists);
}
