import { type FigureName, type Figures, figures, quantile } from "./subject.ts";

const bytes: ReadonlySet<FigureName> = new Set<FigureName>([
  "idleRss",
  "idleAnonymous",
  "fleetRss",
  "fleetAnonymous",
  "afterRss",
  "afterAnonymous",
  "peakRss",
]);

const shown = (name: FigureName, value: number): string => {
  const scaled = bytes.has(name) ? value / 2 ** 20 : value;
  return scaled >= 100 || Number.isInteger(scaled) ? scaled.toFixed(0) : scaled.toFixed(scaled >= 10 ? 1 : 2);
};

/** The median of the runs, with the lowest and the highest where they differ. */
function cell(name: FigureName, runs: readonly Figures[]): string {
  const values = runs.map((run) => run[name]);
  const [low, middle, high] = [0, 0.5, 1].map((q) => shown(name, quantile(values, q)));
  return low === high ? `${middle}` : `${middle} (${low}–${high})`;
}

/** A Markdown table with one row for each figure and one column for each controller. */
export function table(results: ReadonlyMap<string, readonly Figures[]>): string {
  const rows = (Object.keys(figures) as FigureName[]).map((name) => [
    figures[name],
    ...Array.from(results.values(), (runs) => cell(name, runs)),
  ]);
  const all = [["", ...results.keys()], ...rows];
  const widths = (all[0] ?? []).map((_, column) => Math.max(3, ...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, column) => (column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0))).join(" | ")} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  return [line(all[0] ?? []), rule, ...rows.map(line)].join("\n");
}
