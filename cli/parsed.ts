/**
 * What every command of ours does with commander's parsing: nothing is printed, nobody exits, help looks alike
 * (helpLayout.ts), booleans are written as in Go, and a command describes itself to whoever makes pages of it.
 */
import { type Command, CommanderError, Option } from "commander";
import { HELP_WIDTH, helpLayout } from "../controller/process/helpLayout.ts";
import { DESCRIBE, describe } from "./describe.ts";
import { spelledOut } from "./flagValues.ts";
import type { CliPorts } from "./ports.ts";

/** The heading of flags that have none of their own. */
const FLAGS = "Flags:";

export type Parsed =
  /** The command or subcommand that the arguments name; `optsWithGlobals` has the flags of those above it, too. */
  | { readonly kind: "parsed"; readonly command: Command }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "refused"; readonly problem: string };

/** A command with those below it, each with an action; it may write its help to `write`. */
type CommandOf = (write: (text: string) => void) => Command;

/**
 * A boolean flag that is declared as `--watch [bool]` takes a value as in Go: `--watch`, `--watch=false`, never
 * `--watch false`.
 */
export function parsed(commandOf: CommandOf, args: readonly string[]): Parsed {
  let help = "";
  const write = (text: string): void => void (help += text);
  const command = styled(commandOf(write), write);
  if (args.length === 1 && args[0] === DESCRIBE) return { kind: "help", text: JSON.stringify(describe(command)) };
  let ran = command;
  command.hook("preAction", (_, acting) => void (ran = acting));
  try {
    command.parse(withBooleanValues(command, belowFirst(command, args)), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") return { kind: "help", text: help };
    if (error.code === "commander.help") return { kind: "refused", problem: incomplete(command, args) };
    return { kind: "refused", problem: withHint(error.message.replace(/^error: /, ""), commandOf, args) };
  }
  return { kind: "parsed", command: ran };
}

/**
 * Commander compares `--namespce=shop` with the flags as a whole, and so finds none that is near. The value is not
 * repeated: it may be a password.
 */
function withHint(problem: string, commandOf: CommandOf, args: readonly string[]): string {
  const [, flag, value] = /^unknown option '(--[^=]+)(=.*)'$/s.exec(problem) ?? [];
  if (flag === undefined || value === undefined) return problem;
  const found = parsed(
    commandOf,
    args.map((arg) => (arg === `${flag}${value}` ? flag : arg)),
  );
  const isTold = found.kind === "refused" && found.problem.startsWith(`unknown option '${flag}'`);
  return isTold ? found.problem : `unknown option '${flag}'`;
}

/**
 * Parses, and tells the person what is not to be run: help on stdout, a mistake on stderr.
 * @returns the command to run, or the exit code when all has been said
 */
export async function parsedOrTold(
  commandOf: CommandOf,
  args: readonly string[],
  { program, out, err }: Pick<CliPorts, "program" | "out" | "err">,
): Promise<Command | number> {
  const found = parsed(commandOf, args);
  switch (found.kind) {
    case "parsed":
      return found.command;
    case "help":
      await out(`${asCalled(found.text, program).trimEnd()}\n`);
      return 0;
    case "refused":
      err(
        asCalled(
          usageProblem(
            found.problem,
            commandLine(
              deepest(
                commandOf(() => undefined),
                args,
              ),
            ),
          ),
          program,
        ),
      );
      return 1;
    default:
      return found satisfies never;
  }
}

/**
 * What a command does whose arguments may be wrong together: parses, tells the person what is not to be run, and acts.
 * @param optionsOf of the command or subcommand that the arguments name; a text: what is wrong with them
 * @param act what it does; with the exit code
 */
export const runOf =
  <T extends object, P extends Pick<CliPorts, "program" | "out" | "err">>(
    commandOf: CommandOf,
    optionsOf: (ran: Command) => T | string,
    act: (options: T, ports: P) => Promise<number>,
  ) =>
  async (args: readonly string[], ports: P): Promise<number> => {
    const ran = await parsedOrTold(commandOf, args, ports);
    if (typeof ran === "number") return ran;
    const options = optionsOf(ran);
    if (typeof options !== "string") return act(options, ports);
    ports.err(usageProblem(options, asCalled(commandLine(ran), ports.program)));
    return 1;
  };

/** Answers a wrong number of operands with the usage alone, as the plugin does. @returns the exit code */
export function usageTold(command: Command, { program, err }: Pick<CliPorts, "program" | "err">): number {
  err(asCalled(command.helpInformation(), program).trimEnd());
  return 1;
}

/** What is said of arguments that cannot be right. @param command as it was called: `sluice convert` */
export const usageProblem = (problem: string, command: string): string =>
  `Error: ${problem}\nRun '${command} --help' for usage.`;

/** A text with calls of `sluice`, as the program was called: `kubectl argo rollouts get rollout web`. */
export const asCalled = (text: string, program: string): string =>
  program === "sluice" ? text : text.replaceAll(/(?<=^|[\s`'"|(])sluice(?= [a-z-])/g, program);

/** One style for a command and all below it; help goes to `write`. */
export function styled(command: Command, write: (text: string) => void): Command {
  command
    .exitOverride()
    .configureHelp(helpLayout)
    .configureOutput({ writeOut: write, writeErr: () => undefined, getOutHelpWidth: () => HELP_WIDTH });
  for (const option of command.options) option.helpGroupHeading ??= FLAGS;
  const visible = command.createHelp().visibleOptions(command);
  const first = visible.find(({ long }) => long !== "--help")?.helpGroupHeading ?? FLAGS;
  // Commander's own words, where the command has none.
  if (visible.some(({ description }) => description === "display help for command"))
    command.addHelpOption(new Option("-h, --help", "show this help").helpGroup(first));
  if (command.commands.length > 0) command.helpCommand(false);
  for (const each of command.commands) styled(each, write);
  return command;
}

/** A command with subcommands was given none. */
function incomplete(command: Command, args: readonly string[]): string {
  const at = deepest(command, args);
  return `${commandLine(at)} needs one of: ${at.commands.map((each) => each.name()).join(", ")}`;
}

/** The command that the arguments name, or the one above it where they name none that there is. */
function deepest(command: Command, args: readonly string[]): Command {
  let at = command;
  for (const arg of belowFirst(command, args))
    at = at.commands.find((each) => each.name() === arg || each.aliases().includes(arg)) ?? at;
  return at;
}

/** As a person types it: `sluice get rollout`. */
const commandLine = (command: Command): string =>
  command.parent === null ? command.name() : `${commandLine(command.parent)} ${command.name()}`;

/** Flags of a command below may stand before its name, as in the official plugin: `get -n shop rollout web`. */
function belowFirst(command: Command, args: readonly string[]): readonly string[] {
  const options = allOptions(command);
  let at = 0;
  for (let arg = args[at]; arg?.startsWith("-") === true && arg !== "--"; arg = args[at]) {
    const option = options.find(({ long, short }) => arg === long || arg === short);
    at += option?.required === true ? 2 : 1;
  }
  const name = args[at];
  const below = command.commands.find((each) => each.name() === name || each.aliases().includes(name ?? ""));
  return name === undefined || below === undefined ? args : [name, ...args.slice(0, at), ...args.slice(at + 1)];
}

/** Gives a bare boolean flag its value, since commander would otherwise take the next argument for it. */
function withBooleanValues(command: Command, args: readonly string[]): string[] {
  const options = allOptions(command);
  const out: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const token = args[index] ?? "";
    if (token === "--") return [...out, ...args.slice(index)];
    const option = options.find(({ long, short }) => token === long || token === short);
    if (option === undefined) {
      out.push(spelledOut(token, options));
      continue;
    }
    const { flags, long = token, required } = option;
    out.push(isBoolean(flags) ? `${long}=true` : token);
    const next = args[index + 1];
    if (required && next !== undefined) {
      out.push(next);
      index++;
    }
  }
  return out;
}

const isBoolean = (flags: string): boolean => flags.endsWith(" [bool]");

const allOptions = (command: Command): Command["options"][number][] => [
  ...command.options,
  ...command.commands.flatMap(allOptions),
];
