/** A JSON merge patch applied (RFC 7386). */
type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `patch` laid over `object`: null removes, objects are merged, all else replaces. */
export function merged<T extends object>(object: T, patch: object): T {
  const result: Record<string, unknown> = Object.fromEntries(Object.entries(object));
  for (const [name, value] of Object.entries(patch)) {
    const before = result[name];
    if (value === null) delete result[name];
    else result[name] = isObject(value) ? merged(isObject(before) ? before : {}, value) : value;
  }
  return result as T;
}
