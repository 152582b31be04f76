/** The whole simulation, on two cores; see run.ts for more of it, and for how to replay what fails. */
import { expect, test } from "bun:test";
import { join } from "node:path";

const MINUTES = 60_000;

/** Only some crashes of the golden scenarios are played, more before a change goes in; `run.ts --golden` plays all of them. */
const EVERY = process.env["CI"] === "true" ? "2" : "8";

const PLAYED = ["--seeds", "2000", "--migrations", "300", "--golden", "--mutations"];

async function run(script: string, ...args: string[]): Promise<{ code: number; output: string }> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, script), ...args], {
    stdin: "ignore",
    stdout: "pipe",
    // Its progress is printed while it runs.
    stderr: "inherit",
  });
  const [output, code] = await Promise.all([child.stdout.text(), child.exited]);
  return { code, output };
}

test(
  "2,000 worlds and 300 migrations keep every rule and end as without faults, golden ones end alike after a crash, and broken rules are noticed",
  async () => {
    const { code, output } = await run("run.ts", ...PLAYED, "--every", EVERY);
    expect(code, output).toBe(0);
  },
  10 * MINUTES,
);
