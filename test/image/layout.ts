/** Reads an image archive the way a container runtime does. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { imageConfig } from "../../manifests/image/config.ts";
import { type Arch, run } from "../../manifests/image/buildProgram.ts";

export interface Image {
  readonly config: ReturnType<typeof imageConfig>;
  /** Media type, and bytes as they are stored. */
  readonly layers: readonly { readonly mediaType: string; readonly digest: string; readonly size: number }[];
}

interface Index {
  readonly manifests: readonly {
    readonly digest: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly platform?: { readonly architecture: string };
  }[];
}

/** Unpacks the archive to `dir`. @returns the image for `arch` in it, and its name */
export async function readArchive(
  archive: string,
  dir: string,
  arch: Arch,
): Promise<Image & { readonly name: string }> {
  await mkdir(dir, { recursive: true });
  await run(["tar", "-xf", archive, "-C", dir], "/");
  const outer = (await Bun.file(join(dir, "index.json")).json()) as Index;
  const blob = (digest = ""): string => join(dir, "blobs", digest.replace(":", "/"));
  const inner = (await Bun.file(blob(outer.manifests[0]?.digest)).json()) as Index;
  const chosen = inner.manifests.find(({ platform }) => platform?.architecture === arch);
  const manifest = (await Bun.file(blob(chosen?.digest)).json()) as Pick<Image, "layers"> & {
    readonly config: { readonly digest: string };
  };
  return {
    name: outer.manifests[0]?.annotations?.["io.containerd.image.name"] ?? "",
    config: (await Bun.file(blob(manifest.config.digest)).json()) as Image["config"],
    layers: manifest.layers,
  };
}

/** Extracts the layers of an unpacked archive one after the other into `rootfs`, with their owners and modes. */
export async function unpackLayers(dir: string, { layers }: Image, rootfs: string): Promise<void> {
  await mkdir(rootfs, { recursive: true });
  for (const { mediaType, digest } of layers) {
    const how = mediaType.endsWith("+zstd") ? "--zstd" : "--gzip";
    const blob = join(dir, "blobs", digest.replace(":", "/"));
    await run(["tar", how, "-xpf", blob, "-C", rootfs, "--same-owner", "--numeric-owner"], "/");
  }
}
