import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manualClock } from "../../kube/clock/clock.ts";
import { createCore } from "../server/objects/core.ts";
import { savedState } from "../server/objects/saved.ts";
import { dataText, keepData, lockData, readData, writeData } from "./dataFile.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-data-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const worldOf = () => {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  return { clock, core: createCore({ clock }) };
};

const secret = (name: string) => ({ metadata: { name, namespace: "default" }, stringData: { a: "b" } });

const contents = async (path: string, text: string): Promise<string> => {
  await writeFile(join(folder, path), text);
  return join(folder, path);
};

const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no error",
    (error: unknown) => (error instanceof Error ? error.message : "no Error"),
  );

describe("the file of a cluster", () => {
  test("holds what the cluster holds, an object a line, for its owner's eyes only", async () => {
    const { core } = worldOf();
    core.create("secrets", secret("a"));
    const path = join(folder, "whole.json");
    await writeData(path, savedState(core));
    expect(await readData(path)).toEqual(savedState(core));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await readFile(path, "utf8")).split("\n").filter((line) => line.includes('"uid"'))).toHaveLength(5);
  });

  test("that does not exist yet is none", async () => {
    expect(await readData(join(folder, "nothing.json"))).toBeUndefined();
  });

  test("is refused in words when it is another one, of another version, or damaged", async () => {
    const other = await contents("other.json", '{"kind":"List"}');
    const text = await contents("text.json", "hello");
    const newer = await contents("newer.json", '{"kind":"SluiceCluster","version":9}');
    const half = await contents("half.json", '{"kind":"SluiceCluster","version":1,"resourceVersion":"x","objects":{}}');
    const bare = '{"kind":"SluiceCluster","version":1,"resourceVersion":"1","objects":{"pods":[{}]}}';
    expect(await messageOf(readData(other))).toBe(`Cannot read ${other}: it was not written by sluice dev`);
    expect(await messageOf(readData(text))).toContain(`Cannot read ${text}: it is no JSON, so it was not written by`);
    expect(await messageOf(readData(newer))).toBe(
      `Cannot read ${newer}: it has format 9, and this version of Sluice reads 1. Use the version that wrote it, or another file`,
    );
    expect(await messageOf(readData(half))).toBe(`Cannot read ${half}: it is damaged`);
    expect(await messageOf(readData(await contents("bare.json", bare)))).toContain("it is damaged");
    expect(await messageOf(readData(folder))).toBe(`Cannot read ${folder}: it is a folder`);
  });

  test("that cannot be written is told at once, with the reason", async () => {
    const { core, clock } = worldOf();
    const path = join(folder, "missing", "data.json");
    const keeping = keepData({ core, clock, path, onError: () => {} });
    expect(await messageOf(keeping)).toBe(`Cannot write ${path}: there is no such folder`);
  });
});

describe("a file that is in use", () => {
  test("is refused to a second process, until the first lets go", async () => {
    const path = join(folder, "used.json");
    const unlock = await lockData(path);
    expect(await messageOf(lockData(path))).toBe(
      `${path} is in use by process ${process.pid}. If that is no sluice dev, remove ${path}.lock`,
    );
    await unlock();
    await (
      await lockData(path)
    )();
    expect(await messageOf(lockData(path).then((again) => again()))).toBe("no error");
  });

  test("is taken over from a process that is no more", async () => {
    const path = join(folder, "left.json");
    const gone = Bun.spawn([process.execPath, "--version"], { stdout: "ignore" });
    await gone.exited;
    await writeFile(`${path}.lock`, `${gone.pid}\n`);
    await (
      await lockData(path)
    )();
    await writeFile(`${path}.lock`, "");
    await (
      await lockData(path)
    )();
  });
});

describe("a cluster that is kept", () => {
  test("is written once for changes that follow each other, and leaves nothing else behind", async () => {
    const { core, clock } = worldOf();
    const path = join(folder, "kept.json");
    const before = core.resourceVersion;
    const kept = await keepData({ core, clock, path, onError: () => {} });
    core.create("secrets", secret("a"));
    core.create("secrets", secret("b"));
    expect(clock.waiting).toBe(1);
    expect((await readData(path))?.resourceVersion).toBe(before);
    await clock.advance(500);
    await kept.stop();
    expect(await readData(path)).toEqual(savedState(core));
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("has its last change in the file when it ends", async () => {
    const { core, clock } = worldOf();
    const path = join(folder, "last.json");
    const kept = await keepData({ core, clock, path, onError: () => {} });
    core.create("secrets", secret("a"));
    await kept.stop();
    expect(await readData(path)).toEqual(savedState(core));
    expect(clock.waiting).toBe(0);
  });

  test("is written again after a time when it could not be", async () => {
    const { core, clock } = worldOf();
    const own = await mkdtemp(join(folder, "own-"));
    const path = join(own, "data.json");
    const errors: unknown[] = [];
    const kept = await keepData({ core, clock, path, onError: (error) => errors.push(error) });
    await rm(own, { recursive: true });
    core.create("secrets", secret("a"));
    await clock.advance(500);
    expect(await messageOf(kept.stop())).toContain("there is no such folder");
    expect(errors).toHaveLength(1);
  });

  test("reads as it was written", () => {
    expect(JSON.parse(dataText({ resourceVersion: "7", objects: {} }))).toEqual({
      kind: "SluiceCluster",
      version: 1,
      resourceVersion: "7",
      objects: {},
    });
  });
});
