/** The demo on a cluster of its own, for whoever looks on. */
import type { Log } from "../controller/process/log.ts";
import { manualClock } from "../kube/clock/clock.ts";
import { prometheusOf } from "../simulator/demo/prometheus.ts";
import { play, type PlayOptions } from "../simulator/demo/play.ts";
import { randomOf } from "../simulator/demo/random.ts";
import { startLocalCluster } from "../simulator/local/localCluster.ts";

export interface DemoOptions extends Omit<PlayOptions, "cluster" | "clock"> {
  /** Of the program. */
  readonly version: string;
  /** The cluster's time at the beginning, in ms since the epoch: whole seconds, as the times of objects are. */
  readonly startMs: number;
}

const ignore = (): void => {};
const onlyErrors: Log = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: (message, fields) => console.error(message, typeof fields === "function" ? fields() : (fields ?? "")),
};

/** Plays the demo to its end, or until `signal`. @throws {Error} when it gets stuck */
export async function playDemo({ version, startMs, ...options }: DemoOptions): Promise<void> {
  const clock = manualClock(startMs);
  const random = randomOf(1);
  const cluster = await startLocalCluster({
    clock,
    log: onlyErrors,
    version,
    random,
    nodes: 3,
    source: prometheusOf,
    migrates: true,
  });
  try {
    await play({ ...options, cluster, clock });
  } finally {
    // Not awaited: the loop waits for timers of a clock that does not advance any more.
    void cluster.stop();
  }
}
