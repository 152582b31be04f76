/** Where numbers are on a chart. Pure. */

export interface Domain {
  readonly low: number;
  readonly high: number;
}

/** All of the numbers with some room above and below; one number alone is in the middle. */
export function domainOf(numbers: readonly number[]): Domain {
  const finite = numbers.filter((number) => Number.isFinite(number));
  if (finite.length === 0) return { low: 0, high: 1 };
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const room = high === low ? Math.abs(high) * 0.1 || 1 : (high - low) * 0.15;
  // What is never below zero is not drawn as if it could be.
  return { low: low >= 0 ? Math.max(0, low - room) : low - room, high: high + room };
}

/** From a domain onto pixels; `to.low` may be below the other: y grows downwards. */
export const scaleOf =
  (domain: Domain, to: Domain) =>
  (value: number): number =>
    to.low + ((value - domain.low) / (domain.high - domain.low || 1)) * (to.high - to.low);

const ROUND = [1, 2, 2.5, 5, 10];

/** Round numbers within a domain, at most as many as asked for. */
export function ticksOf({ low, high }: Domain, most: number): readonly number[] {
  const raw = (high - low) / Math.max(1, most);
  const size = 10 ** Math.floor(Math.log10(raw));
  const every = (ROUND.find((round) => round * size >= raw) ?? 10) * size;
  const first = Math.ceil(low / every - 1e-9);
  const count = Math.floor(high / every + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => Number(((first + index) * every).toPrecision(12)));
}

/** In few letters: "0.951", "1.2k", "34M". */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  for (const [from, unit] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e4, "k"],
  ] as const) {
    if (size >= from) return `${Number((value / (unit === "k" ? 1e3 : from)).toPrecision(3))}${unit}`;
  }
  return String(Number(value.toPrecision(size < 1 ? 3 : 4)));
}
