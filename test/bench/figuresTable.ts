/** Tables of figures: the medians of the runs with their spread, and ratios of the runs that were made one after another. */
import { FLOOR, quantile } from "./subject.ts";
import { type FigureName, figureNames, type Figures, figures } from "./figures.ts";

const shown = (name: FigureName, value: number): string => {
  const scaled = figures[name].bytes === true ? value / 2 ** 20 : value;
  return scaled >= 100 || Number.isInteger(scaled) ? scaled.toFixed(0) : scaled.toFixed(scaled >= 10 ? 1 : 2);
};

const NOTHING = "–";

/** Of those that were measured: the median, with the lowest and the highest where they differ. */
function spread(values: readonly number[], text: (value: number) => string): string {
  const measured = values.filter((value) => !Number.isNaN(value));
  if (measured.length === 0) return NOTHING;
  const [low = "", middle = "", high = ""] = [0, 0.5, 1].map((q) => text(quantile(measured, q)));
  return low === high ? middle : `${middle} (${low}–${high})`;
}

/**
 * Run 1 of one to run 1 of the other, and so on: what else the machine did at that time is in both. NaN where one of the
 * two is missing or nothing.
 */
export const ratios = (ours: readonly number[], theirs: readonly number[]): number[] =>
  ours.map((value, run) => {
    const other = theirs[run] ?? Number.NaN;
    return other === 0 ? Number.NaN : value / other;
  });

/** A column of measured figures, or one that compares ours with another's. */
interface Column {
  readonly head: string;
  cell(name: FigureName): string;
}

const measuredColumn = (head: string, runs: readonly Figures[]): Column => ({
  head,
  cell: (name) =>
    spread(
      runs.map((run) => run[name]),
      (value) => shown(name, value),
    ),
});

const isCompared = (name: FigureName, label: string): boolean => {
  const { ratio } = figures[name];
  return ratio === "all" || (ratio === "controllers" && label !== FLOOR);
};

const ratioColumn = (head: string, label: string, ours: readonly Figures[], theirs: readonly Figures[]): Column => ({
  head,
  cell: (name) => {
    if (!isCompared(name, label)) return NOTHING;
    const all = ratios(
      ours.map((run) => run[name]),
      theirs.map((run) => run[name]),
    );
    return spread(all, (value) => value.toFixed(2));
  },
});

/** A Markdown table of texts, the first row its head; numbers stand to the right. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, column) => (column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0))).join(" | ")} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  return [line(head), rule, ...body.map(line)].join("\n");
}

interface TableOptions {
  /** By default those of which anything was measured. */
  readonly names?: readonly FigureName[];
  /** Label of the one that the others are compared with; absent: no ratios. */
  readonly ours?: string;
  /** What is written for a label. */
  readonly heads?: Readonly<Record<string, string>>;
}

/** One row for each figure, one column for each subject, and one for each ratio of ours to another. */
export function table(results: ReadonlyMap<string, readonly Figures[]>, options: TableOptions = {}): string {
  const { heads = {}, ours = "" } = options;
  const headOf = (label: string): string => heads[label] ?? label;
  const own = results.get(ours);
  const compared = own === undefined ? [] : Array.from(results).filter(([label]) => label !== ours);
  const columns: readonly Column[] = [
    ...Array.from(results, ([label, runs]) => measuredColumn(headOf(label), runs)),
    ...compared.map(([label, runs]) => ratioColumn(`to ${headOf(label)}`, label, own ?? [], runs)),
  ];
  const isMeasured = (name: FigureName): boolean =>
    Array.from(results.values()).some((runs) => runs.some((run) => !Number.isNaN(run[name])));
  const names = options.names ?? figureNames.filter(isMeasured);
  const body = names.map((name) => [figures[name].words, ...columns.map(({ cell }) => cell(name))]);
  return markdownTable([["", ...columns.map(({ head }) => head)], ...body]);
}
