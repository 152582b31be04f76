/** Parses the arguments of `sluice explain`. */
import { Command, Option } from "commander";
import { booleanFlag } from "../flagValues.ts";
import { misnamed } from "../get/options.ts";
import { connectOptionsOf, withKubeFlags } from "../kubeFlags.ts";
import { ANALYSIS_RUN, EXPERIMENT, ROLLOUT } from "../../controller/acting/targets.ts";
import type { ConnectOptions } from "../ports.ts";

const OUTPUTS = ["json", "yaml"] as const;

type Kind = "rollout" | "experiment" | "analysisrun";

export interface ExplainOptions {
  readonly kind: Kind;
  /** None: those of the selector, or all, that do not move. */
  readonly names: readonly string[];
  readonly selector: string | undefined;
  readonly allNamespaces: boolean;
  readonly output: (typeof OUTPUTS)[number] | undefined;
  readonly connect: ConnectOptions;
}

const examples: { readonly [K in Kind]: string } = {
  rollout: `
Examples:
  Why it does not move, and what would let it go on:
    sluice explain rollout web
  All of the cluster that do not move:
    sluice explain rollout -A
  For a script:
    sluice explain rollout web -o json
`,
  experiment: `
Examples:
  What it waits for:
    sluice explain experiment web-6d4b-2-1
`,
  analysisrun: `
Examples:
  What it has found so far, and when it measures again:
    sluice explain analysisrun web-6d4b-2
`,
};

const subcommands: readonly (readonly [name: Kind, aliases: readonly string[], description: string])[] = [
  [
    "rollout",
    ROLLOUT.aliases,
    "Says in a sentence why a Rollout does not move, or that it does, or is done, with the facts behind that.\n" +
      "With -l or -A: of those that do not move. Nothing is written.",
  ],
  [
    "experiment",
    EXPERIMENT.aliases,
    "Says what an Experiment waits for: its pods, or what its analyses have found so far.\n" +
      "With -l or -A: of those that are not over. Nothing is written.",
  ],
  [
    "analysisrun",
    ANALYSIS_RUN.aliases,
    "Says what an AnalysisRun has found so far, against its conditions and limits, and when it measures again.\n" +
      "With -l or -A: of those that are not over. Nothing is written.",
  ],
];

export function commandOf(): Command {
  const explain = new Command("sluice explain")
    .description("Says why a Rollout does not move, and what would let it go on.")
    .usage("rollout|experiment|analysisrun [NAME...] [flags]");
  for (const [name, aliases, description] of subcommands) {
    const command = new Command(name)
      .aliases(aliases)
      .description(description)
      .usage("[NAME...] [flags]")
      .argument("[names...]")
      .addOption(new Option("-o, --output <format>", "for programs").choices(OUTPUTS))
      .addOption(new Option("-l, --selector <labels>", "those of these labels that stand still: app=web,tier!=test"))
      .addOption(booleanFlag("-A, --all-namespaces", "those of all namespaces that stand still"))
      .addHelpText("after", examples[name])
      .action(() => {});
    explain.addCommand(withKubeFlags(command));
  }
  return explain;
}

/** @param ran the subcommand that the arguments name. @returns a text: what is wrong with them */
export function optionsOf(ran: Command): ExplainOptions | string {
  const { output, selector, allNamespaces } = ran.opts<Omit<ExplainOptions, "kind" | "names" | "connect">>();
  const kind = ran.name() as Kind;
  const names = ran.args.map((name) =>
    name.replace(/^(rollouts?|ro|experiments?|exp|analysisruns?|ar)(\.argoproj\.io)?\//, ""),
  );
  const options = { kind, names, selector, allNamespaces, output, connect: connectOptionsOf(ran) };
  return misnamed(options, "those of all namespaces that stand still") ?? options;
}
