/**
 * `bun test/sim/run.ts [--seeds 100] [--from 1] [--jobs 2]`: plays seeds and tells of those that fail.
 * `bun test/sim/run.ts --seed 4711 --verbose` replays one, line by line.
 */
import { parseArgs } from "node:util";
import { playSeed, type Verdict } from "./seed.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: "1" },
    jobs: { type: "string", default: String(Math.min(2, navigator.hardwareConcurrency)) },
    seed: { type: "string" },
    verbose: { type: "boolean", default: false },
    worker: { type: "boolean", default: false },
  },
});

/** Failures beyond these are only counted. */
const SHOWN = 10;

const replay = (seed: number): string => `bun test/sim/run.ts --seed ${seed} --verbose`;

function toldShortly({ seed, violation, kinds, leases }: Verdict): string {
  const faults = `${leases ? "two controllers, " : ""}${kinds.join(", ")}`;
  return `seed ${seed} breaks "${violation?.rule}": ${violation?.what}\n  faults: ${faults}\n  replay: ${replay(seed)}`;
}

/** The deeds, faults and writes before the end of a failing seed's story. */
function shortStory(seed: number): string {
  const lines: string[] = [];
  playSeed(seed, { tell: (line) => void lines.push(line) });
  const at = lines.findIndex((line) => line.includes("VIOLATION"));
  const until = at < 0 ? lines.length : at + 1;
  const told = lines.slice(0, until).filter((line) => !line.includes("  pod "));
  return [...told.slice(0, 2), "  …", ...told.slice(-25)].join("\n");
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

/** Plays seeds and prints a JSON line for each that fails. */
function playShare(from: number, seeds: number): void {
  for (let seed = from; seed < from + seeds; seed += 1) {
    const verdict = playSeed(seed);
    if (verdict.violation !== undefined) console.log(JSON.stringify(verdict));
  }
}

async function playAll(from: number, seeds: number, jobs: number): Promise<number> {
  const startedMs = performance.now();
  const share = Math.ceil(seeds / jobs);
  const shares = Array.from({ length: jobs }, (_, job) =>
    Bun.spawn(
      [
        process.execPath,
        import.meta.path,
        "--worker",
        "--from",
        `${from + job * share}`,
        "--seeds",
        `${Math.min(share, seeds - job * share)}`,
      ],
      { stdin: "ignore", stdout: "pipe", stderr: "inherit" },
    ),
  );
  const failed: Verdict[] = [];
  await Promise.all(
    shares.map(async (child) => {
      for (const line of (await child.stdout.text()).split("\n"))
        if (line !== "") failed.push(JSON.parse(line) as Verdict);
      if ((await child.exited) !== 0) throw new Error("A worker of the simulation ended with an error");
    }),
  );
  failed.sort((a, b) => a.seed - b.seed);
  for (const [index, verdict] of failed.slice(0, SHOWN).entries()) {
    if (index === 0) console.log(shortStory(verdict.seed));
    console.log(toldShortly(verdict));
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  const rate = (seeds / seconds).toFixed(0);
  console.log(`${seeds - failed.length} of ${seeds} seeds hold, ${seconds.toFixed(1)} s, ${rate} seeds a second`);
  return failed.length === 0 ? 0 : 1;
}

const [from, seeds, jobs] = [Number(values.from), Number(values.seeds), Number(values.jobs)];
if (values.seed !== undefined) process.exit(playOne(Number(values.seed)));
else if (values.worker) playShare(from, seeds);
else process.exit(await playAll(from, seeds, jobs));
