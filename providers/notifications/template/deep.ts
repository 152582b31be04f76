/** Values that hold values: whether two are equal, copies, and one poured into another. */
import { isEmpty } from "./cast.ts";
import { deeper, Dict, Int, List, Thing, typeName, type Value } from "./values.ts";

/** As reflect.DeepEqual: of the same type, too. */
export function deepEqual(a: Value, b: Value, depth = 0): boolean {
  const next = deeper(depth);
  if (a === b) return true;
  if (typeName(a) !== typeName(b)) return false;
  if (a instanceof Int && b instanceof Int) return a.n === b.n;
  if (a instanceof List && b instanceof List) {
    if (a.items.length !== b.items.length || a.isNil !== b.isNil) return false;
    return a.items.every((item, i) => deepEqual(item, b.items[i], next));
  }
  if (a instanceof Dict && b instanceof Dict) {
    if (a.entries.size !== b.entries.size) return false;
    return [...a.entries].every(([key, item]) => b.entries.has(key) && deepEqual(item, b.entries.get(key), next));
  }
  return a instanceof Thing && b instanceof Thing && a.text() === b.text();
}

export function deepCopy(value: Value, depth = 0): Value {
  const next = deeper(depth);
  if (value instanceof List) {
    return new List(
      value.items.map((item) => deepCopy(item, next)),
      value.of,
      value.isNil,
    );
  }
  if (!(value instanceof Dict)) return value;
  return new Dict(new Map([...value.entries].map(([key, item]) => [key, deepCopy(item, next)])), value.of);
}

/** Fills in what `into` lacks; what is there stays, unless it is overwritten. */
export function merge(into: Dict, from: Dict, overwrite: boolean, depth = 0): void {
  const next = deeper(depth);
  for (const [key, value] of from.entries) {
    deeper(depth);
    if (value === null || value === undefined) {
      if (overwrite) into.entries.set(key, value);
      continue;
    }
    const old = into.entries.get(key);
    if (value instanceof Dict && old instanceof Dict) merge(old, value, overwrite, next);
    if (value instanceof List && overwrite) into.entries.set(key, value);
    const isKept = !isEmpty(old) && (value instanceof List || (value instanceof Dict && old instanceof Dict));
    if (!isKept && (overwrite || isEmpty(old))) into.entries.set(key, value);
  }
}
