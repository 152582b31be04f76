import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import packageJson from "../package.json" with { type: "json" };
import { COMMANDS } from "./commands.ts";
import { unknown, usage } from "./usage.ts";

/** Runs the program as a user does. */
async function sluice(...args: string[]): Promise<{ out: string; err: string; code: number }> {
  const main = resolve(import.meta.dir, "../main.ts");
  const child = Bun.spawn([process.execPath, main, ...args], { stdout: "pipe", stderr: "pipe" });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, err, code };
}

const tooWide = (text: string): string[] => text.split("\n").filter((line) => line.length > 80);

test.each([[[]], [["--help"]], [["-h"]], [["help"]]])(
  "help is printed, and the exit code is 0: sluice %p",
  async (args) => {
    expect(await sluice(...args)).toEqual({ out: `${usage()}\n`, err: "", code: 0 });
  },
);

test.each(["version", "--version", "-v"])("the version is that of the package: sluice %s", async (argument) => {
  expect(await sluice(argument)).toEqual({ out: `sluice: v${packageJson.version}\n`, err: "", code: 0 });
});

test("help lists the commands by what they need, with examples, in 80 columns", () => {
  const text = usage();
  for (const told of [
    "In a cluster:\n  controller ",
    "Without a cluster:\n  demo ",
    "  dev ",
    "Examples:",
    "-v, --version",
  ])
    expect(text).toContain(told);
  expect(tooWide(text)).toEqual([]);
});

describe("help on a command", () => {
  test.each(["controller", "dev"])("is that of the command itself, in 80 columns: %s", async (command) => {
    const asked = await sluice("help", command);
    expect(asked).toEqual(await sluice(command, "--help"));
    expect(asked).toMatchObject({ err: "", code: 0 });
    expect(asked.out).toStartWith(`Usage: sluice ${command} [flags]\n`);
    expect(asked.out).toContain("\nExamples:\n");
    expect(tooWide(asked.out)).toEqual([]);
  });

  test("is there for every command that is listed", () => {
    const listed = Array.from(usage().matchAll(/^ {2}(\w+) {2,}/gm), ([, name = ""]) => name);
    expect(listed).toEqual([...COMMANDS.filter(({ isHidden }) => !isHidden).map(({ name }) => name), "help"]);
  });

  test("that does not exist is refused", async () => {
    const { out, err, code } = await sluice("help", "contoller");
    expect([out, code]).toEqual(["", 1]);
    expect(err).toContain("(Did you mean controller?)");
  });
});

describe("what is misspelt", () => {
  test("is told on stderr with what to do", async () => {
    const { out, err, code } = await sluice("frobnicate");
    expect([out, code]).toEqual(["", 1]);
    expect(err).toBe("Error: unknown command 'frobnicate'\nRun 'sluice --help' for usage.\n");
  });

  test.each([
    ["contorller", "unknown command 'contorller'\n(Did you mean controller?)"],
    ["controllers", "unknown command 'controllers'\n(Did you mean controller?)"],
    ["dmeo", "unknown command 'dmeo'\n(Did you mean demo?)"],
    ["Dev", "unknown command 'Dev'\n(Did you mean dev?)"],
    ["versoin", "unknown command 'versoin'\n(Did you mean version?)"],
    ["hlep", "unknown command 'hlep'\n(Did you mean help?)"],
    ["--verison", "unknown option '--verison'\n(Did you mean --version?)"],
    ["--hepl", "unknown option '--hepl'\n(Did you mean --help?)"],
    ["-x", "unknown option '-x'"],
    ["", "unknown command ''"],
    ["--", "unknown command '--'"],
  ])("comes with the nearest that is right: %j", (argument, told) => {
    expect(unknown(argument)).toBe(`Error: ${told}\nRun 'sluice --help' for usage.`);
  });
});
