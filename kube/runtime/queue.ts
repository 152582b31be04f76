import type { Clock } from "../clock/clock.ts";

/** What a queue reports for the workqueue_* metrics. Durations in milliseconds. */
export interface QueueMetrics {
  /** workqueue_depth: keys that wait for a worker. */
  depth?(waiting: number): void;
  /** workqueue_adds_total: a key entered the queue (a duplicate does not). */
  added?(): void;
  /** workqueue_retries_total: a key was put off by `addAfter` or `addRateLimited`, as client-go counts it. */
  retried?(): void;
  /** workqueue_queue_duration_seconds. */
  waitedMs?(ms: number): void;
  /** workqueue_work_duration_seconds. */
  workedMs?(ms: number): void;
}

export interface QueueOptions {
  readonly clock: Clock;
  readonly metrics?: QueueMetrics;
  /** [0, 1), for jitter; Math.random by default. */
  readonly random?: () => number;
}

/** Doubles from the first delay to the longest; the actual delay is 50–100 % of that. */
export interface Backoff {
  readonly firstMs: number;
  readonly longestMs: number;
}

export interface RunOptions {
  /** How many keys are worked on at once. */
  readonly concurrency: number;
  /**
   * Works on one key, never on the same key twice at once; a key added meanwhile is worked on again afterwards.
   * Returning resets its failures (unless it called `addRateLimited` itself); throwing calls `addRateLimited`.
   */
  readonly handle: (key: string) => Promise<void>;
  /** The delay before a key whose `handle` threw this error is tried again; undefined: as in `addRateLimited`. */
  readonly backoff?: (error: unknown) => Backoff | undefined;
  /** Called with the error that `handle` threw; `failures` counts in a row, from 1. */
  readonly onError?: (key: string, error: unknown, failures: number) => void;
  /**
   * When aborted, takes no further key and lets those in work finish; the rest is left: the next leader lists afresh.
   */
  readonly signal: AbortSignal;
}

export interface WorkQueue {
  /** Number of keys that wait for a worker now (delayed ones not counted). */
  readonly depth: number;
  /** Number of delayed keys. */
  readonly delayed: number;
  /** Puts a key in line, unless it is there already. A key in work comes again when it is done. */
  add(key: string): void;
  /**
   * As `add`, and goes before keys that were put in line by `add`; one of four places is left to those. For what
   * somebody asks, of thousands at once, too: all begin before the first of them go on.
   */
  addFirst(key: string): void;
  /** `add` after `delayMs`. When called several times, the earliest counts. */
  addAfter(key: string, delayMs: number): void;
  /** Cancels a pending `addAfter` or `addRateLimited`; a key that waits in line stays there. */
  cancelDelay(key: string): void;
  /** `addAfter` with 50–100 % of 1 ms · 2ⁿ (at most 10 s), n being the failures so far. */
  addRateLimited(key: string): void;
  /** Resets the failures of a key. */
  forget(key: string): void;
  /** Failures in a row. */
  failures(key: string): number;
  /** For workqueue_unfinished_work_seconds and workqueue_longest_running_processor_seconds, in milliseconds. */
  unfinishedMs(): { readonly sumMs: number; readonly longestMs: number };
  /** Works until `signal` aborts; resolves when the last handler in work has finished. Run it once at a time. */
  run(options: RunOptions): Promise<void>;
}

const usualBackoff: Backoff = { firstMs: 1, longestMs: 10_000 };

/** First in, first out. Shifting an array is O(n); here the head moves, and the dead part is cut off now and then. */
const fifo = (): { push(key: string): void; shift(): string | undefined } => {
  let items: string[] = [];
  let head = 0;
  return {
    push: (key) => void items.push(key),
    shift() {
      const key = items[head];
      if (key === undefined) return undefined;
      head += 1;
      if (head === items.length) {
        items = [];
        head = 0;
      } else if (head > 1_024 && head * 2 > items.length) {
        items = items.slice(head);
        head = 0;
      }
      return key;
    },
  };
};

/** Timers by key; of several for one key the earliest counts. */
const delays = (clock: Clock, due: (key: string) => void) => {
  const timers = new Map<string, { dueMs: number; cancel: () => void }>();
  return {
    get size() {
      return timers.size;
    },
    set(key: string, delayMs: number): void {
      const dueMs = clock.now() + delayMs;
      const timer = timers.get(key);
      if (timer !== undefined && timer.dueMs <= dueMs) return;
      timer?.cancel();
      const cancel = clock.after(delayMs, () => {
        timers.delete(key);
        due(key);
      });
      timers.set(key, { dueMs, cancel });
    },
    cancel(key: string): void {
      timers.get(key)?.cancel();
      timers.delete(key);
    },
    clear(): void {
      for (const { cancel } of timers.values()) cancel();
      timers.clear();
    },
  };
};

/** Failures in a row by key, and the delay that follows from them. */
const countFailures = (random: () => number) => {
  const failures = new Map<string, number>();
  return {
    of: (key: string): number => failures.get(key) ?? 0,
    forget: (key: string): void => void failures.delete(key),
    /**
     * Counts one more.
     * @returns the delay in ms: with jitter, so that what failed together does not come back together.
     */
    next(key: string, { firstMs, longestMs }: Backoff = usualBackoff): number {
      const failed = failures.get(key) ?? 0;
      failures.set(key, failed + 1);
      return Math.min(longestMs, firstMs * 2 ** failed) * (0.5 + random() / 2);
    },
  };
};

/** Of so many keys in a row that go first, one is another one, if others wait. */
const FIRST_OF = 4;

/** Two lines: keys of the first go first, but for one of `FIRST_OF`. A key that moves up leaves a blank in the second. */
const twoLines = () => {
  const first = fifo();
  const second = fifo();
  const inFirst = new Set<string>();
  const inSecond = new Set<string>();
  let firstsInRow = 0;
  const shiftSecond = (): string | undefined => {
    for (let key = second.shift(); key !== undefined; key = second.shift()) if (inSecond.delete(key)) return key;
    return undefined;
  };
  return {
    push(key: string, goesFirst: boolean): void {
      if (inFirst.has(key) || (!goesFirst && inSecond.has(key))) return;
      if (goesFirst) inSecond.delete(key);
      (goesFirst ? inFirst : inSecond).add(key);
      (goesFirst ? first : second).push(key);
    },
    shift(): string | undefined {
      const othersTurn = inSecond.size > 0 && firstsInRow >= FIRST_OF - 1;
      const key = othersTurn ? undefined : first.shift();
      if (key === undefined) {
        firstsInRow = 0;
        return shiftSecond();
      }
      firstsInRow += 1;
      inFirst.delete(key);
      return key;
    },
  };
};

/** Which keys wait and which are in work: every key at most once in each. */
const createDesk = (clock: Clock, metrics: QueueMetrics | undefined) => {
  const line = twoLines();
  const since = new Map<string, number>(); // of keys that wait
  const working = new Map<string, number>(); // key → since when
  const again = new Map<string, boolean>(); // added while in work → whether it goes first
  const enqueue = (key: string, goesFirst: boolean): void => {
    if (!since.has(key)) since.set(key, clock.now());
    line.push(key, goesFirst);
    metrics?.depth?.(since.size);
  };
  return {
    waiting: since,
    working,
    add(key: string, goesFirst: boolean): void {
      const isThere = since.has(key) || again.has(key);
      if (isThere && !goesFirst) return;
      if (!isThere) metrics?.added?.();
      if (working.has(key)) again.set(key, goesFirst);
      else enqueue(key, goesFirst);
    },
    take(): string | undefined {
      const key = line.shift();
      if (key === undefined) return undefined;
      const nowMs = clock.now();
      metrics?.waitedMs?.(nowMs - (since.get(key) ?? nowMs));
      since.delete(key);
      working.set(key, nowMs);
      metrics?.depth?.(since.size);
      return key;
    },
    finish(key: string): void {
      const nowMs = clock.now();
      metrics?.workedMs?.(nowMs - (working.get(key) ?? nowMs));
      working.delete(key);
      const goesFirst = again.get(key);
      again.delete(key);
      if (goesFirst !== undefined) enqueue(key, goesFirst);
    },
    unfinishedMs() {
      const nowMs = clock.now();
      const ages = [...working.values()].map((sinceMs) => nowMs - sinceMs);
      return { sumMs: ages.reduce((sum, age) => sum + age, 0), longestMs: Math.max(0, ...ages) };
    },
  };
};

const nothing = (): void => {};

/** A work queue: every key at most once in line and at most once in work, with delays and backoff, as client-go's. */
export const createQueue = ({ clock, metrics, random = Math.random }: QueueOptions): WorkQueue => {
  const desk = createDesk(clock, metrics);
  const failures = countFailures(random);
  let pump = nothing;

  const put = (key: string, goesFirst: boolean): void => {
    desk.add(key, goesFirst);
    pump();
  };
  const add = (key: string): void => put(key, false);
  const delayed = delays(clock, add);
  const addAfter = (key: string, delayMs: number): void => {
    metrics?.retried?.();
    if (delayMs <= 0) add(key);
    else delayed.set(key, delayMs);
  };
  const addRateLimited = (key: string): void => addAfter(key, failures.next(key));

  const work = async (key: string, { handle, backoff, onError }: RunOptions): Promise<void> => {
    const failedBefore = failures.of(key);
    try {
      await handle(key);
      if (failures.of(key) <= failedBefore) failures.forget(key);
    } catch (error) {
      addAfter(key, failures.next(key, backoff?.(error)));
      onError?.(key, error, failedBefore + 1);
    } finally {
      desk.finish(key);
      pump();
    }
  };
  const run = (options: RunOptions): Promise<void> =>
    new Promise((resolve) => {
      const { signal, concurrency } = options;
      pump = () => {
        while (!signal.aborted && desk.working.size < concurrency) {
          const key = desk.take();
          if (key === undefined) return;
          void work(key, options);
        }
        if (!signal.aborted || desk.working.size > 0) return;
        pump = nothing;
        delayed.clear();
        resolve();
      };
      signal.addEventListener("abort", () => pump(), { once: true });
      pump();
    });

  return {
    get depth() {
      return desk.waiting.size;
    },
    get delayed() {
      return delayed.size;
    },
    add,
    addFirst: (key) => put(key, true),
    addAfter,
    cancelDelay: (key) => delayed.cancel(key),
    addRateLimited,
    forget: (key) => failures.forget(key),
    failures: (key) => failures.of(key),
    unfinishedMs: desk.unfinishedMs,
    run,
  };
};
