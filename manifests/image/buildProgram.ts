/** The program as one file: Bun with our code in it, compiled ahead of time. */
import { chmod, copyFile, mkdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { lean } from "./lean.ts";
import { signedAdHoc } from "./machO.ts";
import { pagesInProgram } from "./pagesInProgram.ts";
import { seldomFiles } from "./seldom.ts";
import { trimmed } from "./trim.ts";
import packageJson from "../../package.json" with { type: "json" };

export const root = resolve(import.meta.dir, "../..");

/** Linux on these architectures, by the names that images use. */
export const archs = ["amd64", "arm64"] as const;
export type Arch = (typeof archs)[number];

/** Systems on which the program runs, by Go's names, as Kubernetes' tools write them. */
const systems = ["linux", "darwin", "windows"] as const;
export type Platform = `${(typeof systems)[number]}-${Arch}`;

/** Each of them on both architectures. */
export const platforms: readonly Platform[] = systems.flatMap((system) =>
  archs.map((arch): Platform => `${system}-${arch}`),
);

interface BunNames {
  readonly target: Bun.Build.CompileTarget;
  readonly package: string;
  /** The npm registry's name of the system. */
  readonly os: string;
  readonly file: string;
}

/** Bun's names for them, and its packages'. */
const bunNames: Readonly<Record<Platform, BunNames>> = {
  "linux-amd64": { target: "bun-linux-x64", package: "@oven/bun-linux-x64", os: "linux", file: "bun" },
  "linux-arm64": { target: "bun-linux-arm64", package: "@oven/bun-linux-aarch64", os: "linux", file: "bun" },
  "darwin-amd64": { target: "bun-darwin-x64", package: "@oven/bun-darwin-x64", os: "darwin", file: "bun" },
  "darwin-arm64": { target: "bun-darwin-arm64", package: "@oven/bun-darwin-aarch64", os: "darwin", file: "bun" },
  "windows-amd64": { target: "bun-windows-x64", package: "@oven/bun-windows-x64", os: "win32", file: "bun.exe" },
  "windows-arm64": { target: "bun-windows-arm64", package: "@oven/bun-windows-aarch64", os: "win32", file: "bun.exe" },
};

/** The program's file for a platform: Windows starts only what is called `.exe`, and Bun would append it. */
export const fileFor = (platform: Platform): string => (platform.startsWith("windows-") ? "sluice.exe" : "sluice");

/** Where it is built for a platform. */
export const pathFor = (platform: Platform): string => join(root, "dist", platform, fileFor(platform));

export interface Build {
  /** Undefined: for this machine, with the Bun that runs this. */
  readonly platform?: Platform;
  /** The file's own name becomes a part of the program: two builds are the same bytes only under the same name. */
  readonly outfile: string;
  /** Where to write what was put into the program, file by file (see bundled.ts). */
  readonly metafile?: string;
}

/** @throws Error with the bundler's messages, or with the reason why there is no Bun for `platform` */
export async function buildProgram({ platform, outfile, metafile }: Build): Promise<void> {
  requireVersion(Bun.version);
  // Compiled code depends on how a compiler lays out Bun's structures: only where it has been seen to run.
  const isCompiled = platform === undefined ? process.platform === "linux" : platform.startsWith("linux-");
  const cross =
    platform === undefined ? {} : { target: bunNames[platform].target, executablePath: await runtimeFor(platform) };
  const pages = await pagesInProgram();
  const built = await Bun.build({
    entrypoints: [join(root, "main.ts")],
    root,
    minify: true,
    bytecode: isCompiled,
    splitting: true,
    format: "esm",
    metafile: true,
    // Neither `.env` nor bunfig.toml of the folder in which the program is started may change what it does.
    compile: { ...cross, outfile, autoloadDotenv: false, autoloadBunfig: false },
    plugins: [pages.plugin, lean],
  });
  // Bun signs for arm64 only; for Intel it leaves its own signature, which no longer fits (bun 1.4.5).
  if (platform?.startsWith("darwin-") === true) {
    await Bun.write(outfile, signedAdHoc(await Bun.file(outfile).bytes()));
  }
  if (isCompiled && built.metafile !== undefined) {
    const seldom = seldomFiles(built.metafile, basename(outfile));
    const bytes = trimmed(await Bun.file(outfile).bytes(), (file) => seldom.has(file));
    await Bun.write(outfile, bytes);
    await chmod(outfile, 0o755);
  }
  if (metafile !== undefined) {
    const outputs = { ...pages.metafile?.outputs, ...built.metafile?.outputs };
    await Bun.write(metafile, JSON.stringify({ ...built.metafile, outputs }));
  }
}

/** Code compiled ahead of time runs only on the version that compiled it. */
function requireVersion(version: string): void {
  if (packageJson.packageManager === `bun@${version}`) return;
  const wanted = packageJson.packageManager;
  throw new Error(`Cannot build with bun@${version}: Sluice is made with ${wanted} (npx --yes ${wanted} run build)`);
}

/** The path of Bun for `platform`, from its package of the npm registry; downloaded once, checked by runtimes/bun.lock. */
async function runtimeFor(platform: Platform): Promise<string> {
  const { package: name, os, file } = bunNames[platform];
  // A folder a system: who builds the image needs none for laptops.
  const dir = join(root, ".cache", `bun-${Bun.version}`, os);
  const path = join(dir, "node_modules", name, "bin", file);
  if (await Bun.file(path).exists()) return path;
  await mkdir(dir, { recursive: true });
  for (const each of ["package.json", "bun.lock"]) {
    await copyFile(join(import.meta.dir, "runtimes", each), join(dir, each));
  }
  await run([process.execPath, "install", "--frozen-lockfile", "--ignore-scripts", `--os=${os}`, "--cpu=*"], dir);
  return path;
}

/** @returns what it prints. @throws Error with the command and all its output when it fails */
export async function run(command: readonly string[], cwd: string): Promise<string> {
  const child = Bun.spawn([...command], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  const [out, errors, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code === 0) return out;
  throw new Error(`Failed with code ${code}: ${command.join(" ")}\n${out}${errors}`.trimEnd());
}
