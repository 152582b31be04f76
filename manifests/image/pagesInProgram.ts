/** The dashboard's pages as a part of the program: bundled once, and put in the place of the file that bundles them. */
import type { BunPlugin } from "bun";
import { type Bundle, bundlePages } from "../../dashboard/pages/bundle.ts";

export interface PagesInProgram {
  readonly plugin: BunPlugin;
  /** Of the pages' own bundle, whose packages are shipped as well. */
  readonly metafile: Bun.BuildMetafile | undefined;
}

const sourceOf = ({ files }: Bundle): string =>
  `const files = ${JSON.stringify(files)};\nexport const bundlePages = async () => ({ files, metafile: undefined });\n`;

/** @throws {AggregateError} with the bundler's messages */
export async function pagesInProgram(): Promise<PagesInProgram> {
  const bundle = await bundlePages();
  const plugin: BunPlugin = {
    name: "pages",
    setup(build) {
      build.onLoad({ filter: /[\\/]dashboard[\\/]pages[\\/]bundle\.ts$/ }, () => ({
        contents: sourceOf(bundle),
        loader: "js",
      }));
    },
  };
  return { plugin, metafile: bundle.metafile };
}
