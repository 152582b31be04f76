/** The order of a list that depends on both the stored object and a patch. */
import { isObject } from "../../kube/object/json.ts";

/** Whether two elements are versions of the same one. */
export type Identity = (a: unknown, b: unknown) => boolean;

export const sameScalar: Identity = (a, b) => a === b;

/** Objects with the same value of a member. */
export const keyIdentity =
  (key: string): Identity =>
  (a, b) =>
    isObject(a) && isObject(b) && a[key] === b[key];

/**
 * The elements of `merged`: those that `wanted` names in its order, the others in that of `current`. Where the two
 * sequences meet, the element of `wanted` comes first, unless `current` has both in the opposite order. `merged` itself
 * when it is already in this order.
 */
export function ordered(
  merged: readonly unknown[],
  wanted: readonly unknown[],
  current: readonly unknown[],
  same: Identity,
): readonly unknown[] {
  const indexIn = (list: readonly unknown[], item: unknown): number => list.findIndex((one) => same(one, item));
  const isWanted = (item: unknown): boolean => indexIn(wanted, item) >= 0;
  const sorted = (items: readonly unknown[], order: readonly unknown[]): readonly unknown[] =>
    items.toSorted((a, b) => indexIn(order, a) - indexIn(order, b));
  const left = sorted(
    merged.filter((item) => !isWanted(item)),
    current,
  );
  const right = sorted(merged.filter(isWanted), wanted);
  const result: unknown[] = [];
  let taken = 0;
  for (const item of right) {
    for (; taken < left.length && isBefore(left[taken], item); taken++) result.push(left[taken]);
    result.push(item);
  }
  result.push(...left.slice(taken));
  return result.every((item, index) => Object.is(item, merged[index])) ? merged : result;

  function isBefore(a: unknown, b: unknown): boolean {
    const [indexOfA, indexOfB] = [indexIn(current, a), indexIn(current, b)];
    return indexOfA >= 0 && indexOfB >= 0 && indexOfA < indexOfB;
  }
}
