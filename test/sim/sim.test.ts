/** A world is the same every time it is played; all of them are played by worlds.test.ts. */
import { expect, test } from "bun:test";
import { playSeed } from "./play/seed.ts";

function storyOf(seed: number): string[] {
  const lines: string[] = [];
  playSeed(seed, { print: (line) => void lines.push(line) });
  return lines;
}

test("a seed tells the same story every time", () => {
  for (const seed of [3, 17, 50]) expect(storyOf(seed)).toEqual(storyOf(seed));
}, 30_000);
