/**
 * `bun run image` makes dist/sluice-image.tar, the image for all machines, and dist/image, what its layers hold.
 * - `--arch amd64,arm64`: for these machines only
 * - `--compression gzip`: of the layers, instead of zstd
 * - `--packages DIR`: the Debian packages are in DIR/ARCH; without it the newest are downloaded to dist/packages/ARCH
 * - `--mirror URL`: of Debian, if this machine has no mirror configured; `/debian` and `/debian-security` are appended
 * - `--tree`: makes only dist/image, for the Containerfile
 */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { image } from "../text/manifestNames.ts";
import { archive, type Compression, compressions, layerOf } from "./archive.ts";
import { layerNames } from "./config.ts";
import { downloadPackages } from "./debian.ts";
import { writeTree } from "./entries.ts";
import { layersFor } from "./imageLayers.ts";
import { type Arch, archs, root } from "./buildProgram.ts";

interface Options {
  readonly archs: readonly Arch[];
  readonly compression: Compression;
  /** Undefined: download them. */
  readonly packages: string | undefined;
  readonly mirror: string | undefined;
  readonly tree: boolean;
}

const dist = join(root, "dist");
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** @throws Error naming the choices */
function optionsOf(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      arch: { type: "string", default: archs.join(",") },
      compression: { type: "string", default: compressions[0] },
      packages: { type: "string" },
      mirror: { type: "string" },
      tree: { type: "boolean", default: false },
    },
  });
  return {
    archs: values.arch.split(",").map((name) => oneOf(archs, name, "--arch")),
    compression: oneOf(compressions, values.compression, "--compression"),
    packages: values.packages === undefined ? undefined : resolve(values.packages),
    mirror: values.mirror,
    tree: values.tree,
  };
}

function oneOf<T extends string>(choices: readonly T[], given: string, flag: string): T {
  const chosen = choices.find((choice) => choice === given);
  if (chosen === undefined) throw new Error(`Cannot use ${flag} ${given}: it takes ${choices.join(" or ")}`);
  return chosen;
}

async function makeImage({ archs, compression, packages, mirror, tree }: Options): Promise<void> {
  const made = [];
  for (const arch of archs) {
    const from = join(packages ?? join(dist, "packages"), arch);
    if (packages === undefined) await downloadPackages(arch, from, mirror);
    const layers = await layersFor(arch, from);
    for (const name of layerNames) await writeTree(join(dist, "image", arch, name), layers[name]);
    console.log(`dist/image/${arch}: what the image holds`);
    made.push({ arch, layers });
  }
  if (tree) return;
  // In parallel: each compression takes one processor for up to a minute.
  const images = await Promise.all(
    made.map(async ({ arch, layers }) => ({
      arch,
      layers: await Promise.all(layerNames.map((name) => layerOf(layers[name], compression))),
    })),
  );
  for (const { arch, layers } of images) {
    const sizes = layers.map(({ blob }) => blob.descriptor.size);
    const whole = sizes.reduce((sum, size) => sum + size, 0);
    console.log(`${arch}: ${megabytes(whole)} in ${compression} (${sizes.map(megabytes).join(" and ")})`);
  }
  const bytes = archive(image, images);
  await Bun.write(join(dist, "sluice-image.tar"), bytes);
  console.log(`dist/sluice-image.tar: ${image}, ${megabytes(bytes.length)}`);
}

try {
  await makeImage(optionsOf(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
