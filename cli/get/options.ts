/** Parses the arguments of `sluice get`. */
import { Command, InvalidArgumentError, Option } from "commander";
import { HELP_WIDTH, helpLayout } from "../../controller/process/helpLayout.ts";
import { connectOptionsOf, withKubeFlags } from "../kubeFlags.ts";
import { parsed } from "../parsed.ts";
import type { ConnectOptions } from "../ports.ts";

export const OUTPUTS = ["json", "yaml", "name", "wide"] as const;
export type Output = (typeof OUTPUTS)[number];

export type Kind = "rollout" | "experiment";

export interface GetOptions {
  readonly kind: Kind;
  /** None: those of the selector, or all. */
  readonly names: readonly string[];
  readonly selector: string | undefined;
  readonly allNamespaces: boolean;
  readonly watch: boolean;
  /** False: never. */
  readonly color: boolean;
  /** 0: until it is stopped. */
  readonly timeoutSeconds: number;
  readonly output: Output | undefined;
  readonly connect: ConnectOptions;
}

export type ParsedGetOptions =
  | { readonly kind: "run"; readonly options: GetOptions }
  | { readonly kind: "help"; readonly text: string }
  /** A sentence for stderr, and the command whose help says more. */
  | { readonly kind: "refused"; readonly problem: string };

const examples: { readonly [K in Kind]: string } = {
  rollout: `
Examples:
  A Rollout with its ReplicaSets, pods, Experiments and AnalysisRuns:
    PROGRAM get rollout web
  The same, drawn again whenever something changes, for a minute:
    PROGRAM get rollout web --watch --timeout-seconds 60
  Those of an app, in all namespaces:
    PROGRAM get rollout -A -l app=shop
  What a script reads:
    PROGRAM get rollout web -o json
`,
  experiment: `
Examples:
  An Experiment with its ReplicaSets, pods and AnalysisRuns:
    PROGRAM get experiment web-2-0
  The same, drawn again whenever something changes:
    PROGRAM get experiment web-2-0 --watch
`,
};

function seconds(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number of seconds.");
}

interface Given {
  readonly watch?: boolean;
  readonly color: boolean;
  readonly timeoutSeconds: number;
  readonly output?: Output;
  readonly selector?: string;
  readonly allNamespaces?: boolean;
}

const subcommands: readonly (readonly [name: Kind, aliases: readonly string[], what: string])[] = [
  ["rollout", ["ro", "rollouts"], "a Rollout, and the tree of what belongs to it"],
  ["experiment", ["exp", "experiments"], "an Experiment, and the tree of what belongs to it"],
];

/** @param ran called with the subcommand that the arguments name */
function commandOf(program: string, write: (text: string) => void, ran: (command: Command) => void): Command {
  const get = new Command("get")
    .description("Shows Rollouts and Experiments with all that belongs to them.")
    .usage("rollout|experiment [NAME...] [flags]")
    .configureHelp(helpLayout)
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: () => undefined, getOutHelpWidth: () => HELP_WIDTH })
    .helpCommand(false);
  for (const [name, aliases, what] of subcommands) {
    const command = get
      .command(name)
      .aliases(aliases)
      .description(what)
      .usage("[NAME...] [flags]")
      .argument("[names...]")
      .addOption(new Option("-w, --watch", "go on, and draw it again when it changes"))
      .addOption(
        new Option("--timeout-seconds <n>", "end the watch after this time; 0: never").default(0).argParser(seconds),
      )
      .addOption(new Option("-o, --output <format>", "another form").choices(OUTPUTS))
      .addOption(new Option("-l, --selector <labels>", "those with these labels: app=web,tier!=test"))
      .addOption(new Option("-A, --all-namespaces", "of all namespaces"))
      .addOption(new Option("--no-color", "no colours"))
      .addHelpText("after", examples[name].replaceAll("PROGRAM", program))
      .action((...given: readonly unknown[]) => ran(given.at(-1) as Command));
    withKubeFlags(command);
  }
  withKubeFlags(get);
  return get;
}

export function parseGetOptions(args: readonly string[], program = "sluice"): ParsedGetOptions {
  let ran: Command | undefined;
  if (args.length === 0) return { kind: "refused", problem: "which kind? get rollout NAME, or get experiment NAME" };
  const found = parsed((write) => commandOf(program, write, (command) => (ran = command)), args);
  if (found.kind !== "parsed") return found;
  if (ran === undefined) return { kind: "refused", problem: "which kind? get rollout NAME, or get experiment NAME" };
  const { watch = false, color, timeoutSeconds, output, selector, allNamespaces = false } = ran.opts<Given>();
  const [names, kind] = [ran.args, ran.name() as Kind];
  const isOfSome = allNamespaces || selector !== undefined;
  if (names.length === 0 && !isOfSome)
    return { kind: "refused", problem: `which ${kind}? Give its name, -l LABELS, or -A for those of all namespaces` };
  if (names.length > 0 && isOfSome)
    return {
      kind: "refused",
      problem: "names are of one namespace, without labels: leave out the names, or -A and -l",
    };
  const connect = connectOptionsOf(ran);
  return {
    kind: "run",
    options: { kind, names, selector, allNamespaces, watch, color, timeoutSeconds, output, connect },
  };
}
