/**
 * How many objects the controller writes in each golden scenario, compared with the table that somebody has read and
 * accepted (test/golden/writes.txt): each write costs the API server more than everything that Sluice does itself.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { targetOf } from "../../../kube/client/target.ts";
import type { KubeRequest } from "../../../kube/client/transport.ts";

/** One request of the controller to write an object. */
export interface Written {
  /** "create replicasets", "patch rollouts/status". */
  readonly what: string;
  readonly name: string;
  /** Since the world began. */
  readonly atMs: number;
}

export interface ScenarioWrites {
  readonly name: string;
  readonly writes: readonly Written[];
}

export function written({ method, path }: KubeRequest, atMs: number): Written {
  const { verb, resource, subresource, name = "" } = targetOf(method, path);
  return { what: `${verb} ${resource}${subresource === undefined ? "" : `/${subresource}`}`, name, atMs };
}

const TABLE = join(import.meta.dir, "../../golden/writes.txt");
const UPDATE = "UPDATE_GOLDEN=1 bun test/sim/run.ts --writes";

const HEAD = `How many objects the controller writes in each golden scenario, by kind, events apart.
${UPDATE} writes it anew: a number that grows needs a reason.
`;

type Counts = ReadonlyMap<string, number>;

function countsOf(writes: readonly Written[]): Counts {
  const counts = new Map<string, number>();
  for (const { what } of writes) counts.set(what, (counts.get(what) ?? 0) + 1);
  return counts;
}

/** "canary-steps: 17 = 2 create replicasets, 6 patch replicasets, …", the kinds in the order of their names. */
function lineOf({ name, writes }: ScenarioWrites): string {
  const kinds = [...countsOf(writes)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `${name}: ${writes.length} = ${kinds.map(([what, count]) => `${count} ${what}`).join(", ")}`;
}

export function tableOf(played: readonly ScenarioWrites[]): string {
  const sorted = played.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return `${HEAD}\n${sorted.map(lineOf).join("\n")}\n`;
}

function countsInTable(table: string): ReadonlyMap<string, Counts> {
  const rows = table.matchAll(/^(\S+): \d+ = (.*)$/gm);
  return new Map(
    Array.from(rows, ([, name = "", kinds = ""]) => [
      name,
      new Map(
        kinds.split(", ").map((kind) => {
          const [count, ...what] = kind.split(" ");
          return [what.join(" "), Number(count)];
        }),
      ),
    ]),
  );
}

const timesOf = (writes: readonly Written[]): string =>
  writes.map(({ name, atMs }) => `${name} at +${(atMs / 1_000).toFixed(1)}s`).join(", ");

/** What differs from the table, kind by kind; nothing where all is as it says. */
export function differences(table: string, played: readonly ScenarioWrites[]): string[] {
  const known = countsInTable(table);
  const missing = [...known.keys()].filter((name) => played.every((scenario) => scenario.name !== name));
  const changed = played.flatMap(({ name, writes }) => {
    const before = known.get(name);
    if (before === undefined) return [`${name} is not in the table: ${UPDATE} adds it`];
    const now = countsOf(writes);
    return [...new Set([...before.keys(), ...now.keys()])].flatMap((what) => {
      const [was, is] = [before.get(what) ?? 0, now.get(what) ?? 0];
      if (is === was) return [];
      if (is < was) return [`${name}: ${is} × ${what} instead of ${was}: lower the table, ${UPDATE}`];
      return [`${name}: ${is} × ${what} instead of ${was}: ${timesOf(writes.filter((one) => one.what === what))}`];
    });
  });
  return [...changed, ...missing.map((name) => `${name} is in the table, and not played: ${UPDATE}`)];
}

/** Compares with the table in the repository, or writes it (`UPDATE_GOLDEN=1`). @returns what differs */
export function compareWrites(played: readonly ScenarioWrites[]): string[] {
  const table = existsSync(TABLE) ? readFileSync(TABLE, "utf8") : "";
  if (process.env["UPDATE_GOLDEN"] !== "1") return differences(table, played);
  const next = tableOf(played);
  if (next !== table) writeFileSync(TABLE, next);
  return [];
}
