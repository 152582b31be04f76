import { expect, test } from "bun:test";
import { liveScreen } from "./liveScreen.ts";

const escape = "\u001B";

/** Escape sequences, or single characters. */
const tokens = new RegExp(`${escape}\\[(\\??\\d*)([A-Za-z])|([^])`, "gu");

/** A terminal that knows line feeds, returns, moving up and clearing: enough to check what stays on the screen. */
function terminal(columns: number, rows: number) {
  const lines: string[] = [""];
  let row = 0;
  let column = 0;
  let isCursorShown = true;
  const obey = (count: string, command: string): void => {
    if (command === "A") row -= Number(count);
    if (command === "K" || command === "J") lines[row] = (lines[row] ?? "").slice(0, column);
    if (command === "J") lines.splice(row + 1);
    if (command === "h" || command === "l") isCursorShown = command === "h";
  };
  const put = (character: string): void => {
    if (character === "\r") column = 0;
    else if (character === "\n") {
      row += 1;
      column = 0;
      lines[row] ??= "";
    } else {
      const line = (lines[row] ?? "").padEnd(column);
      lines[row] = line.slice(0, column) + character + line.slice(column + 1);
      column += 1;
    }
  };
  const write = (text: string): void => {
    for (const [, count, command, character] of text.matchAll(tokens)) {
      if (command === undefined) put(character ?? "");
      else obey(count ?? "", command);
    }
  };
  return { write, size: () => ({ columns, rows }), lines, isCursorShown: () => isCursorShown };
}

test("a frame is drawn over the one before, and what is kept stays above the next", () => {
  const screen = terminal(20, 10);
  const live = liveScreen(screen);
  live.draw(["one", "two", "three"]);
  expect(screen.lines).toEqual(["one", "two", "three", ""]);
  live.draw(["ONE", "two"]);
  expect(screen.lines).toEqual(["ONE", "two", ""]);
  live.keep(["done"]);
  live.draw(["next"]);
  expect(screen.lines).toEqual(["done", "next", ""]);
});

test("nothing is written for a frame that is as the one before", () => {
  const screen = terminal(20, 10);
  let writes = 0;
  const live = liveScreen({ ...screen, write: () => void (writes += 1) });
  live.draw(["same"]);
  const before = writes;
  live.draw(["same"]);
  expect(writes).toBe(before);
});

test("a frame larger than the terminal is cut, so that going back finds its beginning", () => {
  const screen = terminal(4, 3);
  const live = liveScreen(screen);
  live.draw(["abcdef", "b", "c", "d"]);
  live.draw(["ABCDEF", "B", "C", "D"]);
  expect(screen.lines).toEqual(["ABCD", "B", ""]);
});

test("the cursor is hidden while it draws, and comes back", () => {
  const screen = terminal(20, 10);
  const live = liveScreen(screen);
  expect(screen.isCursorShown()).toBe(false);
  live.end();
  expect(screen.isCursorShown()).toBe(true);
});
