import { readFile } from "node:fs/promises";

/** What /proc shows for a process at one moment. Sizes in bytes, CPU time in ms since its start. */
export interface Usage {
  readonly rss: number;
  /** Anonymous memory (not backed by a file): what the program itself allocated. */
  readonly anonymous: number;
  /** The highest rss so far. */
  readonly peakRss: number;
  readonly cpuMs: number;
  readonly threads: number;
}

/** USER_HZ: the kernel shows 100 ticks a second on every platform that we measure on. */
const msPerTick = 10;

const kilobytes = (text: string, field: string): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? Number.NaN) * 1024;

/** Reads the usage of a process; Linux only. Rejects when there is no such process. */
export async function processUsage(pid: number): Promise<Usage> {
  const [smaps, status, stat] = await Promise.all(
    ["smaps_rollup", "status", "stat"].map((name) => readFile(`/proc/${pid}/${name}`, "utf8")),
  );
  // The second field, the program's name, may contain blanks and parentheses; the rest follows the last parenthesis.
  const fields = (stat ?? "").slice((stat ?? "").lastIndexOf(")") + 2).split(" ");
  return {
    rss: kilobytes(smaps ?? "", "Rss"),
    anonymous: kilobytes(smaps ?? "", "Anonymous"),
    peakRss: kilobytes(status ?? "", "VmHWM"),
    cpuMs: (Number(fields[11]) + Number(fields[12])) * msPerTick,
    threads: Number(fields[17]),
  };
}
