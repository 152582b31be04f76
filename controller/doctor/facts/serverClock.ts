/** What the API server called now, and when that was asked and answered on this machine; in ms since the epoch. */
export interface ServerClock {
  readonly serverMs: number;
  readonly askedMs: number;
  readonly answeredMs: number;
}

/** The API server writes whole seconds. */
const PRECISION_MS = 1_000;

/** How far the API server's clock is ahead of this machine's; negative: behind; 0: as far as can be told they agree. */
export function aheadMs({ serverMs, askedMs, answeredMs }: ServerClock): number {
  return serverMs > answeredMs ? serverMs - answeredMs : Math.min(0, serverMs + PRECISION_MS - askedMs);
}
