/** Images for several machines in one file, an OCI image layout as a tar file: `k3s ctr images import` reads it. */
import { promisify } from "node:util";
import { constants, zstdCompress } from "node:zlib";
import { imageConfig } from "./config.ts";
import { type Entry, file, folder, tar } from "./entries.ts";
import type { Arch } from "./buildProgram.ts";

export const compressions = ["zstd", "gzip"] as const;
export type Compression = (typeof compressions)[number];

/**
 * Slow, to be small: an image is made once and pulled often. Whoever unpacks it needs as much memory as it looks back:
 * 16 MB, where the level alone would ask for 128. On one processor each: with more workers (nbWorkers), Bun 1.4.5
 * returns nothing for a file as large as the program.
 */
const smallest = { [constants.ZSTD_c_compressionLevel]: 22, [constants.ZSTD_c_windowLog]: 24 };

/** As small as it gets; the same bytes for the same. */
export const gzip = (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
  Bun.gzipSync(bytes, { level: 9, library: "libdeflate" });

const compress: Readonly<Record<Compression, (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>>> = {
  zstd: (bytes) => promisify(zstdCompress)(bytes, { params: smallest, pledgedSrcSize: bytes.length }),
  gzip: (bytes) => Promise.resolve(gzip(bytes)),
};

export interface Layer {
  /** Digests of the tar file, and of the compressed one. */
  readonly diffId: string;
  readonly blob: Stored;
  readonly bytes: number;
}

interface Stored {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const type = (name: string): string => `application/vnd.oci.image.${name}`;

const digest = (bytes: Uint8Array): string => `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`;

const blobOf = (mediaType: string, bytes: Uint8Array): Stored => ({
  descriptor: { mediaType, digest: digest(bytes), size: bytes.length },
  bytes,
});

const json = (mediaType: string, value: object): Stored =>
  blobOf(mediaType, new TextEncoder().encode(JSON.stringify(value)));

export async function layerOf(entries: readonly Entry[], compression: Compression): Promise<Layer> {
  const bytes = tar(entries);
  const blob = blobOf(type(`layer.v1.tar+${compression}`), await compress[compression](bytes));
  return { diffId: digest(bytes), blob, bytes: bytes.length };
}

/** @param name the image's name and tag where the archive is imported */
export function archive(
  name: string,
  images: readonly { readonly arch: Arch; readonly layers: readonly Layer[] }[],
): Uint8Array {
  const blobs: Stored[] = [];
  const manifests = images.map(({ arch, layers }) => {
    const config = json(
      type("config.v1+json"),
      imageConfig(
        arch,
        layers.map(({ diffId }) => diffId),
      ),
    );
    const manifest = json(type("manifest.v1+json"), {
      schemaVersion: 2,
      mediaType: type("manifest.v1+json"),
      config: config.descriptor,
      layers: layers.map(({ blob }) => blob.descriptor),
    });
    blobs.push(...layers.map(({ blob }) => blob), config, manifest);
    return { ...manifest.descriptor, platform: { architecture: arch, os: "linux" } };
  });
  const index = json(type("index.v1+json"), { schemaVersion: 2, mediaType: type("index.v1+json"), manifests });
  blobs.push(index);
  const annotations = {
    "io.containerd.image.name": name,
    "org.opencontainers.image.ref.name": name.slice(name.lastIndexOf(":") + 1),
  };
  const entry = {
    schemaVersion: 2,
    mediaType: type("index.v1+json"),
    manifests: [{ ...index.descriptor, annotations }],
  };
  const files = new Map(blobs.map(({ descriptor, bytes }) => [descriptor.digest.replace(":", "/"), bytes]));
  return tar([
    file("oci-layout", JSON.stringify({ imageLayoutVersion: "1.0.0" })),
    file("index.json", JSON.stringify(entry)),
    folder("blobs"),
    folder("blobs/sha256"),
    ...Array.from(files, ([path, bytes]) => file(`blobs/${path}`, bytes)),
  ]);
}
