import { chmod, mkdir, rename, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

const repository = resolve(import.meta.dir, "../../..");
const moduleDir = join(import.meta.dir, "../kube");

/** The version that kube/go.mod pins; the API server reports it. */
const kubeVersion = "v1.36.3";

/** Folder of the shared test data: $SLUICE_SHARED, by default beside the repository. */
export const sharedDir = (): string => resolve(Bun.env.SLUICE_SHARED ?? join(repository, "../shared"));

const cacheDir = (): string => join(Bun.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "sluice", "kube");

/** Has `produce` write to a temporary name, then renames it, so that no other harness sees a half-written program. */
async function cached(key: string, produce: (path: string) => Promise<void>): Promise<string> {
  const path = join(cacheDir(), key, "kube");
  if (await Bun.file(path).exists()) return path;
  await mkdir(join(cacheDir(), key), { recursive: true });
  const draft = `${path}.${process.pid}`;
  await produce(draft);
  await chmod(draft, 0o755);
  await rename(draft, path);
  return path;
}

async function unpack(archive: string): Promise<string> {
  const { size, mtimeMs } = await stat(archive);
  return cached(`packed-${size}-${Math.round(mtimeMs)}`, async (path) => {
    await Bun.write(path, await Bun.zstdDecompress(await Bun.file(archive).bytes()));
  });
}

async function build(go: string): Promise<string> {
  const sources = ["go.mod", "go.sum", "main.go"].map((name) => Bun.file(join(moduleDir, name)).text());
  const hash = Bun.hash((await Promise.all(sources)).join("\0")).toString(36);
  return cached(`built-${hash}`, async (path) => {
    console.error("Building the Kubernetes control plane for tests with Go (once, several minutes) …");
    const [, major, minor] = /^v(\d+)\.(\d+)/.exec(kubeVersion) ?? [];
    const version = [`gitVersion=${kubeVersion}`, `gitMajor=${major}`, `gitMinor=${minor}`, "gitTreeState=clean"];
    const flags = ["-s", "-w", ...version.map((pair) => `-X k8s.io/component-base/version.${pair}`)].join(" ");
    const child = Bun.spawn([go, "build", "-trimpath", "-ldflags", flags, "-o", path, "."], {
      cwd: moduleDir,
      env: { ...Bun.env, CGO_ENABLED: "0" },
      stdio: ["ignore", "inherit", "inherit"],
    });
    if ((await child.exited) !== 0)
      throw new Error(`Cannot build the control plane: \`go build\` in ${moduleDir} failed`);
  });
}

const archivePath = (): string => join(sharedDir(), "kube", "kube.zst");

/** The packed program is for linux/amd64; elsewhere it has to be built with Go. */
const hasArchive = async (): Promise<boolean> =>
  process.platform === "linux" && process.arch === "x64" && (await Bun.file(archivePath()).exists());

/** The command that runs kubectl, where there is one without building it. */
export async function presentKubectl(): Promise<readonly string[] | undefined> {
  const given = Bun.env.SLUICE_KUBE_BINARY ?? "";
  if (given !== "" || (await hasArchive())) return [await kubeBinary(), "kubectl"];
  const found = Bun.which("kubectl");
  return found === null ? undefined : [found];
}

/**
 * The program that holds etcd, apiserver, controller-manager, scheduler and kubectl: $SLUICE_KUBE_BINARY, else the
 * packed one of the shared data (unpacked once into a cache folder), else one that is built from the Go module beside
 * this file.
 */
export async function kubeBinary(): Promise<string> {
  const given = Bun.env.SLUICE_KUBE_BINARY;
  if (given !== undefined && given !== "") {
    if (await Bun.file(given).exists()) return given;
    throw new Error(`Cannot start a control plane: SLUICE_KUBE_BINARY names ${given}, which does not exist`);
  }
  if (await hasArchive()) return unpack(archivePath());
  const go = Bun.which("go");
  if (go !== null) return build(go);
  throw new Error(
    `Cannot start a control plane: no ${archivePath()} and no \`go\` on PATH. Install Go 1.26 to build it, name a built one in ` +
      `SLUICE_KUBE_BINARY, set SLUICE_SHARED to the folder that holds kube/kube.zst, or give a cluster in KUBECONFIG`,
  );
}
