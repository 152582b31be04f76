/** What the files of a release are called, and where they are downloaded from. */
import type { Platform } from "../image/buildProgram.ts";
import { image, source, tag, version } from "../text/manifestNames.ts";

/** The page of the files, without "/" at its end. */
export const downloads = `${source}/releases/download/${tag}`;
export const tagline = "Progressive delivery for Kubernetes in one small binary";

/** Windows opens zip files by itself, and other systems tar. */
export const archiveName = (platform: Platform): string =>
  `sluice-${platform}${platform.startsWith("windows-") ? ".zip" : ".tar.gz"}`;

export const imageArchive = "sluice-image.tar";
export const imageReference = "sluice-image.ref";
/** The image as manifests name it; without a digest its tag alone. */
export const pinnedImage = (digest: string | undefined): string =>
  digest === undefined ? image : `${image}@${digest}`;

export const checksums = "SHA256SUMS";
/** As Helm names packages. */
export const chartPackage = `sluice-${version}.tgz`;

/** The demo's package of npm: its name and its command's, and its file. */
export const demoName = "sluice-demo";
export const demoPackage = `${demoName}.tgz`;
