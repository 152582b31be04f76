/** The site has every page once, every link leads somewhere, and nothing of it asks another host. */
import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { anchorsOf } from "../../test/docPages.ts";
import { addressOf, resolveLink } from "./addresses.ts";
import { buildSite } from "./build.ts";
import { colour } from "./colour.ts";
import { renderMarkdown } from "./markdown.ts";
import { NAVIGATION, navigationOf } from "./navigation.ts";
import { repositoryAt } from "./repository.ts";
import { externalRequests, readPages, wrongLinks } from "./siteChecks.ts";

const repository = repositoryAt(resolve(import.meta.dir, "../.."));
const markdown = repository.files.filter((path) => path.endsWith(".md"));
const site = await buildSite(repository);
const text = (address: string): string => new TextDecoder().decode(site.get(address));
const pages = await readPages(site);

describe("the navigation", () => {
  const named = navigationOf(markdown).flatMap(({ entries }) => entries.map(({ path }) => path));

  test("has every page of docs/ once", () => {
    expect(markdown.filter((path) => path.startsWith("docs/") && !named.includes(path))).toEqual([]);
    expect(named.filter((path, at) => named.indexOf(path) !== at)).toEqual([]);
  });

  test("names no page that is not there", () => {
    expect(named.filter((path) => !markdown.includes(path))).toEqual([]);
  });

  test("lists the rest of a folder by name", () => {
    const all = NAVIGATION.flatMap(({ entries }) => entries.map(({ path }) => path));
    const more = ["docs/fields/more.md", "docs/fields/even-more.md"];
    const group = navigationOf([...all, ...more]).find(({ title }) => title === "Fields");
    expect(group?.entries.map(({ path }) => path).slice(-3)).toEqual(["docs/reasons.md", ...more.toReversed()]);
  });
});

describe("links", () => {
  test("lead to a page or file of the site, and to an anchor that is there", () => {
    expect(wrongLinks(pages, site)).toEqual([]);
  });

  test("of which dead ones are noticed", async () => {
    const html = '<h1 id="here">x</h1><a href="b.html">b</a><a href="#there">c</a><img src="d.png" alt="">';
    const made = new Map([["a.html", new TextEncoder().encode(html)]]);
    expect(wrongLinks(await readPages(made), made)).toEqual([
      "a.html: b.html is not in the site",
      "a.html: #there: a.html has no such anchor",
      "a.html: d.png is not in the site",
    ]);
  });

  test("of the README, written for the repository, lead to pages of the site", () => {
    const links = pages.get("index.html")?.links ?? [];
    expect(links).toContain("cli/doctor.html");
    expect(links).toContain("routers/index.html");
    expect(links).toContain("project/changelog.html");
    expect(links).toContain("install.html#the-program-on-your-machine");
  });

  const checkout = {
    pages: new Set(["README.md", "docs/a.md", "docs/b/README.md"]),
    files: new Set(["README.md", "docs/a.md", "docs/b/README.md", "docs/b/x.svg", "cli/y.ts"]),
    take: () => {},
  };
  test.each([
    ["docs/a.md", "b", "b/index.html"],
    ["docs/b/README.md", "../a.md#z", "../a.html#z"],
    ["docs/b/README.md", "../../README.md", "../index.html"],
    ["docs/b/README.md", "x.svg", "x.svg"],
    ["docs/a.md", "../cli/y.ts", "https://github.com/sluice-dev/sluice/blob/main/cli/y.ts"],
    ["docs/a.md", "../cli", "https://github.com/sluice-dev/sluice/tree/main/cli"],
    ["docs/a.md", "https://github.com/sluice-dev/sluice/blob/main/docs/b/README.md#q", "b/index.html#q"],
    ["docs/a.md", "https://example.com/c.md", "https://example.com/c.md"],
    ["docs/a.md", "#d", "#d"],
  ])("of %s to %s become %s", (page, target, address) => {
    expect(resolveLink(page, target, checkout)).toBe(address);
  });

  test("to a file that is not there are an error", () => {
    expect(() => resolveLink("docs/a.md", "c.md", checkout)).toThrow(
      "it links to c.md, and there is no docs/c.md in the repository",
    );
  });

  test("anchors are those of GitHub, so that links of the repository hold", async () => {
    const wrong = [];
    for (const path of navigationOf(markdown).flatMap(({ entries }) => entries.map((entry) => entry.path))) {
      const ids = pages.get(addressOf(path))?.ids ?? new Set();
      const anchors = anchorsOf(new TextDecoder().decode(await repository.read(path)));
      wrong.push(...[...anchors].filter((anchor) => !ids.has(anchor)).map((anchor) => `${path}#${anchor}`));
    }
    expect(wrong).toEqual([]);
  });
});

describe("requests", () => {
  test("go to the site itself alone: pages, styles, scripts and pictures", () => {
    expect(externalRequests(pages, site)).toEqual([]);
  });

  test("to others would be noticed", async () => {
    const encode = (body: string) => new TextEncoder().encode(body);
    const made = new Map([
      ["a.html", encode('<script src="https://x.example/a.js"></script><p style="color: red" onclick="f()">')],
      ["a.css", encode("@import 'b.css'; p { background: url(//x.example/a.png) }")],
      ["a.svg", encode('<svg><image href="https://x.example/a.png"/></svg>')],
      ["a.js", encode("fetch('/a')")],
    ]);
    expect(externalRequests(await readPages(made), made)).toEqual([
      "a.html: loads https://x.example/a.js",
      "a.html: has style or code of its own, which the policy refuses: style onclick",
      "a.html: has no policy that refuses what is not of the site",
      "a.css: loads something: @import, url(",
      "a.svg: loads https://x.example/a.png",
      "a.js: asks for something: fetch(",
    ]);
  });
});

describe("pages", () => {
  test("have a title of their own each", () => {
    const titles = [...pages.values()].map(({ title }) => title);
    expect(titles.filter((title, at) => titles.indexOf(title) !== at)).toEqual([]);
  });

  test("have one heading of the first level", () => {
    const wrong = [...site.keys()].filter(
      (address) => address.endsWith(".html") && text(address).match(/<h1\b/g)?.length !== 1,
    );
    expect(wrong).toEqual([]);
  });

  test("are the same bytes each time", async () => {
    const hashes = (files: ReadonlyMap<string, Uint8Array>) =>
      [...files].map(([address, bytes]) => `${address} ${Bun.hash(bytes)}`);
    expect(hashes(await buildSite(repository))).toEqual(hashes(site));
  });

  test("stay light", () => {
    const gzip = (address: string): number => Bun.gzipSync(new Uint8Array(site.get(address) ?? [])).length;
    const first = ["index.html", "site/site.css", "site/site.js"].map(gzip).reduce((sum, size) => sum + size, 0);
    expect(first).toBeLessThan(30_000);
    expect(gzip("site/search.js")).toBeLessThan(400_000);
  });

  test("take no HTML from a page, but for comments", () => {
    const render = (page: string) => renderMarkdown(page, (target) => target);
    expect(render("a\n\n<!-- b -->\n")).toEqual({ html: "<p>a</p>\n", headings: [], problems: [] });
    expect(render("a <b>c</b>").problems[0]).toBe("it has HTML, which the site leaves out: <b>. Write it in Markdown");
  });

  test("that link nowhere are named all at once, and no site is made", async () => {
    const wrong = { "docs/install.md": "# A\n\n[b](b.md) [c](c.md)\n", "SECURITY.md": "# S\n\n[d](d.md)\n" };
    const read = async (path: string): Promise<Uint8Array> =>
      path in wrong ? new TextEncoder().encode(wrong[path as keyof typeof wrong]) : repository.read(path);
    expect(buildSite({ ...repository, read })).rejects.toThrow(
      [
        "docs/install.md: it links to b.md, and there is no docs/b.md in the repository",
        "docs/install.md: it links to c.md, and there is no docs/c.md in the repository",
        "SECURITY.md: it links to d.md, and there is no d.md in the repository",
      ].join("\n"),
    );
  });
});

describe("code", () => {
  test.each([
    [
      "yaml",
      "- a: 1 # b",
      '- <span class="key">a</span>: <span class="value">1</span> <span class="comment"># b</span>',
    ],
    ["yaml", 'a: "b: c"', '<span class="key">a</span>: <span class="text">&quot;b: c&quot;</span>'],
    ["yaml", "{ app: hello }", '{ <span class="key">app</span>: hello }'],
    ["sh", "kubectl get -o x", '<span class="command">kubectl</span> get <span class="flag">-o</span> x'],
    [
      "console",
      "$ a\n<b>",
      '<span class="prompt">$ </span><span class="command">a</span>\n<span class="output">&lt;b&gt;</span>',
    ],
    ["json", '{"a": true}', '{<span class="key">&quot;a&quot;</span>: <span class="value">true</span>}'],
    ["text", "a < b", "a &lt; b"],
  ])("of %s has its colours: %s", (language, code, html) => {
    expect(colour(language, code)).toBe(html);
  });
});

test("the search knows every page", () => {
  const index = JSON.parse(
    text("site/search.js")
      .replace("globalThis.sluiceSearch = { pages:", '{ "pages":')
      .replace(", sections: [\n", ', "sections": [\n')
      .replace(/;\n$/, ""),
  ) as { pages: [string, string][]; sections: [number, string, string, string][] };
  expect(index.pages.map(([address]) => address)).toEqual([...pages.keys()]);
  const found = index.sections.filter(([, , , body]) => body.includes("failed calling webhook"));
  expect(found.map(([page, anchor]) => `${index.pages[page]?.[0]}#${anchor}`)).toContain(
    "troubleshooting.html#kubectl-apply-says-that-the-webhook-cannot-be-reached",
  );
});
