/** A simulated update as text (docs/cli/simulate.md#what-is-printed). Pure. */
import type { Pods } from "../../simulator/simulate/moment.ts";
import type { Report, StageReport } from "../../simulator/simulate/report.ts";
import { wrap } from "../paint.ts";
import { percent, podMinutes, pods, strategyText, timeText } from "../../simulator/simulate/words.ts";

/** @param name which file it is of, where there are several */
export function reportText(report: Report, name: string | undefined, columns: number): string {
  const head = `${name === undefined ? "" : `${name}: `}${headline(report)}`;
  const lines = [
    ...wrap(head, columns, "  "),
    "",
    ...table([HEADERS, ...report.stages.map(rowOf)], report.stages.map(incidentLines), columns),
    "",
    ...closing(report).flatMap((line) => wrap(line, columns, "  ")),
  ];
  return `${lines.join("\n")}\n`;
}

const headline = ({ rollout, images, replicas, strategy }: Report): string => {
  const change = images.old === images.new ? `${images.old}, a new pod template` : `${images.old} -> ${images.new}`;
  return `Rollout ${rollout}, ${pods(replicas)}, ${strategyText(strategy)}: ${change}`;
};

const HEADERS = ["AT", "FOR", "STAGE", "NEW GETS", "OLD PODS", "NEW PODS", "CAPACITY", "EXTRA PODS"];

function rowOf(stage: StageReport): readonly string[] {
  const { most, ms } = stage.extra;
  return [
    timeText(stage.fromMs),
    timeText(stage.toMs - stage.fromMs),
    stage.text,
    percent(stage.share),
    podsText(stage.old),
    podsText(stage.new),
    percent(Math.min(1, stage.worstCapacity)),
    most === 0 || ms === 0 ? "-" : `${most} for ${timeText(ms)}`,
  ];
}

/** "3", or "2 (+1)": two are ready, and one is not. */
const podsText = ({ ready, starting }: Pods): string => (starting === 0 ? `${ready}` : `${ready} (+${starting})`);

const incidentLines = ({ incidents }: StageReport): readonly string[] =>
  incidents.map(({ atMs, text }) => `${timeText(atMs)}: ${text}`);

/** Which columns go first where there is no room for all: what the lines below sum up, then what others tell. */
const DISPENSABLE = ["EXTRA PODS", "CAPACITY", "FOR", "OLD PODS"];

function table(rows: readonly (readonly string[])[], below: readonly (readonly string[])[], columns: number): string[] {
  const widths = HEADERS.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const left = new Set(HEADERS.keys());
  const width = (): number => [...left].reduce((sum, column) => sum + (widths[column] ?? 0) + 2, -2);
  for (const header of DISPENSABLE) if (width() > columns) left.delete(HEADERS.indexOf(header));
  const lineOf = (row: readonly string[]): string =>
    [...left].map((column) => (row[column] ?? "").padEnd(widths[column] ?? 0)).join("  ");
  return rows.flatMap((row, index) => [
    lineOf(row).trimEnd(),
    ...(below[index - 1] ?? []).flatMap((line) => wrap(`  ${line}`, columns, "    ")),
  ]);
}

/** What came of it, and what it cost. */
function closing(report: Report): readonly string[] {
  return [
    outcomeText(report),
    capacityText(report),
    extraText(report),
    ...requestLines(report),
    ...report.notes.map((note) => `Note: ${note.replace(/\.$/, "")}.`),
  ];
}

/** "2/5 pause 10m" as "step 2/5 (pause 10m)"; the stages that are no step in quotes. */
function stageText(text: string): string {
  const [, number, rest] = /^(\d+\/\d+) (.*)$/.exec(text) ?? [];
  return number === undefined ? `"${text}"` : `step ${number} (${rest})`;
}

export function outcomeText({ outcome, mostShare }: Report): string {
  const { kind, atMs, at, why } = outcome;
  const after = timeText(atMs);
  const reached = `The new version had got ${percent(mostShare)} of the requests at most.`;
  const because = why === "" ? "" : ` Because: ${why.replace(/\.$/, "")}.`;
  switch (kind) {
    case "healthy":
      return `Healthy after ${after}.`;
    case "aborted":
      return `Aborted after ${after}, at ${stageText(at)}. ${reached}${because}`;
    case "stuck":
      return `Stuck after ${after}, at ${stageText(at)}. ${reached}${because}`;
    case "waits":
      return `Waits for a person since ${after}, at ${stageText(at)} (${why}). ${reached}`;
    case "unfinished":
      return `Not over after ${after}, at ${stageText(at)}. ${reached}${because}`;
    default:
      return kind satisfies never;
  }
}

export function capacityText({ worstCapacity: { value, atMs }, stages }: Report): string {
  if (value >= 1) return "Capacity: never less than before the update.";
  const stage = stages.findLast(({ fromMs }) => fromMs <= atMs)?.text ?? "";
  return `Capacity: ${percent(value)} at worst, ${timeText(atMs)} after the start, at ${stageText(stage)}.`;
}

export function extraText({ extra: { most, ms, podMs } }: Report): string {
  if (most === 0 || ms === 0) return "Extra pods: none.";
  return `Extra pods: ${most} at most, some for ${timeText(ms)}; ${podMinutes(podMs)} pod-minutes in all.`;
}

function requestLines({ requests }: Report): readonly string[] {
  if (requests === undefined) return [];
  const { perSecond, total, toNew, usualPerPod, mostPerPod } = requests;
  const most = mostPerPod === undefined ? "for a while nobody answered them" : `${rate(mostPerPod)} at most`;
  return [
    `Requests at ${rate(perSecond)}: ${toNew} of ${total} went to the new version; a pod has ${rate(usualPerPod)} as a rule, ${most}.`,
  ];
}

const rate = (perSecond: number): string => `${Math.round(perSecond * 10) / 10}/s`;
