import { beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { platforms, run } from "../image/buildProgram.ts";
import { file } from "../image/entries.ts";
import { image, version } from "../text/manifestNames.ts";
import { artefacts, type Ingredients, makeRelease } from "./artefacts.ts";
import { archiveName, chartPackage, checksums, downloads } from "./names.ts";
import { zip } from "./zip.ts";

const digest = `sha256:${"ab".repeat(32)}`;
const changelog = `# Changelog

## [Unreleased]

## [${version}] - 2026-01-01

### Added

- **All** of it ([page](docs/x.md)).
- \`More\`, over
  two lines.

### Security

- A hole
  ([page](docs/x.md), [other](docs/y.md)).

### Not yet

- Nothing.

## [0.0.1]

### Added

- Old.
`;

const ingredients: Ingredients = {
  program: (platform) => Promise.resolve(new TextEncoder().encode(`program for ${platform}`)),
  image: { archive: new TextEncoder().encode("image"), digest },
  documents: { licence: "licence", notices: "notices", manPages: new Map([["sluice.1", ".TH sluice"]]) },
  demo: {
    text: "#!/usr/bin/env node\n",
    packages: [{ name: "a", version: "1.0.0", licence: "MIT", licenceText: "Copyright A", integrity: "sha512-AA" }],
  },
  changelog,
  sbom: "{}",
};

async function made(from: Ingredients): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  await makeRelease(from, async (name, bytes) => {
    files.set(name, new Uint8Array(bytes));
  });
  return files;
}

let files: Map<string, Uint8Array<ArrayBuffer>>;
beforeAll(async () => {
  files = await made(ingredients);
});
const bytesOf = (name: string): Uint8Array<ArrayBuffer> => files.get(name) ?? new Uint8Array();
const textOf = (name: string): string => new TextDecoder().decode(bytesOf(name));
const sha256 = (name: string): string => new Bun.CryptoHasher("sha256").update(bytesOf(name)).digest("hex");
const unpacked = async (name: string): Promise<Map<string, string>> => {
  const contents = await new Bun.Archive(bytesOf(name)).files();
  return new Map(await Promise.all(Array.from(contents, async ([path, part]) => [path, await part.text()] as const)));
};

describe("a release", () => {
  test("has the program for each system on both architectures, by names that install lines can rely on", () => {
    expect(platforms.map(archiveName)).toEqual([
      "sluice-linux-amd64.tar.gz",
      "sluice-linux-arm64.tar.gz",
      "sluice-darwin-amd64.tar.gz",
      "sluice-darwin-arm64.tar.gz",
      "sluice-windows-amd64.zip",
      "sluice-windows-arm64.zip",
    ]);
    expect([...files.keys()]).toEqual(artefacts.map(({ name }) => name));
  });

  test("is the same, byte for byte, when it is made again", async () => {
    expect(await made(ingredients)).toEqual(files);
  });

  test("has the SHA-256 of every other file in a form that sha256sum checks", () => {
    const lines = textOf(checksums).trimEnd().split("\n");
    const others = [...files.keys()].filter((name) => name !== checksums);
    expect(lines).toEqual(others.map((name) => `${sha256(name)}  ${name}`));
  });

  test("without the image has none of its files, and names its tag alone", async () => {
    const without = await made({ ...ingredients, image: undefined });
    expect([...files.keys()].filter((name) => !without.has(name))).toEqual(["sluice-image.tar", "sluice-image.ref"]);
    expect(new TextDecoder().decode(without.get("install.yaml"))).toContain(`image: ${image}\n`);
  });
});

describe("an archive", () => {
  test("for Linux and macOS holds the program, the licences and the man pages", async () => {
    for (const name of ["sluice-linux-arm64.tar.gz", "sluice-darwin-amd64.tar.gz"]) {
      const contents = await unpacked(name);
      expect([...contents.keys()].toSorted()).toEqual(["LICENSE", "THIRD_PARTY", "man/sluice.1", "sluice"]);
      expect(contents.get("sluice")).toBe(`program for ${name.slice("sluice-".length, -".tar.gz".length)}`);
    }
  });

  test.skipIf(Bun.which("unzip") === null)("for Windows is a zip file that others read", async () => {
    const dir = mkdtempSync(join(tmpdir(), "sluice-zip-"));
    try {
      const path = join(dir, "it.zip");
      await Bun.write(path, bytesOf("sluice-windows-arm64.zip"));
      await run(["unzip", "-q", path, "-d", join(dir, "it")], dir);
      expect(await Bun.file(join(dir, "it/sluice.exe")).text()).toBe("program for windows-arm64");
      expect(await Bun.file(join(dir, "it/LICENSE")).text()).toBe("licence");
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test("of the kind zip keeps its parts where its directory says, with a checksum each", () => {
    const bytes = Buffer.from(zip([file("a", "aaaa"), file("b/c", "x", 0o755)]));
    const end = bytes.length - 22;
    expect(bytes.toString("latin1", end, end + 2)).toBe("PK");
    expect(bytes.readUInt16LE(end + 10)).toBe(2);
    let at = bytes.readUInt32LE(end + 16);
    for (const [name, contents, mode] of [
      ["a", "aaaa", 0o100644],
      ["b/c", "x", 0o100755],
    ] as const) {
      expect(bytes.toString("latin1", at + 46, at + 46 + name.length)).toBe(name);
      expect(bytes.readUInt32LE(at + 38) >>> 16).toBe(mode);
      const local = bytes.readUInt32LE(at + 42);
      expect(bytes.subarray(local + 4, local + 30)).toEqual(bytes.subarray(at + 6, at + 32));
      const start = local + 30 + name.length;
      const packed = bytes.subarray(start, start + bytes.readUInt32LE(at + 20));
      expect(new TextDecoder().decode(Bun.inflateSync(packed))).toBe(contents);
      expect(bytes.readUInt32LE(at + 16)).toBe(Bun.hash.crc32(contents));
      at += 46 + name.length;
    }
  });
});

describe("digests", () => {
  test("of the image are the same in the manifests, in the chart and where the workflow reads them", async () => {
    const pinned = `${image}@${digest}`;
    expect(textOf("sluice-image.ref")).toBe(`${pinned}\n`);
    for (const name of ["install.yaml", "namespace-install.yaml"]) {
      expect(textOf(name).match(/image: .*/g)).toEqual([`image: ${pinned}`]);
    }
    const chart = await unpacked(chartPackage);
    const values = parse(chart.get("sluice/values.yaml") ?? "") as { image: { repository: string; tag: string } };
    expect(`${values.image.repository}:${values.image.tag}`).toBe(pinned);
  });

  test("of the archives are the same in Krew's manifest and in Homebrew's formula", () => {
    const { spec } = parse(textOf("sluice.yaml")) as { spec: { platforms: { uri: string; sha256: string }[] } };
    expect(spec.platforms.map(({ uri, sha256: given }) => [uri, given])).toEqual(
      platforms.map((platform) => [`${downloads}/${archiveName(platform)}`, sha256(archiveName(platform))]),
    );
    const named = [...textOf("sluice.rb").matchAll(/url "([^"]+)"\n\s+sha256 "([^"]+)"/g)];
    expect(named.map(([, url, given]) => [url, given])).toEqual(
      ["darwin-arm64", "darwin-amd64", "linux-arm64", "linux-amd64"].map((platform) => {
        const name = `sluice-${platform}.tar.gz`;
        return [`${downloads}/${name}`, sha256(name)];
      }),
    );
  });
});

describe("the chart's package", () => {
  test("is what Helm packs: one folder with the chart, and with Artifact Hub's metadata", async () => {
    const chart = await unpacked(chartPackage);
    expect([...chart.keys()].every((path) => path.startsWith("sluice/"))).toBe(true);
    const { annotations, ...rest } = parse(chart.get("sluice/Chart.yaml") ?? "") as {
      annotations: Readonly<Record<string, string>>;
    };
    expect(rest).toMatchObject({ name: "sluice", version, appVersion: version, apiVersion: "v2" });
    const read = (name: string): unknown => parse(annotations[`artifacthub.io/${name}`] ?? "");
    expect(read("license")).toBe("Apache-2.0");
    expect(read("images")).toMatchObject([{ image: `${image}@${digest}` }]);
    expect(read("crds")).toHaveLength(5);
    expect(read("changes")).toEqual([
      { kind: "added", description: "All of it." },
      { kind: "added", description: "More, over two lines." },
      { kind: "security", description: "A hole." },
    ]);
    expect(Object.values(annotations).every((value) => typeof value === "string")).toBe(true);
  });
});

test("the notes are the version's section of CHANGELOG.md, with links that lead somewhere", () => {
  const notes = textOf("RELEASE_NOTES.md");
  expect(notes).toContain(`([page](https://github.com/sluice-dev/sluice/blob/v${version}/docs/x.md))`);
  expect(notes).not.toContain("Old.");
  expect(notes).not.toContain("## [");
});
