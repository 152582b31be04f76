/** What is in the image or the program, for programs: a software bill of materials (CycloneDX 1.6). Pure. */
import type { BundledPackage } from "./bundled.ts";
import type { DebianPackage } from "./debian.ts";
import type { Shipped } from "./notices.ts";
import type { Arch } from "./buildProgram.ts";
import type { RuntimePart } from "./runtimeParts.ts";

export interface Contents extends Shipped {
  readonly version: string;
  /** "any": the programs alone, which hold the same on all machines. */
  readonly arch: Arch | "any";
  readonly debian: readonly DebianPackage[];
}

/** The same contents give the same text: it has no time, and its serial number is computed from the contents. */
export function sbom({ version, arch, bun, runtimeParts, packages, debian }: Contents): string {
  const program = `pkg:generic/sluice@${version}`;
  const components = [
    ...packages.map(npmComponent),
    { ...component("application", "bun", bun, "MIT", `pkg:generic/bun@${bun}`), components: runtimeParts.map(partOf) },
    ...debian.map(debianComponent),
  ];
  const digest = new Bun.CryptoHasher("sha256").update(JSON.stringify([version, arch, components])).digest("hex");
  // In the form of a UUID of version 8, the version for custom numbers.
  const uuid = [
    digest.slice(0, 8),
    digest.slice(8, 12),
    `8${digest.slice(13, 16)}`,
    `8${digest.slice(17, 20)}`,
    digest.slice(20, 32),
  ].join("-");
  const document = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuid}`,
    version: 1,
    metadata: { component: component("application", "sluice", version, "Apache-2.0", program) },
    components,
    dependencies: [{ ref: program, dependsOn: components.map((each) => each["bom-ref"]) }],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

const component = (type: "application" | "library", name: string, version: string, licence: string, purl: string) => ({
  type,
  "bom-ref": purl,
  name,
  version,
  licenses: [{ expression: licence }],
  purl,
});

function npmComponent({ name, version, licence, integrity }: BundledPackage) {
  const [, base64 = ""] = integrity.split("sha512-");
  return {
    ...component("library", name, version, licence, `pkg:npm/${name.replace("@", "%40")}@${version}`),
    hashes: [{ alg: "SHA-512", content: Buffer.from(base64, "base64").toString("hex") }],
  };
}

/** A part of Bun; it has no address in any registry. */
const partOf = ({ name, version, licence }: RuntimePart) => ({
  type: "library",
  name,
  ...(version === undefined ? {} : { version }),
  licenses: [{ expression: licence }],
});

function debianComponent({ name, version, licence, sha256, architecture }: DebianPackage) {
  const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`;
  return { ...component("library", name, version, licence, purl), hashes: [{ alg: "SHA-256", content: sha256 }] };
}
