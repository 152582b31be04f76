/**
 * Random numbers from a seed: several independent streams, so that drawing more from one changes nothing in another.
 */
export interface Chance {
  /** A number in [0, 1). */
  readonly fraction: () => number;
  /** A whole number from 0 to `below` - 1. */
  readonly below: (below: number) => number;
  /** True `percent` of 100 times. */
  readonly percent: (percent: number) => boolean;
  readonly pick: <T>(list: readonly [T, ...T[]]) => T;
  /** A stream of its own; the same name gives the same one. */
  readonly fork: (name: string) => Chance;
}

/** mulberry32: small, quick, and good enough for choices. */
function mulberry(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

function mixed(seed: number, name: string): number {
  let hash = seed ^ 0x811c9dc5;
  for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash;
}

export function chanceOf(seed: number): Chance {
  const fraction = mulberry(Math.imul(seed, 0x9e3779b1));
  const below = (limit: number): number => Math.floor(fraction() * limit);
  return {
    fraction,
    below,
    percent: (percent) => fraction() * 100 < percent,
    pick: (list) => list[below(list.length)] ?? list[0],
    fork: (name) => chanceOf(mixed(seed, name)),
  };
}
