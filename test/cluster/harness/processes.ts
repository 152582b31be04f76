import { openSync, closeSync } from "node:fs";

/** The last lines of a log file, for error texts; a remark if it is empty or missing. */
export async function logTail(path: string, lines = 25): Promise<string> {
  const file = Bun.file(path);
  if (!(await file.exists())) return `(no log at ${path})`;
  const start = Math.max(0, file.size - 200 * lines);
  const tail = (await file.slice(start).text()).trimEnd().split("\n").slice(-lines).join("\n");
  return tail === "" ? `(${path} is empty)` : `--- end of ${path}\n${tail}\n---`;
}

/** One running child process. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  readonly exited: Promise<number>;
  running(): boolean;
  /** Sends the signal and waits for the end; sends SIGKILL after `graceMs`. Resolves at once if it has ended. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<void>;
}

/** Starts children and makes sure that none outlives this process. */
export interface Nursery {
  spawn(name: string, command: readonly string[], options: SpawnOptions): Child;
  /** Rejects, with the tail of its log, when a child ended without being stopped. */
  readonly failure: Promise<never>;
  /** Has `path` removed when this process dies before `release`. */
  removeLater(path: string): void;
  /** Stops all children at once and ends the watchdog; folders given to removeLater are left to the caller. */
  release(): Promise<void>;
}

export interface SpawnOptions {
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/**
 * Reads commands on its standard input. That closes when this process ends in any way (SIGKILL included); it then kills
 * the processes that are left. It ignores the terminal's signals, which it receives together with us.
 */
const watchdogScript = `
trap '' INT TERM HUP
pids=' '; folder=''
while read -r order value; do
  case $order in
    add) pids="$pids$value " ;;
    drop) pids=\${pids%% $value *}' '\${pids#* $value } ;;
    folder) folder=$value ;;
    leave) exit 0 ;;
  esac
done
[ "$pids" = ' ' ] || kill -9 $pids 2>/dev/null
[ -z "$folder" ] || { sleep 1; rm -rf "$folder"; }
`;

/** One for each control plane. */
export function newNursery(): Nursery {
  const watchdog = Bun.spawn(["sh", "-c", watchdogScript], { stdio: ["pipe", "ignore", "ignore"] });
  watchdog.unref();
  const order = (line: string): void => {
    void watchdog.stdin.write(`${line}\n`);
    void watchdog.stdin.flush();
  };
  const children = new Set<Child>();
  const failed = Promise.withResolvers<never>();
  // A rejection that is not awaited at the moment must not end the process: later steps check it.
  failed.promise.catch(() => undefined);

  const spawn: Nursery["spawn"] = (name, command, { logFile, env, cwd }) => {
    const log = openSync(logFile, "a");
    const process_ = Bun.spawn([...command], {
      stdio: ["ignore", log, log],
      env: { ...Bun.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    closeSync(log);
    order(`add ${process_.pid}`);
    let expected = false;
    const exited = process_.exited.then(async (code) => {
      order(`drop ${process_.pid}`);
      children.delete(child);
      if (!expected) failed.reject(new Error(`${name} ended with code ${code}\n${await logTail(logFile)}`));
      return code;
    });
    const child: Child = {
      name,
      pid: process_.pid,
      logFile,
      exited,
      running: () => process_.exitCode === null && process_.signalCode === null,
      stop: async (signal = "SIGTERM", graceMs = 10_000) => {
        expected = true;
        process_.kill(signal);
        const timer = setTimeout(() => process_.kill("SIGKILL"), graceMs);
        await exited;
        clearTimeout(timer);
      },
    };
    children.add(child);
    return child;
  };

  return {
    spawn,
    failure: failed.promise,
    removeLater: (path) => order(`folder ${path}`),
    release: async () => {
      await Promise.all(Array.from(children, (child) => child.stop("SIGKILL")));
      order("leave");
      await watchdog.exited;
    },
  };
}
