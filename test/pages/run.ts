/**
 * `bun run test:pages [words…]`: plays the files test/pages/*.pages.ts (those whose name holds one of the words) in
 * Debian's chromium, and prints one line, `N passed, N failed`. SLUICE_CHROMIUM: the browser, /usr/bin/chromium by default.
 */
import { join } from "node:path";
import { hasBrowser } from "./browser.ts";
import { play } from "../suite.ts";

const words = process.argv.slice(2);
const files = [...new Bun.Glob("*.pages.ts").scanSync(import.meta.dir)]
  .filter((name) => words.length === 0 || words.some((word) => name.includes(word)))
  .toSorted();
if (files.length === 0) {
  console.error(`No test/pages/*.pages.ts holds one of: ${words.join(", ")}`);
  process.exit(2);
}
if (!hasBrowser) {
  console.error(
    "Cannot drive the pages: there is no browser. Install Debian's chromium, or set SLUICE_CHROMIUM to one",
  );
  process.exit(2);
}
process.exit(
  await play({ files: files.map((name) => join(import.meta.dir, name)), flags: [], dirVariable: "SLUICE_PAGES_DIR" }),
);
