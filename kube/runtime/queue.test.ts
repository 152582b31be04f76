import { describe, expect, test } from "bun:test";
import { type ManualClock, manualClock } from "../clock/clock.ts";
import { createQueue, type QueueMetrics, type WorkQueue } from "./queue.ts";

/** A queue whose handler records its keys and the times, and finishes on `finish`. */
const world = (concurrency = 4, metrics?: QueueMetrics) => {
  const clock = manualClock();
  const queue = createQueue({ clock, random: () => 0.999_999, ...(metrics !== undefined && { metrics }) });
  const stop = new AbortController();
  const seen: string[] = [];
  const release = new Map<string, () => void>();
  let behave: (key: string) => Promise<void> = async () => {};
  const errors: string[] = [];
  const done = queue.run({
    concurrency,
    signal: stop.signal,
    handle: (key) => {
      seen.push(`${key}@${Math.round(clock.now())}`);
      return behave(key);
    },
    onError: (key, error, failures) => errors.push(`${key} ${(error as Error).message} ${failures}`),
  });
  return {
    clock,
    queue,
    stop,
    seen,
    errors,
    done,
    /** From here on a key stays in work until `finish(key)`. */
    hold: () => (behave = (key) => new Promise((resolve) => release.set(key, resolve))),
    finish: async (key: string) => {
      release.get(key)?.();
      await clock.advance(0);
    },
    behave: (fn: (key: string) => Promise<void>) => (behave = fn),
  };
};

test("a key that waits already is not queued twice", async () => {
  const clock = manualClock();
  const queue = createQueue({ clock });
  for (const key of ["a", "b", "a", "a"]) queue.add(key);
  expect(queue.depth).toBe(2);
});

test("a key is never worked on twice at once, and comes again once when it was added meanwhile", async () => {
  const { queue, seen, hold, finish } = world();
  hold();
  queue.add("a");
  queue.add("a");
  queue.add("a");
  expect(seen).toEqual(["a@0"]);
  await finish("a");
  expect(seen).toEqual(["a@0", "a@0"]);
  await finish("a");
  expect(seen).toHaveLength(2);
});

test("no more keys than the concurrency are in work, first come first served", async () => {
  const { queue, seen, hold, finish } = world(2);
  hold();
  for (const key of ["a", "b", "c"]) queue.add(key);
  expect(seen).toEqual(["a@0", "b@0"]);
  expect(queue.depth).toBe(1);
  await finish("b");
  expect(seen).toEqual(["a@0", "b@0", "c@0"]);
});

test("of thousands that come back without end, one that comes late has its turn within a round", async () => {
  const { queue, seen, behave, clock } = world(10);
  const names = Array.from({ length: 3_000 }, (_, n) => `web-${n}`);
  behave(async (key) => {
    queue.add(key); // something of it changes in every pass
    await new Promise((resolve) => clock.after(50, () => resolve(undefined)));
  });
  for (const name of names) queue.add(name);
  await clock.advance(2_000);
  const before = seen.length;
  queue.add("late");
  await clock.advance(20_000);
  const turn = seen.findIndex((text) => text.startsWith("late@")) - before;
  expect(turn).toBeGreaterThan(0);
  expect(turn).toBeLessThanOrEqual(names.length);
  // None of the others was kept waiting for that, either: all have had their turn.
  expect(new Set(seen.map((text) => text.replace(/@.*/, ""))).size).toBe(names.length + 1);
});

describe("keys that go first", () => {
  const inTurn = (): { queue: WorkQueue; turns: () => Promise<string> } => {
    const queue = createQueue({ clock: manualClock() });
    return {
      queue,
      turns: async () => {
        const seen: string[] = [];
        const stop = new AbortController();
        const done = queue.run({ concurrency: 1, signal: stop.signal, handle: async (key) => void seen.push(key) });
        while (queue.depth > 0) await Promise.resolve();
        stop.abort();
        await done;
        return seen.join(" ");
      },
    };
  };

  test("are worked on before others, which have every fourth place", async () => {
    const { queue, turns } = inTurn();
    for (const key of ["a", "b", "c"]) queue.add(key);
    for (const key of ["1", "2", "3", "4", "5"]) queue.addFirst(key);
    expect(await turns()).toBe("1 2 3 a 4 5 b c");
  });

  test("move up when they wait already, and come once", async () => {
    const { queue, turns } = inTurn();
    for (const key of ["a", "b", "c"]) queue.add(key);
    queue.addFirst("c");
    queue.add("c");
    expect(queue.depth).toBe(3);
    expect(await turns()).toBe("c a b");
    queue.add("c");
    queue.add("d");
    expect(await turns()).toBe("c d");
  });

  test("that are in work come first when they are done", async () => {
    const { queue, seen, hold, finish, clock } = world(1);
    hold();
    queue.add("a");
    queue.add("b");
    queue.add("a");
    queue.addFirst("a");
    await finish("a");
    await finish("a");
    await clock.advance(0);
    expect(seen.map((text) => text.slice(0, 1)).join(" ")).toBe("a a b");
  });

  test("by the thousand begin all before the first goes on twice", async () => {
    const { queue, seen, behave, clock } = world(10);
    const passes = new Map<string, number>();
    behave(async (key) => {
      const pass = (passes.get(key) ?? 0) + 1;
      passes.set(key, pass);
      if (pass < 10) queue.add(key); // its ReplicaSets answer
      await new Promise((resolve) => clock.after(50, () => resolve(undefined)));
    });
    // 100 are asked for in a second, of which each has ten passes of 50 ms: five times what is done in a second.
    for (let n = 0; n < 1_000; n += 1) {
      queue.addFirst(`web-${n}`);
      await clock.advance(10);
    }
    await clock.advance(60_000);
    const order = seen.map((text) => text.split("@")[0] ?? "");
    const lastBegins = Math.max(...Array.from(passes.keys(), (key) => order.indexOf(key)));
    expect(order.length).toBe(10_000);
    expect(lastBegins / order.length).toBeLessThan(1 / 4);
  });
});

describe("delays", () => {
  test("of several the earliest counts, once", async () => {
    const { queue, clock, seen } = world();
    queue.addAfter("a", 500);
    queue.addAfter("a", 100);
    queue.addAfter("a", 900);
    expect(queue.delayed).toBe(1);
    await clock.advance(2_000);
    expect(seen).toEqual(["a@100"]);
  });

  test("one that was taken back does not come, one that was set after that does", async () => {
    const { queue, clock, seen } = world();
    queue.addAfter("a", 100);
    queue.cancelDelay("a");
    queue.addAfter("b", 100);
    queue.cancelDelay("b");
    queue.addAfter("b", 300);
    expect(queue.delayed).toBe(1);
    await clock.advance(2_000);
    expect(seen).toEqual(["b@300"]);
  });

  test("a delay of nothing is an add", () => {
    const { queue, seen } = world();
    queue.addAfter("a", 0);
    expect(seen).toEqual(["a@0"]);
  });
});

describe("failures", () => {
  const gaps = (seen: readonly string[]): number[] => {
    const times = seen.map((entry) => Number(entry.split("@")[1]));
    return times.slice(1).map((time, i) => time - (times[i] ?? 0));
  };

  test("are retried after 1 ms, doubling to 10 s, and told", async () => {
    const { queue, clock, seen, errors, behave } = world();
    behave(async () => {
      throw new Error("no");
    });
    queue.add("a");
    await clock.advance(50_000);
    expect(gaps(seen)).toEqual([
      1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096, 8_192, 10_000, 10_000, 10_000,
    ]);
    expect(errors[2]).toBe("a no 3");
  });

  test("that take longer to mend are retried at their own pace", async () => {
    const clock = manualClock();
    const queue = createQueue({ clock, random: () => 0.999_999 });
    const seen: string[] = [];
    void queue.run({
      concurrency: 1,
      signal: new AbortController().signal,
      handle: async (key) => {
        seen.push(`${key}@${Math.round(clock.now())}`);
        throw new Error(key);
      },
      backoff: (error) => ((error as Error).message === "slow" ? { firstMs: 10_000, longestMs: 30_000 } : undefined),
    });
    queue.add("slow");
    await clock.advance(110_000);
    expect(gaps(seen)).toEqual([10_000, 20_000, 30_000, 30_000]);
    const slowOnes = seen.length;
    queue.add("quick");
    await clock.advance(7);
    expect(gaps(seen.slice(slowOnes))).toEqual([1, 2, 4]);
  });

  test("are forgotten after a success", async () => {
    const { queue, clock, behave } = world();
    behave(async () => {
      throw new Error("no");
    });
    queue.add("a");
    await clock.advance(100);
    expect(queue.failures("a")).toBeGreaterThan(5);
    behave(async () => {});
    await clock.advance(200);
    expect(queue.failures("a")).toBe(0);
  });

  test("counted by the handler itself stay counted", async () => {
    const { queue, clock, seen, behave } = world();
    behave(async (key) => queue.addRateLimited(key));
    queue.add("a");
    await clock.advance(16);
    expect(gaps(seen)).toEqual([1, 2, 4, 8]);
    queue.forget("a");
    expect(queue.failures("a")).toBe(0);
  });

  test("jitter takes off up to half", async () => {
    const clock = manualClock();
    const queue = createQueue({ clock, random: () => 0 });
    for (let i = 0; i < 30; i += 1) queue.addRateLimited("a");
    await clock.advance(0.5);
    expect(queue.depth).toBe(1);
  });

  test("do not hold back an event", async () => {
    const { queue, clock, seen, behave } = world();
    behave(async () => {
      throw new Error("no");
    });
    queue.add("a");
    await clock.advance(5_000);
    const before = seen.length;
    queue.add("a");
    expect(seen.length).toBe(before + 1);
  });
});

test("stopping lets what is in work finish, and takes nothing more", async () => {
  const { queue, clock, stop, seen, done, hold, finish } = world(1);
  hold();
  queue.add("a");
  queue.add("b");
  queue.addAfter("c", 10);
  let stopped = false;
  void done.then(() => (stopped = true));
  stop.abort();
  await clock.advance(100);
  expect(stopped).toBe(false);
  await finish("a");
  expect(stopped).toBe(true);
  expect(seen).toEqual(["a@0"]);
  expect(clock.waiting).toBe(0);
});

test("what was added before it runs is worked on when it runs", async () => {
  const clock = manualClock();
  const queue = createQueue({ clock });
  queue.add("a");
  const seen: string[] = [];
  const stop = new AbortController();
  const done = queue.run({ concurrency: 1, signal: stop.signal, handle: async (key) => void seen.push(key) });
  stop.abort();
  await done;
  expect(seen).toEqual(["a"]);
});

test("the metrics count adds, depth, retries, waiting and working", async () => {
  const reports: string[] = [];
  const { queue, clock, hold, finish } = world(1, {
    depth: (n) => reports.push(`depth ${n}`),
    added: () => reports.push("added"),
    retried: () => reports.push("retried"),
    waitedMs: (ms) => reports.push(`waited ${ms}`),
    workedMs: (ms) => reports.push(`worked ${ms}`),
  });
  hold();
  queue.add("a");
  queue.add("b");
  queue.add("b");
  await clock.advance(30);
  expect(queue.unfinishedMs()).toEqual({ sumMs: 30, longestMs: 30 });
  await finish("a");
  queue.addAfter("c", 5);
  expect(reports).toEqual([
    "added",
    "depth 1",
    "waited 0",
    "depth 0",
    "added",
    "depth 1",
    "worked 30",
    "waited 30",
    "depth 0",
    "retried",
  ]);
});

test("10,000 keys pass in well under a second", async () => {
  const clock: ManualClock = manualClock();
  const queue: WorkQueue = createQueue({ clock });
  const stop = new AbortController();
  const worked = new Set<string>();
  const startedMs = performance.now();
  for (let i = 0; i < 10_000; i += 1) queue.add(`ns/key-${i}`);
  const done = queue.run({ concurrency: 10, signal: stop.signal, handle: async (key) => void worked.add(key) });
  while (worked.size < 10_000) await clock.advance(0);
  stop.abort();
  await done;
  expect(performance.now() - startedMs).toBeLessThan(1_000);
});
