/** `sluice get`: Rollouts and Experiments with all that belongs to them (docs/cli/get.md). */
import { runOf } from "../parsed.ts";
import type { CliPorts, Connection } from "../ports.ts";
import { commandOf, type GetOptions, optionsOf } from "./options.ts";
import { reported } from "./reported.ts";
import { newShelves, readOnce } from "../../controller/reading/shelves.ts";
import { textOf, toldMissing } from "./shown.ts";
import { subjectsOn, wantedFor } from "./subjects.ts";

/** @returns the exit code: 0 shown, or the watch ended; 1 not found, not readable, or not understood */
export const run = runOf(commandOf, optionsOf, (options, ports: CliPorts) =>
  reported(ports, () => get(options, ports)),
);

async function get(options: GetOptions, ports: CliPorts): Promise<number> {
  const connection = await ports.connect(options.connect);
  if (options.watch) {
    const { watch } = await import("./watch.ts");
    return watch(options, ports, connection);
  }
  return once(options, ports, connection);
}

async function once(options: GetOptions, ports: CliPorts, { client, namespace }: Connection): Promise<number> {
  const shelves = newShelves();
  await readOnce(client, shelves, wantedFor(options, namespace));
  const subjects = subjectsOn(shelves, options);
  const isList = options.names.length !== 1 && (options.output === "json" || options.output === "yaml");
  if (subjects.length > 0 || isList) await ports.out(await textOf(subjects, options, ports, ports.clock.now()));
  else if (options.names.length === 0) ports.err("No resources found.");
  return toldMissing(subjects, options, ports) ? 1 : 0;
}
