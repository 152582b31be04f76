/**
 * A page in Prometheus' text format (or OpenMetrics'), as far as given series need it: other lines are passed over unread,
 * so a page of any kind costs one walk. The packages that parse the format read all of a page into objects, and the last
 * was changed in 2020.
 */
import { type SeriesSelector, unescaped } from "./selector.ts";

type Labels = ReadonlyMap<string, string>;

/** What `each` is told of every series that a selector selects. */
export type Each = (value: number, labels: Labels) => void;

const LABEL = /\s*([A-Za-z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*,?/y;
/** Labels of a series that are read; nobody writes as many. */
const MOST_LABELS = 100;
const LONGEST_LINE = 10_000;

/** Lines that are none of the format are passed over. Never throws. */
export function readPage(
  page: string,
  wanted: readonly { readonly selector: SeriesSelector; readonly each: Each }[],
): void {
  for (let at = 0; at < page.length;) {
    const found = page.indexOf("\n", at);
    const end = found < 0 ? page.length : found;
    for (const { selector, each } of wanted) {
      if (end - at > LONGEST_LINE || !page.startsWith(selector.name, at)) continue;
      const after = page[at + selector.name.length];
      if (after === "{" || after === " " || after === "\t") readLine(page.slice(at, end), selector, each);
    }
    at = end + 1;
  }
}

function readLine(line: string, { name, matchers }: SeriesSelector, each: Each): void {
  const labels = new Map<string, string>();
  let at = name.length;
  if (line[at] === "{") {
    LABEL.lastIndex = at + 1;
    for (let n = 0; n < MOST_LABELS; n += 1) {
      at = LABEL.lastIndex;
      const [, label, value = ""] = LABEL.exec(line) ?? [];
      if (label === undefined) break;
      labels.set(label, unescaped(value));
    }
    while (line[at] === " " || line[at] === ",") at += 1;
    if (line[at] !== "}") return;
    at += 1;
  }
  const value = numberOf(line.slice(at).trim().split(/\s/, 1)[0] ?? "");
  // A label that is absent counts as empty, as in PromQL.
  if (value !== undefined && matchers.every(({ label, matches }) => matches(labels.get(label) ?? "")))
    each(value, labels);
}

const NAMED: ReadonlyMap<string, number> = new Map([
  ["+Inf", Infinity],
  ["Inf", Infinity],
  ["-Inf", -Infinity],
]);

/** NaN is no measurement. */
export function numberOf(text: string): number | undefined {
  const named = NAMED.get(text);
  if (named !== undefined) return named;
  const value = /^[+-]?[\d.]+(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return Number.isNaN(value) ? undefined : value;
}

/** Cumulative counts by upper bound. */
export type Buckets = ReadonlyMap<number, number>;

/** As histogram_quantile gives it; undefined: nothing was counted, or there is no bucket +Inf. */
export function quantileOf(buckets: Buckets, q: number): number | undefined {
  const bounds = [...buckets.keys()].toSorted((a, b) => a - b);
  const total = buckets.get(Infinity) ?? 0;
  if (total <= 0) return undefined;
  const rank = q * total;
  let [lower, before] = [0, 0];
  for (const bound of bounds) {
    const count = buckets.get(bound) ?? 0;
    if (count >= rank && count > before) {
      // Nothing is known of what lies beyond the last bound.
      if (bound === Infinity) return lower;
      const start = bound <= 0 && lower === 0 ? bound : lower;
      return start + (bound - start) * ((rank - before) / (count - before));
    }
    [lower, before] = [bound, Math.max(before, count)];
  }
  return lower;
}
