/** The webhook as a compiled program in a process of its own. */
import { resolve } from "node:path";
import { engineOptions } from "../../controller/process/lean.ts";
import type { FromServer, ToServer } from "./webhookServer.ts";

const repository = resolve(import.meta.dir, "../..");

/** Compiled as in the image: run from source, the transpiler alone takes 10 MB. */
export async function compileServer(): Promise<string> {
  const outfile = resolve(repository, "dist/webhook-bench");
  const flags = ["--compile", "--minify", "--bytecode", "--no-compile-autoload-dotenv", "--no-compile-autoload-bunfig"];
  const command = [process.execPath, "build", ...flags, "test/bench/webhookServer.ts", "--outfile", outfile];
  const build = Bun.spawn(command, { cwd: repository, stdio: ["ignore", "ignore", "inherit"] });
  if ((await build.exited) !== 0) throw new Error(`Cannot compile the webhook: ${command.join(" ")} failed`);
  return outfile;
}

export interface ServerOptions {
  /** Runs it on one core (with its garbage collector and compiler), where the system supports that. */
  readonly pinned?: boolean;
  /** Kubeconfig of the API server that is asked for a second opinion. */
  readonly kubeconfig?: string;
  /** Allows every review without reading it. */
  readonly empty?: boolean;
}

export function startServer(program: string, { pinned = false, kubeconfig, empty = false }: ServerOptions) {
  const before = pinned && Bun.which("taskset") !== null ? ["taskset", "-c", "0"] : [];
  const messages: ((message: FromServer) => void)[] = [];
  const child = Bun.spawn([...before, program], {
    env: {
      ...Bun.env,
      ...engineOptions,
      ...(kubeconfig === undefined ? {} : { SLUICE_BENCH_KUBECONFIG: kubeconfig }),
      ...(empty ? { SLUICE_BENCH_EMPTY: "1" } : {}),
    },
    stdio: ["ignore", "inherit", "inherit"],
    ipc: (message: FromServer) => messages.shift()?.(message),
  });
  const next = (): Promise<FromServer> => new Promise((resolve) => messages.push(resolve));
  const ready = next();
  return {
    ready,
    pid: child.pid,
    durations: async (): Promise<readonly number[]> => {
      const answer = next();
      child.send("durations" satisfies ToServer);
      const message = await answer;
      return message.kind === "durations" ? message.ms : [];
    },
    stop: async () => {
      child.kill();
      await child.exited;
    },
  };
}
