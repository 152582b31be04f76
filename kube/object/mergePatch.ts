/** JSON merge patches (RFC 7386): the smallest one that turns one value into another. */

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const same = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, n) => same(item, b[n]));
  if (!isObject(a) || !isObject(b)) return false;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => same(a[key], b[key]));
};

/** Members of `after` that differ, whole where they are lists; null for members that only `before` has; undefined when equal. */
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
    } else if (!same(old, next)) patch[key] = next;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}
