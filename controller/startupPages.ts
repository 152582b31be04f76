/**
 * Gives back the pages of program text that only starting up has touched. They are most of what an idle controller
 * holds: some 30 MB of the runtime, of which the loop needs a part. Text is clean, so dropping it costs nothing but a
 * minor fault for each page that is needed again; data and JIT code are left alone.
 */
import { dlopen } from "bun:ffi";
import { readFileSync } from "node:fs";

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

/** Does its best: where there is no /proc or no libc of this name, nothing happens. */
export function releaseStartupPages(): void {
  try {
    const ranges = programText(readFileSync("/proc/self/maps", "utf8"), process.execPath);
    if (ranges.length === 0) return;
    const libc = dlopen("libc.so.6", { madvise: { args: ["u64", "u64", "i32"], returns: "i32" } });
    for (const { start, length } of ranges) libc.symbols.madvise(start, length, MADV_DONTNEED);
    libc.close();
  } catch {
    // Memory only; the controller works without it.
  }
}
