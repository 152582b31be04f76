/** `sluice completion`: what a shell needs to complete commands, flags and names on Tab (docs/cli/completion.md). */
import { Argument, Command } from "commander";
import { withKubeFlags } from "../kubeFlags.ts";
import { parsedOrTold } from "../parsed.ts";
import type { CliPorts } from "../ports.ts";
import { fileOf } from "../programName.ts";
import { scripts } from "./scripts.ts";

const examples = `
Examples:
  bash, in ~/.bashrc:
    source <(sluice completion bash)
  zsh, in ~/.zshrc behind compinit:
    source <(sluice completion zsh)
  fish:
    sluice completion fish > ~/.config/fish/completions/sluice.fish
  PowerShell, in $PROFILE:
    sluice completion powershell | Out-String | Invoke-Expression`;

const shells = Object.keys(scripts) as (keyof typeof scripts)[];

const commandOf = (): Command =>
  withKubeFlags(new Command("sluice completion"), "accepted")
    .description(
      "Prints a script for your shell, which then completes commands, flags and, from the cluster, the names of " +
        "Rollouts, Experiments, AnalysisRuns, namespaces and contexts.",
    )
    .addArgument(new Argument("<shell>", "the shell to print it for").choices(shells))
    .allowExcessArguments(false)
    .addHelpText("after", examples)
    .action(() => {});

/** @returns the exit code. */
export async function run(args: readonly string[], ports: CliPorts): Promise<number> {
  const command = await parsedOrTold(commandOf, args, ports);
  if (typeof command === "number") return command;
  const shell = shells.find((each) => each === command.args[0]);
  if (shell === undefined) return 1;
  await ports.out(scripts[shell](fileOf(ports.program)));
  return 0;
}
