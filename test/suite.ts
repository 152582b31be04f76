/** Plays files of tests with `bun test` and counts them in one line, `N passed, N failed`, which .ci/run adds up. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { countLine, countsOf } from "./testReport.ts";

const repository = resolve(import.meta.dir, "..");

export interface Suite {
  /** Paths of the files. */
  readonly files: readonly string[];
  /** More arguments of `bun test`. */
  readonly flags: readonly string[];
  /** Environment variable with the folder for data and logs, which is kept only after a failure, or when it is set. */
  readonly dirVariable: string;
}

/** @returns the exit code */
export async function play({ files, flags, dirVariable }: Suite): Promise<number> {
  const kept = Bun.env[dirVariable];
  const dir = kept ?? (await mkdtemp(join(tmpdir(), "sluice-suite-")));
  const report = join(dir, "report.xml");
  const child = Bun.spawn(
    [
      process.execPath,
      "test",
      "--timeout=300000",
      "--reporter=junit",
      `--reporter-outfile=${report}`,
      ...flags,
      ...files.map((path) => `./${relative(repository, path)}`),
    ],
    { cwd: repository, env: { ...Bun.env, [dirVariable]: dir }, stdio: ["ignore", "inherit", "inherit"] },
  );
  // The child receives the terminal's signals too; we wait for it, so that the summary stays the last line.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  const code = await child.exited;

  const xml = (await Bun.file(report).exists()) ? await Bun.file(report).text() : "";
  const { passed, failed, skipped } = countsOf(xml);
  // A run that ends without a report (no control plane, a crash) has failed, whatever its counts.
  const bad = code !== 0 || passed === 0;
  if (bad) console.log(`data and logs: ${dir}`);
  else if (kept === undefined) await rm(dir, { recursive: true, force: true });
  console.log(countLine({ passed, failed: bad ? Math.max(failed, 1) : failed, skipped }));
  return bad ? Math.max(code, 1) : 0;
}
