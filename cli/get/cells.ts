/** Tables of coloured cells: columns are as wide as their widest cell, with two blanks between them. */
import type { Colour, Paint } from "../paint.ts";

export interface Span {
  readonly text: string;
  readonly colour?: Colour | undefined;
}

export type Cell = readonly Span[];

/** A cell without a colour. */
export const cell = (text: string): Cell => [{ text }];

const GAP = 2;

/** In columns of a terminal. Each character is taken for one column wide, as Go's tables do. */
export const widthOf = (text: string): number => Array.from(text).length;

export const cellWidth = (of: Cell): number => of.reduce((sum, { text }) => sum + widthOf(text), 0);

export const painted = (of: Cell, paint: Paint): string =>
  of.map(({ text, colour }) => (colour === undefined ? text : paint(colour, text))).join("");

/** Of each column; the last one counts, too. */
export const columnWidths = (rows: readonly (readonly Cell[])[]): readonly number[] =>
  rows.reduce<readonly number[]>(
    (widths, row) => row.map((each, index) => Math.max(widths[index] ?? 0, cellWidth(each))),
    [],
  );

export const tableWidth = (widths: readonly number[]): number =>
  widths.reduce((sum, width) => sum + width + GAP, 0) - GAP;

/** Lines without their ends. The last cell of a row is not filled, all others are, empty ones too. */
export function aligned(rows: readonly (readonly Cell[])[], paint: Paint): readonly string[] {
  const widths = columnWidths(rows);
  return rows.map((row) =>
    row
      .map((each, index) => {
        const blanks = index === row.length - 1 ? 0 : (widths[index] ?? 0) - cellWidth(each) + GAP;
        return painted(each, paint) + " ".repeat(blanks);
      })
      .join(""),
  );
}

/** A text of at most `most` characters: both ends stay, as names differ in the last. */
export function shortened(text: string, most: number): string {
  const characters = Array.from(text);
  if (characters.length <= most) return text;
  const kept = Math.max(0, most - 1);
  const tail = Math.floor(kept / 2);
  return `${characters.slice(0, kept - tail).join("")}…${tail === 0 ? "" : characters.slice(-tail).join("")}`;
}
