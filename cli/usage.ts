/** The top of the command line: its help, and what is said of a misspelt command or option. */
import { Command, CommanderError, Option } from "commander";
import { HELP_WIDTH, helpLayout } from "../controller/process/helpLayout.ts";

export type HelpAnswer =
  /** For stdout. */
  | { readonly kind: "text"; readonly text: string }
  /** The command explains itself, with --help. */
  | { readonly kind: "ask"; readonly command: string }
  /** For stderr. */
  | { readonly kind: "refused"; readonly problem: string };

/** Commands with a help of their own. */
const explained = ["controller", "dev", "demo", "convert", "eval"];

const examples = `
Examples:
  See what it does, without a cluster:
    sluice demo
  A cluster of your own for kubectl, with Sluice in it:
    sluice dev
  Drive the Rollouts of the cluster of your kubeconfig:
    sluice controller --kubeconfig ~/.kube/config
  All flags of a command:
    sluice help controller
`;

function program(): Command {
  const command = new Command("sluice")
    .description("Progressive delivery for Kubernetes in one small binary.")
    .usage("COMMAND [flags]")
    .configureHelp(helpLayout)
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined, getOutHelpWidth: () => HELP_WIDTH })
    .exitOverride()
    .addOption(new Option("-v, --version", "print the version").helpGroup("Flags:"))
    .addHelpOption(new Option("-h, --help", "show this help").helpGroup("Flags:"))
    .helpCommand(false);
  command.commandsGroup("In a cluster:");
  command.command("controller").description("drive Rollouts, and serve the admission webhook where asked to");
  command.commandsGroup("Without a cluster:");
  command.command("demo").description("see a canary, a bad version turned back, and more, in this terminal");
  command.command("dev").description("serve your kubectl a cluster with Sluice in this process");
  command.command("convert").description("print Deployments as Rollouts, or back; plan a migration");
  command.command("eval").description("try a condition of a metric on a result");
  command.commandsGroup("Other:");
  command.command("version").description("print the version");
  command.command("help").usage("[COMMAND]").description("show the flags and examples of a command");
  return command;
}

/** What `sluice --help` prints. */
export const usage = (): string => `${program().helpInformation()}${examples}`.trimEnd();

/** For `sluice help [topic]`. */
export function helpOn(topic: string | undefined): HelpAnswer {
  if (topic === undefined || topic === "help") return { kind: "text", text: usage() };
  if (topic === "version") return { kind: "text", text: "Usage: sluice version\n\nPrints the version." };
  return explained.includes(topic) ? { kind: "ask", command: topic } : { kind: "refused", problem: unknown(topic) };
}

/** What is said of a first argument that is neither a command nor an option, with the nearest one that is. */
export function unknown(argument: string): string {
  try {
    program().parse([argument], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const problem = error.code.startsWith("commander.unknown") ? error.message : `error: unknown command '${argument}'`;
    return `${problem.replace(/^e/, "E")}\nRun 'sluice --help' for usage.`;
  }
  return `Error: unknown command '${argument}'\nRun 'sluice --help' for usage.`;
}
