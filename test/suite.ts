/** Plays files of tests with `bun test` and counts them in one line, `N passed, N failed`, which .ci/run adds up. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { countLine, countsOf, failedOf, type Timed } from "./testReport.ts";

const repository = resolve(import.meta.dir, "..");

export interface Suite {
  /** Paths of the files. */
  readonly files: readonly string[];
  /** More arguments of `bun test`. */
  readonly flags: readonly string[];
  /** Environment variable with the folder for data and logs, which is kept only after a failure, or when it is set. */
  readonly dirVariable: string;
}

/**
 * Plays tests that run against the wall clock beside each other: where a few fail, their files are played a second time,
 * alone, and they are named, since a busy machine may have been too slow for them. Who fails again has failed.
 * @returns the exit code
 */
export async function play(suite: Suite): Promise<number> {
  const kept = Bun.env[suite.dirVariable];
  const dir = kept ?? (await mkdtemp(join(tmpdir(), "sluice-suite-")));
  const first = await playOnce(suite, dir);
  const { passed, failed, skipped } = countsOf(first.xml);
  const failures = failedOf(first.xml);
  const mayBeSlowness = first.code !== 0 && failures.length === failed && failed > 0 && failed <= MOST_AGAIN;
  const stillFailed = mayBeSlowness ? await playAgain(suite, dir, failures) : failed;

  // A run that ends without a report (no control plane, a crash) has failed, whatever its counts.
  const bad = stillFailed > 0 || passed === 0 || (first.code !== 0 && !mayBeSlowness);
  if (bad) console.log(`data and logs: ${dir}`);
  else if (kept === undefined) await rm(dir, { recursive: true, force: true });
  const counts = { passed: passed + failed - stillFailed, failed: bad ? Math.max(stillFailed, 1) : 0, skipped };
  console.log(countLine(counts));
  return bad ? Math.max(first.code, 1) : 0;
}

/** More than so many are no accident. */
const MOST_AGAIN = 3;

/** Whole files: a story may go on from where the one before it ended. @returns how many have failed in it */
async function playAgain(suite: Suite, dir: string, failures: readonly Timed[]): Promise<number> {
  const names = failures.map(({ name }) => name).join("; ");
  const files = [...new Set(failures.map(({ file }) => resolve(repository, file)))];
  console.log(`Playing again, alone: ${files.map((path) => relative(repository, path)).join(", ")} (${names})`);
  const again = join(dir, "again");
  await mkdir(again, { recursive: true });
  const { code, xml } = await playOnce({ ...suite, files }, again);
  const { passed, failed } = countsOf(xml);
  if (code !== 0 || failed > 0 || passed < failures.length) return Math.max(failed, 1);
  console.log(`Passed only when played again: ${names}`);
  return 0;
}

async function playOnce({ files, flags, dirVariable }: Suite, dir: string): Promise<{ code: number; xml: string }> {
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
  return { code, xml: (await Bun.file(report).exists()) ? await Bun.file(report).text() : "" };
}
