/** Two simulated updates side by side. Pure. */
import type { Report } from "../../simulator/simulate/report.ts";
import { percent, podMinutes, timeText } from "../../simulator/simulate/words.ts";

type Fact = readonly [name: string, of: (report: Report) => string];

const FACTS: readonly Fact[] = [
  ["outcome", ({ outcome }) => outcome.kind],
  ["after", ({ outcome }) => timeText(outcome.atMs)],
  ["last pods gone after", ({ endMs }) => timeText(endMs)],
  ["stages", ({ stages }) => String(stages.length)],
  ["new version got at most", ({ mostShare }) => percent(mostShare)],
  ["capacity at worst", ({ worstCapacity }) => percent(Math.min(1, worstCapacity.value))],
  ["extra pods at most", ({ extra }) => String(extra.most)],
  ["extra pod-minutes", ({ extra }) => String(podMinutes(extra.podMs))],
  ["requests to the new version", ({ requests }) => (requests === undefined ? "" : String(requests.toNew))],
];

/** A line for each fact, a column for each update. @param names of the files */
export function compareText(reports: readonly Report[], names: readonly string[]): string {
  const rows = [
    ["", ...names],
    ...FACTS.map(([name, of]) => [name, ...reports.map(of)]).filter((row) => row.slice(1).some((cell) => cell !== "")),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return `${rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n")}\n`;
}
