/** A command's model as data, for its page, its man page and completion in shells. */
import type { Command, Help, Option } from "commander";
import { systemClock } from "../kube/clock/clock.ts";
import type { CommandRow } from "./commands.ts";
import type { CliPorts } from "./ports.ts";

/** The hidden argument with which every command prints its model. */
export const DESCRIBE = "__describe";

export interface DescribedFlag {
  /** As help has it: `-n, --namespace <name>`. */
  readonly flags: string;
  /** With its choices and what it is by default. */
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
  /** In one sentence, for lists of commands. */
  readonly summary: string;
  /** Whole, without line breaks. */
  readonly description: string;
  /** Without "Usage: "; more than one line where there is more than one way. */
  readonly usage: string;
  /** What stands behind the flags, with "Examples:" and the examples at its end; or "". */
  readonly after: string;
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
    summary: command.summary() || (command.description().split(/(?<=[.:;])\s/)[0] ?? ""),
    description: command.description().replaceAll(/\s+/g, " "),
    usage: layout.commandUsage(command).replaceAll(/\n\s+/g, "\n"),
    after: textAfter(command),
    arguments: command.registeredArguments.map((each) => ({ name: each.name(), choices: each.argChoices ?? [] })),
    flags: layout.visibleOptions(command).map((option) => describedFlag(option, layout)),
    commands: layout.visibleCommands(command).map(describe),
  };
}

/** What `addHelpText` has put behind the flags. */
function textAfter(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  const flags = command.helpInformation();
  return text.slice(text.indexOf(flags) + flags.length).replaceAll(/^\n+|\s+$/g, "");
}

/** Undefined: it does not describe itself. */
export async function describedBy(row: CommandRow): Promise<DescribedCommand | undefined> {
  let text = "";
  const run = await row.load();
  await run(
    [DESCRIBE],
    asked(async (part) => void (text += part)),
  );
  try {
    return JSON.parse(text) as DescribedCommand;
  } catch {
    return undefined;
  }
}

/** There is nothing to read or to reach for a command that only tells what it is. */
const asked = (out: CliPorts["out"]): CliPorts => ({
  env: {},
  version: "",
  program: "sluice",
  out,
  err: () => undefined,
  stdin: async () => "",
  columns: undefined,
  clock: systemClock,
  signal: new AbortController().signal,
  connect: () => Promise.reject(new Error("A command that describes itself needs no cluster")),
});

const describedFlag = (option: Option, layout: Help): DescribedFlag => ({
  flags: layout.optionTerm(option),
  description: layout.optionDescription(option),
  group: option.helpGroupHeading,
  choices: option.argChoices ?? [],
  takesValue: option.required,
});
