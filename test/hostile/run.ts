/**
 * Hostile objects, made from the schemas, for everything that reads objects.
 * `bun test/hostile/run.ts --seeds 10000 [--from 1] [--jobs 2]`: seeded combinations of several hostile places.
 * `bun test/hostile/run.ts --every [--match TEXT]`: every place with every value that fits there.
 * `bun test/hostile/run.ts --places --seed 7`: every place once, as the gate does.
 * Prints what throws, what is too large, what hangs, and what took longest.
 */
import { writeSync } from "node:fs";
import { parseArgs } from "node:util";
import { judge, type Verdict } from "./judge.ts";
import { type Judged, playShare, type Message } from "./share.ts";
import { everyInput, everyPlace, type Input, LARGEST, seededInput } from "./worlds.ts";

const { values } = parseArgs({
  options: {
    every: { type: "boolean", default: false },
    places: { type: "boolean", default: false },
    /** One in so many of the places in pod specs is played. */
    "pods-every": { type: "string", default: "1" },
    seeds: { type: "string", default: "0" },
    from: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    size: { type: "string", default: String(LARGEST) },
    match: { type: "string", default: "" },
    jobs: { type: "string", default: "2" },
    slower: { type: "string", default: "50" },
    shown: { type: "string", default: "100" },
    /** "1/2": the second of two shares, for a worker. */
    share: { type: "string" },
    /** For a worker: inputs of its share that have been judged. */
    skip: { type: "string", default: "0" },
  },
});

/** No input may block the process longer, however busy the machine is; one that does is named, and the rest goes on. */
const PATIENCE_MS = 60_000;

const slower = Number(values.slower);
const [size, seed, podsEvery] = [Number(values.size), Number(values.seed), Number(values["pods-every"])];

function* inputs(): Generator<Input> {
  if (values.every) yield* everyInput(seed, size, podsEvery);
  if (values.places) yield* everyPlace(seed, size, podsEvery);
  const from = Number(values.from);
  for (let at = from; at < from + Number(values.seeds); at += 1) yield seededInput(at, size);
}

function work(share: number, of: number): void {
  const skip = Number(values.skip);
  let [at, mine] = [0, 0];
  for (const input of inputs()) {
    if (at++ % of !== share || !input.name.includes(values.match)) continue;
    if (mine++ < skip) continue;
    send({ begins: input.name });
    const verdict = judge(input.make());
    // Compilation and garbage collection take time now and then: only what is slow twice counts.
    const again = worstOf(verdict) > slower ? judge(input.make()) : verdict;
    send({ name: input.name, verdict: worstOf(again) < worstOf(verdict) ? again : verdict });
  }
}

/** Written at once: the reader has to know the name while the process hangs. */
const send = (message: Message): void => void writeSync(1, `${JSON.stringify(message)}\n`);

const worstOf = (verdict: Verdict | undefined): number => Math.max(0, ...(verdict?.spent ?? []).map(([, ms]) => ms));

/** @returns how many have a problem. */
function report(all: readonly Judged[]): number {
  const judged = all.flatMap(({ name, verdict }) => (verdict === undefined ? [] : [{ name, verdict }]));
  const tooLarge = all.length - judged.length;
  const slow = judged
    .map(({ name, verdict }) => ({
      name,
      spent: verdict.spent,
      worst: worstOf(verdict),
    }))
    .filter(({ worst }) => worst > slower)
    .toSorted((a, b) => b.worst - a.worst);
  for (const { name, spent, worst } of slow.slice(0, Number(values.shown))) {
    const parts = spent.filter(([, ms]) => ms > slower / 2).map(([what, ms]) => `${what} ${ms.toFixed(0)}`);
    console.log(`${worst.toFixed(0).padStart(6)} ms  ${name.slice(0, 200)}  (${parts.join(", ")})`);
  }
  const bad = judged.filter(({ verdict }) => verdict.problems.length > 0);
  for (const { name, verdict } of bad.slice(0, Number(values.shown)))
    console.log(`${name.slice(0, 300)}\n  ${verdict.problems.join("\n  ")}`);
  console.log(
    `${judged.length} hostile inputs (${tooLarge} more are too large): ${bad.length} with a problem, ${slow.length} took more than ${slower} ms`,
  );
  return bad.length;
}

const [share, of] = (values.share ?? "").split("/").map(Number);
if (share !== undefined && of !== undefined) work(share, of);
else {
  const jobs = Number(values.jobs);
  const command = [process.execPath, import.meta.path, ...process.argv.slice(2)];
  const shares = await Promise.all(
    Array.from({ length: jobs }, (_, job) => playShare([...command, "--share", `${job}/${jobs}`], PATIENCE_MS)),
  );
  process.exit(report(shares.flat()) === 0 ? 0 : 1);
}
