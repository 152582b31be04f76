/**
 * Time, injected: nothing in the loop reads the machine's clock or sets a timer of its own, so tests and the simulator
 * can move the time by hand.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Calls `fn` once after `ms` milliseconds (at once, but never synchronously, for 0 and less).
   * @returns a function that cancels the timer; harmless when it has fired already.
   */
  after(ms: number, fn: () => void): () => void;
  /**
   * Yields, so that work that has come in meanwhile (probes, reviews, watches) can run. Callers that wait here resume
   * one by one, each in a turn of the event loop of its own, so that work on many objects blocks the process no longer
   * than work on one. A clock that is moved by hand has nothing to yield to.
   */
  giveWay?(): Promise<void>;
}

/** setTimeout takes a signed 32-bit number of milliseconds; anything longer fires immediately. */
const longestTimeoutMs = 2 ** 31 - 1;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Callers resume one after the other. */
export function createTurns(nextTurn: () => Promise<void> = turn): () => Promise<void> {
  let last = Promise.resolve();
  return () => (last = last.then(nextTurn));
}

/** The machine's clock. Delays may have any length: long ones are split into timers of 24.8 days. */
export const systemClock: Clock = {
  now: () => Date.now(),
  giveWay: createTurns(),
  after(ms, fn) {
    let timer: ReturnType<typeof setTimeout>;
    const sleep = (leftMs: number): void => {
      timer =
        leftMs > longestTimeoutMs
          ? setTimeout(() => sleep(leftMs - longestTimeoutMs), longestTimeoutMs)
          : setTimeout(fn, Math.max(0, leftMs));
    };
    sleep(ms);
    return () => clearTimeout(timer);
  },
};

/** A clock that moves only by `advance`. */
export interface ManualClock extends Clock {
  /** Moves `ms` ahead, firing due timers in order of time, and lets promises settle between two of them. */
  advance(ms: number): Promise<void>;
  /** Number of timers that have not fired yet. */
  readonly waiting: number;
  /** When the next of them fires, ms since the epoch; undefined: none waits. */
  readonly nextAt: number | undefined;
}

/** A macrotask: chains of promises that a timer started have run before the next one fires. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A clock for tests and the simulator. `startMs`: milliseconds since the epoch. */
export const manualClock = (startMs = 0): ManualClock => {
  let nowMs = startMs;
  const timers = new Set<{ dueMs: number; fn: () => void }>();
  const nextDue = (untilMs: number): { dueMs: number; fn: () => void } | undefined => {
    let next: { dueMs: number; fn: () => void } | undefined;
    for (const timer of timers) {
      if (timer.dueMs <= untilMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  };
  return {
    now: () => nowMs,
    after(ms, fn) {
      const timer = { dueMs: nowMs + Math.max(0, ms), fn };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async advance(ms) {
      const untilMs = nowMs + ms;
      await settle();
      for (let timer = nextDue(untilMs); timer !== undefined; timer = nextDue(untilMs)) {
        timers.delete(timer);
        nowMs = Math.max(nowMs, timer.dueMs);
        timer.fn();
        await settle();
      }
      nowMs = untilMs;
    },
    get waiting() {
      return timers.size;
    },
    get nextAt() {
      const due = nextDue(Number.POSITIVE_INFINITY)?.dueMs;
      return due === undefined ? undefined : Math.max(due, nowMs);
    },
  };
};
