/** Which fields an object has, and which of them differ between two: what server-side apply tracks. */
import { equal } from "../../kube/object/equality.ts";
import type { Shape } from "../schema/shape.ts";
import { collector, type Collector, fieldElement, fieldNameOf, type FieldSet, hasElement, below } from "./fieldSet.ts";
import { isObject } from "../../kube/object/json.ts";
import { elementOf, entriesOf, isNamed, itemsOf, memberShape, structureOf } from "./typedValue.ts";

/** All fields: leaves, elements of lists and entries of maps; not the objects that the schema itself names. */
export function fieldsOf(shape: Shape | undefined, object: unknown): FieldSet {
  const fields = collector();
  collect(shape, object, [], fields);
  return fields.set;
}

/** `path` is the place of the value; it is changed on the way and restored at the end. */
function collect(shape: Shape | undefined, value: unknown, path: string[], fields: Collector): void {
  switch (structureOf(shape, value)) {
    case "leaf":
      fields.add(path);
      return;
    case "map":
      for (const [name, entry] of Object.entries(entriesOf(value))) {
        if (entry === undefined) continue;
        path.push(fieldElement(name));
        collect(memberShape(shape, name), entry, path, fields);
        const isBare = entry === null || (isObject(entry) && Object.keys(entry).length === 0);
        if (isBare || !isNamed(shape, name)) fields.add(path);
        path.pop();
      }
      return;
    case "list":
      for (const item of itemsOf(value)) {
        path.push(elementOf(shape, item));
        collect(shape?.items, item, path, fields);
        fields.add(path);
        path.pop();
      }
      return;
  }
}

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

interface Differences {
  readonly added: Collector;
  readonly modified: Collector;
  readonly removed: Collector;
}

export function compare(shape: Shape, before: unknown, after: unknown): Comparison {
  const found: Differences = { added: collector(), modified: collector(), removed: collector() };
  differ(shape, before, after, [], found);
  return { added: found.added.set, modified: found.modified.set, removed: found.removed.set };
}

/** undefined is a value that is not there, unlike null. */
function differ(shape: Shape | undefined, before: unknown, after: unknown, path: string[], found: Differences): void {
  if (Object.is(before, after)) return;
  const wasLeaf = differInside(shape, before, after, path, found);
  if (wasLeaf || path.length === 0) return;
  if (before === undefined) found.added.add(path);
  else if (after === undefined) found.removed.add(path);
}

/** @returns whether the value was compared as one field */
function differInside(
  shape: Shape | undefined,
  before: unknown,
  after: unknown,
  path: string[],
  found: Differences,
): boolean {
  const [old, next] = [structureOf(shape, before ?? after), structureOf(shape, after ?? before)];
  const bothEmpty = sizeOf(before) === 0 && sizeOf(after) === 0;
  if (next === "leaf" || old === "leaf" || old !== next || bothEmpty) {
    if (before === undefined) found.added.add(path);
    else if (after === undefined) found.removed.add(path);
    else if (!equal(before, after)) found.modified.add(path);
    return true;
  }
  if (next === "map") {
    const [a, b] = [entriesOf(before), entriesOf(after)];
    const visit = (name: string): void => {
      if (Object.is(a[name], b[name])) return;
      path.push(fieldElement(name));
      differ(memberShape(shape, name), a[name], b[name], path, found);
      path.pop();
    };
    for (const name in a) visit(name);
    for (const name in b) if (a[name] === undefined) visit(name);
    return false;
  }
  const [a, b] = [byElement(shape, before), byElement(shape, after)];
  for (const element of new Set([...a.keys(), ...b.keys()])) {
    const [x, y] = [a.get(element), b.get(element)];
    path.push(element);
    // Elements that occur twice have no fields of their own: together they are one field.
    if ((x?.length ?? 0) < 2 && (y?.length ?? 0) < 2) differ(shape?.items, x?.[0], y?.[0], path, found);
    else if (!equal(x, y)) (x === undefined ? found.added : y === undefined ? found.removed : found.modified).add(path);
    path.pop();
  }
  return false;
}

const sizeOf = (value: unknown): number => (isObject(value) ? Object.keys(value).length : itemsOf(value).length);

function byElement(shape: Shape | undefined, list: unknown): ReadonlyMap<string, readonly unknown[]> {
  return Map.groupBy(itemsOf(list), (item) => elementOf(shape, item));
}

/** The set, and the objects that the schema names above its fields. */
export function withNamed(shape: Shape | undefined, set: FieldSet): FieldSet {
  const result: Record<string, FieldSet> = {};
  for (const element in set) {
    if (element === ".") continue;
    const name = fieldNameOf(element);
    const inner = name === undefined ? shape?.items : memberShape(shape, name);
    const children = withNamed(inner, below(set, element));
    const isIn = hasElement(set, element) || (name !== undefined && isNamed(shape, name));
    result[element] = isIn && Object.keys(children).length > 0 ? { ".": {}, ...children } : children;
  }
  return result;
}
