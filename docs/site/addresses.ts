/** Where pages and files of the repository are in the site, and how one page links to another. */
import { posix } from "node:path";

const REPOSITORY = "https://github.com/sluice-dev/sluice";

/**
 * `docs/cli/get.md` is `cli/get.html`, a README is the `index.html` of its folder; what is beside docs/ and examples/
 * has a folder of its own, as docs/security.md and SECURITY.md are one file where case does not count.
 */
export function addressOf(path: string): string {
  if (path === "README.md") return "index.html";
  const inside = path.startsWith("docs/") ? path.slice("docs/".length) : path;
  const page = inside.replace(/(^|\/)README\.md$/, "$1index.html").replace(/\.md$/, ".html");
  return inside === path && !path.includes("/") ? `project/${page.toLowerCase()}` : page;
}

/** From the page at one address to another: relative, so that the site works in any folder, and from a disk. */
export function between(from: string, to: string): string {
  return posix.relative(posix.dirname(from), to);
}

export interface Checkout {
  /** Pages of the site. */
  readonly pages: ReadonlySet<string>;
  /** All files of the repository. */
  readonly files: ReadonlySet<string>;
  /** Takes a picture or a manifest along, since a page shows or links it. */
  readonly take: (path: string) => void;
}

/** Pictures, and manifests that are to be looked at: the site has copies of them. */
const COPIED = /^(docs|examples)\/.*\.(svg|png|yaml|json)$/;

/**
 * The address for a link of a page. Ours in the site are relative; other files lead to the repository.
 *
 * @throws a sentence where there is no such file
 */
export function resolveLink(page: string, target: string, checkout: Checkout): string {
  const ours = target.startsWith(`${REPOSITORY}/blob/main/`);
  if (target.startsWith("#") || (/^[a-z]+:/.test(target) && !ours)) return target;
  const [file = "", anchor] = (ours ? target.slice(`${REPOSITORY}/blob/main/`.length) : target).split("#");
  const path = ours ? file : posix.join(posix.dirname(page), file).replace(/\/$/, "");
  const hash = anchor === undefined ? "" : `#${anchor}`;
  const from = addressOf(page);
  for (const each of [path, `${path}/README.md`])
    if (checkout.pages.has(each)) return between(from, addressOf(each)) + hash;
  if (ours) return target;
  if (checkout.files.has(path)) {
    if (!COPIED.test(path)) return `${REPOSITORY}/blob/main/${path}${hash}`;
    checkout.take(path);
    return between(from, addressOf(path));
  }
  if ([...checkout.files].some((each) => each.startsWith(`${path}/`))) return `${REPOSITORY}/tree/main/${path}`;
  throw new Error(`it links to ${target}, and there is no ${path} in the repository`);
}
