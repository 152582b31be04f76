/** The site as files: the same repository makes the same bytes. */
import { addressOf, type Checkout, resolveLink } from "./addresses.ts";
import { layoutOf, type MenuGroup, type SitePage } from "./layout.ts";
import { plainText, renderMarkdown } from "./markdown.ts";
import { navigationOf } from "./navigation.ts";
import { searchScript } from "./searchIndex.ts";

export interface Repository {
  /** Paths of all files, from the root. */
  readonly files: readonly string[];
  readonly read: (path: string) => Promise<Uint8Array>;
}

/** What the pages load: in the folder `site/` of the site. */
const ASSETS: readonly string[] = ["site.css", "site.js", "icon.svg"];

/** Addresses and contents. @throws with a line for each link that leads nowhere, and each other thing that is wrong */
export async function buildSite({ files, read }: Repository): Promise<ReadonlyMap<string, Uint8Array>> {
  const text = async (path: string): Promise<string> => new TextDecoder().decode(await read(path));
  const navigation = navigationOf(files.filter((path) => path.endsWith(".md")));
  const copied = new Set<string>();
  const checkout: Checkout = {
    pages: new Set(navigation.flatMap(({ entries }) => entries.map(({ path }) => path))),
    files: new Set(files),
    take: (path) => void copied.add(path),
  };
  const groups: MenuGroup[] = [];
  const problems: string[] = [];
  for (const { title, entries } of navigation) {
    const pages: SitePage[] = [];
    for (const { path, label } of entries) {
      const rendered = renderMarkdown(await text(path), (target) => resolveLink(path, target, checkout));
      problems.push(...rendered.problems.map((problem) => `${path}: ${problem}`));
      pages.push({
        ...rendered,
        address: addressOf(path),
        label: label ?? plainText(rendered.headings[0]?.html ?? path),
      });
    }
    groups.push({ title, pages });
  }
  if (problems.length > 0) throw new Error(`Cannot make the site:\n${problems.join("\n")}`);
  const { version } = JSON.parse(await text("package.json")) as { version: string };
  const pages = groups.flatMap((group) => group.pages);
  const encoder = new TextEncoder();
  const site = new Map<string, Uint8Array>();
  for (const page of pages) site.set(page.address, encoder.encode(layoutOf(page, groups, version)));
  for (const path of [...copied].toSorted()) site.set(addressOf(path), await read(path));
  for (const name of ASSETS) site.set(`site/${name}`, await read(`docs/site/assets/${name}`));
  site.set("site/search.js", encoder.encode(searchScript(pages)));
  return site;
}
