/** docs/cli.md: all commands, with their flags and examples, as the parser has them. */
import { CLUSTER_FLAGS } from "../../cli/kubeFlags.ts";
import type { DescribedCommand, DescribedFlag } from "../../cli/describe.ts";
import { table } from "../text/table.ts";
import type { Described } from "./model.ts";

const WIDTH = 120;

const code = (text: string): string => `\`${text}\``;
const block = (text: string): string => `\`\`\`text\n${text}\n\`\`\`\n`;
const cell = (text: string): string => text.replaceAll("|", "\\|");

/** Prose in lines of 120 columns; code and links stay whole. */
export function wrapped(text: string): string {
  const lines: string[] = [];
  for (const word of text.match(/(`[^`]*`|\[[^\]]*\]\([^)]*\)|\S)+/g) ?? []) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join("\n");
}

const flagTable = (flags: readonly DescribedFlag[]): string =>
  table(
    ["flag", "meaning"],
    flags.map(({ flags: names, description }) => [cell(code(names)), cell(description)]),
  );

const isOfCluster = ({ group }: DescribedFlag): boolean => group === CLUSTER_FLAGS;
const isHelp = ({ flags }: DescribedFlag): boolean => flags.includes("--help");

function section(command: DescribedCommand, name: string, depth: number, page: string | undefined): string {
  const own = command.flags.filter((flag) => !isOfCluster(flag) && !isHelp(flag));
  const cluster = command.flags.some(isOfCluster) ? "It takes the [flags of the cluster](#flags-of-the-cluster)." : "";
  const more = page === undefined ? "" : `More in [${page}](${page}).`;
  const aliases = command.aliases.length === 0 ? "" : `Also: ${command.aliases.map(code).join(", ")}.`;
  const parts = [
    `${"#".repeat(depth)} ${name}\n`,
    `${wrapped(command.description)}\n`,
    block(command.usage),
    own.length === 0 ? "" : flagTable(own),
    `${wrapped([aliases, cluster, more].filter((text) => text !== "").join(" "))}\n`,
    command.after === "" ? "" : block(command.after),
    ...command.commands.map((each) => section(each, `${name} ${each.name}`, depth + 1, undefined)),
  ];
  return parts.filter((part) => part.trim() !== "").join("\n");
}

/** @param pageOf a page beside it that has more on a command, if there is one */
export function commandsPage(all: readonly Described[], pageOf: (name: string) => string | undefined): string {
  const groups = Map.groupBy(all, ({ row }) => row.group);
  const ofCluster = all.flatMap(({ command }) => command.flags.filter(isOfCluster));
  const unique = [...new Map(ofCluster.map((flag) => [flag.flags, flag])).values()];
  return `# Commands

<!-- Made from the commands themselves by \`bun run generate\`; do not edit. -->

${wrapped(
  "`sluice COMMAND [flags]`. Under the name `kubectl-argo-rollouts` or `kubectl-sluice` on the `PATH` (a link is enough) " +
    "the program is a plugin of kubectl: `kubectl argo rollouts COMMAND`. Every command explains itself with `--help`; " +
    "`bun run generate` makes man pages of the same text, in `docs/man`.",
)}

${[...groups]
  .map(([group, rows]) => {
    const cells = rows.map(({ row }) => [`[${row.name}](#sluice-${row.name})`, cell(row.summary)]);
    return `${wrapped(group)}\n\n${table(["command", "to"], cells)}`;
  })
  .join("\n")}
## Flags of the cluster

${wrapped(
  "kubectl's own, with kubectl's meaning; they may stand before the command, too. Without them the cluster, the user " +
    "and the namespace are those of the kubeconfig's current context, as kubectl finds it; in a pod, those of its " +
    "service account. Credential plugins and OIDC work.",
)}

${flagTable(unique)}
${wrapped("`--cache-dir`, `--disable-compression`, `--kloglevel` and `--loglevel` are accepted and do nothing.")}

## Mistakes and exit codes

${wrapped(
  "A mistake in the arguments is told on stderr, with the nearest command or flag, and so is an error of the cluster. " +
    "The exit code is 0, or 1 when something was wrong; a command with others says so in its section.",
)}

${all.map(({ row, command }) => section(command, command.name, 2, pageOf(row.name))).join("\n")}`;
}
