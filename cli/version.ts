/** `sluice version`. */
import { Command, Option } from "commander";
import { booleanFlag } from "./flagValues.ts";
import { withKubeFlags } from "./kubeFlags.ts";
import { parsedOrTold } from "./parsed.ts";
import type { CliPorts } from "./ports.ts";
import { fileOf, isPlugin } from "./programName.ts";

const examples = `
Examples:
  The version alone:
    sluice version --short
  For a script:
    sluice version -o json`;

const commandOf = (): Command =>
  withKubeFlags(new Command("sluice version"), "accepted")
    .description("Prints the version of this program; no cluster is asked.")
    .usage("[flags]")
    .addOption(booleanFlag("--short", "print the version alone"))
    .addOption(new Option("-o, --output <format>", "how to print it").choices(["json"]))
    .allowExcessArguments(false)
    .addHelpText("after", examples)
    .action(() => {});

/** @returns the exit code. */
export async function run(args: readonly string[], ports: CliPorts): Promise<number> {
  const command = await parsedOrTold(commandOf, args, ports);
  if (typeof command === "number") return command;
  const { short, output } = command.opts<{ short: boolean; output?: "json" }>();
  if (output === "json") await ports.out(`${JSON.stringify(factsOf(ports), undefined, 2)}\n`);
  else await ports.out(short ? versionLine(ports) : versionText(ports));
  return 0;
}

const factsOf = ({ version }: Pick<CliPorts, "version">) => ({
  version: `v${version}`,
  bun: Bun.version,
  platform: platform(),
});

/** As Go names it. */
const platform = (): string =>
  `${goNames[process.platform] ?? process.platform}/${goNames[process.arch] ?? process.arch}`;

const goNames: Readonly<Record<string, string>> = { win32: "windows", x64: "amd64" };

/** `sluice: v0.1.0`; as the plugin with the suffix that scripts expect of it. */
export function versionLine({ version, program }: Pick<CliPorts, "version" | "program">): string {
  return isPlugin(program) ? `${fileOf(program)}: v${version}+unknown\n` : `sluice: v${version}\n`;
}

/** The official plugin's lines, for what reads them. What a program of Go has, and this has not, is empty. */
function versionText(ports: Pick<CliPorts, "version" | "program">): string {
  if (!isPlugin(ports.program)) return versionLine(ports);
  const rows = [
    ["BuildDate", "1970-01-01T00:00:00Z"],
    ["GitCommit", ""],
    ["GitTreeState", ""],
    ["GoVersion", ""],
    ["Compiler", `bun ${Bun.version}`],
    ["Platform", platform()],
  ];
  return versionLine(ports) + rows.map(([name, value]) => `  ${name}: ${value}\n`).join("");
}
