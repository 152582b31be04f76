/** Replays a run from many starting times, some of them at once, and counts what came of it. */
import { type Replayed, replayed, type Take } from "../../controller/analysis/replay/replay.ts";
import type { AnalysisRun } from "../../schema/analysis.ts";

export interface Backtest {
  readonly run: AnalysisRun;
  /** ms since the epoch, as all times here. */
  readonly starts: readonly number[];
  /** How long a run goes on that does not end by itself. */
  readonly longestMs: number;
  readonly take: Take;
  /** How many are replayed at once. */
  readonly atOnce: number;
  readonly signal: AbortSignal;
}

/** In the order of their starts. */
export async function backtest({
  run,
  starts,
  longestMs,
  take,
  atOnce,
  signal,
}: Backtest): Promise<readonly Replayed[]> {
  const results: Replayed[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < starts.length && !signal.aborted) {
      const at = next++;
      const startMs = starts[at] ?? 0;
      results[at] = await replayed({ run, startMs, terminateMs: startMs + longestMs, take, signal });
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, starts.length) }, work));
  return results.filter((one) => one !== undefined);
}

/** From the first one that is at least `sinceMs` ago, until a whole run is over by `nowMs`. */
export function startsOf(nowMs: number, sinceMs: number, everyMs: number, longestMs: number): readonly number[] {
  // Whole multiples, so that two backtests of one day start at the same times.
  const first = Math.ceil((nowMs - sinceMs) / everyMs) * everyMs;
  const count = Math.floor((nowMs - longestMs - first) / everyMs) + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => first + index * everyMs);
}
