/** Parses the arguments of `sluice doctor`. */
import { Command, Option } from "commander";
import { unfit } from "../get/options.ts";
import { booleanFlag } from "../flagValues.ts";
import { connectOptionsOf, withKubeFlags } from "../kubeFlags.ts";
import type { ConnectOptions } from "../ports.ts";

export interface DoctorOptions {
  /** Whose Rollouts are looked at; undefined: of all namespaces. */
  readonly namespace: string | undefined;
  readonly controllerNamespace: string;
  readonly metrics: boolean;
  readonly output: "json" | undefined;
  readonly connect: ConnectOptions;
}

interface Given {
  readonly controllerNamespace: string;
  readonly metrics: boolean;
  readonly output?: "json";
}

export const commandOf = (): Command =>
  withKubeFlags(
    new Command("sluice doctor")
      .description(
        "Examines a cluster: what is installed and works, and which Rollouts cannot move and why. It writes nothing.",
      )
      .usage("[flags]")
      .addOption(new Option("-n, --namespace <name>", "only the Rollouts of this namespace (default: of all)"))
      .addOption(
        new Option(
          "--controller-namespace <name>",
          "where the controller is looked for, if it may not be everywhere",
        ).default("argo-rollouts"),
      )
      .addOption(booleanFlag("--metrics", "ask the addresses of metrics, too, from this machine"))
      .addOption(new Option("-o, --output <format>", "another form").choices(["json"]))
      .addHelpText(
        "after",
        `
Examples:
  All of the cluster:
    sluice doctor
  The Rollouts of one namespace, with the addresses that their metrics ask:
    sluice doctor -n shop --metrics
  In a script: what is wrong, and the command that mends it:
    sluice doctor -o json | jq -r '.findings[] | select(.severity == "error") | .mend'

Exit codes: 0 no error was found; 1 errors were; 2 none was, and something could not be looked at.
`,
      )
      .allowExcessArguments(false)
      .action(() => {}),
  );

/** @returns a text: what is wrong with them */
export function optionsOf(ran: Command): DoctorOptions | string {
  const { controllerNamespace, metrics, output } = ran.opts<Given>();
  const connect = connectOptionsOf(ran);
  const wrong = unfit([controllerNamespace, connect.namespace]);
  if (wrong !== undefined) return wrong;
  return { namespace: connect.namespace, controllerNamespace, metrics, output, connect };
}
