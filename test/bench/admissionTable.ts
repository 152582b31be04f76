/** The tables of admissionBench.ts: a row for each kind of write, medians over the runs with the spread. */
import type { AdmissionWrite } from "./admissionWrites.ts";
import { quantile } from "./subject.ts";

/** A namespace each: no webhook, one that answers everything at once, Sluice. */
export const modes = ["off", "empty", "sluice"] as const;
export type Mode = (typeof modes)[number];

/** One kind of write in one run. */
export interface Measured {
  /** Latencies in ms. */
  readonly latencies: Readonly<Record<Mode, readonly number[]>>;
  readonly writes: number;
  /** By Sluice, of the writes of its namespace. */
  readonly reviews: number;
  readonly dryRuns: number;
  /** CPU of Sluice's process, of all its threads, user and system. */
  readonly cpuMs: number;
  /** CPU of the empty webhook, which reviews every write of its namespace. */
  readonly emptyCpuMs: number;
}

/** Median, lowest and highest of the runs. */
function spread(values: readonly number[], digits: number): string {
  const [low, middle, high] = [0, 0.5, 1].map((q) => quantile(values, q).toFixed(digits));
  return low === high ? `${middle}` : `${middle} (${low}–${high})`;
}

const sum = (runs: readonly Measured[], of: (run: Measured) => number): number =>
  runs.reduce((total, run) => total + of(run), 0);

const micros = (ms: number, reviews: number): string => (reviews === 0 ? "" : ((ms * 1_000) / reviews).toFixed(0));

function cells({ mode, what }: AdmissionWrite, runs: readonly Measured[]): string[] {
  const at = (of: Mode, q: number) => runs.map((run) => quantile(run.latencies[of], q));
  const pair = (of: Mode): string =>
    `${quantile(at(of, 0.5), 0.5).toFixed(1)} / ${quantile(at(of, 0.99), 0.5).toFixed(1)}`;
  const added = (q: number, least: Mode): string => {
    const [mine, theirs] = [at("sluice", q), at(least, q)];
    return spread(
      mine.map((value, run) => value - (theirs[run] ?? Number.NaN)),
      1,
    );
  };
  const ratio = quantile(
    at("sluice", 0.5).map((value, run) => value / (at("empty", 0.5)[run] ?? Number.NaN)),
    0.5,
  );
  const reviews = sum(runs, (run) => run.reviews);
  const share = (count: number): string => (count / sum(runs, (run) => run.writes)).toFixed(2);
  return [
    mode,
    what,
    ...modes.map(pair),
    added(0.5, "empty"),
    added(0.99, "empty"),
    ratio.toFixed(2),
    share(reviews),
    share(sum(runs, (run) => run.dryRuns)),
    micros(
      sum(runs, (run) => run.emptyCpuMs),
      sum(runs, (run) => run.latencies.empty.length),
    ),
    micros(
      sum(runs, (run) => run.cpuMs),
      reviews,
    ),
  ];
}

const head = [
  "mode",
  "write",
  "without, p50 / p99 ms",
  "empty webhook",
  "Sluice",
  "p50 beyond the empty one",
  "p99",
  "ratio of p50",
  "reviews a write",
  "dry runs a write",
  "CPU µs a review, empty",
  "Sluice",
];

export function admissionTable(results: ReadonlyMap<AdmissionWrite, readonly Measured[]>): string {
  const all = [head, ...Array.from(results, ([write, runs]) => cells(write, runs))];
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => row[column]?.length ?? 0)));
  const isText = (column: number): boolean => column < 2;
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, column) => (isText(column) ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0))).join(" | ")} |`;
  const rule = widths.map((width, column) => (isText(column) ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(all[0] ?? []), `| ${rule.join(" | ")} |`, ...all.slice(1).map(line)].join("\n");
}
