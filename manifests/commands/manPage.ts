/** Man pages of the commands, docs/man/*.1: what `--help` tells, in the language of man(7). */
import type { DescribedCommand, DescribedFlag } from "../../cli/describe.ts";
import type { Described } from "./model.ts";

/** Text as roff takes it: nothing in it is a command or an escape, and a hyphen is one that can be copied. */
export function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll(/^(?=[.'])/gm, "\\&");
}

const heading = (text: string): string => `.SH "${text.toUpperCase().replace(/:$/, "")}"\n`;
const literal = (text: string): string => `.nf\n${escaped(text)}\n.fi\n`;
const paragraph = (text: string): string => `${escaped(text)}\n`;

const flagEntry = ({ flags, description }: DescribedFlag): string =>
  `.TP\n\\fB${escaped(flags)}\\fR\n${paragraph(description)}`;

function flagSections(flags: readonly DescribedFlag[]): string {
  const groups = Map.groupBy(flags, ({ group = "Flags:" }) => group);
  return [...groups].map(([group, rows]) => heading(group) + rows.map(flagEntry).join("")).join("");
}

/** "Examples:" stands in a line of its own, after whatever else there is to say. */
function afterSections(after: string): string {
  const [notes = "", examples = ""] = after.split(/^Examples:\n/m);
  return (
    (notes.trim() === "" ? "" : heading("Notes") + literal(notes.trim())) +
    (examples === "" ? "" : heading("Examples") + literal(examples))
  );
}

const titled = (name: string): string =>
  `.\\" Made from the commands themselves by \`bun run generate\`; do not edit.\n.TH "${name.toUpperCase()}" 1 "" "Sluice" "Sluice"\n`;

const seeAlso = (names: readonly string[]): string =>
  heading("See also") + names.map((name) => `.BR ${escaped(name)} (1)`).join(" ,\n") + "\n";

interface Place {
  /** In full: `sluice get rollout`. */
  readonly name: string;
  readonly above: string;
}

/** Of a command and of all below it: the path of each page and its text. */
function pagesOf(command: DescribedCommand, summary: string, { name, above }: Place): [string, string][] {
  const file = name.replaceAll(" ", "-");
  const below = command.commands.map((each) => `${file}-${each.name}`);
  const text =
    titled(file) +
    heading("Name") +
    `${escaped(file)} \\- ${escaped(summary)}\n` +
    heading("Synopsis") +
    literal(command.usage) +
    heading("Description") +
    paragraph(command.description) +
    flagSections(command.flags) +
    afterSections(command.after) +
    seeAlso([above, ...below]);
  const pages = command.commands.flatMap((each) =>
    pagesOf(each, beginning(each.summary), { name: `${name} ${each.name}`, above: file }),
  );
  return [[`${file}.1`, text], ...pages];
}

/** As summaries of commands are: without a capital letter and a full stop. */
const beginning = (sentence: string): string =>
  sentence.replace(/\.$/, "").replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());

/** All man pages, by their file names. */
export function manPages(all: readonly Described[]): readonly (readonly [string, string])[] {
  const commands = all.map(({ row }) => `.TP\n\\fB${escaped(row.name)}\\fR\n${paragraph(row.summary)}`).join("");
  const top =
    titled("sluice") +
    heading("Name") +
    "sluice \\- progressive delivery for Kubernetes\n" +
    heading("Synopsis") +
    literal("sluice COMMAND [flags]\nkubectl argo rollouts COMMAND [flags]") +
    heading("Description") +
    paragraph(
      "Drives Rollouts in a cluster, and is the tool with which people look at them and act on them. " +
        "Each command has a page of its own, and explains itself with --help.",
    ) +
    heading("Commands") +
    commands +
    seeAlso(all.map(({ row }) => `sluice-${row.name}`));
  return [
    ["sluice.1", top],
    ...all.flatMap(({ row, command }) => pagesOf(command, row.summary, { name: command.name, above: "sluice" })),
  ];
}
