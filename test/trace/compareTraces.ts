/** Compares two traces, fact by fact. */
import type { Accepted } from "./accepted.ts";
import { unknown } from "./facts.ts";
import type { Trace } from "./play.ts";

export interface Difference {
  readonly scenario: string;
  /** The title of the first keyframe that shows it. */
  readonly keyframe: string;
  /** How many keyframes after it show it unchanged. */
  readonly repeats: number;
  readonly path: string;
  /** Undefined where there is no such fact. */
  readonly a: string | undefined;
  readonly b: string | undefined;
}

export interface Comparison {
  readonly scenarios: number;
  readonly keyframes: number;
  readonly agreeing: number;
  readonly differences: readonly Difference[];
  /** Differences that the table accepts. */
  readonly accepted: readonly Difference[];
  /** Entries for played scenarios that match no difference. */
  readonly unused: readonly Accepted[];
}

const key = ({ path, a, b }: Pick<Difference, "path" | "a" | "b">): string => JSON.stringify([path, a, b]);

/** The differences of one scenario, each reported once for as long as it lasts. */
function differencesOf(scenario: string, traces: readonly [a: Trace, b: Trace]): (Difference & { at: number })[] {
  const [as = [], bs = []] = traces.map((trace) => trace.get(scenario));
  const found: (Difference & { at: number })[] = [];
  for (let at = 0; at < Math.max(as.length, bs.length); at++) {
    const [a, b] = [as[at], bs[at]];
    const title = a?.title ?? b?.title ?? "";
    const values = [...new Set([...(a?.facts.keys() ?? []), ...(b?.facts.keys() ?? [])])].map((path) => ({
      path,
      a: a?.facts.get(path),
      b: b?.facts.get(path),
    }));
    if (a !== undefined && b !== undefined && a.title !== b.title)
      values.push({ path: "title", a: a.title, b: b.title });
    // Where the event recorder of either has dropped events, the rest cannot be compared.
    const hasEvents = [a, b].every((frame) => frame?.facts.get("events") !== unknown);
    const known = values.filter((each) => each.a !== unknown && each.b !== unknown);
    const comparable = known.filter(({ path }) => hasEvents || !path.startsWith("event"));
    for (const value of comparable.filter((each) => each.a !== each.b)) {
      const last = found.findIndex((each) => key(each) === key(value) && each.at + each.repeats + 1 === at);
      const earlier = found[last];
      if (earlier === undefined) found.push({ scenario, keyframe: title, repeats: 0, at, ...value });
      else found[last] = { ...earlier, repeats: earlier.repeats + 1 };
    }
  }
  return found;
}

const isAccepted = (entry: Accepted, { scenario, path, a, b }: Difference): boolean =>
  (entry.scenarios === "all" || entry.scenarios.includes(scenario)) &&
  (entry.path === undefined || entry.path.test(path)) &&
  (entry.values === undefined || entry.values.test(`${a ?? "nothing"} | ${b ?? "nothing"}`));

/** Only scenarios that both traces hold are compared; `everything`: the traces have all scenarios. */
export function compare(a: Trace, b: Trace, table: readonly Accepted[], everything = false): Comparison {
  const names = [...a.keys()].filter((name) => b.has(name));
  const used = new Set<Accepted>();
  const differences: Difference[] = [];
  const accepted: Difference[] = [];
  let [keyframes, agreeing] = [0, 0];
  for (const name of names) {
    const found = differencesOf(name, [a, b]);
    const left = found.filter((difference) => {
      const entries = table.filter((entry) => isAccepted(entry, difference));
      for (const entry of entries) used.add(entry);
      return entries.length === 0;
    });
    differences.push(...left);
    accepted.push(...found.filter((difference) => !left.includes(difference)));
    const count = Math.max(a.get(name)?.length ?? 0, b.get(name)?.length ?? 0);
    const differing = new Set(left.flatMap(({ at, repeats }) => Array.from({ length: repeats + 1 }, (_, n) => at + n)));
    keyframes += count;
    agreeing += count - differing.size;
  }
  const isPlayed = ({ scenarios }: Accepted): boolean =>
    scenarios === "all" ? everything : scenarios.some((name) => names.includes(name));
  const unused = table.filter((entry) => !used.has(entry) && isPlayed(entry));
  return { scenarios: names.length, keyframes, agreeing, differences, accepted, unused };
}

const shown = (value: string | undefined): string => value ?? "(nothing)";

/** The report: a paragraph for each difference, unused entries, and a summary line. */
export function report({ scenarios, keyframes, agreeing, differences, accepted, unused }: Comparison): string {
  const texts = differences.map(({ scenario, keyframe, repeats, path, a, b }) => {
    const also = repeats === 0 ? "" : ` (and ${repeats} more)`;
    return `${scenario} | ${keyframe}${also}\n  ${path}\n    A: ${shown(a)}\n    B: ${shown(b)}\n`;
  });
  const stale = unused.map(
    ({ heading }) => `Not needed by what was played, take it out of test/trace/accepted.ts: ${heading}\n`,
  );
  const counts = `${scenarios} scenarios, ${keyframes} keyframes: ${agreeing} agree, ${keyframes - agreeing} do not`;
  return `${[...texts, ...stale].join("\n")}${texts.length + stale.length > 0 ? "\n" : ""}${counts} (${differences.length} differences, ${accepted.length} accepted)`;
}
