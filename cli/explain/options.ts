/** Parses the arguments of `sluice explain`. */
import { Command, Option } from "commander";
import { booleanFlag } from "../flagValues.ts";
import { unfit } from "../get/options.ts";
import { connectOptionsOf, withKubeFlags } from "../kubeFlags.ts";
import type { ConnectOptions } from "../ports.ts";

const OUTPUTS = ["json", "yaml"] as const;

export interface ExplainOptions {
  /** None: those of the selector, or all, that do not move. */
  readonly names: readonly string[];
  readonly selector: string | undefined;
  readonly allNamespaces: boolean;
  readonly output: (typeof OUTPUTS)[number] | undefined;
  readonly connect: ConnectOptions;
}

const examples = `
Examples:
  Why it does not move, and what would let it go on:
    sluice explain rollout web
  All of the cluster that do not move:
    sluice explain rollout -A
  For a script:
    sluice explain rollout web -o json
`;

export function commandOf(): Command {
  const rollout = new Command("rollout")
    .aliases(["ro", "rollouts"])
    .description(
      "Says in a sentence why a Rollout does not move, or that it does, or is done, with the facts behind that.\n" +
        "With -l or -A: of those that do not move. Nothing is written.",
    )
    .usage("[NAME...] [flags]")
    .argument("[names...]")
    .addOption(new Option("-o, --output <format>", "for programs").choices(OUTPUTS))
    .addOption(new Option("-l, --selector <labels>", "those with these labels that do not move: app=web,tier!=test"))
    .addOption(booleanFlag("-A, --all-namespaces", "those of all namespaces that do not move"))
    .addHelpText("after", examples)
    .action(() => {});
  return new Command("sluice explain")
    .description("Says why a Rollout does not move, and what would let it go on.")
    .usage("rollout [NAME...] [flags]")
    .addCommand(withKubeFlags(rollout));
}

/** @param ran the subcommand that the arguments name. @returns a text: what is wrong with them */
export function optionsOf(ran: Command): ExplainOptions | string {
  const { output, selector, allNamespaces } = ran.opts<Pick<ExplainOptions, "output" | "selector" | "allNamespaces">>();
  const names = ran.args.map((name) => name.replace(/^(rollouts?|ro)(\.argoproj\.io)?\//, ""));
  const isOfSome = allNamespaces || selector !== undefined;
  if (names.length === 0 && !isOfSome)
    return "which rollout? Give its name, -l LABELS, or -A for those of all namespaces that do not move";
  if (names.length > 0 && isOfSome)
    return "names are of one namespace, without labels: leave out the names, or -A and -l";
  const connect = connectOptionsOf(ran);
  const wrong = unfit([...names, connect.namespace]);
  return wrong ?? { names, selector, allNamespaces, output, connect };
}
