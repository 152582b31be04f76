/** What `get` prints of one object: a head of labelled lines, and the tree below it. */
import { experimentImages, rolloutImages, type RunningImage } from "../../controller/view/images.ts";
import type { ExperimentInfo, RolloutInfo } from "../../controller/view/info.ts";
import { clip, type Paint, wrap } from "../paint.ts";
import { aligned, type Cell, cell, columnWidths, painted, shortened, tableWidth, widthOf } from "./cells.ts";
import { tinted } from "./colours.ts";
import { experimentTree, rolloutTree, type TreeRow } from "./tree.ts";

export interface Look {
  readonly paint: Paint;
  /** Of the terminal: what does not fit is shortened. Undefined: all is printed, as for a pipe or a file. */
  readonly columns: number | undefined;
  /** With a column of images and messages. */
  readonly wide: boolean;
}

const LABEL = 17;

const labelled = (label: string, value: string | number): string => `${label.padEnd(LABEL)}${value}`;

function messageLines(message: string, { columns }: Look): readonly string[] {
  if (message === "") return [];
  const line = labelled("Message:", message);
  return columns === undefined || columns <= 2 * LABEL ? [line] : wrap(line, columns, " ".repeat(LABEL));
}

function imageText({ image, tags }: RunningImage, { paint, columns }: Look): string {
  const after = tags.length === 0 ? "" : ` (${tags.join(", ")})`;
  const room = columns === undefined ? Number.POSITIVE_INFINITY : Math.max(8, columns - LABEL - widthOf(after));
  const shown = tags.map((tag) => painted([tinted(tag)], paint));
  return `${shortened(image, room)}${tags.length === 0 ? "" : ` (${shown.join(", ")})`}`;
}

const imageLines = (images: readonly RunningImage[], look: Look): readonly string[] =>
  images.map((image, index) => labelled(index === 0 ? "Images:" : "", imageText(image, look)));

const statusText = ({ icon, status }: Pick<RolloutInfo, "icon" | "status">, { paint }: Look): string =>
  `${painted([tinted(icon)], paint)} ${status}`;

const HEADER: TreeRow = {
  branch: "",
  name: { text: "NAME" },
  kind: "KIND",
  status: cell("STATUS"),
  age: "AGE",
  info: cell("INFO"),
  detail: "DETAIL",
};

const nameCell = ({ branch, name }: TreeRow, most: number): Cell => [
  { text: branch },
  { ...name, text: shortened(name.text, Math.max(1, most - widthOf(branch))) },
];

interface Columns {
  /** Characters of the first column at most. */
  readonly most: number;
  readonly hasKind: boolean;
  readonly hasDetail: boolean;
}

const ALL: Columns = { most: Number.POSITIVE_INFINITY, hasKind: true, hasDetail: false };

const cellsOf = (row: TreeRow, { most, hasKind, hasDetail }: Columns): readonly Cell[] => [
  nameCell(row, most),
  ...(hasKind ? [cell(row.kind)] : []),
  row.status,
  cell(row.age),
  row.info,
  ...(hasDetail ? [cell(row.detail)] : []),
];

/** Names shorter than this say little. */
const LEAST_NAME = 24;
/** A row with its branches stays recognizable. */
const LAST_RESORT = 14;

/** On a narrow terminal names are shortened; where that is not enough, the icon alone says the kind. */
function columnsFor(rows: readonly TreeRow[], columns: number): Columns {
  const widthLeft = (by: Columns): number => {
    const widths = columnWidths(rows.map((row) => cellsOf(row, by)));
    return columns - (tableWidth(widths) - (widths[0] ?? 0));
  };
  const left = widthLeft(ALL);
  if (left >= LEAST_NAME) return { ...ALL, most: left };
  const without = { ...ALL, hasKind: false };
  return { ...without, most: Math.max(LAST_RESORT, widthLeft(without)) };
}

function treeLines(rows: readonly TreeRow[], { paint, columns, wide }: Look): readonly string[] {
  const whole = [HEADER, ...rows];
  const isUncut = columns === undefined || wide;
  const by = isUncut ? { ...ALL, hasDetail: wide } : columnsFor(whole, columns);
  const lines = aligned(
    whole.map((row) => cellsOf(row, by)),
    paint,
  );
  return isUncut ? lines : lines.map((line) => clip(line, columns));
}

/** @param nowMs for the ages */
export function rolloutBlock(info: RolloutInfo, nowMs: number, look: Look): readonly string[] {
  const { objectMeta, message, strategy } = info;
  const canary =
    strategy === "Canary"
      ? [
          labelled("  Step:", info.step),
          labelled("  SetWeight:", info.setWeight),
          labelled("  ActualWeight:", info.actualWeight),
        ]
      : [];
  return [
    labelled("Name:", objectMeta.name),
    labelled("Namespace:", objectMeta.namespace),
    labelled("Status:", statusText(info, look)),
    ...messageLines(message, look),
    labelled("Strategy:", strategy),
    ...canary,
    ...imageLines(rolloutImages(info), look),
    "Replicas:",
    labelled("  Desired:", info.desired),
    labelled("  Current:", info.current),
    labelled("  Updated:", info.updated),
    labelled("  Ready:", info.ready),
    labelled("  Available:", info.available),
    "",
    ...treeLines(rolloutTree(info, nowMs), look),
  ];
}

/** @param nowMs for the ages */
export const experimentBlock = (info: ExperimentInfo, nowMs: number, look: Look): readonly string[] => [
  labelled("Name:", info.objectMeta.name),
  labelled("Namespace:", info.objectMeta.namespace),
  labelled("Status:", statusText(info, look)),
  ...messageLines(info.message, look),
  ...imageLines(experimentImages(info), look),
  "",
  ...treeLines(experimentTree(info, nowMs), look),
];
