/** Frames of a terminal as an animated picture that needs no script: SVG, moved by CSS. Pure. */

export interface TerminalFrame {
  /** Since the beginning. */
  readonly atMs: number;
  /** With colours, as cli/paint.ts writes them. */
  readonly lines: readonly string[];
}

export interface Film {
  readonly columns: number;
  readonly rows: number;
  /** In order of time; the first at 0. Each lasts until the next one. */
  readonly frames: readonly TerminalFrame[];
  /** When it begins again. */
  readonly endMs: number;
  /** What is shown where nothing may move. */
  readonly stillMs: number;
  /** For those who cannot see it. */
  readonly description: string;
}

const cellWidth = 8.4;
const lineHeight = 18;
const padding = 12;

/** By the codes of cli/paint.ts. */
const classes: Readonly<Record<string, string>> = {
  "94": "b",
  "92": "g",
  "93": "y",
  "91": "r",
  "96": "c",
  "2": "d",
  "1": "s",
};

const style = `text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#c9d1d9;white-space:pre}
.b{fill:#58a6ff}.g{fill:#3fb950}.y{fill:#d29922}.r{fill:#ff7b72}.c{fill:#76e3ea}.d{fill:#8b949e}.s{fill:#fff;font-weight:700}`;

interface Run {
  readonly text: string;
  readonly column: number;
  readonly colour: string;
}

const escape = "\u001B";

/** The parts of a line that have one colour, without the blanks around them. */
function runsOf(line: string): Run[] {
  const runs: Run[] = [];
  let column = 0;
  let colour = "";
  for (const part of line.split(new RegExp(`(${escape}\\[\\d+m)`))) {
    const code = new RegExp(`^${escape}\\[(\\d+)m$`).exec(part)?.[1];
    if (code !== undefined) {
      colour = classes[code] ?? "";
      continue;
    }
    // Bars and rules are drawn as such: glyphs would leave gaps. Words that stand far apart keep their columns.
    for (const { 0: text, index } of part.matchAll(/█+|─+|[^█─\s](?:[^█─]*?[^█─\s])??(?=\s{2}|[█─]|\s*$)/g))
      runs.push({ text, column: column + index, colour });
    column += part.length;
  }
  return runs;
}

const number = (value: number): string => String(Math.round(value * 100) / 100);

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function drawn({ text, column, colour }: Run, top: number): string {
  const x = number(column * cellWidth);
  const width = number(text.length * cellWidth);
  const named = colour === "" ? "" : ` class="${colour}"`;
  // A shape is black unless it is told otherwise.
  const filled = colour === "" ? ' fill="#c9d1d9"' : named;
  if (text.startsWith("█")) return `<rect${filled} x="${x}" y="${number(top + 2)}" width="${width}" height="14"/>`;
  if (text.startsWith("─")) return `<rect${filled} x="${x}" y="${number(top + 9)}" width="${width}" height="1"/>`;
  // The length keeps columns where the font is another one.
  const length = text.length > 1 ? ` textLength="${width}"` : "";
  return `<text${named} x="${x}" y="${number(top + 14)}"${length}>${escaped(text)}</text>`;
}

/** One row of the terminal: a strip of all that it ever shows, of which a window shows one at a time. */
function rowOf(film: Film, row: number): { readonly shape: string; readonly rule: string } | undefined {
  const seen = new Map<string, number>();
  const turns: { readonly atMs: number; readonly index: number }[] = [];
  for (const { atMs, lines } of film.frames) {
    const line = lines[row] ?? "";
    const index = seen.get(line) ?? seen.size;
    seen.set(line, index);
    if (turns.at(-1)?.index !== index) turns.push({ atMs, index });
  }
  const strip = [...seen].flatMap(([line, index]) => runsOf(line).map((run) => drawn(run, index * lineHeight)));
  if (strip.length === 0) return undefined;
  const shift = (index: number): string => `translateY(${-index * lineHeight}px)`;
  const still = turns.findLast(({ atMs }) => atMs <= film.stillMs)?.index ?? 0;
  const keys = turns.map(({ atMs, index }) => `${number((100 * atMs) / film.endMs)}%{transform:${shift(index)}}`);
  const window = `y="${padding + row * lineHeight}" width="${number(film.columns * cellWidth)}" height="${lineHeight}"`;
  return {
    shape: `<svg x="${padding}" ${window}><g id="r${row}">${strip.join("")}</g></svg>`,
    rule:
      turns.length === 1
        ? ""
        : `#r${row}{transform:${shift(still)}}@keyframes r${row}{${keys.join("")}}` +
          `@media(prefers-reduced-motion:no-preference){#r${row}{animation:r${row} ${film.endMs}ms step-end infinite}}`,
  };
}

/** The same text for the same film. */
export function animatedSvg(film: Film): string {
  const width = number(film.columns * cellWidth + 2 * padding);
  const height = film.rows * lineHeight + 2 * padding;
  const rows = Array.from({ length: film.rows }, (_, row) => rowOf(film, row)).filter((row) => row !== undefined);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(film.description)}</title>`,
    `<style>${style}`,
    ...rows.map(({ rule }) => rule).filter((rule) => rule !== ""),
    "</style>",
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    ...rows.map(({ shape }) => shape),
    "</svg>",
    "",
  ].join("\n");
}
