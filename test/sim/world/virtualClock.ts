/**
 * Time for the simulation: timers in a heap, fired in order of time, and for the same time in the order in which they
 * were set. Between two timers all promises settle. Nothing depends on the machine's speed, so a seed gives the same
 * story everywhere.
 */
import { drainMicrotasks } from "bun:jsc";
import type { Clock } from "../../../kube/clock/clock.ts";

export interface VirtualClock extends Clock {
  /** Fires the timers that are due within `ms`, or until `enough` returns true after one of them. */
  pass(ms: number, enough?: () => boolean): void;
  /** Number of timers fired so far, which a hot loop drives up. */
  readonly fired: number;
}

interface Timer {
  readonly dueMs: number;
  readonly turn: number;
  fn: (() => void) | undefined;
}

const isBefore = (a: Timer, b: Timer): boolean => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.turn < b.turn);

/** A binary heap, the earliest first. */
const timerHeap = () => {
  const heap: Timer[] = [];
  const swap = (i: number, j: number): void => {
    const [a, b] = [heap[i], heap[j]];
    if (a === undefined || b === undefined) return;
    heap[i] = b;
    heap[j] = a;
  };
  const before = (i: number, j: number): boolean => {
    const [a, b] = [heap[i], heap[j]];
    return a !== undefined && b !== undefined && isBefore(a, b);
  };
  return {
    get first(): Timer | undefined {
      return heap[0];
    },
    push(timer: Timer): void {
      let at = heap.push(timer) - 1;
      for (let up = (at - 1) >> 1; at > 0 && before(at, up); at = up, up = (at - 1) >> 1) swap(at, up);
    },
    shift(): void {
      swap(0, heap.length - 1);
      heap.pop();
      for (let at = 0; ;) {
        const left = 2 * at + 1;
        const down = before(left + 1, left) ? left + 1 : left;
        if (!before(down, at)) return;
        swap(at, down);
        at = down;
      }
    },
  };
};

/** `startMs`: milliseconds since the epoch. */
export function virtualClock(startMs: number): VirtualClock {
  const timers = timerHeap();
  let nowMs = startMs;
  let turns = 0;
  let fired = 0;
  return {
    now: () => nowMs,
    after(ms, fn) {
      turns += 1;
      const timer: Timer = { dueMs: nowMs + Math.max(0, ms), turn: turns, fn };
      timers.push(timer);
      return () => {
        timer.fn = undefined;
      };
    },
    pass(ms, enough) {
      const untilMs = nowMs + ms;
      drainMicrotasks();
      for (let timer = timers.first; timer !== undefined && timer.dueMs <= untilMs; timer = timers.first) {
        timers.shift();
        const { fn } = timer;
        if (fn === undefined) continue;
        nowMs = timer.dueMs;
        fired += 1;
        fn();
        drainMicrotasks();
        if (enough?.() === true) return;
      }
      nowMs = untilMs;
    },
    get fired() {
      return fired;
    },
  };
}

/** The clock of one process, which may be frozen for a while, or stop. */
export interface ProcessClock extends Clock {
  /** A clock that does not count the time in which the machine slept. */
  monotonicMs(): number;
  /**
   * Nothing runs for `ms`; then all timers due by then fire at once. `asleep`: the monotonic clock stands still, too.
   */
  freeze(ms: number, asleep: boolean): void;
  /** No timer fires any more. */
  kill(): void;
  readonly alive: boolean;
}

export function processClock(clock: Clock): ProcessClock {
  let thawMs = Number.NEGATIVE_INFINITY;
  let asleepMs = 0;
  let alive = true;
  const after = (ms: number, fn: () => void): (() => void) => {
    let cancel = (): void => {};
    const due = (): void => {
      if (!alive) return;
      const leftMs = thawMs - clock.now();
      if (leftMs > 0) cancel = clock.after(leftMs, due);
      else fn();
    };
    cancel = clock.after(ms, due);
    return () => cancel();
  };
  return {
    now: () => clock.now(),
    after,
    monotonicMs: () => clock.now() - asleepMs,
    freeze(ms, asleep) {
      thawMs = clock.now() + ms;
      if (asleep) asleepMs += ms;
    },
    kill() {
      alive = false;
    },
    get alive() {
      return alive;
    },
  };
}
