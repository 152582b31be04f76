/**
 * The files of the pages, for whoever serves them under the root path of the dashboard. From the sources they are bundled
 * when first asked for; in the compiled program they are a part of it.
 */

/** One file. Those under `assets/` have a hash of their content in their names: they may be kept for ever. */
export interface PageFile {
  readonly type: string;
  readonly body: string;
  readonly gzip: Uint8Array<ArrayBuffer>;
}

let made: Promise<ReadonlyMap<string, PageFile>> | undefined;

/**
 * By path under the root path: `index.html`, which every page starts with, `favicon.svg`, and `assets/…`. The page has
 * `<base href="/rollouts/">`: who serves it under another root writes that into it.
 */
export function pageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  made ??= makeFiles();
  return made;
}

async function makeFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const { bundlePages } = await import("./bundle.ts");
  const { files } = await bundlePages();
  return new Map(files.map(({ path, type, text }) => [path, { type, body: text, gzip: gzipped(text) }]));
}

const gzipped = (text: string): Uint8Array<ArrayBuffer> => Bun.gzipSync(Buffer.from(text), { level: 9 });
