/**
 * Reads the output of `bun test` while it runs, for its progress and for each failure as soon as it occurs. Passing
 * tests are only counted.
 */

export interface Followed {
  /** Takes the next line. */
  line(text: string): void;
  /** There are no more lines. */
  end(): void;
  /** The progress of the tests: "12 of 152 files, 340 tests, 1 failed". */
  progress(): string;
}

/** A line about its progress that a long test prints to its standard error. */
export const ownProgress = /^progress: (.+)$/;

const passing = /^\((pass|skip|todo)\) /;
const failing = /^(\(fail\)|✗) /;
/** Printed before the error itself, so it is shown with all that its file printed. */
const errorBetweenTests = /^# Unhandled error/;
/** What a file prints about tests that it cannot run here. */
const skippedHere = /^skipped: /;
/** After the last file all failures are listed once more, and counted. */
const summary = /^( *\d+ (pass|skip|todo|fail|error)|\d+ tests? (skipped|failed|todo):)$/;

/**
 * @param files paths of all files of tests that may be played; undefined: no total is shown
 * @param show is called with the lines of a failure, under the name of the file
 */
export function followTests(
  files: { readonly names: ReadonlySet<string>; readonly total: number | undefined },
  show: (lines: readonly string[]) => void,
): Followed {
  const seen = { files: new Set<string>(), tests: 0, failed: 0, own: "" };
  let file = { name: "", named: false, broken: false };
  let pending: string[] = [];
  let ended = false;
  const showPending = (): void => {
    const lines = file.named || file.name === "" ? pending : [`${file.name}:`, ...pending];
    file.named = true;
    pending = [];
    show(lines);
  };
  const endFile = (): void => {
    if (file.broken) showPending();
    pending = [];
  };
  return {
    line(text) {
      const own = ownProgress.exec(text)?.[1];
      if (own !== undefined) seen.own = own;
      ended ||= summary.test(text);
      if (own !== undefined || ended) return;
      const heading = text.endsWith(":") ? text.slice(0, -1) : "";
      if (files.names.has(heading)) {
        endFile();
        file = { name: heading, named: false, broken: false };
        // The output of files that run at the same time is interleaved.
        seen.files.add(heading);
      } else if (passing.test(text)) {
        seen.tests += 1;
        if (!file.broken) pending = [];
      } else if (failing.test(text)) {
        seen.tests += 1;
        seen.failed += 1;
        pending.push(text);
        showPending();
      } else if (skippedHere.test(text)) show([text]);
      else {
        file.broken ||= errorBetweenTests.test(text);
        pending.push(text);
      }
    },
    end: endFile,
    progress() {
      const of = files.total === undefined ? "" : ` of ${files.total}`;
      const failed = seen.failed === 0 ? "" : `, ${seen.failed} failed`;
      return `${seen.files.size}${of} files, ${seen.tests} tests${failed}${seen.own === "" ? "" : `; ${seen.own}`}`;
    },
  };
}
