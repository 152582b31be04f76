/** One conversation over a socket: bounded in time, and with nothing left open when it has ended. */
import type { Socket } from "node:net";
import type { Clock } from "../../kube/clock/clock.ts";
import { deadline } from "../../kube/clock/deadline.ts";
import { aborted } from "../../kube/clock/sleep.ts";
import { createLines, type Lines } from "./lines.ts";

export interface Bounds {
  readonly clock: Clock;
  readonly mostMs: number;
  /** Of whoever asks for it. */
  readonly signal: AbortSignal;
  /** As it is called in errors. */
  readonly server: string;
}

/** @throws what `work` throws, and a sentence when it has not ended in time or was stopped */
export async function inTime(bounds: Bounds, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const { clock, mostMs, signal, server } = bounds;
  const limit = deadline(clock, mostMs, signal);
  const late = aborted(limit.signal).then((): never => {
    throw new Error(
      signal.aborted ? "not sent: it was stopped" : `no answer from ${server} within ${mostMs / 1_000} s`,
    );
  });
  // Raced below; alone, it must not end the process.
  late.catch(() => undefined);
  try {
    await Promise.race([work(limit.signal), late]);
  } finally {
    limit.end();
  }
}

/** @param talk calls `use` with each socket that it opens; the last one is closed when it has ended or `signal` aborts */
export async function overSocket(
  signal: AbortSignal,
  talk: (lines: Lines, use: (socket: Socket) => void) => Promise<void>,
): Promise<void> {
  let socket: Socket | undefined;
  const close = (): void => void socket?.destroy();
  signal.addEventListener("abort", close, { once: true });
  try {
    await talk(createLines(), (next) => void (socket = next));
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}
