import { join, resolve } from "node:path";
import { freePort } from "./ports.ts";
import type { Child, Nursery } from "./processes.ts";

const repository = resolve(import.meta.dir, "../../..");

/** A controller under test, running as a child process. */
export interface Controller {
  readonly child: Child;
  readonly metricsUrl: string;
  readonly healthUrl: string;
  /** The response of the health server for a path such as `/readyz`; undefined when it does not answer. */
  health(path: string): Promise<number | undefined>;
}

/** Whether the tests drive another controller than the one of this repository (SLUICE_CONTROLLER="/path args…"). */
export const otherController = (): string | undefined => {
  const given = Bun.env.SLUICE_CONTROLLER;
  return given === undefined || given.trim() === "" ? undefined : given.trim();
};

/** The command line of this repository's controller. */
export const ownController = "bun main.ts controller";

/** What a controller is started with. */
export interface ControllerOptions {
  readonly nursery: Nursery;
  /** Path of the log file. */
  readonly name: string;
  /** Determines which user the audit log shows. */
  readonly kubeconfig: string;
  readonly logs: string;
  /** "/path args…"; flags are appended. */
  readonly command: string;
}

/** Starts a controller on free ports; does not wait until it is ready. */
export function startController({ nursery, name, kubeconfig, logs, command }: ControllerOptions): Controller {
  const [metricsPort, healthPort] = [freePort(), freePort()];
  const flags = ["--kubeconfig", kubeconfig, "--metricsPort", `${metricsPort}`, "--healthzPort", `${healthPort}`];
  const words = command.trim().split(/\s+/);
  const child = nursery.spawn(name, [...words, ...flags], { logFile: join(logs, `${name}.log`), cwd: repository });
  const healthUrl = `http://127.0.0.1:${healthPort}`;
  return {
    child,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    healthUrl,
    health: async (path) => {
      const answer = fetch(healthUrl + path, { signal: AbortSignal.timeout(1000) });
      return answer.then(({ status }) => status).catch(() => undefined);
    },
  };
}
