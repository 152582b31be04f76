/**
 * Memory after a burst. The JavaScript heap grows with work and shrinks only on request, and pages of the program's file
 * that start-up or a burst has touched stay mapped. A controller at rest gives both back: on a small node that is most of
 * its memory.
 */
import { dlopen } from "bun:ffi";
import { readFileSync } from "node:fs";
import type { Clock } from "../../kube/clock/clock.ts";

const MADV_DONTNEED = 4;

/** Mapped, private, unwritable: addresses, offset, device, inode, and the file, which may be replaced. */
const UNWRITABLE = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p [0-9a-f]+ [0-9a-f:]+ \d+ +(\/\S+)(?: \(deleted\))?$/;
const HEAD = /^[0-9a-f]+-[0-9a-f]+ /;
/** Pages that differ from the file: addresses that the loader has filled in, and then protected; swapped out, maybe. */
const CHANGED = /^(?:Anonymous|Swap): +(\d+) kB$/;

interface Range {
  readonly start: bigint;
  readonly length: bigint;
}

/**
 * What the running program has mapped of its own file and cannot have changed: its text, constants, and our code as it
 * was compiled; of libraries nothing, which other processes share.
 * @param smaps in the format of /proc/PID/smaps
 */
export function unchangedRanges(smaps: string, program: string): Range[] {
  const ranges = new Set<Range>();
  let range: Range | undefined;
  for (const line of smaps.split("\n")) {
    if (HEAD.test(line)) {
      const [, from, to, file] = UNWRITABLE.exec(line) ?? [];
      const start = BigInt(`0x${from ?? 0}`);
      range = file === program ? { start, length: BigInt(`0x${to ?? 0}`) - start } : undefined;
      if (range !== undefined) ranges.add(range);
    } else if (range !== undefined && Number(CHANGED.exec(line)?.[1] ?? 0) > 0) {
      ranges.delete(range);
    }
  }
  return [...ranges];
}

/**
 * These pages are clean: dropping them costs a minor fault for each that is used again. Data and JIT code are left
 * alone. Where there is no /proc or no libc of this name, nothing happens.
 */
function releaseProgram(): void {
  try {
    const ranges = unchangedRanges(readFileSync("/proc/self/smaps", "utf8"), process.execPath);
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
  releaseProgram();
}

/**
 * Gives back compiled code, too, and the heap that belongs to it: code that runs next is compiled anew, which costs the
 * first decision some milliseconds. The engine does it when idle, so `releaseMemory` gives back the rest afterwards.
 */
export function releaseCode(): void {
  Bun.shrink();
}

/** The engine's blocks of objects are this much larger than what is in them, and by this many bytes. */
const SPARSE = { times: 1.4, bytes: 2 * 2 ** 20 };

/** Whether much of the heap is room between objects, which no collection gives back. */
export function isSparse({ heapTotal, heapUsed } = process.memoryUsage()): boolean {
  return heapTotal > SPARSE.times * heapUsed + SPARSE.bytes;
}

export interface Quiet {
  /** To be called when something was done; rest is counted from here. */
  busy(): void;
  stop(): void;
}

/** What to do after so many ms in which nothing was done. */
export interface Rest {
  readonly afterMs: number;
  readonly act: () => void;
}

/** Does the `rests`, shortest first, after every burst: each once, unless something is done before. */
export function whenQuiet(clock: Clock, rests: readonly Rest[]): Quiet {
  let lastMs = clock.now();
  let next = 0;
  let cancel: (() => void) | undefined;
  const check = (): void => {
    cancel = undefined;
    for (let rest = rests[next]; rest !== undefined; rest = rests[next]) {
      const leftMs = lastMs + rest.afterMs - clock.now();
      if (leftMs > 0) {
        cancel = clock.after(leftMs, check);
        return;
      }
      next += 1;
      rest.act();
    }
  };
  check();
  return {
    busy() {
      lastMs = clock.now();
      if (next === 0) return;
      // The timer of a longer rest is too late for the first one.
      next = 0;
      cancel?.();
      check();
    },
    stop: () => cancel?.(),
  };
}
