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
  // Experiments are not run.
  const reasons = Object.keys(pauseReasons).filter((reason) => reason !== "InconclusiveExperiment");
  expect(reasons.filter((reason) => !told.includes(reason))).toEqual([]);
});

test("the messages of an invalid Rollout are those of the code", () => {
  const code = listFiles(root)
    .filter((path) => /^(controller|kube|providers)\/.*(?<!\.test)\.ts$/.test(path))
    .map(read)
    .join("\n");
  const parts = quoted("It says InvalidSpec").flatMap((text) => text.split(/"?…"?/).map((part) => part.trim()));
  expect(parts.filter((part) => !code.includes(part) && !code.includes(part.replace(/"$/, "")))).toEqual([]);
});

test("the webhook has the name by which the API server speaks of it", () => {
  expect(page).toContain(`failed calling webhook "${VALIDATING}"`);
});
