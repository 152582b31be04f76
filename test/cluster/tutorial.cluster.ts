/**
 * The tutorial, word by word: its commands are typed into a shell, and what it shows is what they print. Its first part
 * on the cluster of `sluice dev`, the second on a real API server.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { eachLine } from "../eachLine.ts";
import { harness } from "./harness/harness.ts";
import { presentKubectl } from "./harness/kubeBinary.ts";

setDefaultTimeout(180_000);

const root = resolve(import.meta.dir, "../..");
const page = readFileSync(join(root, "docs/tutorial.md"), "utf8");
const current = await harness();
const folder = mkdtempSync(join(tmpdir(), "sluice-tutorial-"));
const bin = join(folder, "bin");

interface Shown {
  readonly commands: readonly string[];
  /** What the page shows of their output; a line of `…` stands for any. */
  readonly lines: readonly string[];
}

/** Blocks of commands below a heading, each with what is shown after it. */
function blocksOf(title: string): readonly Shown[] {
  const section = page.split(/^#{2,3} /m).find((text) => text.startsWith(`${title}\n`)) ?? "";
  const pattern = /^```sh\n([\s\S]*?)^```$(?:(?:(?!^```)[\s\S])*?^```console\n([\s\S]*?)^```$)?/gm;
  return [...section.matchAll(pattern)].map(([, commands = "", lines = ""]) => ({
    commands: commands
      .replaceAll("\\\n", "")
      .split("\n")
      .filter((line) => line !== ""),
    lines: lines.split("\n").filter((line) => line.trim() !== "" && line !== "…"),
  }));
}

/** Names, times and counts are others each time; so are the moments at which a watch looks. */
const plain = (line: string): string =>
  line
    .replace(/…$/, "")
    .replaceAll(/shop-[a-z0-9]{8,10}(-[a-z0-9]{5})?/g, "shop-HASH")
    .replaceAll(/\d+/g, "N")
    .replaceAll(/[-─\s]+/g, " ")
    .trim();
const isMoment = (line: string): boolean => /^(Progressing|Paused) - /.test(line);

/** Lines of the page that were not printed. */
const missing = (lines: readonly string[], printed: string): readonly string[] => {
  const seen = printed.split("\n").map(plain);
  return lines.filter((line) => !isMoment(line) && !seen.some((each) => each.startsWith(plain(line))));
};

async function type(command: string, kubeconfig: string): Promise<string> {
  const env = { ...Bun.env, KUBECONFIG: kubeconfig, PATH: `${bin}:${Bun.env["PATH"]}`, NO_COLOR: "1" };
  const shell = Bun.spawn(["bash", "-c", `exec 2>&1; ${command}`], { cwd: root, env, stdout: "pipe" });
  return shell.stdout.text();
}

/** Types the commands; the last one again as long as it shows something else, as a reader does who looks a moment later. */
async function follow({ commands, lines }: Shown, kubeconfig: string): Promise<void> {
  let before = "";
  for (const command of commands.slice(0, -1)) before += await type(command, kubeconfig);
  const last = commands.at(-1) ?? "";
  let printed = before + (await type(last, kubeconfig));
  for (let tries = 0; tries < 30 && missing(lines, printed).length > 0; tries++) {
    await Bun.sleep(500);
    printed = before + (await type(last, kubeconfig));
  }
  expect({ missing: missing(lines, printed), printed }).toEqual({ missing: [], printed });
}

async function program(name: string, command: readonly string[]): Promise<void> {
  await Bun.write(join(bin, name), `#!/bin/sh\nexec ${command.map((word) => `'${word}'`).join(" ")} "$@"\n`);
  chmodSync(join(bin, name), 0o755);
}

beforeAll(async () => {
  mkdirSync(bin);
  await program("sluice", [process.execPath, join(root, "main.ts")]);
  await program("kubectl", (await presentKubectl()) ?? ["kubectl"]);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("without a cluster", () => {
  let kubeconfig = "";
  let dev: ReturnType<typeof Bun.spawn>;

  beforeAll(async () => {
    const child = Bun.spawn([join(bin, "sluice"), "dev"], { cwd: root, stdout: "pipe", stderr: "ignore" });
    dev = child;
    kubeconfig = await new Promise<string>((found) => {
      void eachLine(child.stdout, (line) => {
        const [, path] = /export KUBECONFIG=(\S+)/.exec(line) ?? [];
        if (path !== undefined) found(path);
      });
    });
  });
  afterAll(async () => {
    dev.kill();
    await dev.exited;
  });

  test.each([
    "2. The first version",
    "3. A new version, step by step",
    "4. A bad version is turned back",
    "5. A mistake does not get in",
  ])("%s", async (title) => {
    const blocks = blocksOf(title);
    expect(blocks).not.toEqual([]);
    for (const block of blocks) await follow(block, kubeconfig);
    rmSync(join(root, "wrong.yaml"), { force: true });
  });
});

test("on a real API server: a canary, a bad version that is turned back, and the way back", async () => {
  const kubeconfig = join(folder, "kubeconfig");
  await Bun.write(kubeconfig, Bun.file(current.kubeconfig));
  const [block] = blocksOf("Canary, bad version, undo");
  const printed: string[] = [];
  for (const command of block?.commands ?? []) printed.push(await type(command, kubeconfig));
  const last = printed.map((text) => text.trim().split("\n").at(-1) ?? "");
  expect(last.filter((line) => line === "Healthy")).toHaveLength(3);
  expect(printed.join("")).toContain("Paused - CanaryPauseStep");
  expect(printed.join("")).toMatch(/RolloutAborted: .* 1 pods are not ready/);
  await current.kubectl(["delete", "namespace", "shop", "--wait=false"]);
});
