/**
 * `bun run bench [--rollouts 300] [--replicas 2] [--idle 60] [--singles 10] [--rest 60] [--runs 1] [--json FILE]`
 * `[--against "/path/to/other/controller --its --flags"]… [--against-args "--more flags"] [--only-against] [--no-floor]`
 * `[--args="--more flags of ours"]… [--page] [--scale 300,1000,3000]`
 *
 * Measures our controller, compiled, others beside it, and as the floor plain Deployments that kube-controller-manager
 * rolls, on a real API server of its own: each in turn on the same cluster (run 1 of all, then run 2 of all …). Prints a
 * table of the medians, with the spread over the runs, and the ratios of ours to the others; judges nothing. With --args,
 * ours once more with these flags, while nothing changes. With --page three runs, and what one write of each kind costs:
 * everything that docs/performance.md shows, printed and written there; idle and rest are waited for once. With --scale
 * all at once for each of these sizes, and with --page that section of the page.
 *
 * With --webhook the figures of the admission webhook, by itself and at a real API server, instead; with --admission
 * [--seconds 3] [--runs 3] [--rate 15] what it adds to each kind of write there, beside an empty webhook, which of them it
 * reviews, and the memory of what it knows beside Rollouts; with --simulation
 * how many seeds the simulation plays in a second; with --start how long the program takes to start (at least 40
 * times); with --analyses [--count 1000] [--minutes 10] what running AnalysisRuns cost, and with --analyses-hour the heap
 * over an hour of virtual time; with --storm [--minutes 10] [--rate 20] the memory while 200 Rollouts are edited without
 * a pause, and after; with --memory [--rollouts 300,1000,3000] memory at rest, with fleets of these sizes and after all of
 * them are edited at once; with --churn [--minutes 60] [--rollouts 1000] [--limit 128] [--rate 2] memory while Rollouts are
 * made, edited and deleted without a pause, in a control group of so many MiB.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Comparison, onCluster } from "./comparison.ts";
import { marked, type Measured, measurePage, measureScale, OURS, REFERENCE, withSections } from "./page.ts";
import type { Load, Subject } from "./subject.ts";

const repository = resolve(import.meta.dir, "../..");
const { values } = parseArgs({
  options: {
    rollouts: { type: "string", default: "300" },
    replicas: { type: "string", default: "2" },
    idle: { type: "string", default: "60" },
    singles: { type: "string", default: "10" },
    rest: { type: "string", default: "60" },
    runs: { type: "string", default: "1" },
    timeout: { type: "string", default: "600" },
    against: { type: "string", multiple: true, default: [] },
    "against-args": { type: "string", default: "" },
    "only-against": { type: "boolean", default: false },
    floor: { type: "boolean", default: true },
    args: { type: "string", multiple: true, default: [] },
    page: { type: "boolean", default: false },
    scale: { type: "string", default: "" },
    requests: { type: "string", default: "600" },
    json: { type: "string" },
    webhook: { type: "boolean", default: false },
    admission: { type: "boolean", default: false },
    seconds: { type: "string" },
    simulation: { type: "boolean", default: false },
    start: { type: "boolean", default: false },
    storm: { type: "boolean", default: false },
    memory: { type: "boolean", default: false },
    churn: { type: "boolean", default: false },
    limit: { type: "string", default: "128" },
    analyses: { type: "boolean", default: false },
    count: { type: "string", default: "1000" },
    "analyses-hour": { type: "boolean", default: false },
    minutes: { type: "string", default: "10" },
    rate: { type: "string" },
  },
  allowNegative: true,
});

if (values.webhook) {
  const { benchWebhook, webhookTable } = await import("./webhookBench.ts");
  console.log(webhookTable(await benchWebhook({ rate: 500, seconds: 20, cluster: true })));
  process.exit(0);
}

if (values.admission) {
  const { benchAdmission } = await import("./admissionBench.ts");
  const { indexMemory } = await import("./indexMemory.ts");
  const { webhookTable } = await import("./webhookBench.ts");
  const [program = ""] = (await compile()).command;
  const [rate, seconds] = [Number(values.rate ?? "15"), Number(values.seconds ?? "3")];
  console.log(await benchAdmission({ program, rate, seconds, runs: Math.max(3, Number(values.runs)) }));
  console.log(`\n${webhookTable(indexMemory())}`);
  process.exit(0);
}

if (values.simulation) {
  const { benchSimulation } = await import("./simulation.ts");
  console.log(await benchSimulation({ seeds: 1_000, runs: Math.max(3, Number(values.runs)) }));
  process.exit(0);
}

if (values.start) {
  const { benchStart } = await import("./start.ts");
  const [program = ""] = (await compile()).command;
  console.log(await benchStart(program, Math.max(40, Number(values.runs))));
  process.exit(0);
}

if (values["analyses-hour"]) {
  const { benchHour } = await import("./analysisHour.ts");
  console.log(benchHour({ running: 300, passing: 10 }));
  process.exit(0);
}

const load: Load = {
  rollouts: Number(values.rollouts),
  replicas: Number(values.replicas),
  idleMs: Number(values.idle) * 1000,
  singles: Math.min(Number(values.singles), Number(values.rollouts)),
  burst: true,
  restMs: Number(values.rest) * 1000,
  timeoutMs: Number(values.timeout) * 1000,
};

const print = (text: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);
const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== "");

/** Compiles our controller in the same way as for the image. */
async function compile(): Promise<Subject> {
  const command = [process.execPath, "run", "build", "--here"];
  const build = Bun.spawn(command, { cwd: repository, stdio: ["ignore", "ignore", "inherit"] });
  if ((await build.exited) !== 0) throw new Error(`Cannot compile our controller: ${command.join(" ")} failed`);
  return { label: OURS, command: [resolve(repository, "dist/sluice"), "controller"] };
}

if (values.storm) {
  const { storm } = await import("./storm.ts");
  const { command } = await compile();
  const [minutes, rate] = [Number(values.minutes), Number(values.rate ?? "20")];
  await storm({ command, rollouts: 200, replicas: Number(values.replicas), minutes, rate, restSeconds: 120 }, print);
  process.exit(0);
}

/** What was typed for a flag; its default is that of another measurement. */
const typed = (flag: "rollouts" | "minutes", otherwise: string): string =>
  Bun.argv.some((word) => word.startsWith(`--${flag}`)) ? values[flag] : otherwise;

if (values.memory) {
  const { benchMemory } = await import("./memoryBench.ts");
  const { command } = await compile();
  const sizes = typed("rollouts", "300,1000,3000").split(",").map(Number);
  const timeoutMs = Math.max(3_600_000, load.timeoutMs);
  console.log(await benchMemory({ command, sizes, replicas: load.replicas, timeoutMs }, print));
  process.exit(0);
}

if (values.churn) {
  const { churn } = await import("./churn.ts");
  const { command } = await compile();
  const [rollouts, minutes] = [Number(typed("rollouts", "1000")), Number(typed("minutes", "60"))];
  const [rate, limitMiB] = [Number(values.rate ?? "2"), Number(values.limit)];
  await churn({ command, rollouts, replicas: load.replicas, minutes, rate, limitMiB }, print);
  process.exit(0);
}

const others = values.against.map((text, index): Subject => ({
  label: index === 0 ? REFERENCE : `${REFERENCE}-${index + 1}`,
  command: [...words(text), ...words(values["against-args"])],
}));
// The sources of the metrics that --analyses measures are on this machine.
const own = async (): Promise<Subject> => {
  const { label, command } = await compile();
  return { label, command: values.analyses ? [...command, "--analysis-allow-address=127.0.0.1"] : command };
};
const subjects = values["only-against"] ? others : [await own(), ...others];
for (const { label, command } of subjects) print(`${label}: ${command.join(" ")}`);

if (values.analyses) {
  const { benchAnalyses } = await import("./analysisBench.ts");
  const loads = { count: Number(values.count), minutes: Number(values.minutes) };
  console.log(await benchAnalyses(subjects, loads, print));
  process.exit(0);
}

const sizes = values.scale
  .split(",")
  .map(Number)
  .filter((size) => size > 0);
// What is waited for once is enough for a page: it takes minutes, and three bursts of each are what its figures rest on.
const comparison: Comparison = {
  subjects,
  floor: values.floor && !values["only-against"],
  load,
  runs: values.page && sizes.length === 0 ? Math.max(3, Number(values.runs)) : Number(values.runs),
  waitsOnce: values.page,
};
const oursAgain = values.args.map((flags): Subject => ({
  label: `${OURS}${flags.replaceAll(/[^a-z0-9]+/gi, "-")}`,
  command: [...(subjects.find(({ label }) => label === OURS)?.command ?? []), ...words(flags)],
  flags,
}));
const most = Math.max(load.rollouts, ...sizes) * load.replicas;
const { results, sections } = await onCluster(most, print, async (cluster): Promise<Measured> => {
  if (sizes.length > 0) return measureScale(cluster, comparison, sizes);
  return measurePage(cluster, comparison, { more: oursAgain, requests: values.page ? Number(values.requests) : 0 });
});
for (const [name, text] of Object.entries(sections)) console.log(values.page ? `\n${marked(name, text)}` : `\n${text}`);
if (values.page) {
  const page = resolve(repository, "docs/performance.md");
  await Bun.write(page, withSections(await Bun.file(page).text(), sections));
}
if (values.json !== undefined) {
  const commands = Object.fromEntries(subjects.map(({ label, command }) => [label, command.join(" ")]));
  const document = { date: new Date().toISOString(), load, commands, results: Object.fromEntries(results), sections };
  await Bun.write(values.json, `${JSON.stringify(document, undefined, 2)}\n`);
}
process.exit(0);
