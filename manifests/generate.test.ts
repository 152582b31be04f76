import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { crds } from "../schema/crd.ts";
import { generated } from "./generate.ts";

const files = generated();

test.each([...files])("manifests/%s is what `bun run generate` writes", (path, contents) => {
  expect(readFileSync(join(import.meta.dir, path), "utf8") === contents).toBe(true);
});

test("manifests/crds holds nothing else", () => {
  const there = readdirSync(join(import.meta.dir, "crds")).map((file) => `crds/${file}`);
  expect(there.toSorted()).toEqual([...files.keys()].toSorted());
});

test("the YAML says what the definitions say", () => {
  const written = [...files.values()].map((contents) => Bun.YAML.parse(contents));
  expect(written).toEqual(JSON.parse(JSON.stringify(crds)) as unknown[]);
});
