/** `sluice dev`: a cluster in this process for the user's kubectl, until a signal ends it. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createLog, type Log } from "../controller/process/log.ts";
import { systemClock } from "../kube/clock/clock.ts";
import { stopSignals } from "../controller/process/stopSignals.ts";
import { type HttpServer, serveHttp } from "../simulator/server/http/http.ts";
import type { SavedState } from "../simulator/server/objects/saved.ts";
import { type LocalCluster, startLocalCluster } from "../simulator/local/localCluster.ts";
import {
  DataFileError,
  fileProblem,
  keepData,
  type KeptData,
  lockData,
  readData,
} from "../simulator/local/dataFile.ts";
import type { Notifying } from "../controller/notifications/notificationsRow.ts";
import { helloText, kubeconfigText, welcomeText } from "./devFiles.ts";
import { type DevOptions, parseDevOptions } from "./devOptions.ts";
import { asCalled, usageProblem } from "./parsed.ts";
import type { CliPorts } from "./ports.ts";
import { codeOf, messageOf } from "../kube/object/errors.ts";

export interface DevSurroundings extends Pick<CliPorts, "version" | "out" | "err"> {
  /** How to start this program: "sluice", "bun run". */
  readonly program: string;
  /** How usage lines call it: "sluice", "kubectl sluice". */
  readonly called: string;
  /** By which its controller notifies. */
  readonly senders: Notifying["senders"];
}

/** @returns the exit code. Errors are printed on stderr as sentences. */
export async function runDev(args: readonly string[], surroundings: DevSurroundings): Promise<number> {
  const { called } = surroundings;
  const parsed = parseDevOptions(args);
  switch (parsed.kind) {
    case "help":
      await surroundings.out(`${asCalled(parsed.text, called)}\n`);
      return 0;
    case "refused":
      surroundings.err(usageProblem(parsed.problem, `${called} dev`));
      return 1;
    case "run":
      break;
    default:
      return parsed satisfies never;
  }
  const log = createLog({ level: parsed.options.logLevel, format: "text" });
  try {
    await serve(parsed.options, surroundings, log);
    return 0;
  } catch (error) {
    if (!(error instanceof DataFileError || error instanceof CannotServe)) throw error;
    console.error(`Error: ${error.message}`);
    return 1;
  }
}

class CannotServe extends Error {
  override readonly name = "CannotServe";
}

async function serve(options: DevOptions, { version, program, senders }: DevSurroundings, log: Log): Promise<void> {
  // Before the rest, so that a signal in the meantime is not lost.
  const signals = stopSignals({ onForce: () => console.error("Ended at once.") });
  const data = options.data === undefined ? undefined : resolve(options.data);
  // Undone in the opposite order, whatever happens.
  const undo: (() => Promise<unknown>)[] = [];
  try {
    if (data !== undefined) undo.push(await lockData(data));
    const saved = data === undefined ? undefined : await readData(data);
    const { nodes, port, hosts } = options;
    const folder = await temporaryFolder();
    undo.push(() => rm(folder, { recursive: true, force: true }));
    const notifying = { senders, ownNamespace: "argo-rollouts", selfService: false };
    const given = { clock: systemClock, log, version, nodes, saved, notifying, explains: true };
    const cluster = await startCluster(given, data);
    undo.push(() => cluster.stop());
    const http = listen(cluster, port, hosts);
    undo.push(() => http.stop());
    const kept = data === undefined ? undefined : await keep(cluster, data);
    console.log(await layOut({ url: http.url, folder, data, saved, program }));
    await signals.asked;
    await http.stop();
    await cluster.stop();
    await kept?.stop();
  } finally {
    for (const step of undo.toReversed()) await step();
  }
  console.log(data === undefined ? "\nEnded." : `\nEnded; kept in ${data}.`);
}

/** For the files that the welcome names. @throws {CannotServe} */
async function temporaryFolder(): Promise<string> {
  const parent = tmpdir();
  try {
    return await mkdtemp(join(parent, "sluice-dev-"));
  } catch (error) {
    const advice = "Set TMPDIR to a folder that exists and that you may write to";
    throw new CannotServe(`Cannot make a folder for the kubeconfig in ${parent}: ${fileProblem(error)}. ${advice}`, {
      cause: error,
    });
  }
}

const keep = ({ core }: LocalCluster, path: string): Promise<KeptData> =>
  keepData({
    core,
    clock: systemClock,
    path,
    onError: (error) => console.error(`Warning: ${messageOf(error)}`),
  });

async function startCluster(
  options: Parameters<typeof startLocalCluster>[0],
  data: string | undefined,
): Promise<LocalCluster> {
  try {
    return await startLocalCluster(options);
  } catch (error) {
    if (data === undefined) throw error;
    const why = messageOf(error);
    throw new DataFileError(`Cannot go on from ${data}: ${why}`, { cause: error });
  }
}

function listen({ server }: LocalCluster, port: number, hosts: DevOptions["hosts"]): HttpServer {
  try {
    return serveHttp({ server, port, ...(hosts === undefined ? {} : { hosts }) });
  } catch (error) {
    const reasons: Readonly<Record<string, string>> = {
      EADDRINUSE: "somebody else listens there. Without --port a free one is taken",
      EACCES: "permission denied. Ports from 1024 on are for everybody, and without --port a free one is taken",
    };
    const why = reasons[codeOf(error)] ?? messageOf(error);
    throw new CannotServe(`Cannot listen on port ${port}: ${why}`, { cause: error });
  }
}

interface Layout {
  readonly url: string;
  readonly folder: string;
  readonly data: string | undefined;
  readonly saved: SavedState | undefined;
  readonly program: string;
}

/** Writes the files that the printed text names. @returns that text @throws {CannotServe} */
async function layOut({ url, folder, data, saved, program }: Layout): Promise<string> {
  const kubeconfig = data === undefined ? join(folder, "kubeconfig") : `${data}.kubeconfig`;
  await writeText(kubeconfig, kubeconfigText(url));
  const manifest = async (name: string, image: string): Promise<string> => {
    const path = join(folder, `${name}.yaml`);
    await writeText(path, helloText(image));
    return path;
  };
  const has = (command: string): boolean => Bun.which(command) !== null;
  return welcomeText({
    url,
    kubeconfig,
    hello: await manifest("hello", "hello:1.0"),
    update: await manifest("hello-2", "hello:2.0"),
    broken: await manifest("hello-broken", "hello:doesnotexist"),
    data,
    found: contentsOf(saved),
    program,
    hasKubectl: has("kubectl"),
    hasPlugin: has("kubectl-argo-rollouts"),
  });
}

/** @throws {CannotServe} */
async function writeText(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw new CannotServe(`Cannot write ${path}: ${fileProblem(error)}`, { cause: error });
  }
}

function contentsOf(saved: SavedState | undefined): string | undefined {
  if (saved === undefined) return undefined;
  const count = (key: string, one: string): string => {
    const { length } = saved.objects[key] ?? [];
    return `${length} ${one}${length === 1 ? "" : "s"}`;
  };
  return `${count("rollouts.argoproj.io", "Rollout")} and ${count("pods", "Pod")}`;
}
