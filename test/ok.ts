/**
 * `bun run ok [--quick] [arguments of bun test…]`, the gate. It installs the packages of package.json, runs every part,
 * prints its progress and each failure at once, and in its last line the number of tests. --quick leaves out the
 * simulated worlds, which take most of the time; `bun run ok ./controller` plays only the tests of that folder.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { eachLine } from "./eachLine.ts";
import { followTests } from "./testOutput.ts";
import { countLine, countsOf, slowest, timesOf } from "./testReport.ts";

const repository = resolve(import.meta.dir, "..");
const bun = process.execPath;
/** The longest time without output. */
const PROGRESS_MS = 10_000;
const SLOWEST = 8;

/** The part that takes minutes, and that uses all cores itself. */
const worlds = "test/sim/worlds.test.ts";

const isQuick = process.argv.includes("--quick");
const asked = process.argv.slice(2).filter((argument) => argument !== "--quick");

const dir = await mkdtemp(join(tmpdir(), "sluice-ok-"));
const reports: string[] = [];

interface Part {
  readonly name: string;
  readonly command: readonly string[];
  /** A part that plays tests; others print nothing until they have failed. */
  readonly files?: { readonly names: ReadonlySet<string>; readonly total: number | undefined };
}

function tests(name: string, flags: readonly string[], total?: number): Part {
  const report = join(dir, `${reports.length}.xml`);
  reports.push(report);
  const command = [bun, "test", "--timeout=60000", "--reporter=junit", `--reporter-outfile=${report}`, ...flags];
  return { name, command, files: { names: new Set(testFiles), total } };
}

const testFiles = [...new Bun.Glob("**/*.test.ts").scanSync(repository)].filter(
  (path) => !/(^|\/)(node_modules|dist)\//.test(path),
);
const inParallel = `--parallel=${Math.min(4, availableParallelism())}`;
const without = `--path-ignore-patterns=${worlds}`;

const parts: readonly Part[] = [
  { name: "install", command: [bun, "install", "--frozen-lockfile"] },
  { name: "format", command: [bun, "run", "format:check"] },
  { name: "types", command: [bun, "run", "types"] },
  { name: "lint", command: [bun, "run", "lint"] },
  { name: "dead code", command: [bun, "run", "dead"] },
  ...(asked.length > 0
    ? [tests("tests", [inParallel, ...(isQuick ? [without] : []), ...asked])]
    : [tests("tests", [inParallel, without], testFiles.length - 1)]),
  ...(asked.length > 0 || isQuick ? [] : [tests("worlds", [`./${worlds}`], 1)]),
];

/** Environment variables that make `bun test` print less, or in another form. */
const quieting = ["AGENT", "CLAUDECODE", "REPL_ID", "FORCE_COLOR"];
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !quieting.includes(name)));

/** @returns whether it succeeded. */
async function run({ name, command, files }: Part): Promise<boolean> {
  const startedMs = performance.now();
  const seconds = (): string => `${((performance.now() - startedMs) / 1_000).toFixed(1)} s`;
  console.log(`start  ${name}`);
  const kept: string[] = [];
  const followed = files === undefined ? undefined : followTests(files, (lines) => console.log(lines.join("\n")));
  const timer = setInterval(() => {
    const far = followed === undefined ? "" : `, ${followed.progress()}`;
    console.log(`       ${name.padEnd(10)} ${seconds()}${far}`);
  }, PROGRESS_MS);
  const child = Bun.spawn([...command], { cwd: repository, env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const keep = (line: string): void => void kept.push(line);
  await Promise.all([eachLine(child.stdout, keep), eachLine(child.stderr, followed?.line ?? keep)]);
  followed?.end();
  const code = await child.exited;
  clearInterval(timer);
  if (code !== 0 && kept.length > 0) console.log(kept.join("\n"));
  const counted = followed === undefined ? "" : `, ${followed.progress()}`;
  console.log(`${code === 0 ? "ok    " : "FAILED"} ${name.padEnd(10)} ${seconds()}${counted}`);
  return code === 0;
}

const failed: Part[] = [];
for (const part of parts) {
  if (await run(part)) continue;
  failed.push(part);
  // Without the packages no other result means anything.
  if (part.name === "install") break;
}

const written = await Promise.all(
  reports.map(async (path) => ((await Bun.file(path).exists()) ? await Bun.file(path).text() : "")),
);
await rm(dir, { recursive: true, force: true });
console.log("\nThe slowest tests:");
for (const { seconds, file, name } of slowest(written.flatMap(timesOf), SLOWEST))
  console.log(`${seconds.toFixed(1).padStart(7)} s  ${file}: ${name}`);
const counts = written.map(countsOf);
const sum = (of: "passed" | "failed" | "skipped"): number => counts.reduce((total, each) => total + each[of], 0);
// A part that fails without a number of tests (lint, a crash of the tests) counts as one failure.
const uncounted = failed.filter(({ files }) => files === undefined).length;
const failures = Math.max(sum("failed"), failed.some(({ files }) => files !== undefined) ? 1 : 0);
if (failed.length > 0) console.log(`\nNot ok: ${failed.map(({ name }) => name).join(", ")}`);
console.log(countLine({ passed: sum("passed"), failed: failures + uncounted, skipped: sum("skipped") }));
process.exit(failed.length > 0 ? 1 : 0);
