import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deployment } from "./testing.ts";

const main = join(import.meta.dir, "..", "..", "main.ts");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-convert-"));
  // More than a pipe takes at once.
  const all = Array.from({ length: 1_500 }, (_, n) => deployment("", `web-${n}`));
  await Bun.write(join(folder, "many.yaml"), all.join("---\n"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a line of shell in which `$CONVERT` is `sluice convert -f` of many Deployments. */
async function shell(line: string): Promise<{ readonly out: string; readonly err: string; readonly code: number }> {
  const convert = `${process.execPath} ${main} convert -f ${join(folder, "many.yaml")}`;
  const run = Bun.spawn(["bash", "-c", `set -o pipefail; ${line.replace("$CONVERT", convert)}`], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([run.stdout.text(), run.stderr.text(), run.exited]);
  return { out, err, code };
}

describe("what convert prints", () => {
  test("gets to the end of a pipe whole, however much it is", async () => {
    const { out, code } = await shell("$CONVERT 2>&- | cat");
    expect(out.match(/^kind: Rollout/gm)).toHaveLength(1_500);
    expect(out).toContain("name: web-1499\n");
    expect(code).toBe(0);
  }, 60_000);

  test("leaves alone what a file holds already where nothing is to be printed", async () => {
    const { out } = await shell(
      `(echo before; printf '' | ${process.execPath} ${main} convert -f -) > ${folder}/o; cat ${folder}/o`,
    );
    expect(out).toBe("before\n");
  }, 60_000);

  test("ends without a word about it where nobody reads on", async () => {
    const { out, err } = await shell("$CONVERT | head -n 1");
    expect(out).toBe("# Of the shop team.\n");
    expect(err).not.toMatch(/EPIPE|Error/);
  }, 60_000);

  test.if(existsSync("/dev/full"))(
    "that cannot be written is an error",
    async () => {
      const { err, code } = await shell("$CONVERT > /dev/full");
      expect(err).toContain("Error: cannot write standard output: no space left on device");
      expect(code).toBe(1);
    },
    60_000,
  );
});
