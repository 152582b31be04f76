/** Everything that comments and pages cite exists, and pages can be read in a terminal. */
import { describe, expect, test } from "bun:test";
import { join, resolve } from "node:path";
import {
  anchorsOf,
  commentsOf,
  deadCitations,
  deadLinks,
  hasTest,
  type Pages,
  rulesWithoutTest,
  shownBy,
  wideProse,
} from "./docPages.ts";
import { listFiles, type Source } from "./sourceFiles.ts";

const root = resolve(import.meta.dir, "..");
const files = listFiles(root);
const textOf = (path: string): Promise<string> => Bun.file(join(root, path)).text();
const read = (paths: readonly string[]): Promise<(readonly [string, string])[]> =>
  Promise.all(paths.map(async (path) => [path, await textOf(path)] as const));

const pages: Pages = new Map(await read(files.filter((path) => path.endsWith(".md"))));
const sources: readonly Source[] = (await read(files.filter((path) => /\.tsx?$/.test(path)))).map(([path, text]) => ({
  path,
  text,
}));
const behaviour = [...pages].filter(([path]) => path.startsWith("docs/behaviour/"));

describe("comments", () => {
  test("cite pages and headings that exist", () => {
    const dead = sources.flatMap((source) =>
      commentsOf(source).flatMap(({ line, what }) =>
        deadCitations(what, pages).map((why) => `${source.path}:${line}: ${why}`),
      ),
    );
    expect(dead).toEqual([]);
  });

  const some: Pages = new Map([
    ["docs/behaviour/canary.md", "# Canary\n\n## Steps\n"],
    ["docs/differences.md", ""],
    ["docs/adr/0001-deciding-is-pure.md", ""],
  ]);

  test.each([
    ["(docs/behaviour/canary.md#stairs)", "docs/behaviour/canary.md has no heading #stairs"],
    ["see docs/behaviour/cannery.md.", "docs/behaviour/cannery.md is not in the repository"],
    ["(controller.md §3.6)", "controller.md is not in the repository"],
    ["as §3.6 has it", "§3.6 is no section of a page in the repository: cite docs/behaviour"],
    ["(authority.md)", "authority.md is not in the repository"],
    ["(design/authority.md)", "design/authority.md is not in the repository"],
    ["(design/bun)", "design/bun is no section of a page in the repository: cite docs/behaviour"],
    ["(docs/adr/0009)", "docs/adr/0009 is not in the repository"],
  ])("would be caught with %s", (comment, why) => {
    expect(deadCitations(comment, some)).toContain(why);
  });

  test.each([
    "(docs/behaviour/canary.md#steps)",
    "(docs/differences.md).",
    "docs/adr/0001, docs/adr/0001-deciding-is-pure.md",
  ])("may say %s", (comment) => {
    expect(deadCitations(comment, some)).toEqual([]);
  });

  test("are read as one line, whatever their form and wherever they break", () => {
    const text = "/**\n * As in docs/differences.md, and\n * §3.6.\n */\nconst a = 1; // §4\n";
    expect(commentsOf({ path: "x.ts", text }).map(({ line, what }) => `${line}:${what.trim()}`)).toEqual([
      "1:* As in docs/differences.md, and §3.6.",
      "5:§4",
    ]);
  });
});

describe("pages", () => {
  test("link to pages and headings that exist", () => {
    const dead = [...pages.keys()].flatMap((path) =>
      deadLinks(path, pages).map(({ line, what }) => `${path}:${line}: ${what}`),
    );
    expect(dead).toEqual([]);
  });

  test.each([
    ["[x](b.md)", "b.md: there is no docs/b.md"],
    ["[x](#nowhere)", "docs/a.md has no heading #nowhere"],
    ["[x](../README.md#nowhere)", "README.md has no heading #nowhere"],
  ])("would be caught with %s", (text, why) => {
    const some: Pages = new Map([
      ["docs/a.md", `# Here\n\n${text}\n`],
      ["README.md", "# There\n"],
    ]);
    expect(deadLinks("docs/a.md", some)).toEqual([{ line: 3, what: why }]);
  });

  test("may link to the web, to folders, and to themselves", () => {
    const text = "# Here\n\n[a](https://x/y.md) [b](adr) [c](#here)\n\n```\n[d](nowhere.md)\n```\n";
    expect(deadLinks("docs/a.md", new Map([["docs/a.md", text]]))).toEqual([]);
  });

  test("have anchors as GitHub makes them", () => {
    const page = "# Setting up `it`\n\n## A, b & c\n\n## Steps\n\n## Steps\n\n```\n# no heading\n```\n";
    expect([...anchorsOf(page)]).toEqual(["setting-up-it", "a-b--c", "steps", "steps-1"]);
  });

  test("have prose that fits a terminal", () => {
    const wide = [...pages].flatMap(([path, page]) =>
      wideProse(page).map(({ line, what }) => `${path}:${line}: ${what}`),
    );
    expect(wide).toEqual([]);
  });

  test("would be caught with a wider line, but for tables, code and links", () => {
    const wide = "word ".repeat(30).trim();
    const link = `[${wide}](x.md)`;
    const page = [wide, `| ${wide} |`, `- ${link}`, `see ${link}`, "```", wide, "```", wide].join("\n");
    expect(wideProse(page).map(({ line }) => line)).toEqual([1, 4, 8]);
  });
});

describe("rules of docs/behaviour", () => {
  test("name tests that exist", () => {
    const known = new Map(sources.map((source) => [source.path, source]));
    const missing = behaviour.flatMap(([path, page]) =>
      shownBy(page).flatMap(({ line, file, name }) => {
        const source = known.get(file);
        if (source === undefined) return [`${path}:${line}: there is no ${file}`];
        return hasTest(source, name) ? [] : [`${path}:${line}: ${file} has no test "${name}"`];
      }),
    );
    expect(missing).toEqual([]);
  });

  test("each name one, or say that there is none", () => {
    const silent = behaviour
      .filter(([path]) => !path.endsWith("/README.md"))
      .flatMap(([path, page]) => rulesWithoutTest(page).map(({ line, what }) => `${path}:${line}: ${what}`));
    expect(silent).toEqual([]);
  });

  test("name a file once for several tests, over several lines", () => {
    const page = '## A\n\nB.\n\nShown by: a.test.ts "one", "two\nthree"; b/c.test.ts\n"four"\n\n## D\n\nE "f".\n';
    expect(shownBy(page).map(({ line, file, name }) => `${line} ${file} ${name}`)).toEqual([
      "5 a.test.ts one",
      "5 a.test.ts two three",
      "5 b/c.test.ts four",
    ]);
    expect(rulesWithoutTest(page).map(({ line }) => line)).toEqual([9]);
    expect(rulesWithoutTest("## A\n\nNo test shows this yet.\n")).toEqual([]);
  });

  test("name a test, a row of its table, or a test behind the name of its describe", () => {
    const text =
      'const rows = [["a row", 1]];\ndescribe("what", () => { test(`is ${x}`, f); test.each(rows)("%s", f); });';
    const source: Source = { path: "x.test.ts", text };
    const names = ["a row", "is ${x}", "what is ${x}", "what a row", "what", "what else", "which is ${x}"];
    expect(names.filter((name) => hasTest(source, name))).toEqual(names.slice(0, 5));
  });
});
