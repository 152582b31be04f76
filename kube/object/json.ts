/** JSON values that are never mutated: a changed value shares the parts that stayed the same. */

export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** `object` with the member set, or without it when `value` is undefined; `object` itself when that changes nothing. */
export function withMember(object: Json, key: string, value: unknown): Json {
  if (value === undefined ? !Object.hasOwn(object, key) : Object.is(object[key], value)) return object;
  if (value !== undefined) return { ...object, [key]: value };
  const { [key]: _, ...rest } = object;
  return rest;
}
