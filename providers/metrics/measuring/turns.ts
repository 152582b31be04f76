/**
 * How many requests of measurements are under way at once. Bun sends 256 requests at a time, those to the API server
 * among them, and all others wait: servers that never answer would take the Lease away from the controller.
 */

/** Requests in all, by a party that has none under way. Each one that it has takes some of them away. */
const MOST = 160;
const AWAY_EACH = 8;
/** Of one party. */
const MOST_EACH = 16;

export interface Turns {
  /**
   * Waits for a turn. Parties that have fewer requests under way come first, so that one whose servers all hang does not
   * hold up the others.
   * @returns gives the turn back; undefined: `signal` aborted first
   */
  readonly take: (party: string, signal: AbortSignal) => Promise<(() => void) | undefined>;
  readonly underWay: () => number;
}

interface Waiting {
  readonly party: string;
  readonly go: () => void;
}

export function createTurns(): Turns {
  const held = new Map<string, number>();
  const line = new Set<Waiting>();
  let total = 0;

  const own = (party: string): number => held.get(party) ?? 0;
  const isFree = (party: string): boolean => own(party) < MOST_EACH && total < MOST - AWAY_EACH * own(party);
  const begin = (party: string): void => {
    held.set(party, own(party) + 1);
    total += 1;
  };
  const next = (): void => {
    // The longest waiting of those who have the fewest.
    const free = [...line].filter(({ party }) => isFree(party));
    const first = free.reduce<Waiting | undefined>(
      (best, each) => (best === undefined || own(each.party) < own(best.party) ? each : best),
      undefined,
    );
    first?.go();
  };
  /** Harmless when called twice. */
  const giveBack = (party: string): (() => void) => {
    let isGiven = false;
    return () => {
      if (isGiven) return;
      isGiven = true;
      total -= 1;
      if (own(party) > 1) held.set(party, own(party) - 1);
      else held.delete(party);
      next();
    };
  };

  return {
    underWay: () => total,
    take(party, signal) {
      if (signal.aborted) return Promise.resolve(undefined);
      if (isFree(party)) {
        begin(party);
        return Promise.resolve(giveBack(party));
      }
      return new Promise((resolve) => {
        const leave = (): void => {
          line.delete(waiting);
          signal.removeEventListener("abort", leave);
          resolve(undefined);
        };
        const waiting: Waiting = {
          party,
          go: () => {
            line.delete(waiting);
            signal.removeEventListener("abort", leave);
            begin(party);
            resolve(giveBack(party));
          },
        };
        line.add(waiting);
        signal.addEventListener("abort", leave);
      });
    },
  };
}
