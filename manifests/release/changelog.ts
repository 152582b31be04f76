/** What CHANGELOG.md says about a version, as notes of a release and as Artifact Hub wants it. Pure. */
import { source } from "../text/manifestNames.ts";

/** Between `## [NAME]` and the next heading of that level; undefined where there is none. */
export function sectionOf(changelog: string, name: string): string | undefined {
  const [, after] = changelog.split(new RegExp(`^## \\[${RegExp.escape(name)}\\].*\n`, "m"));
  return after
    ?.split(/^## /m)[0]
    ?.replaceAll(/^\[[^\]]+\]: .*$/gm, "")
    .trim();
}

/** Links to pages of the repository lead to them as they were at the tag. */
export const withWholeLinks = (text: string, tag: string): string =>
  text.replaceAll(/\]\((?!\w+:|#)([^)]+)\)/g, (_, path: string) => `](${source}/blob/${tag}/${path})`);

/** The notes of a version; until it has a section, what is not released yet. */
export function releaseNotes(changelog: string, version: string): string {
  const section = sectionOf(changelog, version) ?? sectionOf(changelog, "Unreleased") ?? "";
  return `${withWholeLinks(section, `v${version}`)}\n`;
}

/** Keep a Changelog's headings, and what Artifact Hub calls them. */
const kinds = ["added", "changed", "deprecated", "removed", "fixed", "security"] as const;

export interface Change {
  readonly kind: (typeof kinds)[number];
  readonly description: string;
}

/** The points of a section, as plain text; headings that Artifact Hub does not know are left out. */
export function changesOf(section: string): Change[] {
  return section.split(/^### /m).flatMap((part) => {
    const [title = "", ...lines] = part.split("\n");
    const kind = kinds.find((each) => each === title.trim().toLowerCase());
    if (kind === undefined) return [];
    const points = lines.join("\n").split(/^- /m).slice(1);
    return points.map((point) => ({ kind, description: plain(point) }));
  });
}

const plain = (markdown: string): string =>
  markdown
    .replaceAll(/\s*\(\[[^\]]*\]\([^)]*\)(, \[[^\]]*\]\([^)]*\))*\)/g, "")
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/\*\*|`/g, "")
    .replaceAll(/\s+/g, " ")
    .trim();
