/**
 * The image, built as in docs/install.md and run with the settings of the shipped Deployment: by runc, as its user,
 * with a read-only root, without capabilities, under a seccomp filter. Tests build on each other, in order.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chown, lstat } from "node:fs/promises";
import { join } from "node:path";
import { type Metafile, packageFolders } from "../../manifests/image/bundled.ts";
import { run } from "../../manifests/image/buildProgram.ts";
import { image as imageName } from "../../manifests/text/manifestNames.ts";
import { type Installation, installYaml, ownNamespace, startInstallation } from "../cluster/harness/installation.ts";
import { containerStart, type DeploymentView, podsOf } from "../cluster/harness/podProcess.ts";
import { freePorts } from "../cluster/harness/ports.ts";
import { type Child, logTail, newNursery } from "../cluster/harness/processes.ts";
import { until } from "../cluster/harness/until.ts";
import { type Image, readArchive, unpackLayers } from "./layout.ts";
import { lacks, seccompProfile } from "./machineCheck.ts";
import { writeBundle } from "./runc.ts";
import { checkOut } from "./tree.ts";

const dir = Bun.env["SLUICE_IMAGE_DIR"] ?? "";
/** Two copies of the same tree, at paths of different lengths. */
const [first, second] = [join(dir, "a"), join(dir, "another", "copy")];
const bundle = join(dir, "bundle");
const rootfs = join(bundle, "rootfs");

const noImage = lacks("everything", ["apt-get", "dpkg-deb", "git", "tar", "zstd"]);
const noBuildah = noImage ?? lacks("the Containerfile", ["buildah"]);
const noRunc = noImage ?? lacks("how the image runs", ["runc", seccompProfile]);
const noQemu = noImage ?? lacks("how the arm64 program starts", ["qemu-aarch64-static"]);

const built = (copy: string, ...flags: string[]): Promise<string> =>
  run([process.execPath, "run", "image", ...flags], copy);
/** A file that the bundler made. */
interface Chunk {
  readonly entryPoint?: string;
  readonly bytes: number;
  readonly imports: readonly { readonly path: string; readonly kind: string }[];
  readonly inputs: object;
}

const archiveIn = (copy: string): string => join(copy, "dist/sluice-image.tar");
const sizeOf = ({ layers }: Image): number => layers.reduce((sum, { size }) => sum + size, 0) / 1e6;
let image: Image;

describe.skipIf(noImage !== undefined)("the image", () => {
  test("is the same, byte for byte, when it is built again elsewhere", async () => {
    await Promise.all([checkOut(first), checkOut(second)]);
    await built(first, "--tree");
    const packages = ["--packages", join(first, "dist/packages")];
    await Promise.all([
      built(first, "--arch", "amd64", ...packages),
      built(second, "--compression", "gzip", ...packages),
    ]);
    const zstd = await readArchive(archiveIn(first), join(dir, "zstd"), "amd64");
    const gzip = await readArchive(archiveIn(second), join(dir, "gzip"), "amd64");
    // It contains the digests of the layers before compression.
    expect(zstd.config).toEqual(gzip.config);
    expect([zstd.name, gzip.name]).toEqual([imageName, imageName]);
    const arm64 = await readArchive(archiveIn(second), join(dir, "arm64"), "arm64");
    expect(arm64.config).toMatchObject({ architecture: "arm64", config: zstd.config.config });
    console.log(`image: amd64 ${sizeOf(zstd).toFixed(1)} MB in zstd, ${sizeOf(gzip).toFixed(1)} MB in gzip`);
    image = zstd;
    // Compression takes a minute of CPU time.
  }, 900_000);

  test("is at most 46 MB to pull", () => {
    expect(sizeOf(image)).toBeLessThanOrEqual(46);
  });

  test("has no shell and nothing else to start, and nothing that its user could change", async () => {
    await unpackLayers(join(dir, "zstd"), image, rootfs);
    const glob = new Bun.Glob("**/*").scan({ cwd: rootfs, dot: true, onlyFiles: false });
    const paths = await Array.fromAsync(glob);
    const found = await Promise.all(
      paths.map(async (path) => {
        const { mode, uid, gid } = await lstat(join(rootfs, path));
        return { path, mode, uid, gid };
      }),
    );
    const files = found.filter(({ mode }) => (mode & 0o170_000) === 0o100_000);
    const executable = files.filter(({ mode }) => (mode & 0o111) !== 0).map(({ path }) => path);
    expect(executable.toSorted()).toEqual(["usr/bin/sluice", "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"]);
    expect(found.filter(({ uid, gid }) => uid !== 0 || gid !== 0)).toEqual([]);
    expect(files.filter(({ mode }) => (mode & 0o6022) !== 0)).toEqual([]);
  });

  test("tells what is in it: every bundled package with its licence, Bun, and Debian's files", async () => {
    const contents = (await Bun.file(join(first, "dist/linux-amd64/contents.json")).json()) as Metafile;
    const names = packageFolders(contents).map((folder) => folder.replace(/^.*node_modules\//, ""));
    expect(names).toContain("@kubernetes/client-node");
    const documents = join(rootfs, "usr/share/doc/sluice");
    const bill = (await Bun.file(join(documents, "sbom.cdx.json")).json()) as { components: { name: string }[] };
    const listed = bill.components.map(({ name }) => name);
    expect(listed.toSorted()).toEqual([...names, "bun", "libc6", "ca-certificates", "base-files"].toSorted());
    const notices = await Bun.file(join(documents, "THIRD_PARTY")).text();
    expect(names.filter((name) => !notices.includes(`\n${name} `))).toEqual([]);
    expect(await Bun.file(join(documents, "LICENSE")).text()).toContain("Apache License");
  });

  test("loads what a command needs only when it is asked for", async () => {
    const { outputs } = (await Bun.file(join(first, "dist/linux-amd64/contents.json")).json()) as {
      outputs: Record<string, Chunk>;
    };
    const loaded = new Set<Chunk>();
    const load = (chunk: Chunk | undefined): void => {
      if (chunk === undefined || loaded.has(chunk)) return;
      loaded.add(chunk);
      for (const { path, kind } of chunk.imports) if (kind !== "dynamic-import") load(outputs[path]);
    };
    load(Object.values(outputs).find(({ entryPoint }) => entryPoint === "main.ts"));
    const inputs = [...loaded].flatMap((chunk) => Object.keys(chunk.inputs));
    expect(inputs).toContain("cli/commands.ts");
    expect(inputs.filter((path) => path.includes("node_modules/"))).toEqual([]);
    expect([...loaded].reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(32 * 2 ** 10);
  });
});

test.skipIf(noBuildah !== undefined)(
  "the Containerfile makes the same image, and buildah reads the archive",
  async () => {
    const storage = join(dir, "storage");
    const buildah = (...args: string[]): Promise<string> =>
      run(["buildah", "--root", storage, "--runroot", join(dir, "run"), "--storage-driver", "vfs", ...args], first);
    await buildah("build", "--isolation", "chroot", "--timestamp", "0", "-t", "built", "-f", "Containerfile", ".");
    const pulled = (await buildah("pull", "-q", `oci-archive:${archiveIn(second)}`)).trim();
    const configs: unknown[] = [];
    for (const name of ["built", pulled]) {
      const container = (await buildah("from", name)).trim();
      const root = (await buildah("mount", container)).trim();
      await run(["diff", "--recursive", "--no-dereference", root, rootfs], "/");
      const inspected = JSON.parse(await buildah("inspect", "--type", "image", name)) as {
        OCIv1: { config: Image["config"]["config"] };
      };
      const { User, Env, Entrypoint, WorkingDir, Labels } = inspected.OCIv1.config;
      configs.push({ User, Env, Entrypoint, WorkingDir, Labels: { ...Labels, "io.buildah.version": undefined } });
    }
    expect(configs[0]).toEqual(configs[1]);
    expect(configs[1]).toMatchObject(image.config.config);
  },
);

test.skipIf(noQemu !== undefined)("the arm64 program starts, and its controller serves", async () => {
  const program = [
    "qemu-aarch64-static",
    "-L",
    join(first, "dist/image/arm64/base"),
    join(first, "dist/linux-arm64/sluice"),
  ];
  expect(await run([...program, "version"], "/")).toMatch(/^sluice: v\d/);
  const nursery = newNursery();
  const [healthzPort, metricsPort, nobody] = freePorts(3);
  const flags = [`--server=http://127.0.0.1:${nobody}`, `--healthzPort=${healthzPort}`, `--metricsPort=${metricsPort}`];
  const controller = nursery.spawn("arm64", [...program, "controller", ...flags], { logFile: join(dir, "arm64.log") });
  try {
    await until(
      "it is healthy",
      () => answers(healthzPort, "/healthz"),
      60_000,
      () => logTail(controller.logFile),
    );
  } finally {
    await nursery.release();
  }
});

/** Whether it answers 200. */
const answers = async (port: number, path: string): Promise<boolean> =>
  (await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined))?.status === 200;

describe.skipIf(noRunc !== undefined)("a pod of the Deployment", () => {
  const nursery = newNursery();
  const runc = ["runc", "--root", join(dir, "runc")];
  let installation: Installation;
  let deployment: DeploymentView;
  let pod: Child;
  let healthzPort: number;

  beforeAll(async () => {
    installation = await startInstallation();
    const { api, kubectl, until } = installation;
    await kubectl("apply", "-f", installYaml);
    await until("the Deployment has a pod", async () => (await podsOf(api, ownNamespace)).length > 0);
    deployment = await api.get(`/apis/apps/v1/namespaces/${ownNamespace}/deployments/sluice`);
  }, 120_000);

  afterAll(async () => {
    await nursery.release();
    await installation?.stop();
  });

  test("starts from this image, which is called as the manifests call it", async () => {
    expect(deployment.spec.template.spec.containers[0].image).toBe(imageName);
    await writeBundle({ bundle, image, deployment, start: { args: ["version"], env: {} } });
    expect(await run([...runc, "run", "--bundle", bundle, "version"], bundle)).toMatch(/^sluice: v\d/);
  });

  test("is healthy and ready", async () => {
    const { api, plane } = installation;
    const start = await containerStart({ plane, api, namespace: ownNamespace, name: "image" });
    ({ healthzPort } = start);
    const { runAsUser } = deployment.spec.template.spec.securityContext;
    // A kubelet gives the token to the user that the pod runs as.
    await chown(join(start.account, "token"), runAsUser, runAsUser);
    await writeBundle({ bundle, image, deployment, start });
    pod = nursery.spawn("pod", [...runc, "run", "--bundle", bundle, "pod"], { logFile: join(dir, "pod.log") });
    for (const path of ["/healthz", "/readyz"]) {
      await until(
        `${path} says 200`,
        () => answers(healthzPort, path),
        30_000,
        () => logTail(pod.logFile),
      );
    }
  });

  test("has no rights that it was not given", async () => {
    const { pid } = JSON.parse(await run([...runc, "state", "pod"], dir)) as { pid: number };
    const status = await Bun.file(`/proc/${pid}/status`).text();
    const valueOf = (name: string): string => new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(status)?.[1] ?? "";
    expect({ uid: valueOf("Uid"), gid: valueOf("Gid") }).toEqual({ uid: "65532", gid: "65532" });
    for (const set of ["CapEff", "CapPrm", "CapBnd"]) expect(valueOf(set)).toBe("0".repeat(16));
    // 2: a filter
    expect({ noNewPrivileges: valueOf("NoNewPrivs"), seccomp: valueOf("Seccomp") }).toEqual({
      noNewPrivileges: "1",
      seccomp: "2",
    });
    const mounts = await Bun.file(`/proc/${pid}/mountinfo`).text();
    expect(mounts).toMatch(/^\d+ \d+ \S+ \S+ \/ ro[, ]/m);
  });

  test("ends well when the node asks it to", async () => {
    await pod.stop("SIGTERM");
    expect(await pod.exited).toBe(0);
  });
});
