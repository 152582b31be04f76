/** Reads the junit report of `bun test`: how many tests there were, and which took longest. */

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The counts are 0 where there is no report: after a crash, or when nothing could start. */
export function countsOf(xml: string): Counts {
  const head = /<testsuites [^>]*>/.exec(xml)?.[0] ?? "";
  const [failed, skipped] = [numberIn(head, "failures"), numberIn(head, "skipped")];
  return { passed: numberIn(head, "tests") - failed - skipped, failed, skipped };
}

/** The line that .ci/run adds up. */
export function countLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

export interface Timed {
  readonly file: string;
  readonly name: string;
  readonly seconds: number;
}

export function timesOf(xml: string): Timed[] {
  return Array.from(xml.matchAll(/<testcase [^>]*>/g), ([tag]) => ({
    file: textIn(tag, "file"),
    name: textIn(tag, "name"),
    seconds: numberIn(tag, "time"),
  }));
}

/** The tests that failed, in the order of the report. */
export function failedOf(xml: string): Timed[] {
  const failed = Array.from(xml.matchAll(/<testcase [^>]*[^/]>\s*<failure/g), ([tag]) => tag);
  return timesOf(failed.join("\n"));
}

export function slowest(times: readonly Timed[], count: number): Timed[] {
  return times.toSorted((a, b) => b.seconds - a.seconds).slice(0, count);
}

function textIn(tag: string, attribute: string): string {
  const escaped = new RegExp(` ${attribute}="([^"]*)"`).exec(tag)?.[1] ?? "";
  return escaped.replace(/&(lt|gt|quot|apos|amp|#(\d+));/g, (all, name: string, code?: string) =>
    code === undefined ? (named[name] ?? all) : String.fromCodePoint(Number(code)),
  );
}

const named: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function numberIn(tag: string, attribute: string): number {
  return Number(new RegExp(` ${attribute}="([\\d.]+)"`).exec(tag)?.[1] ?? 0);
}
