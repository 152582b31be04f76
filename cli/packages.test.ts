/** Installing before `bun run demo`, in a repository of two packages that need no registry, and with one that is not there. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import packageJson from "../package.json" with { type: "json" };

setDefaultTimeout(60_000);

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-packages-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(repository: string, command: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = Bun.spawn([process.execPath, ...command], {
    cwd: repository,
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, BUN_INSTALL_CACHE_DIR: join(folder, "cache"), ...env },
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, err, code };
}

/** A repository with this package.json, and with the script. */
async function repositoryOf(name: string, manifest: object): Promise<string> {
  const repository = join(folder, name);
  await mkdir(join(repository, "cli"), { recursive: true });
  await cp(resolve(import.meta.dir, "packages.ts"), join(repository, "cli/packages.ts"));
  await writeFile(join(repository, "package.json"), JSON.stringify({ name, ...manifest }));
  return repository;
}

async function withTwoPackages(name: string): Promise<string> {
  const repository = await repositoryOf(name, {
    dependencies: { runs: "file:./runs" },
    devDependencies: { develops: "file:./develops" },
  });
  for (const each of ["runs", "develops"]) {
    await mkdir(join(repository, each));
    await writeFile(join(repository, each, "package.json"), JSON.stringify({ name: each, version: "1.0.0" }));
  }
  expect((await run(repository, ["install"])).code).toBe(0);
  return repository;
}

const script = ["cli/packages.ts"];
const has = (repository: string) =>
  ["runs", "develops"].map((name) => existsSync(join(repository, "node_modules", name)));

describe("before the demo", () => {
  test("the packages that run are installed, and it says so", async () => {
    const repository = await withTwoPackages("fresh");
    await rm(join(repository, "node_modules"), { recursive: true });
    expect(await run(repository, script)).toEqual({
      out: "",
      err: "Installing the packages that Sluice runs with; this happens once …\n",
      code: 0,
    });
    expect(has(repository)).toEqual([true, false]);
  });

  test("nothing is said when they are there, and those for developing stay", async () => {
    const repository = await withTwoPackages("developed");
    expect(await run(repository, script)).toEqual({ out: "", err: "", code: 0 });
    expect(has(repository)).toEqual([true, true]);
  });

  test("a registry that cannot be reached is told, with what to do", async () => {
    const repository = await repositoryOf("offline", { dependencies: packageJson.dependencies });
    await cp(resolve(import.meta.dir, "../bun.lock"), join(repository, "bun.lock"));
    await writeFile(join(repository, "package.json"), JSON.stringify({ ...packageJson, scripts: {} }));
    // A port that was free a moment ago.
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
    const registry = server.url.href;
    await server.stop(true);
    const { out, err, code } = await run(repository, script, {
      BUN_INSTALL_CACHE_DIR: join(folder, "empty"),
      BUN_CONFIG_REGISTRY: registry,
      npm_config_registry: registry,
    });
    expect([out, code]).toEqual(["", 1]);
    expect(err).toContain("ConnectionRefused");
    expect(err.trimEnd().split("\n").at(-1)).toStartWith(
      `Error: Cannot install the packages of package.json into ${join(repository, "node_modules")}: `,
    );
  });

  test("what is installed has none of what is for developing, and comes with what the program is made of alone", async () => {
    const { packages } = Bun.JSONC.parse(await Bun.file(resolve(import.meta.dir, "../bun.lock")).text()) as {
      packages: Readonly<
        Record<string, readonly [string, string, { dependencies?: object; optionalPeers?: string[] }]>
      >;
    };
    const found = new Set<string>();
    const add = (name: string, from: string): void => {
      // A version of its own, or the one that all have.
      const key = `${from}/${name}` in packages ? `${from}/${name}` : name;
      if (found.has(key)) return;
      found.add(key);
      for (const each of Object.keys(packages[key]?.[2].dependencies ?? {})) add(each, key);
    };
    for (const name of Object.keys(packageJson.dependencies)) add(name, "");
    const developing = Object.keys(packageJson.devDependencies);
    expect(developing.filter((name) => found.has(name))).toEqual([]);
    expect(
      [...found].filter((name) => /lint|prettier|typescript|oxc|knip|playwright|tsgo|chromium/.test(name)),
    ).toEqual([]);
    // Each is everybody's wait before the demo: another one is worth a thought, and a line here.
    expect(Object.keys(packageJson.dependencies)).toEqual([
      "@kubernetes/client-node",
      "@logtape/logtape",
      "aws4fetch",
      "commander",
      "fastest-levenshtein",
      "hono",
      "openid-client",
      "preact",
      "re2js",
      "valibot",
      "yaml",
    ]);
    expect(found.size).toBeLessThanOrEqual(80);
  });

  test("both commands that need them call it", () => {
    const { demo, dev } = packageJson.scripts;
    expect([demo, dev]).toEqual([
      "bun cli/packages.ts && exec bun main.ts demo",
      "bun cli/packages.ts && exec bun main.ts dev",
    ]);
  });
});
