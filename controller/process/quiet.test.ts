import { expect, test } from "bun:test";
import { manualClock } from "../../kube/clock/clock.ts";
import { releaseMemory, unchangedRanges, whenQuiet } from "./quiet.ts";

const mapping = (head: string, anonymousKb: number): string =>
  `${head}\nSize:               4096 kB\nRss:                1024 kB\nAnonymous:          ${anonymousKb} kB\nVmFlags: rd mr mw me\n`;

const smaps = [
  mapping("00200000-00a61000 r--p 00000000 fe:00 1234                               /opt/sluice", 0),
  mapping("00a61000-05300000 r-xp 00860000 fe:00 1234                               /opt/sluice", 0),
  mapping("05300000-05400000 rw-p 05100000 fe:00 1234                               /opt/sluice", 0),
  mapping("05400000-05408000 r--p 05200000 fe:00 1234                               /opt/sluice", 32),
  mapping("05500000-05f00000 r--p 05300000 fe:00 1234                               /opt/sluice", 0),
  mapping("7f10000000-7f10400000 rwxp 00000000 00:00 0", 512),
  mapping("7f20000000-7f20155000 r-xp 00026000 fe:00 99                             /usr/lib/libc.so.6", 0),
].join("");

test("what the program cannot have changed of its own file is given back: no data, JIT code or libraries", () => {
  expect(unchangedRanges(smaps, "/opt/sluice")).toEqual([
    { start: 0x200000n, length: 0x861000n },
    { start: 0xa61000n, length: 0x489f000n },
    { start: 0x5500000n, length: 0xa00000n },
  ]);
});

test("addresses that the loader has filled in are kept, though nothing can write them any more", () => {
  expect(unchangedRanges(smaps, "/opt/sluice").map(({ start }) => start)).not.toContain(0x5400000n);
});

test("and so are those of them that are swapped out", () => {
  const out = smaps.replace(/^Anonymous: .*$/gm, "Anonymous:             0 kB\nSwap:                 32 kB");
  expect(unchangedRanges(out, "/opt/sluice")).toEqual([]);
});

test("a program that was replaced on disk gives back the same", () => {
  const replaced = smaps.replaceAll("/opt/sluice", "/opt/sluice (deleted)");
  expect(unchangedRanges(replaced, "/opt/sluice")).toEqual(unchangedRanges(smaps, "/opt/sluice"));
});

test("a program that is not mapped has nothing to give back", () => {
  expect(unchangedRanges(smaps, "/opt/other")).toEqual([]);
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
