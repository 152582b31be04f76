import type { Clock } from "../clock/clock.ts";

/** Allows `burst` tokens at once, then `qps` a second. `take` reserves one. @returns how long to wait for it, in ms. */
export const tokenBucket = ({
  qps,
  burst,
  clock,
}: {
  readonly qps: number;
  readonly burst: number;
  readonly clock: Clock;
}): { take(): number } => {
  let tokens = burst;
  let countedAtMs = clock.now();
  return {
    take() {
      const nowMs = clock.now();
      tokens = Math.min(burst, tokens + ((nowMs - countedAtMs) * qps) / 1_000);
      countedAtMs = nowMs;
      tokens -= 1;
      return tokens >= 0 ? 0 : (-tokens / qps) * 1_000;
    },
  };
};
