/** docs/troubleshooting.md quotes what the program says, and leaves no phase out. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { VALIDATING } from "../webhook/configuration/configuration.ts";
import { pauseReasons } from "../schema/reasons.ts";
import { listFiles } from "./sourceFiles.ts";

const root = join(import.meta.dir, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const page = read("docs/troubleshooting.md");
const section = (title: string): string => page.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? "";
/** What stands as code at the beginning of the rows of its table. */
const quoted = (title: string): readonly string[] =>
  [...section(title).matchAll(/^\| ([^|]+)\|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text),
  );

test("every message of a Rollout that is Progressing is explained, and no other", () => {
  const code = read("controller/rollout/status/phase.ts");
  const messages = [...code.matchAll(/progressing\("([^"]+)"\)/g)].map(([, text = ""]) => text);
  expect(quoted("It stays Progressing").toSorted()).toEqual(messages.toSorted());
});

test("every reason of a pause is explained", () => {
  const told = quoted("It is Paused, and nobody knows why");
  expect(told).toContain("manually paused");
  expect(Object.keys(pauseReasons).filter((reason) => !told.includes(reason))).toEqual([]);
});

const sources = listFiles(root).filter((path) => /^(controller|kube|providers|schema)\/.*\.ts$/.test(path));
const code = sources
  .filter((path) => !path.endsWith(".test.ts"))
  .map(read)
  .join("\n");
/** With the tests, which have whole messages where the code puts them together. */
const codeAndTests = sources.map(read).join("\n");

test("the messages of an invalid Rollout are those of the code", () => {
  const parts = quoted("It says InvalidSpec").flatMap((text) => text.split(/"?…"?/).map((part) => part.trim()));
  expect(parts.filter((part) => !code.includes(part) && !code.includes(part.replace(/"$/, "")))).toEqual([]);
});

test("the webhook has the name by which the API server speaks of it", () => {
  expect(page).toContain(`failed calling webhook "${VALIDATING}"`);
});

/** Settings and commands are quoted beside messages: only what reads as a message or a reason is looked for. */
const isSaid = (text: string): boolean => /^([a-z]+ .* .*|[A-Z][a-z]+[A-Z]\w+|[A-Z][a-z]+ .*)$/.test(text);
const isCommand = (text: string): boolean => /^(kubectl|sluice) /.test(text);

test.each([
  "An analysis does not begin, or ends wrong",
  "An experiment does not begin, or fails",
  "A plugin does not answer",
  "A Deployment does not become a Rollout",
  "Weights do not change",
])("%s: what is quoted as seen is what the program says", (title) => {
  const said = quoted(title).filter((text) => isSaid(text) && !isCommand(text));
  expect(said.length).toBeGreaterThan(1);
  expect(said.filter((text) => !codeAndTests.includes(text))).toEqual([]);
});

test("the table at the beginning leads to every section", () => {
  const table = page.slice(0, page.indexOf("\n## "));
  const anchors = [...page.matchAll(/^## (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, "")
      .replaceAll(" ", "-"),
  );
  const last = ["since-the-move-from-argo-rollouts", "to-report-a-bug"];
  expect(anchors.filter((anchor) => !last.includes(anchor) && !table.includes(`(#${anchor})`))).toEqual([]);
});
