/** From the arguments of the program to one of its commands. */
import { COMMANDS, type CommandRow, rowOf } from "./commands.ts";
import type { CliPorts } from "./ports.ts";

/** Errors that are a sentence for the person: of the API server, of kubeconfigs and credentials, of standard output. */
const SENTENCES: readonly string[] = ["ApiError", "CredentialsError", "CannotWrite"];

/**
 * @param args all arguments of the program
 * @returns the exit code: 0; 1 with a sentence on stderr; or what the command says
 */
export async function dispatch(
  args: readonly string[],
  ports: CliPorts,
  commands: readonly CommandRow[] = COMMANDS,
): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || ["help", "--help", "-h"].includes(name)) return helpOn(rest, ports, commands);
  if (name === "--version" || (name === "-v" && rest.length === 0)) return run(["version", "--short"], ports, commands);
  if (!name.startsWith("-")) return run(args, ports, commands);
  const { leadingFlagsLast } = await import("./kubeFlags.ts");
  const turned = leadingFlagsLast(args);
  return turned === undefined ? run(args, ports, commands) : dispatch(turned, ports, commands);
}

async function run(args: readonly string[], ports: CliPorts, commands: readonly CommandRow[]): Promise<number> {
  const [name = "", ...rest] = args;
  const row = rowOf(name, commands);
  if (row === undefined) {
    const { unknown } = await import("./usage.ts");
    ports.err(unknown(name, ports.program, commands));
    return 1;
  }
  try {
    const runCommand = await row.load();
    return await runCommand(rest, ports);
  } catch (error) {
    if (!(error instanceof Error) || !SENTENCES.includes(error.name)) throw error;
    ports.err(`Error: ${error.message}`);
    return 1;
  }
}

/** `help`, `help get`, `help get rollout`; flags beside it do not matter. */
async function helpOn(args: readonly string[], ports: CliPorts, commands: readonly CommandRow[]): Promise<number> {
  const topic = args.filter((arg) => !arg.startsWith("-"));
  if (topic.length > 0 && topic[0] !== "help") return run([...topic, "--help"], ports, commands);
  const { usage } = await import("./usage.ts");
  await ports.out(`${usage(ports.program, commands)}\n`);
  return 0;
}
