/**
 * The warnings of an answer as the API server passes them on (docs/behaviour/admission.md#long-warnings): it may cut each
 * at 256 bytes, drops those beyond 4,096 in all, and those with control characters. What is longer becomes several
 * lines, each with the path, so that the help at its end is not lost.
 */

/** Some is left for what others warn of beside us. */
const LIMITS = { lines: 12, bytes: 3_600, lineBytes: 250 };
/** Lines of one warning, the fewer the more warnings there are. */
const MOST_LINES = [3, 2, 1] as const;
/** A line that ends earlier than this wastes room. */
const LEAST_BYTES = 100;
/** The path that each line begins with; a longer one is not repeated. */
const HEAD = /^[\w.[\]/-]{1,120}: /;
const MORE = " ...";
const encoder = new TextEncoder();

const bytesOf = (text: string): number => encoder.encode(text).length;

export function shownWarnings(all: readonly string[]): string[] {
  const distinct = [...new Set(all.map((warning) => warning.replaceAll(/\p{Cc}+/gu, " ").toWellFormed()))];
  for (const most of MOST_LINES) {
    // Each warning is at least one line.
    if (distinct.length > LIMITS.lines && most > 1) continue;
    const lines = [...new Set(distinct.slice(0, LIMITS.lines).flatMap((warning) => linesOf(warning, most)))];
    if (most === 1 && distinct.length > LIMITS.lines) {
      return [...lines.slice(0, LIMITS.lines - 1), `and ${distinct.length - LIMITS.lines + 1} more warnings`];
    }
    const bytes = lines.reduce((sum, line) => sum + bytesOf(line), 0);
    if (most === 1 || (lines.length <= LIMITS.lines && bytes <= LIMITS.bytes)) return lines;
  }
  return [];
}

function linesOf(warning: string, most: number): readonly string[] {
  if (bytesOf(warning) <= LIMITS.lineBytes) return [warning];
  if (most === 1) return [withoutMiddle(warning)];
  const head = HEAD.exec(warning)?.[0] ?? "";
  const lines: string[] = [];
  let start = "";
  let rest = warning;
  while (rest !== "") {
    const room = LIMITS.lineBytes - bytesOf(start);
    if (bytesOf(rest) <= room) return [...lines, start + rest];
    if (lines.length === most - 1) return [...lines, start + withoutMiddle(rest, room)];
    const { line, left, isSentence } = broken(rest, room - MORE.length);
    lines.push(start + line + (isSentence ? "" : MORE));
    start = head + (isSentence ? "" : MORE.trim() + " ");
    rest = left;
  }
  return lines;
}

interface Broken {
  readonly line: string;
  readonly left: string;
  /** The line is whole, as is what is left. */
  readonly isSentence: boolean;
}

/** Behind a sentence, else behind a comma, else between words, else anywhere. */
function broken(text: string, bytes: number): Broken {
  const begin = firstBytes(text, bytes);
  for (const [mark, isSentence] of [
    [". ", true],
    ["; ", false],
    [", ", false],
    [" ", false],
  ] as const) {
    const at = begin.lastIndexOf(mark);
    if (at < LEAST_BYTES) continue;
    const end = at + mark.length;
    return { line: text.slice(0, end).trimEnd(), left: text.slice(end), isSentence };
  }
  return { line: begin, left: text.slice(begin.length), isSentence: false };
}

/** Beginning and end: at the end stands what to do. */
function withoutMiddle(text: string, bytes = LIMITS.lineBytes): string {
  const room = bytes - 2 * MORE.length;
  const begin = firstBytes(text, Math.ceil(room / 2));
  return `${begin}${MORE} ${lastBytes(text, room - bytesOf(begin))}`;
}

/** As much of the beginning as has at most so many bytes, without half a character. */
function firstBytes(text: string, bytes: number): string {
  const { read } = encoder.encodeInto(text, new Uint8Array(bytes));
  return text.slice(0, read);
}

function lastBytes(text: string, bytes: number): string {
  const all = encoder.encode(text);
  let start = Math.max(0, all.length - bytes);
  // A byte within a character.
  while (start < all.length && ((all[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return new TextDecoder().decode(all.subarray(start));
}
