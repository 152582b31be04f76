/** What stands around a page: head, menu, what is on the page, and what comes before and after it. */
import { between } from "./addresses.ts";
import { escapeHtml } from "./colour.ts";
import { plainText, type Rendered } from "./markdown.ts";

export interface SitePage extends Rendered {
  readonly address: string;
  /** In the menu. */
  readonly label: string;
}

export interface MenuGroup {
  readonly title: string;
  readonly pages: readonly SitePage[];
}

/** Nothing but files of the site itself, and no code or style that stands in a page. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'";

/** The first paragraph, for those who list pages. */
function descriptionOf(html: string): string {
  const text = plainText(/<p>([\s\S]*?)<\/p>/.exec(html)?.[1] ?? "");
  return text.length <= 160 ? text : `${text.slice(0, 160).replace(/\s+\S*$/, "")} …`;
}

const link = (from: SitePage, to: SitePage, text: string): string => {
  const here = from === to ? ' aria-current="page"' : "";
  return `<a href="${between(from.address, to.address)}"${here}>${escapeHtml(text)}</a>`;
};

function menuOf(page: SitePage, groups: readonly MenuGroup[]): string {
  return groups
    .map(({ title, pages }, at) => {
      const open = at === 0 || pages.includes(page) ? " open" : "";
      const items = pages.map((each) => `<li>${link(page, each, each.label)}</li>`).join("");
      return `<details${open}><summary>${escapeHtml(title)}</summary><ul>${items}</ul></details>`;
    })
    .join("\n");
}

function contentsOf({ headings }: SitePage): string {
  const shown = headings.filter(({ depth }) => depth === 2 || depth === 3);
  if (shown.length < 2) return "";
  const items = shown.map(
    ({ depth, id, html }) =>
      `<li class="depth${depth}"><a href="#${id}">${html.replaceAll(/<\/?a\b[^>]*>/g, "")}</a></li>`,
  );
  return `<nav class="contents" aria-label="On this page"><p>On this page</p><ul>${items.join("")}</ul></nav>`;
}

function neighboursOf(page: SitePage, all: readonly SitePage[]): string {
  const at = all.indexOf(page);
  const [before, after] = [all[at - 1], all[at + 1]];
  return [
    before === undefined ? "" : `<span class="before">← ${link(page, before, before.label)}</span>`,
    after === undefined ? "" : `<span class="after">${link(page, after, after.label)} →</span>`,
  ].join("");
}

/** The whole of a page. `version` is the program's. */
export function layoutOf(page: SitePage, groups: readonly MenuGroup[], version: string): string {
  const title = plainText(page.headings[0]?.html ?? page.label);
  const root = between(page.address, ".") || ".";
  const home = page.address === "index.html";
  return `<!doctype html>
<html lang="en" data-root="${root}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<meta name="description" content="${escapeHtml(descriptionOf(page.html))}">
<title>${home ? "Sluice: progressive delivery for Kubernetes" : `${escapeHtml(title)} · Sluice`}</title>
<link rel="icon" href="${root}/site/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${root}/site/site.css">
<script src="${root}/site/site.js"></script>
</head>
<body>
<a class="skip" href="#content">Skip to the page</a>
<header>
<a class="brand" href="${between(page.address, "index.html")}"><img src="${root}/site/icon.svg" alt="" width="24" height="24">Sluice</a>
<a class="open-menu" href="#menu">Menu</a>
<div class="search" hidden role="search">
<input type="search" id="search" placeholder="Search" title="Press / to search" aria-label="Search all pages" aria-controls="found" autocomplete="off" spellcheck="false">
<div id="found" hidden><p role="status"></p><ol></ol></div>
</div>
<button type="button" class="theme" hidden>Dark</button>
</header>
<div class="columns">
<nav id="menu" class="menu" aria-label="Pages">
<a class="close-menu" href="#content">Close</a>
${menuOf(page, groups)}
</nav>
<main id="content">
<article>
${page.html}</article>
<p class="neighbours">${neighboursOf(
    page,
    groups.flatMap(({ pages }) => pages),
  )}</p>
</main>
${contentsOf(page)}
</div>
<footer>Sluice ${escapeHtml(version)} · Apache 2.0 · <a href="https://github.com/sluice-dev/sluice">github.com/sluice-dev/sluice</a></footer>
</body>
</html>
`;
}
