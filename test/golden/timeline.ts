/** Golden files: the story of a world as a person last read and accepted it. */
import { expect } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { wrapped } from "./timelineText.ts";
import type { World } from "./goldenWorld.ts";

const DIR = join(import.meta.dir, "timelines");

export function storyOf(world: World): string {
  const { lines, events, end } = world;
  return [...lines, "", "events", ...events.map(wrapped), "", "status", ...end.map(wrapped), ""].join("\n");
}

/** Compares a world's story with `timelines/NAME.txt`. */
export const expectTimeline = (name: string, world: World): void =>
  expectGolden(join(DIR, `${name}.txt`), storyOf(world));

/**
 * Compares a story with the file at `path`; `UPDATE_GOLDEN=1` writes it. Nobody has read such a text yet:
 * read the diff before it is committed.
 */
export function expectGolden(path: string, played: string): void {
  const known = existsSync(path) ? readFileSync(path, "utf8") : undefined;
  if (process.env["UPDATE_GOLDEN"] === "1") {
    if (known !== played) writeFileSync(path, played);
    return;
  }
  if (known === undefined)
    throw new Error(`There is no ${path} yet: run UPDATE_GOLDEN=1 bun test ./test/golden, and read it`);
  if (known !== played) expect(played, `${path} differs: ${firstDifference(known, played)}`).toBe(known);
}

/** The first line that differs, before and now: the diff of a whole story would be long. */
function firstDifference(known: string, played: string): string {
  const before = known.split("\n");
  const now = played.split("\n");
  const at = before.findIndex((line, n) => line !== now[n]);
  return `line ${at + 1}\n- ${before[at] ?? "(end)"}\n+ ${now[at] ?? "(end)"}\n`;
}
