/** Parses the arguments of `sluice simulate`. */
import { Command, InvalidArgumentError, Option } from "commander";
import { goDurationMs } from "../../kube/object/goDuration.ts";
import type { ImageChange, PodFault } from "../../simulator/simulate/update.ts";
import { collected } from "../flagValues.ts";

export const FORMATS = ["text", "json", "svg"] as const;

export interface SimulateFlags {
  /** Paths of files and folders; `-` is standard input. At least one. */
  readonly files: readonly string[];
  readonly compare: string | undefined;
  readonly rollout: string | undefined;
  readonly image: ImageChange | undefined;
  readonly metrics: string | undefined;
  readonly fault: PodFault | undefined;
  readonly podsReadyAfterMs: number;
  /** Requests per second. */
  readonly traffic: number | undefined;
  /** Undefined: never. */
  readonly promoteAfterMs: number | undefined;
  readonly limitMs: number;
  readonly output: (typeof FORMATS)[number];
  readonly expect: (typeof OUTCOMES)[number] | undefined;
}

const OUTCOMES = ["healthy", "aborted", "stuck", "waits", "unfinished"] as const;

const examples = `
Examples:
  What an update of this Rollout would look like:
    sluice simulate -f rollout.yaml --image shop:2.0
  When its success rate falls after ten minutes; scenario.yaml is:
    metrics:
      success-rate: [{ at: 0s, value: 0.99 }, { at: 10m, value: 0.7 }]
    sluice simulate -f rollout.yaml -f templates/ --metrics scenario.yaml
  With new pods that crash two minutes after each start, as a chart:
    sluice simulate -f rollout.yaml --fail-pods crash@2m -o svg > update.svg
  Another strategy beside it:
    sluice simulate -f rollout.yaml --compare bluegreen.yaml --traffic 500rps
`;

function duration(text: string): number {
  const ms = goDurationMs(text);
  if (ms === undefined || ms < 0) throw new InvalidArgumentError("Write 30s, 5m or 2h30m.");
  return ms;
}

function image(text: string): ImageChange {
  const [, container, name] = /^(?:([a-z0-9][a-z0-9-]*)=)?(\S+)$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError("Write IMAGE or CONTAINER=IMAGE.");
  return { container, image: name };
}

function fault(text: string): PodFault {
  const [how, after = "3s"] = text.split("@");
  if (text === "never-ready") return { kind: "never ready" };
  const afterMs = goDurationMs(after);
  if (how !== "crash" || afterMs === undefined || afterMs <= 0)
    throw new InvalidArgumentError("Write never-ready, crash or crash@2m.");
  return { kind: "crash", afterMs };
}

function traffic(text: string): number {
  const [, number] = /^(\d+(?:\.\d+)?)(?:rps|\/s)?$/.exec(text) ?? [];
  if (number === undefined || Number(number) <= 0) throw new InvalidArgumentError("Write 500 or 500rps.");
  return Number(number);
}

const promotion = (text: string): number => (text === "never" ? Number.POSITIVE_INFINITY : duration(text));

export function commandOf(): Command {
  return new Command("sluice simulate")
    .description(
      "Plays an update of a Rollout without a cluster, in virtual time, and prints what\nhappens when: the controller and admission are the real ones, pods, requests and\nmetrics are simulated. What the Rollout names and no file has is made up.",
    )
    .usage("-f FILE [flags]")
    .option(
      "-f, --filename <file>",
      "file or folder with the Rollout and what it names, - for standard input; may be repeated",
      collected,
    )
    .option("--compare <file>", "a Rollout with another strategy, to put beside it")
    .option("--rollout <name>", "which Rollout, where there are several")
    .option("--image <image>", "the new image, of the first container or CONTAINER=IMAGE", image)
    .option("--metrics <file>", "the scenario: which metric measures what from when, - for standard input")
    .option("--fail-pods <how>", "the new pods are never-ready, or crash (crash@2m: so long after each start)", fault)
    .option("--pods-ready-after <duration>", "how long a pod takes to get ready (default: 10s)", duration)
    .option("--traffic <rate>", "count requests, so many per second: 500rps", traffic)
    .option(
      "--promote-after <duration>",
      "how long a person takes to promote what waits for one, or never (default: 30s)",
      promotion,
    )
    .option("--within <duration>", "when to leave an update that is not over (default: 48h)", duration)
    .addOption(new Option("-o, --output <format>", "how to print it").choices(FORMATS).default("text"))
    .addOption(new Option("--expect <outcome>", "exit with 2 unless it comes to this").choices(OUTCOMES))
    .allowExcessArguments(false)
    .addHelpText("after", examples)
    .action(() => {});
}

interface Given {
  readonly filename?: readonly string[];
  readonly compare?: string;
  readonly rollout?: string;
  readonly image?: ImageChange;
  readonly metrics?: string;
  readonly failPods?: PodFault;
  readonly podsReadyAfter?: number;
  readonly traffic?: number;
  readonly promoteAfter?: number;
  readonly within?: number;
  readonly output: SimulateFlags["output"];
  readonly expect?: SimulateFlags["expect"];
}

/** @returns a text: what is wrong with them */
export function flagsOf(ran: Command): SimulateFlags | string {
  const given = ran.opts<Given>();
  const { filename: files = [], promoteAfter = 30_000 } = given;
  if (files.length === 0) return "nothing to simulate: give -f FILE, or -f - for standard input";
  return {
    files,
    compare: given.compare,
    rollout: given.rollout,
    image: given.image,
    metrics: given.metrics,
    fault: given.failPods,
    podsReadyAfterMs: given.podsReadyAfter ?? 10_000,
    traffic: given.traffic,
    promoteAfterMs: Number.isFinite(promoteAfter) ? promoteAfter : undefined,
    limitMs: given.within ?? 172_800_000,
    output: given.output,
    expect: given.expect,
  };
}
