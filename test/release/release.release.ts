/** A whole release but for the image (test/image has that): made twice, unpacked, started where that is possible here. */
import { beforeAll, describe, expect, test } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { run } from "../../manifests/image/buildProgram.ts";
import { signatureFault } from "../../manifests/image/machO.ts";
import { checkOut } from "../image/tree.ts";

const dir = Bun.env["SLUICE_RELEASE_DIR"] ?? "";
/** Two copies of the same tree, at paths of different lengths. */
const [first, second] = [join(dir, "a"), join(dir, "another", "copy")];
const release = join(first, "dist/release");
const answer = `sluice: v${packageJson.version}`;

const sumsOf = (copy: string): Promise<string> => Bun.file(join(copy, "dist/release/SHA256SUMS")).text();

/** @returns the folder with what is in the archive */
async function unpacked(archive: string): Promise<string> {
  const to = join(dir, archive);
  await mkdir(to, { recursive: true });
  const path = join(release, archive);
  await run(archive.endsWith(".zip") ? ["unzip", "-qo", path, "-d", to] : ["tar", "-xzf", path, "-C", to], "/");
  return to;
}

beforeAll(async () => {
  // Both before the first is built, in which time somebody may edit a file here.
  for (const copy of [first, second]) await checkOut(copy);
  for (const copy of [first, second]) {
    await run([process.execPath, "run", "release", "--no-image"], copy);
  }
}, 600_000);

test("a release is the same, byte for byte, when it is made again elsewhere", async () => {
  expect(await sumsOf(second)).toBe(await sumsOf(first));
  await run(["sha256sum", "--check", "--strict", "SHA256SUMS"], release);
});

describe("the archive for Linux", () => {
  test.skipIf(process.arch !== "x64")("unpacks and starts, under each of its names", async () => {
    const to = await unpacked("sluice-linux-amd64.tar.gz");
    expect((await run([join(to, "sluice"), "version", "--short"], to)).trim()).toBe(answer);
    await symlink("sluice", join(to, "kubectl-argo-rollouts"));
    expect(await run([join(to, "kubectl-argo-rollouts"), "--help"], to)).toContain("Usage: kubectl argo rollouts");
    expect(await run([join(to, "sluice"), "simulate", "--help"], to)).toContain("Usage: sluice simulate");
    expect(await Bun.file(join(to, "man/sluice.1")).text()).toContain('.TH "SLUICE"');
  });

  // That arm64 starts is shown by the image, whose program this is (test/image).
  test.each([
    ["sluice-linux-amd64.tar.gz", 62],
    ["sluice-linux-arm64.tar.gz", 183],
  ])("%s holds an ELF program for its processor", async (archive, processor) => {
    const program = Buffer.from(await Bun.file(join(await unpacked(archive), "sluice")).bytes());
    expect(program.toString("latin1", 0, 4)).toBe("\x7fELF");
    expect(program.readUInt16LE(18)).toBe(processor);
  });
});

describe("the archive for macOS", () => {
  test.each([
    ["sluice-darwin-amd64.tar.gz", 0x100_0007],
    ["sluice-darwin-arm64.tar.gz", 0x100_000c],
  ])("%s holds a Mach-O program for its processor, whose signature fits", async (archive, processor) => {
    const program = await Bun.file(join(await unpacked(archive), "sluice")).bytes();
    const header = Buffer.from(program.subarray(0, 16));
    // A 64-bit file, the processor, and an executable.
    expect([header.readUInt32LE(0), header.readUInt32LE(4), header.readUInt32LE(12)]).toEqual([
      0xfeed_facf,
      processor,
      2,
    ]);
    expect(signatureFault(program)).toBeUndefined();
  });
});

describe("the archive for Windows", () => {
  test.each([
    ["sluice-windows-amd64.zip", 0x8664],
    ["sluice-windows-arm64.zip", 0xaa64],
  ])("%s holds a PE program for its processor and the console, without somebody's signature", async (name, machine) => {
    const program = Buffer.from(await Bun.file(join(await unpacked(name), "sluice.exe")).bytes());
    const header = program.readUInt32LE(0x3c);
    expect(program.toString("latin1", header, header + 4)).toBe("PE\0\0");
    expect(program.readUInt16LE(header + 4)).toBe(machine);
    const optional = header + 24;
    // PE32+, and a program of the console.
    expect([program.readUInt16LE(optional), program.readUInt16LE(optional + 68)]).toEqual([0x20b, 3]);
    // The directory of certificates, whose signature would no longer fit.
    expect(program.readBigUInt64LE(optional + 112 + 4 * 8)).toBe(0n);
  });
});
