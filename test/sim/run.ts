/**
 * `bun test/sim/run.ts [--seeds 100] [--from 1] [--jobs 2]`: plays seeds and reports those that fail.
 * `bun test/sim/run.ts --seed 4711 --verbose` replays one, line by line.
 * `bun test/sim/run.ts --golden [--every 1]`: the golden scenarios, with a crash at each (or every so many) of their
 * writes.
 * `bun test/sim/run.ts --golden --scenario canary-steps --crash 7` replays one of them.
 * `bun test/sim/run.ts --writes`: the same without crashes, for the number of their writes alone, which `--golden`
 * compares with test/golden/writes.txt, too; `UPDATE_GOLDEN=1` writes that table.
 * `bun test/sim/run.ts --migrations 300`: Deployments that migrate (test/sim/migration), and a share of them with a crash at
 * each write. `--migration 4711 [--crash 7] --verbose` replays one.
 * `bun test/sim/run.ts --mutations`: after how many seeds each rule that is broken on purpose is noticed.
 * `bun test/sim/run.ts --seeds 2000 --golden --every 6 --mutations` plays all three in the same processes.
 */
import { parseArgs } from "node:util";
import { playGolden, replayGolden, type Crashed } from "./play/crashes.ts";
import { compareWrites } from "./play/goldenWrites.ts";
import { playMutations, type Notice } from "./play/notice.ts";
import { playMigrationMutations } from "./migration/mutations.ts";
import { type FailedMigration, playMigration, playMigrations } from "./migration/seed.ts";
import { playSeed, type Verdict } from "./play/seed.ts";
import { spread } from "./play/workers.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    from: { type: "string", default: "1" },
    jobs: { type: "string", default: String(Math.min(2, navigator.hardwareConcurrency)) },
    seed: { type: "string" },
    verbose: { type: "boolean", default: false },
    golden: { type: "boolean", default: false },
    migrations: { type: "string" },
    migration: { type: "string" },
    every: { type: "string", default: "1" },
    mutations: { type: "boolean", default: false },
    writes: { type: "boolean", default: false },
    scenario: { type: "string" },
    crash: { type: "string" },
    /** "2/5": the third of five shares, for a worker process. */
    share: { type: "string" },
  },
});

const PROGRESS_MS = 5_000;

/** Failures beyond these are only counted. */
const SHOWN = 10;

/** By default a broken rule must be noticed within so many seeds. */
const NOTICED_WITHIN = 400;

/** Seeds are played when nothing else is requested. */
const playsGolden = values.golden || values.writes;
const playsSeeds = values.seeds !== undefined || !(playsGolden || values.mutations || values.migrations !== undefined);
const migrations = Number(values.migrations ?? 0);
const seeds = Number(values.seeds ?? 100);
const [from, jobs, every] = [Number(values.from), Number(values.jobs), Number(values.every)];

function shortVerdict({ seed, violation, kinds, leases }: Verdict): string {
  const faults = `${leases ? "two controllers, " : ""}${kinds.join(", ")}`;
  const replay = `bun test/sim/run.ts --seed ${seed} --verbose`;
  return `seed ${seed} breaks "${violation?.rule}": ${violation?.what}\n  faults: ${faults}\n  replay: ${replay}`;
}

/** The deeds, faults and writes before the end of a failing seed's story. */
function shortStory(seed: number): string {
  const lines: string[] = [];
  playSeed(seed, { print: (line) => void lines.push(line) });
  const at = lines.findIndex((line) => line.includes("VIOLATION") || line.startsWith("The same without faults"));
  const messages = lines
    .slice(0, at < 0 ? lines.length : at + 1)
    .filter((line) => !/ {2}(pod|read|watch) |decides: $/.test(line));
  return [...messages.slice(0, 2), "  …", ...messages.slice(2).slice(-25)].join("\n");
}

function playOne(seed: number): number {
  const verdict = playSeed(seed, values.verbose ? { print: console.log } : {});
  if (verdict.violation === undefined) {
    console.log(`seed ${seed}: ok, ${verdict.faults} faults in ${Math.round(verdict.lastedMs / 1_000)} s`);
    return 0;
  }
  if (!values.verbose) console.log(shortStory(seed));
  console.log(shortVerdict(verdict));
  return 1;
}

function replayMigration(seed: number, crash: number): number {
  const crashAfterWrite = Number.isNaN(crash) ? undefined : crash;
  const { violation } = playMigration(seed, { crashAfterWrite, print: values.verbose ? console.log : undefined });
  console.log(violation === undefined ? `migration ${seed} holds` : `breaks "${violation.rule}": ${violation.what}`);
  return violation === undefined ? 0 : 1;
}

/** What a worker prints, as lines of JSON. */
type Message =
  | { readonly kind: "played" }
  | { readonly kind: "seed"; readonly verdict: Verdict }
  | { readonly kind: "golden"; readonly crashed: Crashed }
  | { readonly kind: "migration"; readonly failed: FailedMigration | undefined }
  | { readonly kind: "mutation"; readonly notice: Notice };

async function playShare(share: number, of: number): Promise<void> {
  const send = (messages: Message): void => console.log(JSON.stringify(messages));
  if (playsSeeds) {
    const size = Math.ceil(seeds / of);
    const last = Math.min(from + seeds, from + (share + 1) * size);
    for (let seed = from + share * size; seed < last; seed += 1) {
      const verdict = playSeed(seed);
      send(verdict.violation === undefined ? { kind: "played" } : { kind: "seed", verdict });
    }
  }
  playMigrations({ from, migrations, share, of }, (failed) => send({ kind: "migration", failed }));
  if (playsGolden)
    await playGolden(share, of, values.golden ? every : 0, (crashed) => send({ kind: "golden", crashed }));
  if (values.mutations) {
    playMutations(share, of, NOTICED_WITHIN, (notice) => send({ kind: "mutation", notice }));
    playMigrationMutations(share, of, NOTICED_WITHIN, (notice) => send({ kind: "mutation", notice }));
  }
}

/** @returns how many failed. */
function reportSeeds(verdicts: readonly Verdict[], seconds: string): number {
  const failed = verdicts.toSorted((a, b) => a.seed - b.seed);
  for (const [index, verdict] of failed.slice(0, SHOWN).entries()) {
    if (index === 0) console.log(shortStory(verdict.seed));
    console.log(shortVerdict(verdict));
  }
  const rate = (seeds / Number(seconds)).toFixed(0);
  const speed = values.golden || values.mutations || migrations > 0 ? "" : `, ${seconds} s, ${rate} seeds a second`;
  console.log(`${seeds - failed.length} of ${seeds} seeds hold${speed}`);
  return failed.length;
}

function reportGolden(messages: readonly Crashed[]): number {
  const failed = messages.filter(({ problems }) => problems.length > 0);
  for (const { name, problems } of failed) {
    console.log(`${name}: ${problems[0]} (${problems.length} in all)`);
    console.log(`  replay: bun test/sim/run.ts --golden --scenario ${name} --crash N`);
  }
  const crashes = messages.reduce((sum, crashed) => sum + crashed.crashes, 0);
  console.log(`${messages.length - failed.length} of ${messages.length} scenarios hold with ${crashes} crashes`);
  const more = compareWrites(messages);
  for (const difference of more) console.log(`writes of ${difference}`);
  return failed.length + more.length;
}

/** @returns how many failed. */
function reportMigrations(played: readonly (FailedMigration | undefined)[]): number {
  const failed = played.filter((one) => one !== undefined);
  for (const { seed, crashAfterWrite, violation } of failed.slice(0, SHOWN)) {
    const crash = crashAfterWrite === undefined ? "" : ` --crash ${crashAfterWrite}`;
    console.log(`migration ${seed} breaks "${violation.rule}": ${violation.what}`);
    console.log(`  replay: bun test/sim/run.ts --migration ${seed}${crash} --verbose`);
  }
  console.log(
    `${played.length - failed.length} of ${played.length} migrations hold, with a crash at each write of some`,
  );
  return failed.length;
}

function reportMutations(notices: readonly Notice[]): number {
  for (const { name, seed, rule, what } of notices)
    console.log(seed === undefined ? `NOT NOTICED: ${name}` : `${name}: by seed ${seed}, ${rule}: ${what}`);
  return notices.filter(({ seed }) => seed === undefined).length;
}

/** Prints the progress of the workers to standard error at intervals (test/testOutput.ts). */
function progressPrinter(): (line: Message) => void {
  const done = { played: 0, seed: 0, golden: 0, migration: 0, mutation: 0 };
  let reportedAtMs = performance.now();
  return ({ kind }) => {
    done[kind] += 1;
    if (performance.now() - reportedAtMs < PROGRESS_MS) return;
    reportedAtMs = performance.now();
    const broken = done.seed === 0 ? "" : `, ${done.seed} of them broken`;
    const parts = [
      ...(playsSeeds ? [`${done.played + done.seed} of ${seeds} worlds${broken}`] : []),
      ...(migrations > 0 ? [`${done.migration} of ${migrations} migrations`] : []),
      ...(playsGolden ? [`${done.golden} golden scenarios with all their crashes`] : []),
      ...(values.mutations ? [`${done.mutation} broken rules`] : []),
    ];
    console.error(`progress: ${parts.join(", ")}`);
  };
}

async function playAll(): Promise<number> {
  const startedMs = performance.now();
  const messages = await spread<Message>(import.meta.path, process.argv.slice(2), jobs, progressPrinter());
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  const verdicts = messages.flatMap((line) => (line.kind === "seed" ? [line.verdict] : []));
  const crashed = messages.flatMap((line) => (line.kind === "golden" ? [line.crashed] : []));
  const notices = messages.flatMap((line) => (line.kind === "mutation" ? [line.notice] : []));
  const failures =
    (playsSeeds ? reportSeeds(verdicts, seconds) : 0) +
    (playsGolden ? reportGolden(crashed) : 0) +
    (migrations > 0
      ? reportMigrations(messages.flatMap((line) => (line.kind === "migration" ? [line.failed] : [])))
      : 0) +
    (values.mutations ? reportMutations(notices) : 0);
  return failures === 0 ? 0 : 1;
}

const [share, of] = (values.share ?? "").split("/").map(Number);
if (share !== undefined && of !== undefined) await playShare(share, of);
else if (values.scenario !== undefined)
  process.exit(await replayGolden(values.scenario, values.crash === undefined ? undefined : Number(values.crash)));
else if (values.migration !== undefined) process.exit(replayMigration(Number(values.migration), Number(values.crash)));
else if (values.seed !== undefined) process.exit(playOne(Number(values.seed)));
else process.exit(await playAll());
