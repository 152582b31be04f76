/** Sorting by Go's order of values. */
import { compared, type Spend } from "./compare.ts";
import type { Value } from "./value.ts";

interface How {
  readonly descending: boolean;
  readonly spend: Spend;
}

/** In the order of their keys; equal ones stay as they were. Throws for keys that have no order. */
export function sorted<T>(all: readonly T[], keyOf: (item: T) => Value, { descending, spend }: How): T[] {
  return all.toSorted((a, b) => {
    spend(2);
    // NaN has no order: it counts as equal to everything.
    const order = compared(keyOf(a), keyOf(b), "<") || 0;
    return descending ? -order : order;
  });
}
