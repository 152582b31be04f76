import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./buildProgram.ts";
import { seldomFiles } from "./seldom.ts";
import { trimmed } from "./trim.ts";

const HELLO = "Hello, a Hello, b function\n";

const onLinux = describe.skipIf(process.platform !== "linux");

onLinux("a program that is trimmed", () => {
  let folder = "";
  let program: Uint8Array = new Uint8Array();
  const source = (more: string) => `${more}\nexport const greet = (name: string) => "Hello, " + name;\n`;
  const padding = Array.from(
    { length: 400 },
    (_, n) => `export function f${n}(x) { return x * ${n} + f${(n + 1) % 400}(x - 1); }`,
  );

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "trim-"));
    await Bun.write(join(folder, "often.ts"), source("export const often = 1;"));
    await Bun.write(join(folder, "seldom.ts"), source(padding.join("\n")));
    const main = `import("./often.ts").then(async ({ greet }) => {
      const { greet: second, f3 } = await import("./seldom.ts");
      console.log(greet("a"), second("b"), typeof f3);
    });`;
    await Bun.write(join(folder, "main.ts"), main);
    const outfile = join(folder, "program");
    await Bun.build({
      entrypoints: [join(folder, "main.ts")],
      bytecode: true,
      splitting: true,
      format: "esm",
      compile: { outfile },
    });
    program = await Bun.file(outfile).bytes();
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const played = async (bytes: Uint8Array): Promise<string> => {
    const path = join(folder, `trimmed-${bytes.length}`);
    await Bun.write(path, bytes);
    await run(["chmod", "+x", path], folder);
    return run([path], folder);
  };

  test("does the same, without the zeros of memory that is only to be cleared", async () => {
    const all = trimmed(program, () => false);
    expect(program.length - all.length).toBeGreaterThan(1_000_000);
    expect(await played(all)).toBe(await played(program));
    expect(await played(all)).toBe(HELLO);
  });

  test("does the same without the compiled code of some files, and of all", async () => {
    const files: string[] = [];
    // All but the one with which it starts, which is not asked about.
    const none = trimmed(program, (file) => files.push(file) > 0);
    expect(files).toHaveLength(2);
    expect(none.length).toBeLessThan(trimmed(program, () => false).length);
    expect(files.every((file) => file.startsWith("/$bunfs/root/chunk-"))).toBe(true);
    for (const one of files) expect(await played(trimmed(program, (file) => file === one))).toBe(HELLO);
    expect(await played(none)).toBe(HELLO);
  });

  test("is refused where it is not laid out as Bun's programs are", () => {
    expect(() => trimmed(new Uint8Array(100), () => false)).toThrow("it is no ELF file");
    const other = Buffer.from(program);
    other.write("---- Nub! ----", other.lastIndexOf("---- Bun! ----"));
    expect(() => trimmed(other, () => false)).toThrow("another Bun's");
  });
});

test("files that are loaded by seldom commands only are seldom, what others load as well is not", () => {
  const load = (path: string) => ({ path: `./${path}`, kind: "dynamic-import" });
  const need = (path: string) => ({ path: `./${path}`, kind: "import-statement" });
  const outputs = {
    "./sluice": { inputs: { "main.ts": {} }, imports: [load("get.js"), load("demo.js")] },
    "./get.js": { inputs: { "cli/get/command.ts": {} }, imports: [need("shared.js")] },
    "./demo.js": { inputs: { "cli/demo.ts": {} }, imports: [need("shared.js"), need("server.js")] },
    "./server.js": { inputs: { "simulator/server.ts": {} }, imports: [need("demo.js")] },
    "./shared.js": { inputs: { "kube/time.ts": {} }, imports: [] },
  };
  expect([...seldomFiles({ outputs }, "sluice")]).toEqual(["/$bunfs/root/demo.js", "/$bunfs/root/server.js"]);
});

test("a file that stands empty before a seldom one is seldom, and does not lead to it", () => {
  const need = (path: string, kind = "import-statement") => ({ path, kind });
  const outputs = {
    "./sluice": {
      inputs: { "main.ts": {} },
      imports: [need("stub.js", "dynamic-import"), need("eval.js", "dynamic-import")],
    },
    "./stub.js": { inputs: {}, imports: [need("engine.js")] },
    "./eval.js": { inputs: { "cli/eval/command.ts": {} }, imports: [need("engine.js")] },
    "./engine.js": { inputs: { "controller/notifications/engine.ts": {} }, imports: [] },
  };
  const seldom = ["stub.js", "eval.js", "engine.js"].map((name) => `/$bunfs/root/${name}`);
  expect([...seldomFiles({ outputs }, "sluice")]).toEqual(seldom);
});
