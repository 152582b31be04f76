/** JSON merge patches (RFC 7386): making the smallest one that turns one value into another, and applying one. */
import { equal } from "./equality.ts";
import { isList, isObject, type Json, withMember } from "./json.ts";

/**
 * Members of `after` that differ, whole where they are lists; null for members that only `before` has; undefined when
 * equal.
 */
export function mergePatch(before: Json, after: Json): Record<string, unknown> | undefined {
  const patch: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const old = before[key];
    const next = after[key];
    if (next === undefined) {
      if (old !== undefined) patch[key] = null;
    } else if (isObject(old) && isObject(next)) {
      const inner = mergePatch(old, next);
      if (inner !== undefined) patch[key] = inner;
    } else if (!equal(old, next)) patch[key] = next;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/**
 * The object after the patch; the same object when the patch changes nothing, so that unchanged parts are shared. As in
 * the API server, nulls are removed from objects inside of new lists, too, where the RFC keeps them.
 */
export const patched = <T extends object>(object: T, patch: object): T =>
  merged(object as unknown as Json, patch as Json) as unknown as T;

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
