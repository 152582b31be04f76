/**
 * `bun run ok`, the gate: every part runs, the output of a failing one is shown, and the last line counts the tests.
 * Arguments go to `bun test` (`bun run ok ./controller`).
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const dir = await mkdtemp(join(tmpdir(), "sluice-ok-"));
const report = join(dir, "tests.xml");
const bun = process.execPath;
const parts: readonly (readonly [name: string, command: readonly string[]])[] = [
  ["format", [bun, "run", "format:check"]],
  ["types", [bun, "run", "types"]],
  ["lint", [bun, "run", "lint"]],
  ["dead code", [bun, "run", "dead"]],
  [
    "tests",
    [
      bun,
      "test",
      "--timeout=60000",
      "--only-failures",
      "--reporter=junit",
      `--reporter-outfile=${report}`,
      ...process.argv.slice(2),
    ],
  ],
];

const failed: string[] = [];
for (const [name, command] of parts) {
  const startedMs = performance.now();
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, errors, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  if (code !== 0) {
    failed.push(name);
    console.log(`${out}${errors}`);
  }
  console.log(`${code === 0 ? "ok    " : "FAILED"} ${name.padEnd(10)} ${seconds} s`);
}

const xml = (await Bun.file(report).exists()) ? await Bun.file(report).text() : "";
await rm(dir, { recursive: true, force: true });
const head = /<testsuites [^>]*>/.exec(xml)?.[0] ?? "";
const count = (name: string): number => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
const skipped = count("skipped");
// A part that fails without counting (lint, a crash of the tests) counts as one.
const failures = Math.max(count("failures"), failed.includes("tests") ? 1 : 0);
const others = failed.filter((name) => name !== "tests").length;
if (failed.length > 0) console.log(`\nNot ok: ${failed.join(", ")}`);
console.log(
  `${count("tests") - count("failures") - skipped} passed, ${failures + others} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`,
);
process.exit(failed.length > 0 ? 1 : 0);
