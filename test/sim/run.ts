/**
 * `bun test/sim/run.ts [--seeds 100] [--from 1] [--jobs 2]`: plays seeds and tells of those that fail.
 * `bun test/sim/run.ts --seed 4711 --verbose` replays one, line by line.
 * `bun test/sim/run.ts --golden [--every 1]`: the golden scenarios, with a crash at each (or every so many) of their writes.
 * `bun test/sim/run.ts --golden --scenario canary-steps --crash 7 --verbose` replays one of them.
 */
import { parseArgs } from "node:util";
import { playGolden, replayGolden } from "./golden.ts";
import { playSeed, type Verdict } from "./seed.ts";
import { spread } from "./workers.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: "1" },
    jobs: { type: "string", default: String(Math.min(2, navigator.hardwareConcurrency)) },
    seed: { type: "string" },
    verbose: { type: "boolean", default: false },
    golden: { type: "boolean", default: false },
    every: { type: "string", default: "1" },
    scenario: { type: "string" },
    crash: { type: "string" },
    /** "2/5": the third of five shares, for a worker. */
    share: { type: "string" },
  },
});

/** Failures beyond these are only counted. */
const SHOWN = 10;

const [from, seeds, jobs, every] = [values.from, values.seeds, values.jobs, values.every].map(Number) as [
  number,
  number,
  number,
  number,
];

function toldShortly({ seed, violation, kinds, leases }: Verdict): string {
  const faults = `${leases ? "two controllers, " : ""}${kinds.join(", ")}`;
  const replay = `bun test/sim/run.ts --seed ${seed} --verbose`;
  return `seed ${seed} breaks "${violation?.rule}": ${violation?.what}\n  faults: ${faults}\n  replay: ${replay}`;
}

/** The deeds, faults and writes before the end of a failing seed's story. */
function shortStory(seed: number): string {
  const lines: string[] = [];
  playSeed(seed, { tell: (line) => void lines.push(line) });
  const at = lines.findIndex((line) => line.includes("VIOLATION") || line.startsWith("The same without faults"));
  const told = lines
    .slice(0, at < 0 ? lines.length : at + 1)
    .filter((line) => !/ {2}(pod|read|watch) |decides: $/.test(line));
  return [...told.slice(0, 2), "  …", ...told.slice(2).slice(-25)].join("\n");
}

function playOne(seed: number): number {
  const verdict = playSeed(seed, values.verbose ? { tell: console.log } : {});
  if (verdict.violation === undefined) {
    console.log(`seed ${seed}: ok, ${verdict.faults} faults in ${Math.round(verdict.lastedMs / 1_000)} s`);
    return 0;
  }
  if (!values.verbose) console.log(shortStory(seed));
  console.log(toldShortly(verdict));
  return 1;
}

/** A worker's share: a line of JSON for each failure. */
async function playShare(share: number, of: number): Promise<void> {
  if (values.golden) {
    await playGolden(share, of, every, (crashed) => console.log(JSON.stringify(crashed)));
    return;
  }
  const size = Math.ceil(seeds / of);
  const last = Math.min(from + seeds, from + (share + 1) * size);
  for (let seed = from + share * size; seed < last; seed += 1) {
    const verdict = playSeed(seed);
    if (verdict.violation !== undefined) console.log(JSON.stringify(verdict));
  }
}

async function playSeeds(): Promise<number> {
  const startedMs = performance.now();
  const failed = (await spread<Verdict>(import.meta.path, process.argv.slice(2), jobs)).toSorted(
    (a, b) => a.seed - b.seed,
  );
  for (const [index, verdict] of failed.slice(0, SHOWN).entries()) {
    if (index === 0) console.log(shortStory(verdict.seed));
    console.log(toldShortly(verdict));
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  const rate = (seeds / seconds).toFixed(0);
  console.log(`${seeds - failed.length} of ${seeds} seeds hold, ${seconds.toFixed(1)} s, ${rate} seeds a second`);
  return failed.length === 0 ? 0 : 1;
}

interface Crashed {
  readonly name: string;
  readonly crashes: number;
  readonly problems: readonly string[];
}

async function playScenarios(): Promise<number> {
  const startedMs = performance.now();
  const told = await spread<Crashed>(import.meta.path, process.argv.slice(2), jobs);
  const failed = told.filter(({ problems }) => problems.length > 0);
  for (const { name, problems } of failed) {
    console.log(`${name}: ${problems[0]} (${problems.length} in all)`);
    console.log(`  replay: bun test/sim/run.ts --golden --scenario ${name} --crash N --verbose`);
  }
  const crashes = told.reduce((sum, crashed) => sum + crashed.crashes, 0);
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  console.log(`${told.length - failed.length} of ${told.length} scenarios hold with ${crashes} crashes, ${seconds} s`);
  return failed.length === 0 ? 0 : 1;
}

const [share, of] = (values.share ?? "").split("/").map(Number);
if (share !== undefined && of !== undefined) await playShare(share, of);
else if (values.scenario !== undefined)
  process.exit(await replayGolden(values.scenario, values.crash === undefined ? undefined : Number(values.crash)));
else if (values.seed !== undefined) process.exit(playOne(Number(values.seed)));
else process.exit(await (values.golden ? playScenarios() : playSeeds()));
