/** How many logins may be tried: some at once, then one every now and then. */
import type { Clock } from "../../../kube/clock/clock.ts";

export interface Attempts {
  /** Whether one more may be tried now. */
  take(address: string): boolean;
  /** Whether none may be tried now. */
  isExhausted(address: string): boolean;
}

/** Of one address. */
const BURST = 10;
const EACH_MS = 6_000;
/** Of all addresses: what the API server is asked for at most. */
const BURST_OF_ALL = 200;
const EACH_OF_ALL_MS = 100;
const MOST_ADDRESSES = 10_000;

interface Level {
  left: number;
  at: number;
}

function taken(level: Level, burst: number, eachMs: number, now: number): boolean {
  level.left = Math.min(burst, level.left + (now - level.at) / eachMs);
  level.at = now;
  if (level.left < 1) return false;
  level.left -= 1;
  return true;
}

export function createAttempts(clock: Clock): Attempts {
  const levels = new Map<string, Level>();
  const all: Level = { left: BURST_OF_ALL, at: clock.now() };
  return {
    isExhausted(address) {
      const level = levels.get(address);
      return level !== undefined && level.left + (clock.now() - level.at) / EACH_MS < 1;
    },
    take(address) {
      const now = clock.now();
      if (levels.size >= MOST_ADDRESSES) {
        for (const [key, { at }] of levels) if (now - at > BURST * EACH_MS) levels.delete(key);
        if (levels.size >= MOST_ADDRESSES) return false;
      }
      const level = levels.get(address) ?? { left: BURST, at: now };
      levels.set(address, level);
      return taken(level, BURST, EACH_MS, now) && taken(all, BURST_OF_ALL, EACH_OF_ALL_MS, now);
    },
  };
}
