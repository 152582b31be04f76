/** A command's model as data, for its page, its man page and completion in shells. */
import type { Command, Option } from "commander";

/** The hidden argument with which every command prints its model. */
export const DESCRIBE = "__describe";

export interface DescribedFlag {
  /** As help has it: `-n, --namespace <name>`. */
  readonly flags: string;
  readonly description: string;
  /** The heading under which help lists it. */
  readonly group: string | undefined;
  readonly choices: readonly string[];
  readonly takesValue: boolean;
}

export interface DescribedCommand {
  /** In full for the command itself: `sluice get`; the last word alone for one below it. */
  readonly name: string;
  readonly aliases: readonly string[];
  /** In one line, for lists of commands. */
  readonly summary: string;
  /** What help prints, whole. */
  readonly help: string;
  readonly arguments: readonly { readonly name: string; readonly choices: readonly string[] }[];
  /** Without the hidden ones; those of the commands above come last. */
  readonly flags: readonly DescribedFlag[];
  readonly commands: readonly DescribedCommand[];
}

export function describe(command: Command): DescribedCommand {
  const layout = command.createHelp();
  return {
    name: command.name(),
    aliases: command.aliases(),
    summary: command.summary() || (command.description().split("\n")[0] ?? ""),
    help: helpOf(command),
    arguments: command.registeredArguments.map((each) => ({ name: each.name(), choices: each.argChoices ?? [] })),
    flags: layout.visibleOptions(command).map(describedFlag),
    commands: layout.visibleCommands(command).map(describe),
  };
}

/** With what stands before and after it, which `helpInformation` has not. */
function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text.trim();
}

const describedFlag = (option: Option): DescribedFlag => ({
  flags: option.flags.replace(" [bool]", ""),
  description: option.description,
  group: option.helpGroupHeading,
  choices: option.argChoices ?? [],
  takesValue: option.required,
});
