/** `sluice list`: Rollouts or Experiments, a line each (docs/cli/get.md#lists). */
import { nameSelector } from "../../kube/client/path.ts";
import { aborted } from "../../kube/clock/sleep.ts";
import { keyOf, type Stored } from "../../kube/runtime/cache.ts";
import { aligned, cell } from "../get/cells.ts";
import { reported } from "../get/reported.ts";
import {
  inOrder,
  newShelves,
  readOnce,
  type Shelves,
  type Wanted,
  watchAll,
} from "../../controller/reading/shelves.ts";
import { fullName } from "../get/subjects.ts";
import { endOfWatch } from "../endOfWatch.ts";
import { paced } from "../get/paced.ts";
import { plain } from "../paint.ts";
import { runOf } from "../parsed.ts";
import type { CliPorts, Connection } from "../ports.ts";
import type { Experiment } from "../../schema/experiment.ts";
import { commandOf, type ListOptions, optionsOf } from "./options.ts";
import { type Column, columnsOfExperiments, columnsOfRollouts, headersOf, summaryOf, textsOf } from "./rows.ts";

/** Lines that change within so long of each other are aligned with each other. */
const FLUSH_MS = 500;

/** @returns the exit code: 0 listed, also when there are none; 1 not readable, or not understood */
export const run = runOf(commandOf, optionsOf, (options, ports: CliPorts) =>
  reported(ports, () => list(options, ports)),
);

/** One of the two kinds, with what is needed to list it. */
interface Listed {
  readonly wanted: Wanted;
  readonly objects: (shelves: Shelves) => readonly Stored[];
  readonly header: readonly string[];
  readonly texts: (object: Stored, nowMs: number) => readonly string[];
  readonly summary: (object: Stored) => unknown;
}

function listed(options: ListOptions, namespace: string): Listed {
  const extra = {
    namespace: options.allNamespaces,
    timestamp: options.timestamps,
    wide: options.output === "wide",
  };
  const query = {
    ...(options.name === undefined ? {} : { fieldSelector: nameSelector(options.name) }),
    ...(options.selector === undefined ? {} : { labelSelector: options.selector }),
  };
  const where = options.allNamespaces ? undefined : namespace;
  const of = <T extends Stored, Row>(
    shelf: "rollouts" | "experiments",
    columns: readonly Column<Row>[],
    rowOf: (object: T) => Row,
    summary: (object: T) => unknown,
  ): Listed => ({
    wanted: { shelf, namespace: where, query },
    objects: (shelves) => inOrder<Stored>(shelves[shelf]),
    header: headersOf(columns),
    texts: (object, nowMs) => textsOf(columns, rowOf(object as T), nowMs),
    summary: (object) => summary(object as T),
  });
  return options.kind === "rollout"
    ? of("rollouts", columnsOfRollouts(extra), summaryOf.rollout, summaryOf.rollout)
    : of("experiments", columnsOfExperiments(extra), (experiment: Experiment) => experiment, summaryOf.experiment);
}

const table = (rows: readonly (readonly string[])[]): string =>
  aligned(
    rows.map((row) => row.map(cell)),
    plain,
  )
    .map((line) => `${line}\n`)
    .join("");

async function list(options: ListOptions, ports: CliPorts): Promise<number> {
  const connection = await ports.connect(options.connect);
  const what = listed(options, connection.namespace);
  if (options.watch) return watch(what, ports, connection);
  const shelves = newShelves();
  await readOnce(connection.client, shelves, [what.wanted]);
  await ports.out(await textOf(what.objects(shelves), what, options, ports));
  return 0;
}

async function textOf(
  objects: readonly Stored[],
  what: Listed,
  { kind, output }: ListOptions,
  { clock, err }: CliPorts,
): Promise<string> {
  switch (output) {
    case "json":
    case "yaml": {
      const { printedJson, printedYaml } = await import("../get/printed.ts");
      return (output === "json" ? printedJson : printedYaml)({ [`${kind}s`]: objects.map(what.summary) });
    }
    case "name":
      return objects.map(({ metadata }) => `${fullName(kind, metadata.name ?? "")}\n`).join("");
    case "wide":
    case undefined:
      if (objects.length === 0) {
        err("No resources found.");
        return "";
      }
      return table([what.header, ...objects.map((object) => what.texts(object, clock.now()))]);
    default:
      return output satisfies never;
  }
}

/** Prints all, then the lines that change: those of which another column than a time is different. */
async function watch(what: Listed, ports: CliPorts, { client }: Connection): Promise<number> {
  const { clock } = ports;
  const signal = endOfWatch(ports);
  const shelves = newShelves();
  const printed = new Map<string, string>();
  let last = Promise.resolve();
  const print = (isFirst: boolean): void => {
    const changed = what.objects(shelves).filter((object) => {
      const still = what.texts(object, 0).join("\t");
      if (printed.get(keyOf(object)) === still) return false;
      printed.set(keyOf(object), still);
      return true;
    });
    const rows = changed.map((object) => what.texts(object, clock.now()));
    if (rows.length === 0 && !isFirst) return;
    last = last.then(() => ports.out(table(isFirst ? [what.header, ...rows] : rows)));
  };
  const flushing = paced(clock, FLUSH_MS, () => hasBegun && print(false));
  let hasBegun = false;
  const reading = watchAll(client, shelves, [what.wanted], { clock, signal, changed: () => flushing.touch() });
  const watching = await Promise.race([reading, aborted(signal)]);
  if (watching === undefined) return 0;
  print(true);
  hasBegun = true;
  await aborted(signal);
  flushing.stop();
  await last;
  return 0;
}
