/**
 * Memory after a burst. The JavaScript heap grows with work and shrinks only when somebody asks, and program text that
 * start-up or a burst has touched stays mapped. A controller that rests gives both back: on a small node that is most of
 * what it holds.
 */
import { dlopen } from "bun:ffi";
import { readFileSync } from "node:fs";
import type { Clock } from "./loop/clock.ts";

const MADV_DONTNEED = 4;

/** Mapped, private, executable, unwritable: addresses, then offset, device, inode, and the file. */
const TEXT = /^([0-9a-f]+)-([0-9a-f]+) r-xp [0-9a-f]+ [0-9a-f:]+ \d+ +(\/\S+)$/;

interface Range {
  readonly start: bigint;
  readonly length: bigint;
}

/** Text of the running program in the format of /proc/PID/maps; that of libraries is shared and stays. */
export function programText(maps: string, program: string): Range[] {
  const ranges: Range[] = [];
  for (const line of maps.split("\n")) {
    const [, from, to, file] = TEXT.exec(line) ?? [];
    if (from === undefined || to === undefined || file !== program) continue;
    const start = BigInt(`0x${from}`);
    ranges.push({ start, length: BigInt(`0x${to}`) - start });
  }
  return ranges;
}

/**
 * Text is clean: dropping it costs a minor fault for each page that is needed again. Data and JIT code are left alone.
 * Where there is no /proc or no libc of this name, nothing happens.
 */
function releaseText(): void {
  try {
    const ranges = programText(readFileSync("/proc/self/maps", "utf8"), process.execPath);
    if (ranges.length === 0) return;
    const libc = dlopen("libc.so.6", {
      madvise: { args: ["u64", "u64", "i32"], returns: "i32" },
      malloc_trim: { args: ["u64"], returns: "i32" },
    });
    for (const { start, length } of ranges) libc.symbols.madvise(start, length, MADV_DONTNEED);
    libc.symbols.malloc_trim(0n);
    libc.close();
  } catch {
    // Memory only; the controller works without it.
  }
}

/** Gives back what the process does not need while it rests: some 20 ms of work. */
export function releaseMemory(): void {
  Bun.gc(true);
  releaseText();
}

export interface Quiet {
  /** Something was done; rest is counted from here. */
  busy(): void;
  stop(): void;
}

/** Calls `rest` once after every burst, when nothing has been done for `quietMs`. */
export function whenQuiet(clock: Clock, quietMs: number, rest: () => void): Quiet {
  let lastMs = clock.now();
  let cancel: (() => void) | undefined;
  const look = (): void => {
    const leftMs = lastMs + quietMs - clock.now();
    cancel = leftMs > 0 ? clock.after(leftMs, look) : undefined;
    if (leftMs <= 0) rest();
  };
  cancel = clock.after(quietMs, look);
  return {
    busy() {
      lastMs = clock.now();
      cancel ??= clock.after(quietMs, look);
    },
    stop: () => cancel?.(),
  };
}
