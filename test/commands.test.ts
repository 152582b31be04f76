/** The commands that the documentation names are those that are run before a change goes in. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import packageJson from "../package.json" with { type: "json" };
import { listFiles } from "./sourceFiles.ts";

const repository = join(import.meta.dir, "..");
const read = (path: string): Promise<string> => Bun.file(join(repository, path)).text();

test("the README has the two commands: one shows Sluice at work, one passes the tests", async () => {
  const lines = (await read("README.md")).split("\n");
  expect(lines).toContain(`npx --yes ${packageJson.packageManager} run demo`);
  expect(lines).toContain(`npx --yes ${packageJson.packageManager} run ok`);
});

test(".ci/run calls the command that passes the tests as the README has it, with no Bun of its own", async () => {
  const lines = (await read(".ci/run")).split("\n");
  expect(lines.filter((line) => line.startsWith("part ") && line.endsWith(" run ok"))).toEqual([
    `part 18 npx --yes ${packageJson.packageManager} run ok`,
  ]);
  const bare = lines.filter((line) => !line.startsWith("#") && /(^|[^@\w/"'-])bun (run|install|test|x) /.test(line));
  expect(bare).toEqual([]);
});

test("every command that gets Bun by npx gets the version of package.json", async () => {
  const wrong: string[] = [];
  for (const path of listFiles(repository).filter((name) => /(\.md|\.ci\/run)$/.test(name)))
    for (const [command] of (await read(path)).matchAll(/npx --yes (?!https:)[\w@.-]*\w/g))
      if (command !== `npx --yes ${packageJson.packageManager}`) wrong.push(`${path}: ${command}`);
  expect(wrong).toEqual([]);
});
