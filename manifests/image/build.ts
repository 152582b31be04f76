/**
 * `bun run build` makes dist/sluice for this machine, dist/linux-amd64/sluice and dist/linux-arm64/sluice; with `--here`
 * only the first, for which nothing is downloaded.
 */
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { archs, type Build, buildProgram, pathFor, root } from "./buildProgram.ts";

const { values } = parseArgs({ options: { here: { type: "boolean", default: false } } });

const builds: readonly Build[] = [
  { outfile: join(root, "dist/sluice") },
  ...(values.here
    ? []
    : archs.map((arch) => ({ platform: `linux-${arch}`, outfile: pathFor(`linux-${arch}`) }) as const)),
];
try {
  for (const build of builds) {
    await buildProgram(build);
    console.log(`${relative(root, build.outfile)}: ${(Bun.file(build.outfile).size / 1e6).toFixed(1)} MB`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
