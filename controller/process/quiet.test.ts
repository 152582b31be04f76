import { expect, test } from "bun:test";
import { manualClock } from "../../kube/clock/clock.ts";
import { programText, releaseMemory, whenQuiet } from "./quiet.ts";

const maps = `00200000-00a61000 r--p 00000000 fe:00 1234                               /opt/sluice
00a61000-05300000 r-xp 00860000 fe:00 1234                               /opt/sluice
05300000-05400000 rw-p 05100000 fe:00 1234                               /opt/sluice
7f10000000-7f10400000 rwxp 00000000 00:00 0
7f20000000-7f20155000 r-xp 00026000 fe:00 99                             /usr/lib/libc.so.6
`;

test("only the program's own executable text is given back, not data, JIT code or libraries", () => {
  expect(programText(maps, "/opt/sluice")).toEqual([{ start: 0xa61000n, length: 0x489f000n }]);
});

test("a program that was replaced on disk gives back its text all the same", () => {
  const replaced = maps.replaceAll("/opt/sluice", "/opt/sluice (deleted)");
  expect(programText(replaced, "/opt/sluice")).toEqual(programText(maps, "/opt/sluice"));
});

test("a program that is not mapped has no text to give back", () => {
  expect(programText(maps, "/opt/other")).toEqual([]);
});

test("the running program goes on after its memory was given back", () => {
  releaseMemory();
  expect([3, 1, 2].toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
});

test("rest comes once after each burst, when nothing was done for long enough", async () => {
  const clock = manualClock();
  const rests: number[] = [];
  const quiet = whenQuiet(clock, [{ afterMs: 5_000, act: () => void rests.push(clock.now()) }]);
  await clock.advance(3_000);
  quiet.busy();
  await clock.advance(60_000);
  expect(rests).toEqual([8_000]);
  quiet.busy();
  await clock.advance(4_000);
  quiet.busy();
  await clock.advance(60_000);
  expect(rests).toEqual([8_000, 72_000]);
});

test("a longer rest gives back more, and both come again after the next burst", async () => {
  const clock = manualClock();
  const rests: string[] = [];
  const noted = (what: string) => (): void => void rests.push(`${what} ${clock.now()}`);
  const quiet = whenQuiet(clock, [
    { afterMs: 3_000, act: noted("short") },
    { afterMs: 30_000, act: noted("long") },
  ]);
  await clock.advance(10_000);
  quiet.busy();
  await clock.advance(40_000);
  expect(rests).toEqual(["short 3000", "short 13000", "long 40000"]);
  quiet.busy();
  await clock.advance(60_000);
  expect(rests.slice(3)).toEqual(["short 53000", "long 80000"]);
  quiet.stop();
});

test("work that goes on is no rest, however long it takes", async () => {
  const clock = manualClock();
  let rests = 0;
  const quiet = whenQuiet(clock, [{ afterMs: 3_000, act: () => void (rests += 1) }]);
  for (let n = 0; n < 100; n += 1) {
    quiet.busy();
    await clock.advance(2_000);
  }
  expect(rests).toBe(0);
  quiet.stop();
});
