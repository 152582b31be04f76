/** Runs the binary like a container of a Deployment: with its arguments, environment and ServiceAccount's token. */
import { chmod, copyFile, mkdir } from "node:fs/promises";
import { createServer, connect as connectTcp } from "node:net";
import { join, resolve } from "node:path";
import type { Api, KubeObject } from "./api.ts";
import type { ControlPlane } from "./controlPlane.ts";
import { freePort } from "./ports.ts";
import type { Child, Nursery } from "./processes.ts";

export const program = resolve(import.meta.dir, "../../../dist/sluice");

interface Container {
  readonly image: string;
  readonly securityContext: {
    readonly allowPrivilegeEscalation: boolean;
    readonly capabilities: { readonly drop: readonly string[] };
    readonly readOnlyRootFilesystem: boolean;
  };
  readonly resources: { readonly limits: { readonly memory: string } };
  readonly livenessProbe: {
    readonly periodSeconds: number;
    readonly timeoutSeconds: number;
    readonly failureThreshold: number;
  };
  readonly args: readonly string[];
  readonly env: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
  }[];
}

export interface DeploymentView extends KubeObject {
  readonly spec: {
    readonly replicas: number;
    readonly template: KubeObject & {
      readonly spec: {
        readonly serviceAccountName: string;
        readonly securityContext: {
          readonly runAsUser: number;
          readonly runAsGroup: number;
          readonly seccompProfile: { readonly type: string };
        };
        readonly containers: readonly [Container];
      };
    };
  };
}

export interface Pod {
  readonly child: Child;
  readonly healthzPort: number;
  /** Undefined if no argument turns the webhook on. */
  readonly webhookPort: number | undefined;
}

/** In a mount namespace of its own, $0 is mounted where a kubelet puts a ServiceAccount's token. */
const inMounts = `mount -t tmpfs none /run && mkdir -p /run/secrets/kubernetes.io &&
  ln -s "$0" /run/secrets/kubernetes.io/serviceaccount && exec "$@"`;

export interface StartOptions {
  readonly plane: ControlPlane;
  readonly api: Api;
  readonly namespace: string;
  /** Name of the log file and of the folder with the credentials. */
  readonly name: string;
  /** The pod that it stands for; by default the first one that is not terminating. */
  readonly pod?: KubeObject;
}

export interface PodOptions extends StartOptions {
  readonly nursery: Nursery;
  /** The binary that the image holds; by default the one that was built. */
  readonly binary?: string;
  /** Put before its command: whatever else a kubelet wraps around a container. */
  readonly wrap?: readonly string[];
}

/** What a kubelet passes to a container's runtime. */
export interface ContainerStart {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Folder with the files that a container has at /run/secrets/kubernetes.io/serviceaccount. */
  readonly account: string;
  readonly healthzPort: number;
  readonly webhookPort: number | undefined;
}

/** Only ports differ from the Deployment: a pod has an address of its own, but here all share one. */
export async function containerStart({ plane, api, namespace, name, ...given }: StartOptions): Promise<ContainerStart> {
  const { spec } = await api.get<DeploymentView>(`/apis/apps/v1/namespaces/${namespace}/deployments/sluice`);
  const { serviceAccountName, containers } = spec.template.spec;
  const { args, env } = containers[0];
  const living = (await podsOf(api, namespace)).find(({ metadata }) => metadata.deletionTimestamp === undefined);
  const pod = given.pod ?? living;
  const fields: Readonly<Record<string, string | undefined>> = {
    "metadata.name": pod?.metadata.name,
    "metadata.namespace": namespace,
  };
  const environment = env.map(({ name, value, valueFrom }) => {
    const text = value ?? fields[valueFrom?.fieldRef?.fieldPath ?? ""];
    if (text === undefined && valueFrom !== undefined) throw new Error(`Cannot fill in ${name}: is there a pod?`);
    return [name, text ?? ""] as const;
  });
  const [host, port] = new URL(plane.server).host.split(":");
  const webhookPort = args.some((arg) => arg.startsWith("--webhook-port")) ? freePort() : undefined;
  const healthzPort = freePort();
  const ports = [
    `--healthzPort=${healthzPort}`,
    `--metricsPort=${freePort()}`,
    ...(webhookPort === undefined ? [] : [`--webhook-port=${webhookPort}`]),
  ];
  return {
    args: [...args, ...ports],
    env: {
      ...Object.fromEntries(environment),
      HOME: "/nonexistent",
      KUBERNETES_SERVICE_HOST: host ?? "",
      KUBERNETES_SERVICE_PORT: port ?? "",
    },
    account: await credentials(plane, namespace, serviceAccountName, name),
    healthzPort,
    webhookPort,
  };
}

/** Where this machine does not allow mounts, the token is passed in a kubeconfig instead of at a pod's usual path. */
export async function startPod({ nursery, binary = program, wrap = [], ...options }: PodOptions): Promise<Pod> {
  const { plane, name } = options;
  const { args, env, account, webhookPort, healthzPort } = await containerStart(options);
  const mounts = (await mayMount()) ? ["unshare", "--mount", "sh", "-c", inMounts, account] : [];
  const child = nursery.spawn(name, [...wrap, ...mounts, binary, ...args], {
    logFile: join(plane.dir, `${name}.log`),
    cwd: account,
    env: { ...env, KUBECONFIG: mounts.length > 0 ? "" : join(account, "kubeconfig") },
  });
  if (mounts.length === 0) console.log(`install: ${name} gets its token by a kubeconfig (no right to mount here)`);
  return { child, healthzPort, webhookPort };
}

export const podsOf = async (api: Api, namespace: string): Promise<KubeObject[]> =>
  (await api.list(`/api/v1/namespaces/${namespace}/pods?labelSelector=app.kubernetes.io/name%3Dsluice`)).items;

async function mayMount(): Promise<boolean> {
  if (Bun.which("unshare") === null) return false;
  const tried = Bun.spawn(["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /run && [ /var/run -ef /run ]"], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  return (await tried.exited) === 0;
}

/** A folder with `token`, `ca.crt` and `namespace`, as a kubelet mounts it. */
async function credentials(plane: ControlPlane, namespace: string, account: string, name: string): Promise<string> {
  const dir = join(plane.dir, `${name}-account`);
  await mkdir(dir, { recursive: true });
  const { code, stdout, stderr } = await plane.kubectl(["create", "token", account, "-n", namespace, "--duration=2h"]);
  if (code !== 0) throw new Error(`Cannot make a token: ${stderr}`);
  await Bun.write(join(dir, "token"), stdout.trim());
  await chmod(join(dir, "token"), 0o600);
  await copyFile(plane.certs.ca, join(dir, "ca.crt"));
  await chmod(join(dir, "ca.crt"), 0o644);
  await Bun.write(join(dir, "namespace"), namespace);
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "pod",
    clusters: [{ name: "pod", cluster: { server: plane.server, "certificate-authority": join(dir, "ca.crt") } }],
    users: [{ name: "pod", user: { tokenFile: join(dir, "token") } }],
    contexts: [{ name: "pod", context: { cluster: "pod", user: "pod", namespace } }],
  };
  await Bun.write(join(dir, "kubeconfig"), JSON.stringify(config));
  return dir;
}

/**
 * Does what kube-proxy does for a Service: connections to its address (one of this machine) are forwarded to `target`.
 */
export async function serveService(address: string, port: number, target: () => number): Promise<() => void> {
  const server = createServer((client) => {
    const pod = connectTcp(target(), "127.0.0.1");
    for (const [from, to] of [
      [client, pod],
      [pod, client],
    ] as const) {
      from.pipe(to);
      from.once("error", () => to.destroy());
      from.once("close", () => to.destroy());
    }
  });
  await new Promise<void>((ready, failed) => {
    server.once("error", (cause) =>
      failed(new Error(`Cannot listen on ${address}:${port} for the Service`, { cause })),
    );
    server.listen(port, address, ready);
  });
  return () => void server.close();
}
