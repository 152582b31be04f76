/**
 * Follows what `bun test` prints while it runs: how far it is, and what failed as soon as it has. Passing tests are only
 * counted.
 */

export interface Followed {
  /** Takes the next line. */
  line(text: string): void;
  /** There are no more lines. */
  end(): void;
  /** How far the tests are: "12 of 152 files, 340 tests, 1 failed". */
  progress(): string;
}

/** A line of its own that a long test prints to its standard error about how far it is. */
export const ownProgress = /^progress: (.+)$/;

const passing = /^\((pass|skip|todo)\) /;
const failing = /^(\(fail\)|✗) /;
/** Told before the error itself, so it is shown with all that its file printed. */
const errorBetweenTests = /^# Unhandled error/;
/** What a file says of tests that it cannot play here. */
const skippedHere = /^skipped: /;
/** Behind the last file all failures are listed once more, and counted. */
const summary = /^( *\d+ (pass|skip|todo|fail|error)|\d+ tests? (skipped|failed|todo):)$/;

/**
 * @param files paths of all files of tests that may be played; undefined names no total
 * @param show is called with the lines of a failure, headed by the file
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
        // Files that are played at the same time take turns.
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
