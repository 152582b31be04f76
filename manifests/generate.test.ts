import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { crds } from "../schema/crd.ts";
import { definitions } from "./crdManifests.ts";
import { generated } from "./generate.ts";
import { install, namespaceInstall } from "./install.ts";
import { objectsIn, plain, rendered } from "./testing.ts";

const files = await generated();
const text = (path: string): string => files.get(path) ?? "";

test.each([...files])("%s is what `bun run generate` writes", (path, contents) => {
  const file = join(import.meta.dir, path);
  expect(existsSync(file) && readFileSync(file, "utf8") === contents).toBe(true);
});

test("manifests/ holds nothing else that is no program, but for what builds the image", () => {
  const there = [...new Bun.Glob("**/*").scanSync(import.meta.dir)].filter((path) => !/\.ts$|^image\//.test(path));
  expect(there.toSorted()).toEqual([...files.keys()].filter((path) => !path.startsWith("../")).toSorted());
});

test("docs/man/ holds a page for every command, and no other", () => {
  const there = [...new Bun.Glob("*").scanSync(join(import.meta.dir, "../docs/man"))].map(
    (name) => `../docs/man/${name}`,
  );
  expect(there.toSorted()).toEqual([...files.keys()].filter((path) => path.startsWith("../docs/man/")).toSorted());
});

const specOf = (definition: unknown): unknown => (definition as { readonly spec: unknown }).spec;

/** The description of a kind stays, and those of columns. */
const withoutSentences = (specs: readonly unknown[]): unknown =>
  JSON.parse(JSON.stringify(specs), (key, value: unknown) => (key === "properties" ? undescribed(value) : value));

const undescribed = (properties: unknown): unknown =>
  Object.fromEntries(
    Object.entries(properties as Readonly<Record<string, object>>).map(([name, node]) => {
      const { description: _, ...rest } = node as { readonly description?: string };
      return [name, rest];
    }),
  );

const ANNOTATION = 262_144;

test.each(definitions)(
  "the CRD $metadata.name fits into the annotation in which a plain kubectl apply keeps it",
  (crd) => {
    expect(JSON.stringify(crd).length).toBeLessThan(ANNOTATION / 2);
  },
);

describe("the YAML says what the definitions say", () => {
  test("in crds/, with nothing but metadata beside them", () => {
    const written = crds.map(({ spec }) => Bun.YAML.parse(text(`crds/${spec.names.plural}.yaml`)));
    expect(plain(definitions)).toEqual(written);
    expect(withoutSentences(written.map(specOf))).toEqual(plain(crds.map(specOf)));
  });

  test.each([
    ["install.yaml", install],
    ["namespace-install.yaml", namespaceInstall],
  ] as const)("in %s, without the reasons of rules", (path, objects) => {
    expect(objectsIn(text(path))).toEqual(rendered(objects));
    expect(text(path)).not.toContain("why:");
  });
});
