/** Numbers for tests that look random and are the same every time (a linear congruential generator). */

/** Numbers from 0 to 1. */
export function seededFraction(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Whole numbers from 0, less than `below`. */
export function seededBelow(seed: number): (below: number) => number {
  const fraction = seededFraction(seed);
  return (below) => Math.floor(fraction() * below);
}
