/** Parses the arguments of `sluice list`. */
import { Command, Option } from "commander";
import { HELP_WIDTH, helpLayout } from "../../controller/process/helpLayout.ts";
import { type Kind, type Output, OUTPUTS } from "../get/options.ts";
import { connectOptionsOf, withKubeFlags } from "../kubeFlags.ts";
import { parsed } from "../parsed.ts";
import type { ConnectOptions } from "../ports.ts";

export interface ListOptions {
  readonly kind: Kind;
  /** Undefined: all. */
  readonly name: string | undefined;
  readonly selector: string | undefined;
  readonly allNamespaces: boolean;
  readonly watch: boolean;
  readonly timestamps: boolean;
  readonly output: Output | undefined;
  readonly connect: ConnectOptions;
}

export type ParsedListOptions =
  | { readonly kind: "run"; readonly options: ListOptions }
  | { readonly kind: "help"; readonly text: string }
  /** A sentence for stderr. */
  | { readonly kind: "refused"; readonly problem: string };

const subcommands: readonly (readonly [name: string, aliases: readonly string[], kind: Kind, examples: string])[] = [
  [
    "rollouts",
    ["ro", "rollout"],
    "rollout",
    `
Examples:
  Rollouts of the namespace:
    PROGRAM list rollouts
  Of all namespaces, and each change:
    PROGRAM list rollouts -A --watch --timestamps
  With their ages and what they wait for:
    PROGRAM list rollouts -o wide
`,
  ],
  [
    "experiments",
    ["exp", "experiment"],
    "experiment",
    `
Examples:
  Experiments of all namespaces:
    PROGRAM list experiments -A
`,
  ],
];

interface Given {
  readonly name?: string;
  readonly selector?: string;
  readonly allNamespaces?: boolean;
  readonly watch?: boolean;
  readonly timestamps?: boolean;
  readonly output?: Output;
}

/** @param ran called with the subcommand that the arguments name, and its kind */
function commandOf(
  program: string,
  write: (text: string) => void,
  ran: (command: Command, kind: Kind) => void,
): Command {
  const list = new Command("list")
    .description("Lists Rollouts or Experiments, a line each.")
    .usage("rollouts|experiments [flags]")
    .configureHelp(helpLayout)
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: () => undefined, getOutHelpWidth: () => HELP_WIDTH })
    .helpCommand(false);
  for (const [name, aliases, kind, examples] of subcommands) {
    const command = list
      .command(name)
      .aliases(aliases)
      .description(`${kind === "rollout" ? "Rollouts" : "Experiments"}, a line each`)
      .usage("[flags]")
      .addOption(new Option("--name <name>", "only the one of this name"))
      .addOption(new Option("-l, --selector <labels>", "those with these labels: app=web,tier!=test"))
      .addOption(new Option("-A, --all-namespaces", "of all namespaces"))
      .addOption(new Option("-w, --watch", "go on, and print the lines that change"))
      .addOption(new Option("--timestamps", "when each line was printed"))
      .addOption(new Option("-o, --output <format>", "another form").choices(OUTPUTS))
      .addHelpText("after", examples.replaceAll("PROGRAM", program))
      .allowExcessArguments(false)
      .action((...given: readonly unknown[]) => ran(given.at(-1) as Command, kind));
    withKubeFlags(command);
  }
  withKubeFlags(list);
  return list;
}

export function parseListOptions(args: readonly string[], program = "sluice"): ParsedListOptions {
  const refused: ParsedListOptions = { kind: "refused", problem: "which kind? list rollouts, or list experiments" };
  let ran: { readonly command: Command; readonly kind: Kind } | undefined;
  if (args.length === 0) return refused;
  const found = parsed((write) => commandOf(program, write, (command, kind) => (ran = { command, kind })), args);
  if (found.kind !== "parsed") return found;
  if (ran === undefined) return refused;
  const { command, kind } = ran;
  const { allNamespaces = false, watch = false, timestamps = false, ...given } = command.opts<Given>();
  if (watch && (given.output === "json" || given.output === "yaml" || given.output === "name"))
    return { kind: "refused", problem: `--watch prints lines: leave -o ${given.output} out` };
  return {
    kind: "run",
    options: {
      kind,
      name: given.name === "" ? undefined : given.name,
      selector: given.selector,
      output: given.output,
      allNamespaces,
      watch,
      timestamps,
      connect: connectOptionsOf(command),
    },
  };
}
