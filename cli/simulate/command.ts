/** `sluice simulate`: an update of a Rollout without a cluster (docs/cli/simulate.md). */
import { gathered } from "../../simulator/simulate/bundle.ts";
import { type Report, reportOf } from "../../simulator/simulate/report.ts";
import { NotSimulated } from "../../simulator/simulate/requests.ts";
import { NO_SCENARIO, readScenario, type Scenario } from "../../simulator/simulate/scenario.ts";
import { simulate } from "../../simulator/simulate/simulate.ts";
import { runOf } from "../parsed.ts";
import type { CliPorts } from "../ports.ts";
import { compareText } from "./compareText.ts";
import { readObjects } from "./files.ts";
import { Unreadable } from "../yaml/files.ts";
import { reportJson } from "./json.ts";
import { commandOf, flagsOf, type SimulateFlags } from "./options.ts";
import { reportSvg } from "./svg.ts";
import { reportText } from "./text.ts";

/** Columns where there is no terminal. */
const WIDTH = 120;

/** @returns the exit code: 0 it was simulated; 1 it cannot be; 2 it came to something else than `--expect` */
export const run = runOf(commandOf, flagsOf, simulated);

async function simulated(flags: SimulateFlags, ports: CliPorts): Promise<number> {
  try {
    const scenario = await scenarioOf(flags, ports);
    const names = [flags.files.join(" "), ...(flags.compare === undefined ? [] : [flags.compare])];
    const reports = [await played(flags, await readObjects(flags.files, ports), scenario, ports)];
    if (flags.compare !== undefined) {
      // What the first one names stays beside the other: its templates and Services are the same.
      const given = await readObjects([flags.compare], ports);
      const beside = (
        await readObjects(
          flags.files.filter((file) => file !== "-"),
          ports,
        )
      ).filter((one) => !isIn(one, given));
      reports.push(
        await played(flags, [...given, ...beside.filter((one) => kindOf(one) !== "Rollout")], scenario, ports),
      );
    }
    await ports.out(printed(flags, reports, names, ports.columns ?? WIDTH));
    return flags.expect === undefined || reports.every(({ outcome }) => outcome.kind === flags.expect) ? 0 : 2;
  } catch (error) {
    if (!(error instanceof Unreadable || error instanceof NotSimulated)) throw error;
    ports.err(refusal(error));
    return 1;
  }
}

/** Admission's sentences stand as kubectl prints them. */
const refusal = (error: Unreadable | NotSimulated): string =>
  (error instanceof NotSimulated ? /^(?:Error|The )/ : /^Error/).test(error.message)
    ? error.message
    : `Error: ${error.message}`;

async function scenarioOf({ metrics }: SimulateFlags, ports: CliPorts): Promise<Scenario> {
  if (metrics === undefined) return NO_SCENARIO;
  const [first] = await readObjects([metrics], ports);
  const read = readScenario(first);
  if (read.kind === "refused") throw new Unreadable(`cannot use ${metrics}: ${read.problem}`);
  return read.scenario;
}

async function played(
  { rollout, image, fault, podsReadyAfterMs, promoteAfterMs, limitMs, traffic }: SimulateFlags,
  objects: readonly unknown[],
  scenario: Scenario,
  { version }: CliPorts,
): Promise<Report> {
  const found = gathered(objects, rollout);
  if (found.kind === "refused") throw new Unreadable(found.problem);
  const { bundle } = found;
  const simulation = await simulate({
    bundle,
    image,
    fault,
    scenario,
    podsReadyAfterMs,
    promoteAfterMs,
    limitMs,
    version,
  });
  return reportOf(simulation, traffic);
}

interface Named {
  readonly kind?: unknown;
  readonly metadata?: { readonly name?: unknown };
}

const kindOf = (object: unknown): unknown => (object as Named | undefined)?.kind;

const isIn = (object: unknown, others: readonly unknown[]): boolean =>
  others.some((other) => {
    const [a, b] = [object, other] as readonly (Named | undefined)[];
    return a?.kind === b?.kind && a?.metadata?.name === b?.metadata?.name;
  });

function printed(
  { output }: SimulateFlags,
  reports: readonly Report[],
  names: readonly string[],
  columns: number,
): string {
  const isOne = reports.length === 1;
  switch (output) {
    case "json": {
      const all = reports.map((report, index) => reportJson(report, names[index] ?? ""));
      return `${JSON.stringify(isOne ? all[0] : { simulations: all }, null, 2)}\n`;
    }
    case "svg":
      return reportSvg(reports, names);
    case "text": {
      const texts = reports.map((report, index) => reportText(report, isOne ? undefined : names[index], columns));
      return isOne ? texts.join("\n") : [...texts, compareText(reports, names)].join("\n");
    }
    default:
      return output satisfies never;
  }
}
