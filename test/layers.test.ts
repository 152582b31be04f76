import { describe, expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { twoWayPairs, upwardImports } from "./layers.ts";
import { importsOf, isTest, listFiles } from "./sourceFiles.ts";

const root = resolve(import.meta.dir, "..");
const imports = await Promise.all(
  listFiles(root)
    .filter((path) => /\.tsx?$/.test(path) && !isTest(path))
    .map(async (path) => importsOf({ path, text: await Bun.file(join(root, path)).text() })),
).then((lists) => lists.flat());

const from = (path: string, specifier: string) => importsOf({ path, text: `import { x } from "${specifier}";` });

describe("layers", () => {
  test("import downwards only", () => {
    expect(upwardImports(imports)).toEqual([]);
  });

  test("of which an upward import is noticed", () => {
    expect(upwardImports(from("kube/object/x.ts", "../../controller/rules/y.ts"))).toEqual([
      "kube/object/x.ts imports ../../controller/rules/y.ts, a layer above it: move what it needs down, or take it as an argument",
    ]);
    expect(upwardImports(from("webhook/x.ts", "../main.ts"))).toHaveLength(1);
    expect(upwardImports(from("webhook/x.ts", "../kube/object/y.ts"))).toEqual([]);
  });
});

describe("folders", () => {
  test("do not import each other", () => {
    expect(twoWayPairs(imports)).toEqual([]);
  });

  test("of which two that do are noticed, and which import is the rarer", () => {
    const both = [
      ...from("kube/a/x.ts", "../b/y.ts"),
      ...from("kube/a/z.ts", "../b/y.ts"),
      ...from("kube/b/y.ts", "../a/x.ts"),
    ];
    expect(twoWayPairs(both)).toEqual([
      "kube/a/ and kube/b/ import each other: turn round kube/b/y.ts imports ../a/x.ts",
    ]);
    expect(twoWayPairs(both.slice(0, 2))).toEqual([]);
  });
});
