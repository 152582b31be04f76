/** The whole simulation, on two cores; see run.ts for more of it, and for how to replay what fails. */
import { expect, test } from "bun:test";
import { join } from "node:path";

const MINUTES = 60_000;

/** Whoever works here need not wait for every crash of the golden scenarios each time; what goes in has seen them all. */
const EVERY = process.env["CI"] === "true" ? "1" : "8";

async function run(script: string, ...args: string[]): Promise<{ code: number; output: string }> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, script), ...args], {
    stdin: "ignore",
    stdout: "pipe",
    // How far it is is told while it runs.
    stderr: "inherit",
  });
  const [output, code] = await Promise.all([child.stdout.text(), child.exited]);
  return { code, output };
}

test(
  "2,000 worlds keep every rule and end as without faults, golden ones end alike after a crash, and broken rules are noticed",
  async () => {
    const { code, output } = await run("run.ts", "--seeds", "2000", "--golden", "--every", EVERY, "--mutations");
    expect(code, output).toBe(0);
  },
  10 * MINUTES,
);
