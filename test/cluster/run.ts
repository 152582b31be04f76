/**
 * `bun run test:cluster [-t TITLE] [words…]`: plays the files test/cluster/*.cluster.ts (those whose name holds one of the
 * words; with -t only the tests whose title matches that regular expression) against a real API server, and prints one
 * line, `N passed, N failed`. Environment:
 * - KUBECONFIG: use this cluster instead of starting one; SLUICE_FAKE_KUBELET=1 adds our fake nodes to it.
 * - SLUICE_CONTROLLER="/path args…": drive another controller; SLUICE_CRDS: apply the CRDs of this folder.
 * - SLUICE_KUBECTL_ARGO: the official kubectl plugin's binary, to act with it instead of with its patches.
 * - SLUICE_REFERENCE: the binary of the reference's controller, for moving from it to ours and back (moving.cluster.ts).
 * - SLUICE_RECORD=1: write the golden files from what is seen, instead of comparing with them.
 * - SLUICE_CLUSTER_DIR: keep data and logs there (by default a temporary folder, kept only after a failure).
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";

const repository = resolve(import.meta.dir, "../..");
const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: { title: { type: "string", short: "t" } },
});
const files = Array.from(new Bun.Glob("*.cluster.ts").scanSync(import.meta.dir))
  .filter((name) => words.length === 0 || words.some((word) => name.includes(word)))
  .toSorted();
if (files.length === 0) {
  console.error(`No test/cluster/*.cluster.ts holds one of: ${words.join(", ")}`);
  process.exit(2);
}

const kept = Bun.env.SLUICE_CLUSTER_DIR;
const dir = kept ?? (await mkdtemp(join(tmpdir(), "sluice-cluster-")));
const report = join(dir, "report.xml");
const child = Bun.spawn(
  [
    process.execPath,
    "test",
    "--timeout=300000",
    `--preload=${join(import.meta.dir, "setup.ts")}`,
    "--reporter=junit",
    `--reporter-outfile=${report}`,
    ...(values.title === undefined ? [] : ["--test-name-pattern", values.title]),
    ...files.map((name) => `./${relative(repository, join(import.meta.dir, name))}`),
  ],
  { cwd: repository, env: { ...Bun.env, SLUICE_CLUSTER_DIR: dir }, stdio: ["ignore", "inherit", "inherit"] },
);
// The child has the terminal's signals too; we wait for it, so that the summary stays the last line.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
const code = await child.exited;

const xml = (await Bun.file(report).exists()) ? await Bun.file(report).text() : "";
const head = /<testsuites [^>]*>/.exec(xml)?.[0] ?? "";
const count = (name: string): number => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
const [tests, failed, skipped] = [count("tests"), count("failures"), count("skipped")];
const passed = tests - failed - skipped;
// A run that ends without a report (no control plane, a crash) has failed, whatever it counted.
const bad = code !== 0 || passed === 0;
if (bad) console.log(`data and logs: ${dir}`);
else if (kept === undefined) await rm(dir, { recursive: true, force: true });
console.log(
  `${passed} passed, ${bad ? Math.max(failed, 1) : failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`,
);
process.exit(bad ? Math.max(code, 1) : 0);
