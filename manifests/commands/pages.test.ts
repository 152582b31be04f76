import { expect, test } from "bun:test";
import { COMMANDS } from "../../cli/commands.ts";
import { escaped, manPages } from "./manPage.ts";
import { describedCommands } from "./model.ts";
import { commandsPage, wrapped } from "./page.ts";

const all = await describedCommands();
const pages = manPages(all);
const page = commandsPage(all, (name) => (name === "convert" ? "convert.md" : undefined));

test("every command describes itself, with a summary and examples", () => {
  expect(all.map(({ row }) => row.name)).toEqual(COMMANDS.filter(({ isHidden }) => !isHidden).map(({ name }) => name));
  const without = all.filter(({ command }) => {
    const texts = [command, ...command.commands].map(({ after }) => after);
    return !texts.some((after) => /^Examples:$/m.test(after));
  });
  expect(without.map(({ row }) => `${row.name} has no examples in its help`)).toEqual([]);
});

test("one that does not is named, with what to do", async () => {
  const mute = { name: "mute", group: "Test:", summary: "say nothing", load: async () => async () => 1 };
  expect(describedCommands([mute])).rejects.toThrow("The command mute does not describe itself: let it parse by");
});

test("the page has a section for each, with its flags, examples and what else to read", () => {
  for (const { command } of all) expect(page).toContain(`\n## ${command.name}\n`);
  expect(page).toContain("| `-f, --filename <file>` ");
  expect(page).toContain("More in [convert.md](convert.md).");
  expect(page).toContain("    sluice convert -f deployment.yaml > rollout.yaml\n");
});

test("there is a man page for each, and one for all", () => {
  expect(pages.map(([name]) => name)).toContain("sluice.1");
  for (const { row } of all) expect(pages.map(([name]) => name)).toContain(`sluice-${row.name}.1`);
});

test.if(Bun.which("groff") !== null)(
  "groff formats every man page without a warning",
  async () => {
    for (const [name, text] of pages) {
      const child = Bun.spawn(["groff", "-ww", "-man", "-Tutf8", "-z"], { stdin: new Blob([text]), stderr: "pipe" });
      expect([name, await child.stderr.text(), await child.exited]).toEqual([name, "", 0]);
    }
  },
  60_000,
);

test("text is no command of roff, and its hyphens can be copied", () => {
  expect(escaped(".TH is a macro\n'quoted'\na\\b --flag")).toBe("\\&.TH is a macro\n\\&'quoted'\na\\eb \\-\\-flag");
});

test("prose is broken between words, but not within code and links", () => {
  const long = `${"word ".repeat(22)}\`code that stays whole\` [a link](#here)`;
  expect(wrapped(long).split("\n")).toEqual(["word ".repeat(22).trim(), "`code that stays whole` [a link](#here)"]);
});
