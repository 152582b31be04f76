/** The program for a platform, with the list of what others made of it. */
import { join } from "node:path";
import { buildProgram, pathFor, type Platform, root } from "./buildProgram.ts";
import { bundledPackages, type Metafile } from "./bundled.ts";
import type { Shipped } from "./notices.ts";
import { runtimeParts } from "./runtimeParts.ts";

/** Builds it. @returns what is in it: the same for all platforms */
export async function builtFor(platform: Platform): Promise<Shipped> {
  const metafile = join(root, "dist", platform, "contents.json");
  await buildProgram({ platform, outfile: pathFor(platform), metafile });
  return {
    bun: Bun.version,
    runtimeParts: runtimeParts(process.versions),
    packages: await bundledPackages((await Bun.file(metafile).json()) as Metafile),
  };
}
