/** Which row a key leads to. Pure. */

const MOVES: Readonly<Record<string, (index: number, count: number) => number>> = {
  ArrowDown: (index) => index + 1,
  j: (index) => index + 1,
  ArrowUp: (index) => index - 1,
  k: (index) => index - 1,
  PageDown: (index) => index + 10,
  PageUp: (index) => index - 10,
  Home: () => 0,
  End: (_, count) => count - 1,
};

/** @param index -1: none is chosen. @returns undefined: this key leads nowhere */
export function rowAfter(key: string, index: number, count: number): number | undefined {
  const move = MOVES[key];
  if (move === undefined || count === 0) return undefined;
  if (index < 0) return key === "End" ? count - 1 : 0;
  return Math.max(0, Math.min(count - 1, move(index, count)));
}
