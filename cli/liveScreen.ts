/** Lines that are redrawn in place on a terminal. */
import { clip } from "./paint.ts";

export interface LiveScreen {
  /** Replaces what was drawn before; lines that do not fit are cut. */
  draw(lines: readonly string[]): void;
  /** Replaces what was drawn before by lines that stay. */
  keep(lines: readonly string[]): void;
  /** Shows the cursor again. */
  end(): void;
}

export interface Output {
  write(text: string): void;
  size(): { readonly columns: number; readonly rows: number };
}

const hideCursor = "\u001B[?25l";
const showCursor = "\u001B[?25h";
const clearLine = "\u001B[K";
const clearBelow = "\u001B[J";

export function liveScreen({ write, size }: Output): LiveScreen {
  let drawn: readonly string[] = [];
  const back = (): string => (drawn.length === 0 ? "\r" : `\r\u001B[${drawn.length}A`);
  const put = (lines: readonly string[]): string => lines.map((line) => `${line}${clearLine}\n`).join("");
  write(hideCursor);
  return {
    draw(lines) {
      const { columns, rows } = size();
      // The last row stays free: a line feed there would scroll.
      const next = lines.slice(0, Math.max(1, rows - 1)).map((line) => clip(line, columns));
      if (next.length === drawn.length && next.every((line, index) => line === drawn[index])) return;
      write(back() + put(next) + clearBelow);
      drawn = next;
    },
    keep(lines) {
      write(back() + put(lines) + clearBelow);
      drawn = [];
    },
    end: () => write(showCursor),
  };
}
