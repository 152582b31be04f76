/** What every command of ours does with commander's parsing: nothing is printed, and nobody exits. */
import { type Command, CommanderError } from "commander";

export type Parsed =
  | { readonly kind: "parsed"; readonly command: Command }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "refused"; readonly problem: string };

/** @param commandOf a command that throws instead of exiting, and writes its help to `write` */
export function parsed(commandOf: (write: (text: string) => void) => Command, args: readonly string[]): Parsed {
  let help = "";
  const command = commandOf((text) => (help += text));
  try {
    command.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") return { kind: "help", text: help };
    return { kind: "refused", problem: error.message.replace(/^error: /, "") };
  }
  return { kind: "parsed", command };
}
