/** What the search looks in: a section a line, as a script, since a page that is opened from a disk may fetch nothing. */
import type { SitePage } from "./layout.ts";
import { plainText } from "./markdown.ts";

/** Page by its number, anchor, title, text. */
type Section = readonly [number, string, string, string];

/** Sections of a page: what stands below each heading. */
function sectionsOf(page: SitePage, number: number): Section[] {
  const parts = page.html.split(/<h[1-6] id="/).slice(1);
  return parts.map((part, at) => {
    const { id = "", html = "" } = page.headings[at] ?? {};
    // Which test shows a rule is nothing that readers look for.
    const body = part.slice(part.search(/<\/h[1-6]>/)).replaceAll(/<p>Shown by: [\s\S]*?<\/p>/g, "");
    return [number, at === 0 ? "" : id, plainText(html), plainText(body)];
  });
}

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
