/** The files of a release: a row each, in the order in which they are made. */
import { dashboard } from "../dashboardWorkload.ts";
import { type Platform, platforms } from "../image/buildProgram.ts";
import { install, namespaceInstall } from "../install.ts";
import { alertsFile } from "../monitoring/alerts.ts";
import { grafanaDashboard } from "../monitoring/dashboard.ts";
import { notificationCatalogue } from "../notificationCatalogue.ts";
import { image, version } from "../text/manifestNames.ts";
import { type Manifest, stream } from "../text/render.ts";
import { type Documents, programArchive } from "./archives.ts";
import { releaseNotes } from "./changelog.ts";
import { packagedChart } from "./chart.ts";
import { demoArchive } from "./demoPackage.ts";
import type { DemoScript } from "./demoScript.ts";
import { formula } from "./formula.ts";
import { krewManifest } from "./krew.ts";
import {
  archiveName,
  chartPackage,
  checksums,
  demoPackage,
  imageArchive,
  imageReference,
  pinnedImage,
} from "./names.ts";

/** What is made before: by compilers, package managers and people. */
export interface Ingredients {
  readonly program: (platform: Platform) => Promise<Uint8Array>;
  /** Undefined: a release without the image, to try the rest; manifests then name its tag alone. */
  readonly image: { readonly archive: Uint8Array; readonly digest: string } | undefined;
  readonly documents: Documents;
  readonly demo: DemoScript;
  /** CHANGELOG.md. */
  readonly changelog: string;
  /** Of the program, as CycloneDX. */
  readonly sbom: string;
}

export interface Artefact {
  readonly name: string;
  /** Undefined: it is not part of this release. `digests` has the SHA-256, in hex, of every file before. */
  readonly make: (
    from: Ingredients,
    digests: ReadonlyMap<string, string>,
  ) => Promise<Uint8Array | string | undefined> | Uint8Array | string | undefined;
}

const withDigest = (objects: readonly Manifest[], digest: string | undefined): string =>
  stream(objects).replaceAll(image, pinnedImage(digest));

const digestIn =
  (digests: ReadonlyMap<string, string>) =>
  (archive: string): string => {
    const digest = digests.get(archive);
    if (digest === undefined) throw new Error(`Cannot name the digest of ${archive}: it has not been made`);
    return digest;
  };

export const artefacts: readonly Artefact[] = [
  ...platforms.map((platform) => ({
    name: archiveName(platform),
    make: async ({ program, documents }: Ingredients) => programArchive(platform, await program(platform), documents),
  })),
  { name: imageArchive, make: ({ image }) => image?.archive },
  {
    name: imageReference,
    make: (from) => from.image && `${pinnedImage(from.image.digest)}\n`,
  },
  { name: "install.yaml", make: (from) => withDigest(install, from.image?.digest) },
  { name: "namespace-install.yaml", make: (from) => withDigest(namespaceInstall, from.image?.digest) },
  { name: "notifications.yaml", make: () => stream([notificationCatalogue(undefined)]) },
  { name: "alerts.yaml", make: () => alertsFile },
  { name: "grafana-dashboard.json", make: grafanaDashboard },
  { name: "dashboard.yaml", make: (from) => withDigest(dashboard, from.image?.digest) },
  {
    name: chartPackage,
    make: (from) => packagedChart(from.image?.digest, from.changelog, from.documents.licence),
  },
  { name: demoPackage, make: ({ demo, documents }) => demoArchive(demo, documents.licence) },
  // Krew takes a manifest only under the plugin's name.
  { name: "sluice.yaml", make: (_, digests) => krewManifest(digestIn(digests)) },
  { name: "sluice.rb", make: (_, digests) => formula(digestIn(digests)) },
  { name: "sluice.cdx.json", make: ({ sbom }) => sbom },
  { name: "RELEASE_NOTES.md", make: ({ changelog }) => releaseNotes(changelog, version) },
  {
    name: checksums,
    make: (_, digests) => [...digests].map(([name, digest]) => `${digest}  ${name}\n`).join(""),
  },
];

/** Makes them one after the other, and hands each on as it is done: together they are larger than a small machine. */
export async function makeRelease(
  from: Ingredients,
  write: (name: string, bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const digests = new Map<string, string>();
  for (const { name, make } of artefacts) {
    const made = await make(from, digests);
    if (made === undefined) continue;
    const bytes = typeof made === "string" ? new TextEncoder().encode(made) : made;
    digests.set(name, new Bun.CryptoHasher("sha256").update(bytes).digest("hex"));
    await write(name, bytes);
  }
}
