import { expect, test } from "bun:test";
import { createTurns, manualClock, systemClock } from "./clock.ts";

test("the system clock fires later, never in the call itself, and can be stopped", async () => {
  const fired: string[] = [];
  systemClock.after(0, () => fired.push("soon"));
  systemClock.after(1, () => fired.push("stopped"))();
  expect(fired).toEqual([]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(fired).toEqual(["soon"]);
});

test("a delay beyond setTimeout's 24.8 days does not fire at once", async () => {
  let fired = false;
  const cancel = systemClock.after(2 ** 31 + 1_000, () => (fired = true));
  await new Promise((resolve) => setTimeout(resolve, 20));
  cancel();
  expect(fired).toBe(false);
});

test("the manual clock fires in order of time, timers set on the way included", async () => {
  const clock = manualClock(1_000);
  const fired: string[] = [];
  const note = (what: string) => () => void fired.push(`${what}@${clock.now()}`);
  clock.after(30, note("third"));
  clock.after(10, () => {
    note("first")();
    clock.after(10, note("second"));
  });
  clock.after(50, note("too late"));
  await clock.advance(40);
  expect(fired).toEqual(["first@1010", "second@1020", "third@1030"]);
  expect(clock.now()).toBe(1_040);
  expect(clock.waiting).toBe(1);
});

test("the manual clock knows when the next timer fires", async () => {
  const clock = manualClock(1_000);
  expect(clock.nextAt).toBeUndefined();
  clock.after(50, () => {});
  const cancel = clock.after(10, () => {});
  expect(clock.nextAt).toBe(1_010);
  cancel();
  expect(clock.nextAt).toBe(1_050);
});

test("those who give way go on one by one, each in a turn of its own", async () => {
  const calls: string[] = [];
  const turns = createTurns(async () => {
    calls.push("others");
    await new Promise((resolve) => setImmediate(resolve));
  });
  await Promise.all(["a", "b", "c"].map((name) => turns().then(() => calls.push(name))));
  expect(calls.filter((what) => what !== "others")).toEqual(["a", "b", "c"]);
  expect(calls.join(" ")).not.toContain("a b");
  expect(calls.join(" ")).not.toContain("b c");
});

test("the system clock gives way to what has come in", async () => {
  const calls: string[] = [];
  setTimeout(() => calls.push("timer"), 0);
  const work = async (): Promise<void> => {
    for (let i = 0; i < 1_000 && !calls.includes("timer"); i++) await systemClock.giveWay?.();
    calls.push("work");
  };
  await work();
  expect(calls).toEqual(["timer", "work"]);
});
