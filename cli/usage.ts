/** The top of the command line: its help, and what is said of a misspelt command or option. */
import { Command, CommanderError } from "commander";
import { COMMANDS, type CommandRow } from "./commands.ts";
import { asCalled, styled } from "./parsed.ts";
import { fileOf, isPlugin } from "./programName.ts";

const examples = `
Examples:
  See what it does, without a cluster:
    sluice demo
  A cluster of your own for kubectl, with Sluice in it:
    sluice dev
  Watch an update, and let it go on:
    sluice get rollout web --watch
    sluice promote web
  Find what is wrong in files before they are applied:
    sluice lint -f manifests/
  Drive the Rollouts of the cluster of your kubeconfig:
    sluice controller --kubeconfig ~/.kube/config
  All flags of a command:
    sluice help controller
`;

/** The program with its commands, as commander shows them; it runs none of them. */
function programOf(program: string, commands: readonly CommandRow[]): Command {
  const command = new Command(program)
    .description("Progressive delivery for Kubernetes in one small binary.")
    .usage("COMMAND [flags]")
    .option(isPlugin(program) ? "--version" : "-v, --version", "print the version");
  for (const { group, name, summary, isHidden } of commands) {
    if (isHidden) continue;
    command.commandsGroup(group);
    command.command(name).description(summary);
  }
  command.commandsGroup("Other:");
  command.command("help").usage("[COMMAND]").description("show the flags and examples of a command");
  return styled(command, () => undefined);
}

/** What `sluice --help` prints. */
export const usage = (program = "sluice", commands: readonly CommandRow[] = COMMANDS): string =>
  `${programOf(program, commands).helpInformation()}${asCalled(examples, program)}`.trimEnd();

/** What is said of a first argument that is neither a command nor an option, with the nearest one that is. */
export function unknown(argument: string, program = "sluice", commands: readonly CommandRow[] = COMMANDS): string {
  // The official plugin's words, which scripts may know.
  const file = fileOf(program);
  const ofPlugin = `unknown command "${argument}" for "${file}"`;
  const isCommand = !argument.startsWith("-") || argument === "--";
  // Without its value, which may be a password.
  const [flag = argument] = isCommand ? [argument] : argument.split("=");
  const hint = hintOf(flag, programOf(program, commands));
  const what = isPlugin(program) && isCommand ? ofPlugin : `unknown ${isCommand ? "command" : "option"} '${flag}'`;
  return `Error: ${what}${hint}\nRun '${file} --help' for usage.`;
}

/** Commander's: "\n(Did you mean demo?)", or nothing. */
function hintOf(argument: string, command: Command): string {
  try {
    command.parse([argument], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return /\n\(Did you mean .*\)$/s.exec(error.message)?.[0] ?? "";
  }
  return "";
}
