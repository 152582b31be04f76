/** `sluice promote`, `abort`, `retry` and the other commands that change something (docs/cli/verbs.md). */
import { Command } from "commander";
import type { Json } from "../../kube/object/json.ts";
import { type Cluster, pathIn } from "../../controller/acting/cluster.ts";
import { clusterOf } from "../objects/cluster.ts";
import { failureText, Refused } from "../../controller/acting/failure.ts";
import { type Format, outputFlag, printed } from "../objects/printed.ts";
import { targetsOf, type Wanted, wantedOf, withTargetFlags } from "../objects/targets.ts";
import type { RunCommand } from "../commands.ts";
import { booleanFlag } from "../flagValues.ts";
import { withKubeFlags } from "../kubeFlags.ts";
import { parsedOrTold, usageTold } from "../parsed.ts";
import type { CliPorts } from "../ports.ts";
import { timeoutFlag, watchAll } from "../status/watchStatus.ts";
import { type Performed, perform } from "../../controller/acting/perform.ts";
import {
  ABORT,
  type Asked,
  PAUSE,
  PROMOTE,
  RESTART,
  RESUME,
  RETRY,
  SET,
  TERMINATE,
  UNDO,
  type VerbRow,
} from "./rows.ts";

/** How many objects that were named by labels are changed at once. */
const MOST_AT_ONCE = 8;

export const runPromote = commandOf([PROMOTE]);
export const runAbort = commandOf([ABORT]);
export const runRetry = commandOf(RETRY, "Tries an update or an Experiment again.");
export const runPause = commandOf([PAUSE]);
export const runResume = commandOf([RESUME]);
export const runRestart = commandOf([RESTART]);
export const runSet = commandOf(SET, "Changes a Rollout.");
export const runUndo = commandOf([UNDO]);
export const runTerminate = commandOf(TERMINATE, "Ends an AnalysisRun or an Experiment.");

/** @param description of the command above, where the rows are below one */
function commandOf(rows: readonly VerbRow[], description?: string): RunCommand {
  return async (args, ports) => {
    const chosen = new Map<Command, VerbRow>();
    const command = await parsedOrTold(() => treeOf(rows, description, chosen), args, ports);
    if (typeof command === "number") return command;
    const row = chosen.get(command);
    if (row === undefined) return usageTold(command, ports);
    try {
      return await runRow(row, command, ports);
    } catch (error) {
      ports.err(`Error: ${failureText(error)}`);
      return 1;
    }
  };
}

function treeOf(rows: readonly VerbRow[], description: string | undefined, chosen: Map<Command, VerbRow>): Command {
  const [first] = rows;
  if (description === undefined && first !== undefined)
    return leaf(new Command(`sluice ${first.command}`), first, chosen);
  const [group = ""] = first?.command.split(" ") ?? [];
  // It takes any words, so that a wrong one is answered with the usage, as by the plugin.
  const above = new Command(`sluice ${group}`)
    .description(description ?? "")
    .usage(`${rows.map(({ command }) => command.split(" ")[1]).join("|")} NAME... [flags]`)
    .argument("[words...]")
    .action(() => {});
  for (const row of rows) {
    const [, word = ""] = row.command.split(" ");
    leaf(above.command(word).aliases(word === "image" ? [] : row.kind.aliases), row, chosen);
  }
  return above;
}

function leaf(command: Command, row: VerbRow, chosen: Map<Command, VerbRow>): Command {
  command.description(row.description).usage(`${row.operands} [flags]`).argument("[operands...]");
  for (const flag of row.flags ?? []) command.addOption(flag);
  withTargetFlags(command).addOption(outputFlag());
  if (row.leadsToHealthy === true)
    command
      .addOption(booleanFlag("--wait", "wait until it is Healthy, as status does"))
      .addOption(timeoutFlag("with --wait: give up after this time, such as 60s or 5m (default: never)"));
  const examples = row.examples.map(([what, line]) => `  ${what}\n    sluice ${line}`).join("\n");
  chosen.set(command, row);
  return withKubeFlags(command.addHelpText("after", `\nExamples:\n${examples}`)).action(() => {});
}

interface Flags {
  readonly output?: Format;
  readonly wait?: boolean;
  readonly timeout?: number;
}

async function runRow(row: VerbRow, command: Command, ports: CliPorts): Promise<number> {
  const asked = row.asked(command, command.args, ports.clock.now());
  const { verb } = asked;
  const wanted = wantedOf(command, asked.names);
  if (wanted === undefined || verb === undefined) return usageTold(command, ports);
  for (const note of asked.notes ?? []) ports.err(note);
  if (asked.refusal !== undefined) throw new Refused(asked.refusal);
  const cluster = await clusterOf(command, ports);
  const names = await targetsOf(cluster, row.kind, wanted);
  if (names.length === 0) ports.err(`No resources found in ${cluster.namespace} namespace.`);
  const { output, wait = false, timeout = 0 } = command.opts<Flags>();
  const changed: Json[] = [];
  const answers = ranked(cluster, row, verb, wanted, names);
  let failed = 0;
  for await (const { name, result } of answers) {
    if (result instanceof Error) {
      failed += 1;
      ports.err(`Error: ${failureText(result)}`);
    } else if (output === undefined) await ports.out(textOf(asked, name, result, ports));
    else changed.push(await changedObject(cluster, row, name, result));
  }
  if (output !== undefined && changed.length > 0) await ports.out(await printed(changed, output));
  if (failed > 0) return 1;
  if (!wait || names.length === 0) return 0;
  // What programs read of stdout is the object.
  const out = async (text: string): Promise<void> => ports.err(text.trimEnd());
  return watchAll(cluster, names, timeout, output === undefined ? ports : { ...ports, out });
}

interface Answer {
  readonly name: string;
  readonly result: Performed | Error;
}

/**
 * One answer a name, in their order. Names that were typed are taken one by one up to the first failure, as by the
 * plugin; those that labels found are changed a few at once, and each of them is tried.
 */
async function* ranked(
  cluster: Cluster,
  { kind, reads, command }: VerbRow,
  verb: NonNullable<Asked["verb"]>,
  { names: typed }: Wanted,
  names: readonly string[],
): AsyncGenerator<Answer> {
  const answer = async (name: string): Promise<Answer> => {
    const [word = ""] = command.split(" ");
    try {
      return { name, result: await perform(cluster, { kind, name, reads, verb, word }) };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return { name, result: error };
    }
  };
  const atOnce = typed.length > 0 ? 1 : MOST_AT_ONCE;
  for (let at = 0; at < names.length; at += atOnce) {
    for (const each of await Promise.all(names.slice(at, at + atOnce).map(answer))) {
      yield each;
      if (each.result instanceof Error && typed.length > 0) return;
    }
  }
}

function textOf({ said, saidOfNothing }: Asked, name: string, result: Performed, { columns, err }: CliPorts): string {
  if (result.kind === "done") return `${said(name, result)}\n`;
  // The plugin ends this one line without a line feed, which only a person at a terminal would miss.
  if (saidOfNothing !== undefined) return `${saidOfNothing(result.why)}${columns === undefined ? "" : "\n"}`;
  if (columns !== undefined) err(result.why);
  return `${said(name, { object: result.object, to: undefined })}\n`;
}

/** What was named, as it is now: where a workload was changed instead of it, it has to be read. */
async function changedObject(cluster: Cluster, { kind }: VerbRow, name: string, result: Performed): Promise<Json> {
  const { object } = result;
  if (Object.keys(object).length > 0) return object;
  return cluster.client.request<Json>({ method: "GET", path: pathIn(cluster, kind.resource, name) });
}
