/** The measured parts of docs/performance.md, which `--page` prints and writes into the page between its marks. */
import { cpus, release, totalmem } from "node:os";
import { version } from "../../package.json";
import { type BenchCluster, compare, type Comparison, type Results } from "./comparison.ts";
import type { FigureName, Figures } from "./figures.ts";
import { table } from "./figuresTable.ts";
import { accountTable } from "./account.ts";
import { costsTable, requestCosts } from "./requestCosts.ts";
import { FLOOR, type Load } from "./subject.ts";

export const OURS = "sluice";
export const REFERENCE = "reference";
const HEADS = { [OURS]: "Sluice", [REFERENCE]: "Argo Rollouts", [FLOOR]: "Deployments" };

/** By the name of the mark. */
export type Sections = Readonly<Record<string, string>>;

const begin = (name: string): string => `<!-- measured: ${name} -->`;
const END = "<!-- /measured -->";

/** As it stands in the page. */
export const marked = (name: string, text: string): string => `${begin(name)}\n\n${text.trim()}\n\n${END}`;

/**
 * Replaces what is between the marks of these sections; the rest stays.
 *
 * @throws Error if the page has no such mark
 */
export function withSections(page: string, sections: Sections): string {
  return Object.entries(sections).reduce((text, [name, content]) => {
    const from = text.indexOf(begin(name));
    const to = text.indexOf(END, from);
    if (from === -1 || to === -1) throw new Error(`The page has no section between ${begin(name)} and ${END}`);
    return text.slice(0, from) + marked(name, content) + text.slice(to + END.length);
  }, page);
}

/** The tables of one comparison, by the section that shows them. */
const TABLES = {
  times: [
    "createP50",
    "createP99",
    "firstWriteP50",
    "firstWriteMax",
    "singleHealthyP50",
    "burstP50",
    "burstP99",
    "burstEachMs",
    "burstLastBeganPct",
    "burstConflicts",
    "burstUnfair",
    "burstBusyPct",
    "burstForeignPct",
  ],
  writes: [
    "singleObjectWrites",
    "singleStatusWrites",
    "singleReplicaSetWrites",
    "singleEventWrites",
    "burstObjectWrites",
    "burstStatusWrites",
    "burstReplicaSetWrites",
    "burstOwnerWrites",
    "burstEventWrites",
    "burstClusterWrites",
  ],
  cpu: [
    "createCpuMs",
    "singleCpuMs",
    "burstCpuMs",
    "burstApiServerCpuMs",
    "burstEtcdCpuMs",
    "burstManagerCpuMs",
    "burstBenchCpuMs",
    "burstAllCpuMs",
  ],
  memory: [
    "idleRss",
    "idleAnonymous",
    "fleetRss",
    "fleetAnonymous",
    "fleetEachKb",
    "afterRss",
    "afterAnonymous",
    "restedRss",
    "restedAnonymous",
    "peakRss",
  ],
} as const satisfies Readonly<Record<string, readonly FigureName[]>>;

const IDLE_FIGURES: readonly FigureName[] = ["idleRss", "fleetRss", "idleCpuPct", "idleWrites", "idleLeaseWrites"];

const SCALE_FIGURES: readonly FigureName[] = [
  "burstP50",
  "burstP99",
  "burstEachMs",
  "burstLastBeganPct",
  "burstConflicts",
  "burstUnfair",
  "burstObjectWrites",
  "burstStatusWrites",
  "burstEventWrites",
  "burstCpuMs",
  "burstAllCpuMs",
  "burstBusyPct",
  "burstForeignPct",
  "idleRss",
  "fleetRss",
  "fleetEachKb",
  "restedRss",
  "peakRss",
];

/** As wide as the page's prose. */
const COLUMNS = 118;

/** Prose in lines that fit. */
export function wrapped(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && longer.length <= COLUMNS) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.join("\n");
}

const STEPS = "`setWeight: 50`, `pause: 2s`, `setWeight: 100`";
const count = (value: number): string => value.toLocaleString("en-US");
const SEEN_MEMORY_GB = 2 ** 30;

async function machine({ api }: BenchCluster): Promise<string> {
  const { gitVersion } = await api.get<{ readonly gitVersion: string }>("/version");
  const all = cpus();
  return [
    `${all.length} cores (${all[0]?.model.trim()}), ${(totalmem() / SEEN_MEMORY_GB).toFixed(0)} GB, Linux ${release().split("-")[0]}`,
    `Kubernetes ${gitVersion}, Sluice ${version}, Bun ${Bun.version}`,
  ].join("; ");
}

/** How a comparison was made, in words. */
const made = ({ load, runs }: Comparison): string =>
  `${count(load.rollouts)} of ${load.replicas} replicas (Rollouts: ${STEPS}), medians of ${runs} run${runs === 1 ? "" : "s"} with the least and the most`;

const IDLE_RUN = { singles: 0, burst: false, restMs: 0 } as const;

/** @param more one run of each. @param measured those whose idle figures are there already */
function idleTable(more: Comparison["subjects"], found: Results, measured: Results): string {
  const heads = Object.fromEntries(more.map(({ label, flags = "" }) => [label, `Sluice \`${flags}\``]));
  const shown = new Map([...measured, ...found].filter(([label]) => label !== FLOOR));
  return table(shown, { names: IDLE_FIGURES, heads: { ...HEADS, ...heads } });
}

export interface Measured {
  readonly results: Results;
  readonly sections: Sections;
}

/** @param more measured only while nothing changes. @param requests of each kind; 0: what they cost is not measured */
export async function measurePage(
  cluster: BenchCluster,
  comparison: Comparison,
  { more, requests }: { readonly more: Comparison["subjects"]; readonly requests: number },
): Promise<Measured> {
  // What is short comes first: when it fails, no half an hour is lost.
  const costs = requests === 0 ? undefined : await requestCosts(cluster, requests);
  const idleLoad: Load = { ...comparison.load, ...IDLE_RUN };
  const alone: Comparison = { subjects: more, floor: false, load: idleLoad, runs: 1, waitsOnce: false };
  const found = await compare(cluster, alone);
  const results = await compare(cluster, comparison);
  const tables = Object.entries(TABLES).map(([name, names]) => [
    name,
    table(results, { names, ours: OURS, heads: HEADS }),
  ]);
  const sections = {
    machine: wrapped(`${await machine(cluster)}. ${made(comparison)}.`),
    ...(Object.fromEntries(tables) as Sections),
    ...(idleLoad.idleMs === 0 ? {} : { idle: idleTable(more, found, results) }),
    ...(costs === undefined ? {} : { requests: costsTable(costs), account: accountTable(results, costs, HEADS) }),
  };
  return { results, sections };
}

/** An update, on a machine that does other things, too. */
const SLOWEST_MS = 1_000;

/** The same with ever more at once, each size of all before the next. */
export async function measureScale(
  cluster: BenchCluster,
  comparison: Comparison,
  sizes: readonly number[],
): Promise<Measured> {
  const results = new Map<string, readonly Figures[]>();
  const heads: Record<string, string> = {};
  for (const rollouts of sizes) {
    const timeoutMs = Math.max(comparison.load.timeoutMs, rollouts * SLOWEST_MS);
    const load: Load = { ...comparison.load, rollouts, idleMs: 0, singles: 0, timeoutMs };
    for (const [label, runs] of await compare(cluster, { ...comparison, load })) {
      results.set(`${label} ${rollouts}`, runs);
      heads[`${label} ${rollouts}`] = `${(HEADS as Record<string, string>)[label] ?? label}, ${count(rollouts)}`;
    }
  }
  const columns = new Map(Array.from(results).toSorted(([a], [b]) => orderOf(a) - orderOf(b)));
  const text = `${await machine(cluster)}. Of ${comparison.load.replicas} replicas (Rollouts: ${STEPS}), runs: ${comparison.runs}.`;
  return { results, sections: { scale: `${wrapped(text)}\n\n${table(columns, { names: SCALE_FIGURES, heads })}` } };
}

/** Columns of one subject side by side. */
const orderOf = (label: string): number => [OURS, REFERENCE, FLOOR].findIndex((each) => label.startsWith(each));
