/**
 * Signals that ask a process to end. One wish often arrives twice: on Ctrl-C the terminal signals the whole group of
 * processes, and a parent such as `bun run` passes the same signal on. A process that dies of the second one keeps its
 * Leases held for 15 s, so it is ended at once only for a user who insists.
 */
import { readFileSync } from "node:fs";

/** SIGHUP: the terminal has gone. */
const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
export type StopSignal = keyof typeof numbers;

/** What a signal means, after those before it. */
export type Wish =
  /** End in order. */
  | "stop"
  /** A copy of the signal before. */
  | "same"
  /** Repeated by a user who waits: nothing changes yet, and the next one will end the process at once. */
  | "again"
  /** End at once. */
  | "force";

/** Copies of one signal, however many parents pass it on, arrive within this time. */
const copiesMs = 50;
/** A second signal within this time is the same wish. */
const sameMs = 1_000;
/** An orderly end takes less. */
const patienceMs = 10_000;

/** @param monotonicMs a clock that never jumps @returns a function to call for each signal that arrives */
export function wishes(monotonicMs: () => number): () => Wish {
  let firstMs: number | undefined;
  let count = 0;
  return () => {
    const nowMs = monotonicMs();
    firstMs ??= nowMs;
    const sinceMs = nowMs - firstMs;
    if (count > 0 && sinceMs < copiesMs) {
      count = 2;
      return "same";
    }
    count += 1;
    if (count === 1) return "stop";
    if (count > 2 || sinceMs >= patienceMs) return "force";
    return sinceMs < sameMs ? "same" : "again";
  };
}

export interface StopOptions {
  /** On the first signal. */
  readonly onStop?: (signal: StopSignal) => void;
  /** On "again". */
  readonly onAgain?: (signal: StopSignal) => void;
  /** On "force": log it; the process ends when it returns. */
  readonly onForce: (signal: StopSignal) => void;
}

export interface StopSignals {
  /** Resolves with the first signal. */
  readonly asked: Promise<StopSignal>;
  /** Stops listening. */
  ignore(): void;
}

/** The exit code of a process that this signal ended, as shells give it. */
export const exitCodeOf = (signal: StopSignal): number => 128 + numbers[signal];

/** Listens from now on. */
export function stopSignals({ onStop, onAgain, onForce }: StopOptions): StopSignals {
  const wish = wishes(() => performance.now());
  const asked = Promise.withResolvers<StopSignal>();
  const onSignal = (signal: StopSignal): void => {
    const meant = wish();
    switch (meant) {
      case "stop":
        onStop?.(signal);
        return asked.resolve(signal);
      case "same":
        return;
      case "again":
        return onAgain?.(signal);
      case "force":
        onForce(signal);
        return process.exit(exitCodeOf(signal));
      default:
        return meant satisfies never;
    }
  };
  const signals = (Object.keys(numbers) as StopSignal[]).filter((signal) => signal !== "SIGHUP" || !hangupIgnored());
  for (const signal of signals) process.on(signal, onSignal);
  return {
    asked: asked.promise,
    ignore: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}

/** A process that is started with `nohup` is to outlive the terminal. */
function hangupIgnored(): boolean {
  try {
    return ignoresHangup(readFileSync("/proc/self/status", "utf8"));
  } catch {
    return false;
  }
}

/** @param status the text of /proc/PID/status */
export const ignoresHangup = (status: string): boolean => /^SigIgn:\s*[0-9a-f]*[13579bdf]$/m.test(status);
