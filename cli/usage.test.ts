import { expect, test } from "bun:test";
import { resolve } from "node:path";
import packageJson from "../package.json" with { type: "json" };
import { usage } from "./usage.ts";

/** Runs the program as a user does. */
async function sluice(...args: string[]): Promise<{ out: string; err: string; code: number }> {
  const main = resolve(import.meta.dir, "../main.ts");
  const child = Bun.spawn([process.execPath, main, ...args], { stdout: "pipe", stderr: "pipe" });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, err, code };
}

test("help is printed when asked for, and the exit code is 0", async () => {
  expect(await sluice("--help")).toEqual({ out: `${usage}\n`, err: "", code: 0 });
});

test("without a command help is printed, and the exit code is 1", async () => {
  expect(await sluice()).toEqual({ out: `${usage}\n`, err: "", code: 1 });
});

test("the version is that of the package", async () => {
  expect(await sluice("version")).toEqual({ out: `sluice: v${packageJson.version}\n`, err: "", code: 0 });
});

test("an unknown command is told on stderr with what to do", async () => {
  const { out, err, code } = await sluice("conquer");
  expect([out, code]).toEqual(["", 1]);
  expect(err).toBe(`Error: unknown command "conquer" for "sluice"\nRun 'sluice --help' for usage.\n`);
});
