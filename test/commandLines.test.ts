/** Command lines of `sluice` that pages quote are such that it understands: the command is there, and so are its flags. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { COMMANDS } from "../cli/commands.ts";
import { describedBy, type DescribedCommand } from "../cli/describe.ts";
import { listFiles } from "./sourceFiles.ts";

const root = join(import.meta.dir, "..");

/** `-n`, `--namespace` of a command and of those below it. */
const flagsOf = ({ flags, commands }: DescribedCommand): readonly string[] => [
  "-h",
  "--help",
  ...flags.flatMap((flag) => flag.flags.match(/(?<![\w-])--?[a-zA-Z][\w-]*/g) ?? []),
  ...commands.flatMap(flagsOf),
];

const known = new Map<string, ReadonlySet<string>>();
for (const row of COMMANDS) {
  const described = await describedBy(row);
  known.set(row.name, new Set(described === undefined ? [] : flagsOf(described)));
}

/** What is typed behind `sluice`, in blocks and spans of code, without what a shell reads: pipes, comments, other commands. */
const linesOf = (page: string): readonly string[] =>
  [...page.replaceAll("\\\n", " ").matchAll(/(?:^|[`(]|\| |\$ |run: )sluice ([a-z][^`\n]*)/gm)].map(([, line = ""]) =>
    (line.split(/ #|\||;|&&| >/)[0] ?? "").trim(),
  );

/** Why it would not be understood; undefined: it would. */
function problemOf(line: string): string | undefined {
  const [name = "", ...words] = line.split(/\s+/);
  const flags = known.get(name);
  if (flags === undefined) return `sluice ${line}: there is no command ${name}`;
  if (flags.size === 0) return undefined;
  const wrong = words
    .map((word) => word.split("=")[0] ?? "")
    .find((word) => /^--?[a-z]/i.test(word) && !flags.has(word));
  return wrong === undefined ? undefined : `sluice ${line}: ${name} has no flag ${wrong}`;
}

test.each([
  ["get rollout web --watch", undefined],
  ["gett rollout web", "sluice gett rollout web: there is no command gett"],
  ["status web --time 3", "sluice status web --time 3: status has no flag --time"],
])("would be noticed if they were not: %s", (line, problem) => {
  expect(problemOf(line)).toBe(problem);
});

test("are understood", async () => {
  const wrong: string[] = [];
  for (const path of listFiles(root).filter((each) => /^(docs|examples)\/.*\.md$|^README\.md$/.test(each)))
    for (const line of linesOf(await Bun.file(join(root, path)).text())) {
      const problem = problemOf(line);
      if (problem !== undefined) wrong.push(`${path}: ${problem}`);
    }
  expect(wrong).toEqual([]);
});
