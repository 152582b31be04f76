/**
 * Pages and comments as the test of citations reads them: headings, what a comment cites, and which test shows a rule.
 */
import { parseSync } from "oxc-parser";
import { lineAt, nodesOf, type Source } from "./sourceFiles.ts";

/** The widest prose that fits a terminal or a diff with line numbers. */
const WIDTH = 120;

export interface Found {
  readonly line: number;
  readonly what: string;
}

/** The page with empty lines for its code blocks, so that line numbers stay. */
const withoutCode = (page: string): string =>
  page.replaceAll(/^( *)(```|~~~)[\s\S]*?^ *\2 *$/gm, (block) => block.replaceAll(/[^\n]/g, ""));

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, title = ""] of withoutCode(page).matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const plain = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const anchor = plain.replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-");
    let unique = anchor;
    for (let n = 1; anchors.has(unique); n++) unique = `${anchor}-${n}`;
    anchors.add(unique);
  }
  return anchors;
}

/** Comments of a file, each as one line of text. */
export function commentsOf({ path, text }: Source): Found[] {
  if (!/\.md|§|design\/|reference\/|docs\//.test(text)) return [];
  return parseSync(path, text).comments.map(({ start, value }) => ({
    line: lineAt(text, start),
    what: value.replaceAll(/\n\s*\* ?/g, "\n").replaceAll(/\s+/g, " "),
  }));
}

/** The repository: the text of a page by its path, undefined where there is no such page. */
export type Pages = ReadonlyMap<string, string>;

/** The citations in a comment that lead nowhere, and why. */
export function deadCitations(comment: string, pages: Pages): string[] {
  const dead: string[] = [];
  for (const [cited] of comment.matchAll(/(?<![\w./-])[\w./-]+\.md(#[\w-]+)?/g)) {
    const [path = "", anchor] = cited.split("#");
    const page = pages.get(path);
    if (page === undefined) dead.push(`${path} is not in the repository`);
    else if (anchor !== undefined && !anchorsOf(page).has(anchor)) dead.push(`${path} has no heading #${anchor}`);
  }
  for (const [cited, number = ""] of comment.matchAll(/docs\/adr\/(\d{4})[\w-]*(?!\.md)\b/g)) {
    const known = [...pages.keys()].some((path) => path.startsWith(`docs/adr/${number}-`));
    if (!known) dead.push(`${cited} is not in the repository`);
  }
  for (const [cited] of comment.matchAll(/§[\d.]*|(?<![\w./-])(?:design|reference)\/[\w.]+/g)) {
    dead.push(`${cited} is no section of a page in the repository: cite docs/behaviour`);
  }
  return dead;
}

/** Links of a page to other pages of ours, and why they lead nowhere. */
export function deadLinks(path: string, pages: Pages): Found[] {
  const page = withoutCode(pages.get(path) ?? "");
  return [...page.matchAll(/\]\((?!\w+:)([^)\s#]*)(?:#([\w-]+))?\)/g)].flatMap(
    ({ index, 1: target = "", 2: anchor }) => {
      const at = target === "" ? path : new URL(target, `file:///${path}`).pathname.slice(1);
      if (!at.endsWith(".md")) return [];
      const linked = pages.get(at);
      const line = lineAt(page, index);
      if (linked === undefined) return [{ line, what: `${target}: there is no ${at}` }];
      if (anchor === undefined || anchorsOf(linked).has(anchor)) return [];
      return [{ line, what: `${at} has no heading #${anchor}` }];
    },
  );
}

export interface Shown extends Found {
  readonly file: string;
  readonly name: string;
}

const NO_TEST = "No test shows this yet.";

/** `Shown by: FILE "NAME", "NAME"; FILE "NAME"`, over any number of lines. */
export function shownBy(page: string): Shown[] {
  return [...page.matchAll(/^Shown by: [\s\S]*?(?=\n\n|\n*$(?![\s\S]))/gm)].flatMap(({ 0: paragraph, index }) => {
    const line = lineAt(page, index);
    const text = paragraph.replaceAll(/\s+/g, " ");
    return [...text.matchAll(/([\w./-]+\.ts)((?:,? "[^"]+")+)/g)].flatMap(({ 1: file = "", 2: names = "" }) =>
      [...names.matchAll(/"([^"]+)"/g)].map(({ 1: name = "" }) => ({ line, what: text, file, name })),
    );
  });
}

/** Rules, which are the second-level headings of a page, that neither name a test nor state that there is none. */
export function rulesWithoutTest(page: string): Found[] {
  const rules = [...page.matchAll(/^## (.+)$/gm)];
  return rules.flatMap(({ 1: title = "", index }, at) => {
    const rule = page.slice(index, rules[at + 1]?.index ?? page.length);
    if (shownBy(rule).length > 0 || rule.includes(NO_TEST)) return [];
    return [{ line: lineAt(page, index), what: `"${title}" names no test: add "Shown by: …", or "${NO_TEST}"` }];
  });
}

/** Whether a file has a test of that name: written out, from a row of a table, or with the name of its describe. */
export function hasTest(source: Source, name: string): boolean {
  const all = new Set<string>();
  const suites = new Set<string>();
  for (const { node, parent } of nodesOf(source)) {
    const text = node.type === "TemplateLiteral" ? source.text.slice(node.start + 1, node.end - 1) : node["value"];
    if (typeof text !== "string") continue;
    all.add(text);
    const callee = parent?.type === "CallExpression" ? source.text.slice(parent.start, node.start) : "";
    if (callee.startsWith("describe")) suites.add(text);
  }
  return (
    all.has(name) || [...suites].some((suite) => name.startsWith(`${suite} `) && all.has(name.slice(suite.length + 1)))
  );
}

/**
 * Lines of prose that are too wide. Tables, code and what cannot be broken (a link, a span of code) may be of any
 * width.
 */
export function wideProse(page: string): Found[] {
  const unbreakable = /`[^`]+`|!?\[[^\]]*\]\([^)]*\)/g;
  return withoutCode(page)
    .split("\n")
    .flatMap((text, at) => {
      if (Bun.stringWidth(text) <= WIDTH || /^\s*(\||\[[^\]]+\]:)/.test(text)) return [];
      const words = text
        .replace(/^\s*([-*+]|\d+[.)])? */, "")
        .replaceAll(unbreakable, (span) => span.replaceAll(" ", "_"));
      return words.includes(" ")
        ? [{ line: at + 1, what: `${Bun.stringWidth(text)} columns: break it at ${WIDTH}` }]
        : [];
    });
}
