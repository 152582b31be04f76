/**
 * Time, injected: nothing in the loop reads the machine's clock or sets a timer of its own, so tests and the simulator
 * turn the hands themselves.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Calls `fn` once after `ms` milliseconds (at once, but never synchronously, for 0 and less).
   * @returns cancels; harmless when it has fired already.
   */
  after(ms: number, fn: () => void): () => void;
  /**
   * Lets what has come in meanwhile have its turn: probes, reviews, watches. Those who wait here go on one by one, each in
   * a turn of its own, so that work on many objects holds the process no longer than work on one. A clock that is moved by
   * hand has nobody to give way to.
   */
  giveWay?(): Promise<void>;
}

/** setTimeout takes a signed 32-bit number of milliseconds; anything longer fires immediately. */
const longestTimeoutMs = 2 ** 31 - 1;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One after the other. */
export function createTurns(nextTurn: () => Promise<void> = turn): () => Promise<void> {
  let last = Promise.resolve();
  return () => (last = last.then(nextTurn));
}

/** The machine's clock. Delays of any length are right: long ones are slept in pieces of 24.8 days. */
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

/** A clock that moves only when told to. */
export interface ManualClock extends Clock {
  /** Moves `ms` ahead, firing what falls due in order of time, and lets promises settle between two timers. */
  advance(ms: number): Promise<void>;
  /** Number of timers that wait. */
  readonly waiting: number;
}

/** A macrotask: chains of promises that a timer set off have run before the next one fires. */
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
  };
};
