/** A page of Markdown as HTML, with anchors as GitHub makes them. */
import { Marked, type Tokens } from "marked";
import { colour, escapeHtml } from "./colour.ts";

export interface Heading {
  readonly depth: number;
  readonly id: string;
  /** HTML of what it says. */
  readonly html: string;
}

export interface Rendered {
  readonly html: string;
  readonly headings: readonly Heading[];
  /** What the site cannot show, a sentence each. */
  readonly problems: readonly string[];
}

/** Where a link of the page leads to from there, as an address for `href` or `src`. @throws if nowhere */
export type Resolve = (target: string) => string;

/** HTML without tags, with the characters that its entities stand for. */
export const plainText = (html: string): string =>
  html
    .replaceAll(/<\/?(?:span|code|a|em|strong|del)\b[^>]*>/g, "")
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&")
    .replaceAll(/\s+/g, " ")
    .trim();

/** The anchor of a heading, before the first of its name has taken it. */
const anchorOf = (title: string): string =>
  title
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");

function unique(anchor: string, taken: Set<string>): string {
  let id = anchor;
  for (let n = 1; taken.has(id); n++) id = `${anchor}-${n}`;
  taken.add(id);
  return id;
}

function codeBlock({ text, lang = "" }: Tokens.Code): string {
  const language = lang.split(/\s/)[0] ?? "";
  // What is wider than the column is scrolled, by keys, too.
  return `<pre tabindex="0" data-language="${escapeHtml(language)}"><code>${colour(language, text)}</code></pre>\n`;
}

/** Links that lead nowhere, and HTML that is no comment, are `problems`. */
export function renderMarkdown(markdown: string, resolve: Resolve): Rendered {
  const taken = new Set<string>();
  const headings: Heading[] = [];
  const problems: string[] = [];
  const addressFor = (target: string): string => {
    try {
      return escapeHtml(resolve(target));
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
      return "";
    }
  };
  const marked = new Marked({ gfm: true });
  marked.use({
    renderer: {
      heading({ tokens, depth, text }) {
        const html = this.parser.parseInline(tokens);
        const id = unique(anchorOf(text), taken);
        headings.push({ depth, id, html });
        const link = depth === 1 ? "" : `&nbsp;<a class="anchor" href="#${id}" aria-label="Link to this section">#</a>`;
        return `<h${depth} id="${id}">${html}${link}</h${depth}>\n`;
      },
      code: codeBlock,
      link({ href, tokens }) {
        return `<a href="${addressFor(href)}">${this.parser.parseInline(tokens)}</a>`;
      },
      image({ href, text }) {
        return `<img src="${addressFor(href)}" alt="${escapeHtml(text)}">`;
      },
      html({ text }) {
        if (/^\s*(<!--[\s\S]*?-->\s*)*$/.test(text)) return "";
        problems.push(`it has HTML, which the site leaves out: ${text.trim()}. Write it in Markdown`);
        return "";
      },
    },
  });
  const html = marked.parse(markdown, { async: false });
  const tables = html.replaceAll("<table>", TABLE).replaceAll("</table>", "</table></div>");
  // A corner that heads no column is no heading.
  return { html: tables.replaceAll("<th></th>", "<td></td>"), headings, problems };
}

/** A table may be wider than a phone: it is scrolled by itself. */
const TABLE = '<div class="table" tabindex="0" role="group" aria-label="Table"><table>';
