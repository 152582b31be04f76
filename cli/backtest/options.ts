/** Parses the arguments of `sluice backtest`. */
import { Command, InvalidArgumentError, Option } from "commander";
import { goDurationMs } from "../../kube/object/goDuration.ts";
import { collected } from "../flagValues.ts";

export interface BacktestFlags {
  /** Paths of files and folders; `-` is standard input. At least one. */
  readonly files: readonly string[];
  readonly template: string | undefined;
  readonly prometheus: string | undefined;
  readonly sinceMs: number;
  readonly everyMs: number;
  readonly longestMs: number;
  readonly args: ReadonlyMap<string, string>;
  readonly concurrency: number;
  readonly output: "text" | "json";
}

const examples = `
Examples:
  How often an analysis would have failed in the last 30 days:
    sluice backtest -f success-rate.yaml --prometheus http://localhost:9090
  With the arguments that a Rollout gives it, in the last week:
    sluice backtest -f success-rate.yaml --args service=shop --since 7d
`;

/** As Go writes them, and whole days, too. */
function duration(text: string): number {
  const [, days] = /^(\d+)d$/.exec(text) ?? [];
  const ms = days === undefined ? goDurationMs(text) : Number(days) * 86_400_000;
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError("Write 30d, 6h or 90m.");
  return ms;
}

function argument(text: string, before: ReadonlyMap<string, string> = new Map()): ReadonlyMap<string, string> {
  const at = text.indexOf("=");
  if (at <= 0) throw new InvalidArgumentError("Write NAME=VALUE.");
  return new Map([...before, [text.slice(0, at), text.slice(at + 1)]]);
}

function address(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new InvalidArgumentError("Write http://HOST:PORT.");
  return text;
}

function count(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 64)
    throw new InvalidArgumentError("Write a number from 1 to 64.");
  return number;
}

export function commandOf(): Command {
  return new Command("sluice backtest")
    .description(
      "Replays an AnalysisTemplate over what Prometheus remembers: for each starting time it\ntakes the measurements that a run would have taken, decides as the controller does,\nand counts how often it would have passed, failed, or been inconclusive.",
    )
    .usage("-f FILE [flags]")
    .option(
      "-f, --filename <file>",
      "file or folder with the template and those that it includes, - for standard input; may be repeated",
      collected,
    )
    .option("--template <name>", "which template, where there are several")
    .option("--prometheus <url>", "where to ask (default: the addresses of the metrics)", address)
    .option("--since <duration>", "how far to go back (default: 30d)", duration)
    .option("--every <duration>", "from one start to the next (default: 6h)", duration)
    .option(
      "--for <duration>",
      "when to end a run that would go on for ever, as that of an update that is over (default: 1h)",
      duration,
    )
    .option("--args <name=value>", "an argument of the template; may be repeated", argument)
    .option("--concurrency <runs>", "how many runs to replay at once (default: 4)", count)
    .addOption(new Option("-o, --output <format>", "how to print it").choices(["text", "json"]).default("text"))
    .allowExcessArguments(false)
    .addHelpText("after", examples)
    .action(() => {});
}

interface Given {
  readonly filename?: readonly string[];
  readonly template?: string;
  readonly prometheus?: string;
  readonly since?: number;
  readonly every?: number;
  readonly for?: number;
  readonly args?: ReadonlyMap<string, string>;
  readonly concurrency?: number;
  readonly output: "text" | "json";
}

const MOST_RUNS = 10_000;

/** @returns a text: what is wrong with them */
export function flagsOf(ran: Command): BacktestFlags | string {
  const given = ran.opts<Given>();
  const { filename: files = [], since: sinceMs = 30 * 86_400_000, every: everyMs = 21_600_000 } = given;
  if (files.length === 0) return "nothing to replay: give -f FILE, or -f - for standard input";
  if (sinceMs / everyMs > MOST_RUNS)
    return `that would be more than ${MOST_RUNS} runs: give a longer --every, or a shorter --since`;
  return {
    files,
    template: given.template,
    prometheus: given.prometheus,
    sinceMs,
    everyMs,
    longestMs: given.for ?? 3_600_000,
    args: given.args ?? new Map(),
    concurrency: given.concurrency ?? 4,
    output: given.output,
  };
}
