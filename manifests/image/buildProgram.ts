/** The program as one file: Bun with our code in it, compiled ahead of time. */
import { copyFile, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { lean } from "./lean.ts";
import packageJson from "../../package.json" with { type: "json" };

export const root = resolve(import.meta.dir, "../..");

/** Linux on these architectures, by the names that images use. */
export const archs = ["amd64", "arm64"] as const;
export type Arch = (typeof archs)[number];

/** Bun's names, and its packages', for them. */
const bunNames = {
  amd64: { target: "bun-linux-x64", package: "@oven/bun-linux-x64" },
  arm64: { target: "bun-linux-arm64", package: "@oven/bun-linux-aarch64" },
} as const;

export interface Build {
  /** Undefined: for this machine, with the Bun that runs this. */
  readonly arch?: Arch;
  /** The file's own name becomes a part of the program: two builds are the same bytes only under the same name. */
  readonly outfile: string;
  /** Where to write what was put into the program, file by file (see bundled.ts). */
  readonly metafile?: string;
}

/** @throws Error with the bundler's messages, or with the reason why there is no Bun for `arch` */
export async function buildProgram({ arch, outfile, metafile }: Build): Promise<void> {
  requireVersion(Bun.version);
  const cross = arch === undefined ? {} : { target: bunNames[arch].target, executablePath: await runtimeFor(arch) };
  const built = await Bun.build({
    entrypoints: [join(root, "main.ts")],
    root,
    minify: true,
    bytecode: true,
    splitting: true,
    format: "esm",
    metafile: metafile !== undefined,
    // Neither `.env` nor bunfig.toml of the folder in which the program is started may change what it does.
    compile: { ...cross, outfile, autoloadDotenv: false, autoloadBunfig: false },
    plugins: [lean],
  });
  if (metafile !== undefined) await Bun.write(metafile, JSON.stringify(built.metafile));
}

/** Code compiled ahead of time runs only on the version that compiled it. */
function requireVersion(version: string): void {
  if (packageJson.packageManager === `bun@${version}`) return;
  const wanted = packageJson.packageManager;
  throw new Error(`Cannot build with bun@${version}: Sluice is made with ${wanted} (npx --yes ${wanted} run build)`);
}

/** The path of Bun for `arch`, from its package of the npm registry; downloaded once, checked by runtimes/bun.lock. */
async function runtimeFor(arch: Arch): Promise<string> {
  const dir = join(root, ".cache", `bun-${Bun.version}`);
  const path = join(dir, "node_modules", bunNames[arch].package, "bin/bun");
  if (await Bun.file(path).exists()) return path;
  await mkdir(dir, { recursive: true });
  for (const name of ["package.json", "bun.lock"]) {
    await copyFile(join(import.meta.dir, "runtimes", name), join(dir, name));
  }
  await run([process.execPath, "install", "--frozen-lockfile", "--ignore-scripts", "--os=linux", "--cpu=*"], dir);
  return path;
}

/** @returns what it prints. @throws Error with the command and all its output when it fails */
export async function run(command: readonly string[], cwd: string): Promise<string> {
  const child = Bun.spawn([...command], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  const [out, errors, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code === 0) return out;
  throw new Error(`Failed with code ${code}: ${command.join(" ")}\n${out}${errors}`.trimEnd());
}
