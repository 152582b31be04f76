/** Parses the arguments of `sluice convert`. */
import { Command, Option } from "commander";
import { canBeName } from "../../kube/client/path.ts";
import { collected } from "../flagValues.ts";
import { CLUSTER_FLAGS, connectOptionsOf, withKubeFlags } from "../kubeFlags.ts";
import { parsed } from "../parsed.ts";
import type { ConnectOptions } from "../ports.ts";
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

/** For `--plan`. */
export interface PlanOptions {
  readonly cluster: ConnectOptions;
  readonly allNamespaces: boolean;
  readonly output: "text" | "json";
  /** Where the controller is: its namespace's profiles are for all, and its Deployments are left alone. */
  readonly controllerNamespace: string;
  /** For all Deployments; undefined: the one that they name. */
  readonly profile: string | undefined;
  /** Those to plan for where a Deployment is not opted in. */
  readonly modes: readonly Mode[];
}

export type ParsedConvertOptions =
  | { readonly kind: "plan"; readonly options: PlanOptions }
  | { readonly kind: "run"; readonly options: ConvertOptions }
  | { readonly kind: "help"; readonly text: string }
  /** A sentence for stderr. */
  | { readonly kind: "refused"; readonly problem: string };

const examples = `
Examples:
  A Deployment's file as a Rollout's, with its comments:
    sluice convert -f deployment.yaml > rollout.yaml
  What Helm renders, with Rollouts instead of Deployments, autoscalers too:
    helm template shop ./chart | sluice convert -f - --with-hpa
  Back, with the pods that run:
    kubectl get rollout web -o yaml | sluice convert -f - --to deployment
  What migrating the Deployments of a namespace would do:
    sluice convert --plan -n shop
`;

const FILES = "Files:";
const PLAN = "A plan for a cluster:";
const BOTH = "Both:";

const option = (flags: string, description: string, group: string): Option =>
  new Option(flags, description).helpGroup(group);

export function commandOf(): Command {
  const command = new Command("sluice convert")
    .description(
      "Prints what is given with Rollouts instead of Deployments, or the other way\nround, and reports what it could not carry over. It changes no file. With\n--plan it says what migrating the Deployments of a cluster would do.",
    )
    .usage("-f FILE [flags]\n       sluice convert --plan [flags]")
    .addOption(
      option("-f, --filename <file>", "file or folder, - for standard input; may be repeated", FILES).argParser(
        collected,
      ),
    )
    .addOption(option("-R, --recursive", "read the folders in a folder, too", FILES).default(false))
    .addOption(option("--to <kind>", "what to make", FILES).default("rollout").choices(["rollout", "deployment"]))
    .addOption(
      option(
        "--profiles <file>",
        "a ConfigMap of profiles, a file with them by their names, or with one strategy",
        FILES,
      ),
    )
    .addOption(option("--with-hpa", "point HorizontalPodAutoscalers at what they scale now", FILES).default(false))
    .addOption(option("--plan", "read a cluster, write nothing, and say what migrating would do", PLAN).default(false))
    .addOption(option("-A, --all-namespaces", "read all namespaces", PLAN).default(false))
    .addOption(option("-o, --output <format>", "how to print it", PLAN).default("text").choices(["text", "json"]))
    .addOption(
      option("--controller-namespace <name>", "the namespace of Sluice's controller", PLAN).default("argo-rollouts"),
    )
    .addOption(
      option(
        "--mode <mode>",
        "adopt: the template moves into the Rollout; reference: the Deployment keeps it, and the Rollout names it",
        BOTH,
      )
        .default("adopt")
        .choices(["adopt", "reference"]),
    )
    .addOption(
      option(
        "--profile <name>",
        "the strategy that Rollouts get (default: sluice.dev/profile of the Deployment, or canary)",
        BOTH,
      ),
    )
    .addHelpOption(option("-h, --help", "show this help", BOTH))
    .allowExcessArguments(false)
    .addHelpText("after", examples)
    .action(() => {});
  return withKubeFlags(command);
}

interface Given {
  readonly filename?: readonly string[];
  readonly recursive: boolean;
  readonly to: "rollout" | "deployment";
  readonly mode: Mode;
  readonly profile?: string;
  readonly profiles?: string;
  readonly withHpa: boolean;
  readonly plan: boolean;
  readonly namespace?: string;
  readonly allNamespaces: boolean;
  readonly output: "text" | "json";
  readonly controllerNamespace: string;
}

/** Flags of the one way that mean nothing in the other. */
const OF_FILES = ["filename", "recursive", "to", "profiles", "withHpa"];
const OF_PLAN = ["allNamespaces", "output", "controllerNamespace"];

export function parseConvertOptions(args: readonly string[]): ParsedConvertOptions {
  const found = parsed(commandOf, args);
  if (found.kind === "help") return { ...found, text: found.text.trimStart() };
  if (found.kind !== "parsed") return found;
  const { command } = found;
  const given = command.opts<Given>();
  const isTyped = (name: string): boolean => command.getOptionValueSource(name) === "cli";
  const isOfPlan = (option: Option): boolean =>
    option.helpGroupHeading === CLUSTER_FLAGS || OF_PLAN.includes(option.attributeName());
  const isStray = given.plan ? (option: Option) => OF_FILES.includes(option.attributeName()) : isOfPlan;
  const stray = command.options.find((option) => isTyped(option.attributeName()) && isStray(option));
  if (stray !== undefined) {
    const flag = stray.long ?? stray.flags;
    const problem = given.plan
      ? `--plan reads a cluster: leave ${flag} out`
      : `${flag} is for --plan: files are read otherwise`;
    return { kind: "refused", problem };
  }
  return given.plan ? planned(given, connectOptionsOf(command), isTyped("mode")) : filed(given);
}

function planned(given: Given, cluster: ConnectOptions, isModeTyped: boolean): ParsedConvertOptions {
  const { namespace, allNamespaces, output, controllerNamespace, profile, mode } = given;
  if (allNamespaces && namespace !== undefined)
    return { kind: "refused", problem: "--namespace and --all-namespaces: give one of them" };
  const wrong = [namespace, controllerNamespace].find((name) => name !== undefined && !canBeName(name));
  if (wrong !== undefined) return { kind: "refused", problem: `"${wrong}" cannot be the name of a namespace` };
  const modes: readonly Mode[] = isModeTyped ? [mode] : ["reference", "adopt"];
  return {
    kind: "plan",
    options: { cluster, allNamespaces, output, controllerNamespace, profile, modes },
  };
}

function filed({ filename = [], recursive, to, mode, profile, profiles, withHpa }: Given): ParsedConvertOptions {
  if (filename.length === 0)
    return {
      kind: "refused",
      problem: "nothing to read: give -f FILE, -f - for standard input, or --plan for a cluster",
    };
  return { kind: "run", options: { files: filename, recursive, to, mode, profile, profiles, withHpa } };
}
