import { describe, expect, test } from "bun:test";
import packageJson from "../../package.json" with { type: "json" };
import { integritiesIn, packageFolders } from "./bundled.ts";
import { notices } from "./notices.ts";
import runtimes from "./runtimes/package.json" with { type: "json" };
import { type Contents, sbom } from "./sbom.ts";

const contents: Contents = {
  version: "1.2.3",
  arch: "amd64",
  bun: "1.4.5",
  runtimeParts: [
    { name: "zstd", licence: "BSD-3-Clause", version: "abc" },
    { name: "brotli", licence: "MIT", version: undefined },
  ],
  packages: [
    { name: "@a/b", version: "2.0.0", licence: "MIT", licenceText: "Copyright A\r\n", integrity: "sha512-AAEC" },
  ],
  debian: [{ name: "libc6", version: "2.41-1+x", licence: "LGPL-2.1-or-later", architecture: "amd64", sha256: "00ff" }],
};

test("the Bun that programs for other machines are made of is the one that builds them", () => {
  const versions = new Set(Object.values(runtimes.dependencies));
  expect([...versions].map((version) => `bun@${version}`)).toEqual([packageJson.packageManager]);
});

describe("which packages are in the program", () => {
  test("is told by what is left of them, wherever they lie", () => {
    const inputs = {
      "main.ts": { bytesInOutput: 1 },
      "node_modules/hono/dist/hono.js": { bytesInOutput: 5 },
      "node_modules/hono/dist/router.js": { bytesInOutput: 5 },
      "../x/node_modules/@a/b/node_modules/@c/d/index.js": { bytesInOutput: 5 },
      "node_modules/unused/index.js": { bytesInOutput: 0 },
    };
    expect(packageFolders({ outputs: { "./sluice": { inputs } } })).toEqual([
      "../x/node_modules/@a/b/node_modules/@c/d",
      "node_modules/hono",
    ]);
  });

  test("is checked by the lock file", () => {
    const lock = `{ "packages": { "a": ["a@1.0.0", "", {}, "sha512-x"], "w": ["w@workspace:w"], }, }`;
    expect([...integritiesIn(lock)].filter(([id]) => id.startsWith("a@"))).toEqual([["a@1.0.0", "sha512-x"]]);
  });
});

describe("the bill of materials", () => {
  test("names every part with its version, its licence, where it comes from and its digest", () => {
    const { components } = JSON.parse(sbom(contents)) as { components: unknown[] };
    expect(components).toMatchObject([
      {
        name: "@a/b",
        version: "2.0.0",
        purl: "pkg:npm/%40a/b@2.0.0",
        licenses: [{ expression: "MIT" }],
        hashes: [{ alg: "SHA-512", content: "000102" }],
      },
      { name: "bun", version: "1.4.5", components: [{ name: "zstd", version: "abc" }, { name: "brotli" }] },
      {
        name: "libc6",
        purl: "pkg:deb/debian/libc6@2.41-1%2Bx?arch=amd64",
        hashes: [{ alg: "SHA-256", content: "00ff" }],
      },
    ]);
  });

  test("is the same for the same contents, and has another number for others", () => {
    const numberOf = (text: string): unknown => (JSON.parse(text) as { serialNumber: unknown }).serialNumber;
    expect(sbom(contents)).toBe(sbom(contents));
    expect(numberOf(sbom(contents))).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(numberOf(sbom({ ...contents, arch: "arm64" }))).not.toBe(numberOf(sbom(contents)));
  });
});

test("the notices have the text of every bundled package's licence", () => {
  expect(notices(contents)).toContain(`\n@a/b 2.0.0 (MIT)\n${"-".repeat(80)}\nCopyright A\n`);
});
