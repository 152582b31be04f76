/** Puts an applied configuration into an object, and takes fields out of one. */
import type { Shape } from "../schema/shape.ts";
import { below, fieldElement, type FieldSet, hasElement, isEmpty } from "./fieldSet.ts";
import type { Json } from "../../kube/object/json.ts";
import { elementOf, entriesOf, itemsOf, memberShape, structureOf } from "./typedValue.ts";

/** `applied` wins in fields that both have; none of its lists has an element twice. */
export function merged(shape: Shape | undefined, live: unknown, applied: unknown): unknown {
  if (live === undefined || applied === undefined) return applied ?? live;
  if (Object.is(live, applied)) return live;
  const structure = structureOf(shape, applied);
  const sameKind = structure === structureOf(shape, live);
  if (structure === "leaf" || !sameKind) return structure === "leaf" ? applied : merged(shape, undefined, applied);
  if (structure === "map") return mergedMap(shape, entriesOf(live), entriesOf(applied), applied);
  return mergedList(shape, itemsOf(live), itemsOf(applied), applied);
}

function mergedMap(shape: Shape | undefined, live: Json, applied: Json, whole: unknown): unknown {
  if (Object.keys(live).length === 0 && Object.keys(applied).length === 0) return whole;
  let result: Record<string, unknown> | undefined;
  for (const name in applied) {
    if (applied[name] === undefined) continue;
    const next = merged(memberShape(shape, name), live[name], applied[name]);
    if (Object.is(next, live[name])) continue;
    result ??= { ...live };
    result[name] = next;
  }
  return result ?? live;
}

/**
 * Elements that only the object has keep their places; those that both have get the order of the configuration, and its
 * new elements stand where they do in the configuration.
 */
function mergedList(
  shape: Shape | undefined,
  live: readonly unknown[],
  applied: readonly unknown[],
  whole: unknown,
): unknown {
  if (live.length === 0 && applied.length === 0) return whole;
  const left = live.map((item) => elementOf(shape, item));
  const right = applied.map((item) => elementOf(shape, item));
  const shared = right.filter((element) => left.includes(element));
  const result: unknown[] = [];
  const taken = new Set<string>();
  const take = (element: string): void => {
    taken.add(element);
    result.push(merged(shape?.items, live[left.indexOf(element)], applied[right.indexOf(element)]));
    if (shared[0] === element) shared.shift();
  };
  for (let l = 0, r = 0; l < left.length || r < right.length;) {
    const [mine, theirs] = [left[l], right[r]];
    if (mine !== undefined && mine === theirs) {
      take(mine);
      [l, r] = [l + 1, r + 1];
    } else if (
      mine !== undefined &&
      theirs !== undefined &&
      right.includes(mine) &&
      shared.length > 0 &&
      shared[0] !== mine
    ) {
      l += 1;
    } else if (mine !== undefined && !right.includes(mine)) {
      result.push(live[l]);
      l += 1;
    } else {
      if (mine !== undefined && taken.has(mine)) l += 1;
      if (theirs !== undefined) take(theirs);
      r += 1;
    }
  }
  const isSame = result.length === live.length && result.every((item, index) => Object.is(item, live[index]));
  return isSame ? live : result;
}

/** The value without the fields of the set; undefined when nothing is left. A value that is one field stays whole. */
export function withoutFields(shape: Shape | undefined, value: unknown, set: FieldSet): unknown {
  if (isEmpty(set)) return value;
  const structure = structureOf(shape, value);
  if (structure === "leaf") return value;
  if (structure === "list") {
    const items = itemsOf(value).flatMap((item) => {
      const rest = remaining(shape?.items, item, elementOf(shape, item), set);
      return rest === undefined ? [] : [rest];
    });
    return items.length === 0 ? undefined : items;
  }
  const entries = Object.entries(entriesOf(value)).flatMap(([name, entry]) => {
    const rest = remaining(memberShape(shape, name), entry, fieldElement(name), set);
    return rest === undefined ? [] : [[name, rest] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function remaining(shape: Shape | undefined, value: unknown, element: string, set: FieldSet): unknown {
  return hasElement(set, element) ? undefined : withoutFields(shape, value, below(set, element));
}
