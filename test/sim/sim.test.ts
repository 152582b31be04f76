/** The whole simulation, on two cores; see run.ts for more of it, and for how to replay what fails. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { playSeed } from "./seed.ts";

const MINUTES = 60_000;

/** Whoever works here need not wait for every crash of the golden scenarios each time; what goes in has seen them all. */
const EVERY = process.env["CI"] === "true" ? "1" : "8";

async function run(script: string, ...args: string[]): Promise<{ code: number; output: string }> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, script), ...args], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, errors, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, output: `${out}${errors}` };
}

function storyOf(seed: number): string[] {
  const lines: string[] = [];
  playSeed(seed, { tell: (line) => void lines.push(line) });
  return lines;
}

test("a seed tells the same story every time", () => {
  for (const seed of [3, 17, 50]) expect(storyOf(seed)).toEqual(storyOf(seed));
});

test(
  "2,000 worlds keep every rule and end as without faults, golden ones end alike after a crash, and broken rules are noticed",
  async () => {
    const { code, output } = await run("run.ts", "--seeds", "2000", "--golden", "--every", EVERY, "--mutations");
    expect(code, output).toBe(0);
  },
  10 * MINUTES,
);
