/** Parses the arguments of `sluice convert`. */
import { Command, Option } from "commander";
import { parsed } from "../parsed.ts";
import type { Mode } from "../../controller/migration/convert/toRollout.ts";

export interface ConvertOptions {
  /** Paths of files and folders; `-` is standard input. At least one. */
  readonly files: readonly string[];
  readonly recursive: boolean;
  readonly to: "rollout" | "deployment";
  readonly mode: Mode;
  readonly profile: string | undefined;
  /** The file with profiles. */
  readonly profiles: string | undefined;
  readonly withHpa: boolean;
}

export type ParsedConvertOptions =
  | { readonly kind: "run"; readonly options: ConvertOptions }
  | { readonly kind: "help"; readonly text: string }
  /** A sentence for stderr. */
  | { readonly kind: "refused"; readonly problem: string };

const examples = `
Examples:
  A Deployment's file as a Rollout's, with its comments:
    sluice convert -f deployment.yaml > rollout.yaml
  What Helm renders, with Rollouts instead of Deployments and the autoscalers pointed at them:
    helm template shop ./chart | sluice convert -f - --with-hpa | kubectl apply -f -
  Back, with the pods that run:
    kubectl get rollout web -o yaml | sluice convert -f - --to deployment`;

const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

function commandOf(write: (text: string) => void): Command {
  return new Command("sluice convert")
    .description(
      "Prints what is given with Rollouts instead of Deployments, or the other way round. It needs no cluster and changes\n" +
        "no file; what it could not carry over goes to standard error. All other objects are printed as they are.",
    )
    .addOption(
      new Option("-f, --filename <file>", "file or folder to read, - for standard input; may be repeated").argParser(
        collect,
      ),
    )
    .option("-R, --recursive", "read the folders in a folder, too", false)
    .addOption(new Option("--to <kind>", "what to make").default("rollout").choices(["rollout", "deployment"]))
    .addOption(
      new Option(
        "--mode <mode>",
        "adopt: the template moves into the Rollout; reference: the Deployment keeps it, and the Rollout names it",
      )
        .default("adopt")
        .choices(["adopt", "reference"]),
    )
    .option(
      "--profile <name>",
      "the strategy that Rollouts get (default: sluice.dev/profile of the Deployment, or canary)",
    )
    .option("--profiles <file>", "a ConfigMap of profiles, a file with them by their names, or with one strategy")
    .option("--with-hpa", "point HorizontalPodAutoscalers at what they scale now", false)
    .allowExcessArguments(false)
    .addHelpText("after", examples)
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: () => undefined })
    .action(() => {});
}

export function parseConvertOptions(args: readonly string[]): ParsedConvertOptions {
  const found = parsed(commandOf, args);
  if (found.kind !== "parsed") return found;
  const { filename = [], ...given } = found.command.opts<
    Omit<ConvertOptions, "files" | "profile" | "profiles"> & {
      filename?: readonly string[];
      profile?: string;
      profiles?: string;
    }
  >();
  if (filename.length === 0)
    return { kind: "refused", problem: "nothing to read: give -f FILE, or -f - for standard input" };
  return {
    kind: "run",
    options: { ...given, files: filename, profile: given.profile, profiles: given.profiles },
  };
}
