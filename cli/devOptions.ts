/** Parses the arguments of `sluice dev`. */
import { Command, InvalidArgumentError, Option } from "commander";
import type { LogLevel } from "../controller/process/log.ts";
import { parsed } from "./parsed.ts";
import { imageExamples } from "../simulator/kubelet/image.ts";

export interface DevOptions {
  /** 0 takes a free port. */
  readonly port: number;
  /** Names, besides those of this machine, by which clients may call the server; undefined: no others. */
  readonly hosts: readonly string[] | undefined;
  /** The file that keeps the cluster's state after the process ends; undefined: it is not kept. */
  readonly data: string | undefined;
  readonly nodes: number;
  readonly logLevel: LogLevel;
}

export type ParsedDevOptions =
  | { readonly kind: "run"; readonly options: DevOptions }
  | { readonly kind: "help"; readonly text: string }
  /** A sentence for stderr. */
  | { readonly kind: "refused"; readonly problem: string };

const numberUpTo =
  (least: number, most: number) =>
  (text: string): number => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };

function hostNames(text: string, before: readonly string[] = []): readonly string[] {
  if (/^([\w.-]{1,253}|\[[\da-f:]{2,39}\])(:\d{1,5})?$/i.test(text)) return [...before, text];
  throw new InvalidArgumentError("It must be a name or an address, as in host.docker.internal or [fd00::1]:6443.");
}

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

const aligned = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
};

const annotations: readonly (readonly [string, string])[] = [
  ["sim.sluice.dev/ready-after: 20s", "ready so long after it was scheduled"],
  ['sim.sluice.dev/never-ready: "true"', "never ready"],
  ["sim.sluice.dev/crash-after: 1m", "ready for so long, crashes, and so on"],
  ["sim.sluice.dev/gone-after: 20s", "takes so long to end"],
];

const helpAfter = `
To break a pod, give it one of these images; every other one runs:
${aligned(imageExamples)}

or one of these annotations in the pod template:
${aligned(annotations)}

Examples:
  sluice dev                                    a new cluster, gone when it ends
  sluice dev --port 6443 --data cluster.json    one that is kept, at one address
  sluice dev --allow-host host.docker.internal  for a kubectl in a container
`;

function commandOf(): Command {
  return new Command("sluice dev")
    .description(
      "Serves a cluster from this process: API server, controller and webhook as they are, with simulated pods.\n" +
        "Any kubectl can use it. There is no authentication: it listens on this machine alone, and answers no web page.",
    )
    .addOption(
      new Option("--port <port>", "port of the API server; 0 takes a free one")
        .default(0)
        .argParser(numberUpTo(0, 65_535)),
    )
    .addOption(
      new Option(
        "--allow-host <name[:port]>",
        "answer to this name too, of a tunnel or as a container sees this machine; may be repeated",
      ).argParser(hostNames),
    )
    .option("--data <file>", "keep the cluster in this file, and go on from there the next time")
    .addOption(new Option("-n, --nodes <number>", "simulated nodes").default(1).argParser(numberUpTo(1, 100)))
    .addOption(
      new Option("--loglevel <level>", "how much of the controller's log is shown").default("warn").choices(levels),
    )
    .addHelpText("after", helpAfter)
    .allowExcessArguments(false)
    .usage("[flags]")
    .action(() => {});
}

export function parseDevOptions(args: readonly string[]): ParsedDevOptions {
  const found = parsed(commandOf, args);
  if (found.kind === "help") return { ...found, text: found.text.trimEnd() };
  if (found.kind === "refused") return found;
  const { port, allowHost, data, nodes, loglevel } = found.command.opts<{
    port: number;
    allowHost?: readonly string[];
    data?: string;
    nodes: number;
    loglevel: LogLevel;
  }>();
  if (data === "") return { kind: "refused", problem: "--data is empty: name a file" };
  return { kind: "run", options: { port, hosts: allowHost, data, nodes, logLevel: loglevel } };
}
