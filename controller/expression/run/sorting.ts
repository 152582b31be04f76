/** Sorting by Go's order of values. */
import { holds, type Spend } from "./compare.ts";
import type { Value } from "../syntax/value.ts";

interface How {
  readonly descending: boolean;
  readonly spend: Spend;
}

/** Go sorts so few by insertion; the result differs when NaN, which has no order, is among them. */
const FEW = 12;

/** In the order of their keys; equal ones stay as they were. Throws for keys that have no order. */
export function sorted<T>(all: readonly T[], keyOf: (item: T) => Value, { descending, spend }: How): T[] {
  const isLess = (a: T, b: T): boolean => {
    spend(3);
    return descending ? holds("<", keyOf(b), keyOf(a)) : holds("<", keyOf(a), keyOf(b));
  };
  if (all.length > FEW) return all.toSorted((a, b) => (isLess(a, b) ? -1 : isLess(b, a) ? 1 : 0));
  const items = [...all];
  for (let end = 1; end < items.length; end++) {
    for (let at = end; at > 0; at--) {
      const [before, item] = items.slice(at - 1, at + 1);
      if (before === undefined || item === undefined || !isLess(item, before)) break;
      items.splice(at - 1, 2, item, before);
    }
  }
  return items;
}
