/** `bun run site [--out DIR]`: writes the site, by default to dist/site, and says how large it is. */
import { mkdir, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { repositoryAt } from "./repository.ts";
import { buildSite } from "./build.ts";

const root = resolve(import.meta.dir, "../..");
const { values } = parseArgs({ options: { out: { type: "string", default: join(root, "dist/site") } } });
const out = resolve(values.out);

const site = await buildSite(repositoryAt(root)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
// What an older build has left is no part of this one; another folder of somebody is not ours to empty.
if (await Bun.file(join(out, "site/search.js")).exists()) await rm(out, { recursive: true });
for (const [address, bytes] of site) {
  await mkdir(dirname(join(out, address)), { recursive: true });
  await Bun.write(join(out, address), bytes);
}

const kilobytes = (sizes: readonly number[]): string =>
  `${Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1000).toLocaleString("en")} kB`;
const all = [...site.values()];
const pages = [...site.keys()].filter((address) => address.endsWith(".html")).length;
const packed = (address: string): string => {
  const bytes = site.get(address);
  return bytes === undefined ? "none" : kilobytes([Bun.gzipSync(new Uint8Array(bytes)).length]);
};
console.log(`${out}: ${pages} pages, ${site.size} files, ${kilobytes(all.map(({ length }) => length))}`);
console.log(
  `gzip: first page ${packed("index.html")}, style ${packed("site/site.css")}, script ${packed("site/site.js")}, ` +
    `index of the search ${packed("site/search.js")} (loaded by who searches)`,
);
