/** JSON values that nobody changes: what is new shares the parts that stayed. */

export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** `object` with the member set, or without it when `value` is undefined; itself where that is so already. */
export function withMember(object: Json, key: string, value: unknown): Json {
  if (value === undefined ? !Object.hasOwn(object, key) : Object.is(object[key], value)) return object;
  if (value !== undefined) return { ...object, [key]: value };
  const { [key]: _, ...rest } = object;
  return rest;
}
