/** JSON merge patches (RFC 7386), applied. What makes them is kube/object/mergePatch.ts. */
import { isList, isObject, type Json, withMember } from "../model/json.ts";
import { goJsonType, PatchError, undecodable } from "../model/patchError.ts";

/**
 * The object after the patch; itself when that changes nothing. As the API server does it, nulls vanish from objects
 * inside of new lists, too, where the RFC keeps them. @throws {PatchError} when the patch is not an object.
 */
export function applyMergePatch<T extends object>(object: T, patch: unknown): T {
  if (patch === null) throw new PatchError(400, "Invalid JSON Patch");
  if (!isObject(patch)) {
    throw undecodable(`json: cannot unmarshal ${goJsonType(patch)} into Go value of type map[string]interface {}`);
  }
  return merged(object as unknown as Json, patch) as unknown as T;
}

function merged(object: Json, patch: Json): Json {
  let result = object;
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    const current = Object.hasOwn(object, key) ? object[key] : undefined;
    if (value === null || value === undefined) result = withMember(result, key, undefined);
    else if (isObject(current) && isObject(value)) result = withMember(result, key, merged(current, value));
    else result = withMember(result, key, withoutNulls(value));
  }
  return result;
}

/** Without members that are null, at any depth; null elements of lists stay. */
export function withoutNulls(value: unknown): unknown {
  if (isList(value)) {
    const items = value.map(withoutNulls);
    return items.every((item, n) => Object.is(item, value[n])) ? value : items;
  }
  if (!isObject(value)) return value;
  let result = value;
  for (const key of Object.keys(value)) {
    const member = value[key];
    result = withMember(result, key, member === null ? undefined : withoutNulls(member));
  }
  return result;
}
