/** How the help of every command looks: within 80 columns, each term beside its explanation or above it. */
import { Help, type HelpConfiguration } from "commander";

export const HELP_WIDTH = 80;

/** Longer terms stand in a line of their own, so that a long one does not leave the others a narrow column. */
const mostForTerms = 28;

const plain = new Help();
const withThoseAbove = Object.assign(new Help(), { showGlobalOptions: true });

const isEmpty = (value: unknown): boolean =>
  value === false || value === "" || (Array.isArray(value) && value.length === 0);

export const helpLayout: HelpConfiguration = {
  padWidth: (command, helper) => Math.min(plain.padWidth(command, helper), mostForTerms),
  formatItem(term, width, description, helper) {
    if (helper.displayWidth(term) <= width) return plain.formatItem(term, width, description, helper);
    return `${plain.formatItem(term, width, "", helper)}\n${plain.formatItem("", width, description, helper)}`;
  },
  // Those of the commands above stand under their own headings.
  visibleOptions: (command) => [...plain.visibleOptions(command), ...withThoseAbove.visibleGlobalOptions(command)],
  commandUsage: (command) =>
    plain
      .commandUsage(command)
      .replaceAll("[options]", "[flags]")
      .replace("[command]", command.commands.map((below) => below.name()).join("|")),
  // A boolean that is given alone is true: its value is seldom written.
  optionTerm: ({ flags }) => flags.replace(" [bool]", ""),
  // A default that is nothing is not worth a word.
  optionDescription: (option) => (isEmpty(option.defaultValue) ? option.description : plain.optionDescription(option)),
};
