/** `sluice status`: whether an update is through, for people and for pipelines (docs/cli/verbs.md#status). */
import { Command } from "commander";
import { clusterOf } from "../objects/cluster.ts";
import { failureText } from "../../controller/acting/failure.ts";
import { ROLLOUT } from "../../controller/acting/targets.ts";
import { targetsOf, wantedOf, withTargetFlags } from "../objects/targets.ts";
import { booleanFlag } from "../flagValues.ts";
import { withKubeFlags } from "../kubeFlags.ts";
import { parsedOrTold, usageTold } from "../parsed.ts";
import type { CliPorts } from "../ports.ts";
import { printOnce, timeoutFlag, watchAll } from "./watchStatus.ts";

const examples = `
Examples:
  Until it is Healthy:
    sluice status guestbook
  As it is now:
    sluice status guestbook --watch=false
  In a pipeline, for all of a team:
    sluice status -l team=shop --timeout 10m`;

function commandOf(): Command {
  const command = new Command("sluice status")
    .description(
      "Follows a Rollout until it is Healthy (exit code 0) or Degraded (1), and prints each change.\n" +
        "A Rollout that waits for a person is waited for: give --timeout in pipelines.",
    )
    .usage("ROLLOUT_NAME... [flags]")
    .argument("[names...]")
    .addOption(booleanFlag("-w, --watch", "follow it until it is done", true))
    .addOption(timeoutFlag("give up after this time, such as 60s or 5m, with exit code 1 (default: never)"));
  return withKubeFlags(withTargetFlags(command).addHelpText("after", examples)).action(() => {});
}

/** @returns the exit code: 0 Healthy, or not watched and not Degraded; 1 Degraded, out of time, or not to be read */
export async function run(args: readonly string[], ports: CliPorts): Promise<number> {
  const command = await parsedOrTold(commandOf, args, ports);
  if (typeof command === "number") return command;
  const { watch, timeout = 0 } = command.opts<{ watch: boolean; timeout?: number }>();
  try {
    const wanted = wantedOf(command, command.args);
    if (wanted === undefined) return usageTold(command, ports);
    const cluster = await clusterOf(command, ports);
    const names = await targetsOf(cluster, ROLLOUT, wanted);
    if (names.length === 0) ports.err(`No resources found in ${cluster.namespace} namespace.`);
    return await (watch ? watchAll(cluster, names, timeout, ports) : printOnce(cluster, names, ports));
  } catch (error) {
    ports.err(`Error: ${failureText(error)}`);
    return 1;
  }
}
