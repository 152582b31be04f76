import { expect, test } from "bun:test";
import { processClock, virtualClock } from "./virtualClock.ts";

test("timers fire in order of time, those of the same time in the order of their setting, cancelled ones never", () => {
  const clock = virtualClock(1_000);
  const fired: string[] = [];
  for (const [name, ms] of [
    ["c", 30],
    ["a", 10],
    ["d", 30],
    ["b", 20],
    ["e", 40],
  ] as const)
    clock.after(ms, () => fired.push(`${name}@${clock.now()}`));
  clock.after(25, () => fired.push("never"))();
  clock.pass(30);
  expect(fired).toEqual(["a@1010", "b@1020", "c@1030", "d@1030"]);
  clock.pass(100);
  expect([fired.length, clock.now()]).toEqual([5, 1_130]);
});

test("promises settle between two timers, however long their chains", () => {
  const clock = virtualClock(0);
  const lines: string[] = [];
  const chain = async (): Promise<void> => {
    for (let n = 0; n < 50; n += 1) await Promise.resolve();
    lines.push("chain");
  };
  clock.after(1, () => void chain());
  clock.after(1, () => lines.push("timer"));
  clock.pass(1);
  expect(lines).toEqual(["chain", "timer"]);
});

test("many timers come out sorted", () => {
  const clock = virtualClock(0);
  const seen: number[] = [];
  for (let n = 0; n < 2_000; n += 1) clock.after((n * 7_919) % 1_009, () => seen.push(clock.now()));
  clock.pass(2_000);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen).toHaveLength(2_000);
});

test("a frozen process catches up when it thaws, and a killed one does nothing any more", () => {
  const clock = virtualClock(0);
  const process = processClock(clock);
  const seen: string[] = [];
  process.after(10, () => seen.push(`a@${clock.now()}`));
  process.after(20, () => seen.push(`b@${clock.now()}`));
  process.after(200, () => seen.push("never"));
  process.freeze(100, true);
  clock.pass(150);
  expect(seen).toEqual(["a@100", "b@100"]);
  expect(process.monotonicMs()).toBe(50);
  process.kill();
  clock.pass(1_000);
  expect(seen).toHaveLength(2);
});
