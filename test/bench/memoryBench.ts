/**
 * `bun run bench --memory [--rollouts 300,1000,3000] [--replicas 2]`: memory of the program with the webhook on, at rest
 * and with fleets that grow to these sizes: a minute after the last of them is Healthy, the highest while all of them
 * get a new image at once, a minute after that, and a minute after a start beside them. Then by what is mapped, and for
 * each cached object. Judges nothing.
 */
import { cacheMemory } from "./cacheMemory.ts";
import { type Fleet, newFleet } from "./fleet.ts";
import { type MemoryCluster, MiB, residentByMapping, startMemoryCluster } from "./memoryCluster.ts";
import { processUsage } from "./processUsage.ts";
import type { Child } from "../cluster/harness/processes.ts";

export interface MemoryLoad {
  readonly command: readonly string[];
  /** The sizes of the fleets, smallest first. */
  readonly sizes: readonly number[];
  readonly replicas: number;
  readonly timeoutMs: number;
}

/** One state of the process; sizes in bytes. */
interface State {
  readonly name: string;
  readonly rollouts: number;
  readonly rss: number;
  readonly anonymous: number;
  /** The highest RSS since the state before. */
  readonly highest: number;
  readonly mappings: ReadonlyMap<string, number>;
}

/** What is not needed at rest is given back within 22 s. */
const REST_MS = 60_000;
const SAMPLE_MS = 250;

/** Looks at the RSS of a process until it ends. */
function highWater({ pid, running }: Child): () => number {
  let highest = 0;
  const look = async (): Promise<void> => {
    while (running()) {
      const { rss } = await processUsage(pid).catch(() => ({ rss: 0 }));
      highest = Math.max(highest, rss);
      await Bun.sleep(SAMPLE_MS);
    }
  };
  void look();
  return () => {
    const seen = highest;
    highest = 0;
    return seen;
  };
}

/** Starts the program. @returns what measures it after a rest */
function subject({ start }: MemoryCluster, states: State[], print: (text: string) => void) {
  const child = start();
  const highest = highWater(child);
  const rested = async (name: string, rollouts: number): Promise<void> => {
    await Bun.sleep(REST_MS);
    const { rss, anonymous } = await processUsage(child.pid);
    states.push({ name, rollouts, rss, anonymous, highest: highest(), mappings: residentByMapping(child.pid) });
    print(`${rollouts} Rollouts, ${name}: RSS ${inMiB(rss)}, anonymous ${inMiB(anonymous)} MiB`);
  };
  return { child, rested };
}

async function measured(cluster: MemoryCluster, load: MemoryLoad, print: (text: string) => void): Promise<State[]> {
  const states: State[] = [];
  let { child, rested } = subject(cluster, states, print);
  await rested("at rest", 0);
  const fleets: Fleet[] = [];
  let rollouts = 0;
  for (const size of load.sizes) {
    const fleet = await newFleet(cluster.api, size - rollouts, load.replicas, load.timeoutMs);
    fleets.push(fleet);
    rollouts = size;
    await fleet.create();
    await rested("a minute after they were made", rollouts);
    await Promise.all(fleets.map((each) => each.update(each.names)));
    await rested("a minute after a burst of edits", rollouts);
    await child.stop();
    ({ child, rested } = subject(cluster, states, print));
    await rested("a minute after a start", rollouts);
  }
  await Promise.all(fleets.map((fleet) => fleet.stop()));
  return states;
}

const inMiB = (bytes: number): string => (bytes / MiB).toFixed(1);

/** A Markdown table, the numbers aligned to the right. */
function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((text, column) =>
    Math.max(...[text, ...rows.map((row) => row[column] ?? "")].map((t) => t.length)),
  );
  const pad = (text: string, column: number): string =>
    column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0);
  const rule = widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [head.map(pad), rule, ...rows.map((row) => row.map(pad))].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** The states, with what each Rollout adds to the same program at rest without any. */
export function statesTable(states: readonly State[]): string {
  const empty = states[0]?.rss ?? Number.NaN;
  return markdown(
    ["Rollouts", "", "RSS, MiB", "anonymous", "highest before", "a Rollout, KiB"],
    states.map(({ name, rollouts, rss, anonymous, highest }) => [
      String(rollouts),
      name,
      inMiB(rss),
      inMiB(anonymous),
      inMiB(highest),
      rollouts === 0 ? "" : ((rss - empty) / rollouts / 1_024).toFixed(1),
    ]),
  );
}

/** What is mapped, largest first, in the first state and in the last. */
function mappingsTable(states: readonly State[]): string {
  const shown = [states[0], states.at(-1)].filter((state) => state !== undefined);
  const last = shown.at(-1)?.mappings ?? new Map<string, number>();
  const names = Array.from(last.keys()).toSorted((a, b) => (last.get(b) ?? 0) - (last.get(a) ?? 0));
  return markdown(
    ["mapped", ...shown.map(({ rollouts }) => `${rollouts} Rollouts, MiB`)],
    names
      .filter((name) => (last.get(name) ?? 0) > MiB / 5)
      .map((name) => [name, ...shown.map(({ mappings }) => inMiB(mappings.get(name) ?? 0))]),
  );
}

export async function benchMemory(load: MemoryLoad, print: (text: string) => void): Promise<string> {
  const most = Math.max(...load.sizes);
  const cluster = await startMemoryCluster({ command: load.command, label: "memory", pods: most * load.replicas * 2 });
  try {
    const states = await Promise.race([measured(cluster, load, print), cluster.failure]);
    return [statesTable(states), mappingsTable(states), markdown(["cached", "KiB of the heap"], cacheMemory())].join(
      "\n\n",
    );
  } finally {
    await cluster.stop();
  }
}
