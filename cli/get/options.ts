/** Parses the arguments of `sluice get`. */
import { Command, InvalidArgumentError, Option } from "commander";
import { canBeName } from "../../kube/client/path.ts";
import { inWords } from "../../kube/object/inWords.ts";
import { booleanFlag } from "../flagValues.ts";
import { connectOptionsOf, withKubeFlags } from "../kubeFlags.ts";
import { EXPERIMENT, ROLLOUT } from "../../controller/acting/targets.ts";
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

const examples: { readonly [K in Kind]: string } = {
  rollout: `
Examples:
  A Rollout with its ReplicaSets, pods, Experiments and AnalysisRuns:
    sluice get rollout web
  The same, drawn again whenever something changes, for a minute:
    sluice get rollout web --watch --timeout-seconds 60
  Those of an app, in all namespaces:
    sluice get rollout -A -l app=shop
  What a script reads:
    sluice get rollout web -o json
`,
  experiment: `
Examples:
  An Experiment with its ReplicaSets, pods and AnalysisRuns:
    sluice get experiment web-2-0
  The same, drawn again whenever something changes:
    sluice get experiment web-2-0 --watch
`,
};

function seconds(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number of seconds.");
}

const subcommands: readonly (readonly [name: Kind, aliases: readonly string[], description: string])[] = [
  ["rollout", ROLLOUT.aliases, "Shows a Rollout, and the tree of what belongs to it."],
  ["experiment", EXPERIMENT.aliases, "Shows an Experiment, and the tree of what belongs to it."],
];

export function commandOf(): Command {
  const get = new Command("sluice get")
    .description("Shows Rollouts and Experiments, with all that belongs to them.")
    .usage("rollout|experiment [NAME...] [flags]");
  for (const [name, aliases, description] of subcommands) {
    const command = new Command(name)
      .aliases(aliases)
      .description(description)
      .usage("[NAME...] [flags]")
      .argument("[names...]")
      .addOption(booleanFlag("-w, --watch", "go on, and draw it again when it changes"))
      .addOption(
        new Option("--timeout-seconds <n>", "end the watch after this time; 0: never").default(0).argParser(seconds),
      )
      .addOption(new Option("-o, --output <format>", "another form").choices(OUTPUTS))
      .addOption(new Option("-l, --selector <labels>", "those with these labels: app=web,tier!=test"))
      .addOption(booleanFlag("-A, --all-namespaces", "of all namespaces"))
      .addOption(new Option("--no-color", "no colours"))
      .addHelpText("after", examples[name])
      .action(() => {});
    get.addCommand(withKubeFlags(command));
  }
  return get;
}

/** @param ran the subcommand that the arguments name. @returns a text: what is wrong with them */
export function optionsOf(ran: Command): GetOptions | string {
  const { watch, color, timeoutSeconds, output, selector, allNamespaces } =
    ran.opts<Omit<GetOptions, "kind" | "names" | "connect">>();
  const [names, kind] = [ran.args, ran.name() as Kind];
  const connect = connectOptionsOf(ran);
  const options = { kind, names, selector, allNamespaces, watch, color, timeoutSeconds, output, connect };
  return misnamed(options, "those of all namespaces") ?? options;
}

interface Named extends Pick<GetOptions, "names" | "selector" | "allNamespaces" | "connect"> {
  readonly kind: string;
}

/** @param all whom -A shows. @returns a text, when nothing was named, too much, or what cannot be */
export function misnamed({ kind, names, selector, allNamespaces, connect }: Named, all: string): string | undefined {
  const isOfSome = allNamespaces || selector !== undefined;
  if (names.length === 0 && !isOfSome) return `which ${kind}? Give its name, -l LABELS, or -A for ${all}`;
  if (names.length > 0 && isOfSome)
    return "names are of one namespace, without labels: leave out the names, or -A and -l";
  return unfit([...names, connect.namespace]);
}

/** @returns a text, when one of them can be the name of nothing */
export function unfit(names: readonly (string | undefined)[]): string | undefined {
  const wrong = names.find((name) => name !== undefined && !canBeName(name));
  return wrong === undefined
    ? undefined
    : `${inWords(wrong)} cannot be a name: names have small letters, digits, - and .`;
}
