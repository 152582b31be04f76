/** Runs the image as a node does: by runc, with the settings of the Deployment. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { ContainerStart, DeploymentView } from "../cluster/harness/podProcess.ts";
import type { Image } from "./layout.ts";
import { seccompProfile } from "./machineCheck.ts";

export interface Container {
  /** Folder with the `rootfs`; its configuration is written there. */
  readonly bundle: string;
  readonly image: Image;
  readonly deployment: DeploymentView;
  readonly start: Pick<ContainerStart, "args" | "env"> & { readonly account?: string };
}

const mount = (destination: string, type: string, options: readonly string[]) => ({
  destination,
  type,
  source: type,
  options: ["nosuid", ...options],
});

/**
 * Writes the configuration (OCI runtime specification 1.0). It uses this machine's network, where the API server is.
 */
export async function writeBundle({ bundle, image, deployment, start }: Container): Promise<void> {
  const { securityContext, containers } = deployment.spec.template.spec;
  const { allowPrivilegeEscalation, capabilities, readOnlyRootFilesystem } = containers[0].securityContext;
  if (capabilities.drop.join(",") !== "ALL") throw new Error("The pod keeps capabilities: give them to it here, too");
  const { config } = image.config;
  const env = Object.entries(start.env).map(([name, value]) => `${name}=${value}`);
  const account = {
    destination: "/var/run/secrets/kubernetes.io/serviceaccount",
    type: "bind",
    source: start.account,
    options: ["rbind", "ro"],
  };
  const none: readonly string[] = [];
  const specification = {
    ociVersion: "1.0.2",
    process: {
      user: { uid: securityContext.runAsUser, gid: securityContext.runAsGroup },
      args: [...config.Entrypoint, ...start.args],
      env: [...config.Env, ...env],
      cwd: config.WorkingDir,
      capabilities: { bounding: none, effective: none, permitted: none, inheritable: none, ambient: none },
      noNewPrivileges: !allowPrivilegeEscalation,
    },
    root: { path: "rootfs", readonly: readOnlyRootFilesystem },
    mounts: [
      mount("/proc", "proc", ["noexec", "nodev"]),
      mount("/dev", "tmpfs", ["mode=755"]),
      mount("/sys", "sysfs", ["noexec", "nodev", "ro"]),
      ...(start.account === undefined ? [] : [account]),
    ],
    linux: {
      namespaces: [{ type: "pid" }, { type: "mount" }, { type: "ipc" }, { type: "uts" }],
      seccomp: securityContext.seccompProfile.type === "RuntimeDefault" ? await runtimeDefault() : undefined,
    },
  };
  await mkdir(bundle, { recursive: true });
  await Bun.write(join(bundle, "config.json"), JSON.stringify(specification));
}

interface Rule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number | null;
  readonly args?: readonly object[] | null;
  readonly includes?: { readonly caps?: readonly string[]; readonly arches?: readonly string[] };
  readonly excludes?: { readonly caps?: readonly string[]; readonly arches?: readonly string[] };
}

/** The syscalls of a container without capabilities; the file has rules for all architectures and capabilities. */
async function runtimeDefault(): Promise<object> {
  const profile = (await Bun.file(seccompProfile).json()) as {
    readonly defaultAction: string;
    readonly defaultErrnoRet?: number;
    readonly syscalls: readonly Rule[];
  };
  const ours = process.arch === "arm64" ? "arm64" : "amd64";
  const applies = ({ includes = {}, excludes = {} }: Rule): boolean =>
    (includes.caps ?? []).length === 0 &&
    (includes.arches?.includes(ours) ?? true) &&
    !(excludes.arches?.includes(ours) ?? false);
  return {
    defaultAction: profile.defaultAction,
    defaultErrnoRet: profile.defaultErrnoRet,
    architectures: [ours === "arm64" ? "SCMP_ARCH_AARCH64" : "SCMP_ARCH_X86_64"],
    syscalls: profile.syscalls.filter(applies).map(({ names, action, errnoRet, args }) => ({
      names,
      action,
      errnoRet: errnoRet ?? undefined,
      args: args ?? undefined,
    })),
  };
}
