/** A control group with a memory limit, such as a kubelet makes for a container, where this machine allows it. */
import { existsSync } from "node:fs";
import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface MemoryGroup {
  /** Put before a command, it makes the process a member of the group. */
  readonly enter: readonly string[];
  /** How often the kernel killed one of its processes because it was out of memory. */
  kills(): Promise<number>;
  /** Removes the group; its processes have to have ended. */
  remove(): Promise<void>;
}

/** The file names of one version of control groups. */
interface Version {
  readonly parent: string;
  readonly limit: string;
  readonly swap: string;
  readonly events: string;
}

const v1: Version = {
  parent: "/sys/fs/cgroup/memory",
  limit: "memory.limit_in_bytes",
  swap: "memory.memsw.limit_in_bytes",
  events: "memory.oom_control",
};
const v2: Version = {
  parent: "/sys/fs/cgroup",
  limit: "memory.max",
  swap: "memory.swap.max",
  events: "memory.events",
};

/** @returns undefined where the machine keeps no such groups, or does not allow us to make one */
export async function newMemoryGroup(name: string, limitBytes: number): Promise<MemoryGroup | undefined> {
  const version = existsSync(join(v1.parent, v1.limit)) ? v1 : v2;
  const path = join(version.parent, `sluice-test-${process.pid}-${name}`);
  try {
    await mkdir(path);
    await writeFile(join(path, version.limit), `${limitBytes}`);
  } catch {
    await rmdir(path).catch(() => undefined);
    return undefined;
  }
  // Without swap accounting there is no limit to set.
  await writeFile(join(path, version.swap), version === v1 ? `${limitBytes}` : "0").catch(() => undefined);
  const read = (file: string): Promise<string> => readFile(join(path, file), "utf8");
  return {
    enter: ["sh", "-c", `echo $$ > "$0/cgroup.procs" && exec "$@"`, path],
    kills: async () => Number(/^oom_kill (\d+)$/m.exec(await read(version.events))?.[1] ?? 0),
    remove: () => rmdir(path),
  };
}
