import { afterAll, describe, expect, test } from "bun:test";
import { lstatSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { complete, file, folder, link, tar, writeTree } from "./entries.ts";

const dir = mkdtempSync(join(tmpdir(), "sluice-entries-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const entries = complete([
  file("usr/bin/hello", "#!\n", 0o755),
  link("lib", "usr/lib"),
  folder("tmp", 0o1777),
  file("etc/passwd", "root:x:0:0\n"),
]);

describe("the files of a layer", () => {
  test("are sorted, and come after the folders that lead to them", () => {
    const paths = entries.map(({ path }) => path);
    expect(paths).toEqual(["etc", "etc/passwd", "lib", "tmp", "usr", "usr/bin", "usr/bin/hello"]);
  });

  test("lie on disk with their modes and without a time", async () => {
    await writeTree(join(dir, "tree"), entries);
    const at = (path: string) => lstatSync(join(dir, "tree", path));
    expect([at("usr/bin/hello").mode & 0o7777, at("tmp").mode & 0o7777]).toEqual([0o755, 0o1777]);
    expect(entries.map(({ path }) => at(path).mtimeMs)).toEqual(entries.map(() => 0));
    expect(readlinkSync(join(dir, "tree/lib"))).toBe("usr/lib");
  });

  test("are a tar file that others read, and the same bytes every time", async () => {
    const bytes = tar(entries);
    expect(tar(entries)).toEqual(bytes);
    const read = await new Bun.Archive(bytes).files();
    expect([...read.keys()].toSorted()).toEqual(["etc/passwd", "usr/bin/hello"]);
    expect(await read.get("etc/passwd")?.text()).toBe("root:x:0:0\n");
    await new Bun.Archive(bytes).extract(join(dir, "extracted"));
    expect(readdirSync(join(dir, "extracted"), { recursive: true }).map(String).toSorted()).toEqual(
      entries.map(({ path }) => path),
    );
  });

  test("with a path that the format has no room for are refused", () => {
    expect(() => tar([file("x".repeat(101), "")])).toThrow("too long");
  });
});
