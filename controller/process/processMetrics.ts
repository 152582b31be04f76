/** build_info and the usual process_* metrics, read when they are printed. */
import { readdirSync, readFileSync } from "node:fs";
import { familyHead, sample, single } from "./exposition.ts";

const goArchitectures: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

/** What the kernel does not report (on systems other than Linux) is left out. */
export function* renderProcess(version: string, commit: string): Generator<string> {
  yield familyHead("build_info", "gauge", "The build that runs.");
  yield sample(
    "build_info",
    [
      ["version", version],
      ["goversion", `bun${Bun.version}`], // dashboards of the reference show it as the runtime
      ["goarch", goArchitectures[process.arch] ?? process.arch],
      ["commit", commit],
    ],
    1,
  );
  const cpu = process.cpuUsage();
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  yield single("process_cpu_seconds_total", "counter", "CPU time used, user and system.", cpuSeconds);
  yield single("process_resident_memory_bytes", "gauge", "Resident memory.", process.memoryUsage.rss());
  const startSeconds = Math.round(performance.timeOrigin / 1_000);
  yield single("process_start_time_seconds", "gauge", "Start of the process, seconds since 1970.", startSeconds);

  const pages = attempt(() => Number(readFileSync("/proc/self/statm", "utf8").split(" ")[0]));
  if (pages !== undefined) yield single("process_virtual_memory_bytes", "gauge", "Virtual memory.", pages * 4_096);
  const open = attempt(() => readdirSync("/proc/self/fd").length);
  if (open !== undefined) yield single("process_open_fds", "gauge", "Open file descriptors.", open);
  const limit = attempt(() => /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1]);
  if (limit !== undefined) yield single("process_max_fds", "gauge", "Limit of file descriptors.", Number(limit));
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
