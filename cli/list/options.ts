/** Parses the arguments of `sluice list`. */
import { Command, Option } from "commander";
import { type Kind, type Output, OUTPUTS, unfit } from "../get/options.ts";
import { booleanFlag } from "../flagValues.ts";
import { connectOptionsOf, withKubeFlags } from "../kubeFlags.ts";
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

const subcommands: readonly (readonly [name: string, aliases: readonly string[], kind: Kind, examples: string])[] = [
  [
    "rollouts",
    ["ro", "rollout"],
    "rollout",
    `
Examples:
  Rollouts of the namespace:
    sluice list rollouts
  Of all namespaces, and each change:
    sluice list rollouts -A --watch --timestamps
  With their ages and what they wait for:
    sluice list rollouts -o wide
`,
  ],
  [
    "experiments",
    ["exp", "experiment"],
    "experiment",
    `
Examples:
  Experiments of all namespaces:
    sluice list experiments -A
`,
  ],
];

type Given = Omit<ListOptions, "kind" | "connect">;

export function commandOf(): Command {
  const list = new Command("sluice list")
    .description("Lists Rollouts or Experiments, a line each.")
    .usage("rollouts|experiments [flags]");
  for (const [name, aliases, kind, examples] of subcommands) {
    const command = new Command(name)
      .aliases(aliases)
      .description(`Lists ${kind === "rollout" ? "Rollouts" : "Experiments"}, a line each.`)
      .usage("[flags]")
      .addOption(new Option("--name <name>", "only the one of this name"))
      .addOption(new Option("-l, --selector <labels>", "those with these labels: app=web,tier!=test"))
      .addOption(booleanFlag("-A, --all-namespaces", "of all namespaces"))
      .addOption(booleanFlag("-w, --watch", "go on, and print the lines that change"))
      .addOption(booleanFlag("--timestamps", "when each line was printed"))
      .addOption(new Option("-o, --output <format>", "another form").choices(OUTPUTS))
      .addHelpText("after", examples)
      .allowExcessArguments(false)
      .action(() => {});
    list.addCommand(withKubeFlags(command));
  }
  return list;
}

/** @param ran the subcommand that the arguments name. @returns a text: what is wrong with them */
export function optionsOf(ran: Command): ListOptions | string {
  const { allNamespaces, watch, timestamps, output, selector, ...given } = ran.opts<Given>();
  const name = given.name === "" ? undefined : given.name;
  if (watch && output !== undefined && output !== "wide") return `--watch prints lines: leave -o ${output} out`;
  const connect = connectOptionsOf(ran);
  const wrong = unfit([name, connect.namespace]);
  if (wrong !== undefined) return wrong;
  return {
    kind: ran.name() === "rollouts" ? "rollout" : "experiment",
    name,
    selector,
    output,
    allNamespaces,
    watch,
    timestamps,
    connect,
  };
}
