/**
 * As `list.flatMap(found)`, for the rules: most find nothing, and a review calls hundreds of them. The engine's own makes
 * two more calls for each.
 */
export function flatMap<T, R>(list: readonly T[], found: (item: T, index: number) => readonly R[]): readonly R[] {
  const all: R[] = [];
  for (let index = 0; index < list.length; index++) {
    // The index is within the list.
    const some = found(list[index] as T, index);
    for (let at = 0; at < some.length; at++) all.push(some[at] as R);
  }
  return all;
}
