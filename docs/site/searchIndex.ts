/** What the search looks in: a section a line, as a script, since a page that is opened from a disk may fetch nothing. */
import type { SitePage } from "./layout.ts";
import { plainText } from "./markdown.ts";

/** Page by its number, anchor, title, text. */
type Section = readonly [number, string, string, string];

/** Sections of a page: what stands below each heading. */
function sectionsOf(page: SitePage, number: number): Section[] {
  const parts = page.html.split(/<h[1-6] id="/).slice(1);
  return parts.flatMap((part, at): Section[] => {
    const { id = "", html = "" } = page.headings[at] ?? {};
    const anchor = at === 0 ? "" : id;
    // Which test shows a rule is nothing that readers look for.
    const body = part.slice(part.search(/<\/h[1-6]>/)).replaceAll(/<p>Shown by: [\s\S]*?<\/p>/g, "");
    const rows = page.address.startsWith("fields/") ? [...body.matchAll(ROW)] : [];
    return [
      [number, anchor, plainText(html), plainText(body.replaceAll(ROW, ""))],
      ...rows.map(([, field = "", rest = ""]): Section => [number, anchor, plainText(field), plainText(rest)]),
    ];
  });
}

/** Of a table in the pages of fields: people look for a field by its name, and each is a section of its own. */
const ROW = /<tr>\s*<td>((?:<a [^>]*>)?<code>[^<]*<\/code>(?:<\/a>)?)<\/td>([\s\S]*?)<\/tr>/g;

/** The script that hands them over. */
export function searchScript(pages: readonly SitePage[]): string {
  const sections = pages.flatMap(sectionsOf);
  const lines = sections.map((section) => JSON.stringify(section)).join(",\n");
  const titles = pages.map(({ address, label, headings }) => [
    address,
    address === "index.html" ? label : plainText(headings[0]?.html ?? label),
  ]);
  return `globalThis.sluiceSearch = { pages: ${JSON.stringify(titles)}, sections: [\n${lines}\n] };\n`;
}
