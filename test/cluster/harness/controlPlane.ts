import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Audited, type PlaneFiles, planeFiles, writeKubeconfig } from "./files.ts";
import { kubeBinary } from "./kubeBinary.ts";
import { freePorts } from "./ports.ts";
import { type Child, logTail, newNursery, type Nursery } from "./processes.ts";

/** What a command printed and how it ended. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running etcd, API server, controller manager and scheduler on loopback. */
export interface ControlPlane {
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  readonly server: string;
  readonly dir: string;
  readonly certs: Pick<PlaneFiles, "ca" | "authority">;
  /** Path of the audit log: one line of JSON for each write, or for each request. */
  readonly auditLog: string;
  /** Process ids of the components at the moment, by name: the API server's changes when it is started again. */
  pids(): Readonly<Record<"etcd" | "apiserver" | "manager" | "scheduler", number>>;
  /** Rejects when a component ended by itself. */
  readonly failure: Promise<never>;
  /**
   * Path of a kubeconfig for another user, so that the audit log shows which client it was. By default of group
   * system:masters, to whom everything is allowed and whom the API server never makes wait for fairness.
   */
  identity(user: string, group?: string): Promise<string>;
  kubectl(args: readonly string[], options?: { stdin?: string; env?: Record<string, string> }): Promise<CommandResult>;
  /** The API server alone, for tests of an outage: etcd keeps the state. */
  readonly apiServer: { stop(): Promise<void>; start(): Promise<void> };
  stop(): Promise<void>;
}

export interface ControlPlaneOptions {
  /** Where data, logs and kubeconfig go, kept after the end; by default a temporary folder that is removed. */
  readonly dir?: string;
  readonly ports?: { readonly api?: number };
  /** What the audit log records ("writes" by default); false: nothing. */
  readonly audit?: Audited | false;
  /** Of the API server, beside ours. */
  readonly apiServerFlags?: Readonly<Record<string, string>>;
}

const readyTimeoutMs = 90_000;
/** High enough that a measurement never waits for the controller manager or the scheduler. */
const clientLimits = { "kube-api-qps": "3000", "kube-api-burst": "6000" };

interface Addresses {
  readonly api: number;
  readonly etcd: number;
  readonly etcdPeer: number;
}

const flags = (values: Readonly<Record<string, string>>): string[] =>
  Object.entries(values).map(([name, value]) => `--${name}=${value}`);

const etcdFlags = (files: PlaneFiles, ports: Addresses): string[] => {
  const client = `http://127.0.0.1:${ports.etcd}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  return flags({
    "data-dir": files.etcdData,
    // The data is thrown away, so a crash of the machine may lose it.
    "unsafe-no-fsync": "true",
    "log-level": "warn",
    "listen-client-urls": client,
    "advertise-client-urls": client,
    "listen-peer-urls": peer,
    "initial-advertise-peer-urls": peer,
    "initial-cluster": `default=${peer}`,
  });
};

const apiServerFlags = ({ files, ports, audit, more }: Setup): string[] =>
  flags({
    "etcd-servers": `http://127.0.0.1:${ports.etcd}`,
    "secure-port": `${ports.api}`,
    "bind-address": "127.0.0.1",
    "advertise-address": "127.0.0.1",
    "tls-cert-file": files.serverCert,
    "tls-private-key-file": files.serverKey,
    "client-ca-file": files.ca,
    "service-account-issuer": "https://kubernetes.default.svc",
    "service-account-key-file": files.tokenPublicKey,
    "service-account-signing-key-file": files.tokenKey,
    // Addresses in 127.0.0.0/8 are this machine's, so that a local program can listen at a Service's address.
    "service-cluster-ip-range": "127.96.0.0/16",
    "authorization-mode": "RBAC",
    "endpoint-reconciler-type": "none",
    "disable-admission-plugins": "ServiceAccount",
    // The default caps would slow a bench of hundreds of Rollouts, not the clients under test.
    "max-requests-inflight": "1600",
    "max-mutating-requests-inflight": "800",
    ...(audit
      ? { "audit-policy-file": files.auditPolicy, "audit-log-path": files.auditLog, "audit-log-maxsize": "4096" }
      : {}),
    ...more,
  });

const managerFlags = (files: PlaneFiles, kubeconfig: string): string[] =>
  flags({
    kubeconfig,
    "leader-elect": "false",
    "secure-port": "0",
    "service-account-private-key-file": files.tokenKey,
    // There are no real nodes: nothing may taint, drain or contact the fake ones.
    controllers:
      "*,-nodelifecycle,-node-ipam-controller,-persistentvolume-binder-controller,-cloud-node-lifecycle-controller",
    // The default is every 15 s: a test of the autoscaler would mostly wait.
    "horizontal-pod-autoscaler-sync-period": "1s",
    // The bench rolls hundreds of Deployments beside as many Rollouts: the default of 5 would slow them alone.
    "concurrent-deployment-syncs": "20",
    "concurrent-replicaset-syncs": "20",
    "concurrent-gc-syncs": "20",
    ...clientLimits,
  });

const schedulerFlags = (kubeconfig: string): string[] =>
  flags({ kubeconfig, "leader-elect": "false", "secure-port": "0", ...clientLimits });

/** Runs a command to its end. */
export async function run(
  command: readonly string[],
  env: Record<string, string>,
  stdin?: string,
): Promise<CommandResult> {
  const child = Bun.spawn([...command], {
    stdio: [stdin === undefined ? "ignore" : new Blob([stdin]), "pipe", "pipe"],
    env: { ...Bun.env, ...env },
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, stdout, stderr };
}

/** Calls `probe` until it returns true; fails with the tail of `child`'s log after a while. */
async function until(what: string, probe: () => Promise<boolean>, child: Child): Promise<void> {
  const end = Date.now() + readyTimeoutMs;
  while (!(await probe().catch(() => false))) {
    if (Date.now() > end) throw new Error(`${what}: not within ${readyTimeoutMs} ms\n${await logTail(child.logFile)}`);
    await Bun.sleep(50);
  }
}

interface Setup {
  readonly binary: string;
  readonly nursery: Nursery;
  readonly files: PlaneFiles;
  readonly ports: Addresses;
  readonly audit: boolean;
  readonly more: Readonly<Record<string, string>>;
}

/** Starts and restarts the API server; both wait until it is ready. */
async function apiServerSwitch(setup: Setup) {
  const { binary, nursery, files, ports } = setup;
  const probeClient = await files.authority.client("sluice-probe");
  const tls = { ca: files.authority.ca, ...probeClient };
  const get = (path: string) =>
    fetch(`https://127.0.0.1:${ports.api}${path}`, { tls, signal: AbortSignal.timeout(2000) });
  let child: Child | undefined;
  const start = async (): Promise<void> => {
    const logFile = join(files.logs, "apiserver.log");
    const command = [binary, "apiserver", ...apiServerFlags(setup)];
    const started = nursery.spawn("apiserver", command, { logFile });
    child = started;
    const ready = until("API server ready", async () => (await get("/readyz")).ok, started);
    await Promise.race([ready, nursery.failure]);
  };
  return { get, start, stop: async () => child?.stop("SIGKILL"), pid: () => child?.pid ?? 0 };
}

async function startComponents(setup: Setup): Promise<ControlPlane> {
  const { binary, nursery, files, ports } = setup;
  const server = `https://127.0.0.1:${ports.api}`;
  const component = (name: string, flags: readonly string[]) =>
    nursery.spawn(name, [binary, name, ...flags], { logFile: join(files.logs, `${name}.log`) });
  const kubeconfigs = new Map<string, Promise<string>>();
  const identity = (user: string, group?: string): Promise<string> => {
    const made =
      kubeconfigs.get(user) ??
      files.authority
        .client(user, group)
        .then((client) =>
          writeKubeconfig(
            join(files.dir, `${user.replaceAll(":", "-")}.kubeconfig`),
            server,
            files.authority.ca,
            client,
          ),
        );
    kubeconfigs.set(user, made);
    return made;
  };

  const etcd = component("etcd", etcdFlags(files, ports));
  const apiServer = await apiServerSwitch(setup);
  await apiServer.start();
  const manager = component(
    "controller-manager",
    managerFlags(files, await identity("system:kube-controller-manager")),
  );
  const scheduler = component("scheduler", schedulerFlags(await identity("system:kube-scheduler")));
  // The default service account shows that the controller manager works: it creates it first.
  const account = "/api/v1/namespaces/default/serviceaccounts/default";
  const works = until("controller manager at work", async () => (await apiServer.get(account)).ok, manager);
  await Promise.race([works, nursery.failure]);

  const kubeconfig = await identity("sluice-admin");
  return {
    kubeconfig,
    server,
    dir: files.dir,
    certs: files,
    auditLog: files.auditLog,
    pids: () => ({ etcd: etcd.pid, apiserver: apiServer.pid(), manager: manager.pid, scheduler: scheduler.pid }),
    failure: nursery.failure,
    identity,
    kubectl: (args, options = {}) =>
      run([binary, "kubectl", ...args], { KUBECONFIG: kubeconfig, ...options.env }, options.stdin),
    apiServer: { start: apiServer.start, stop: apiServer.stop },
    stop: () => nursery.release(),
  };
}

/**
 * Starts a Kubernetes control plane on free ports of loopback, with a throw-away CA. Several may run at once. It ends
 * with `stop()`, or when this process ends for any reason. Errors carry the tail of the failing component's log.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const binary = await kubeBinary();
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), "sluice-cluster-")));
  await mkdir(dir, { recursive: true });
  const nursery = newNursery();
  if (options.dir === undefined) nursery.removeLater(dir);
  const discard = async (): Promise<void> => {
    await nursery.release();
    if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
  };
  try {
    const { audit = "writes", apiServerFlags: more = {} } = options;
    const files = await planeFiles(dir, audit === false ? "writes" : audit);
    // A kept folder may hold the state of an earlier control plane, whose CA is gone.
    await rm(files.etcdData, { recursive: true, force: true });
    await rm(files.auditLog, { force: true });
    const [api, etcd, etcdPeer] = freePorts(3);
    const ports = { api: options.ports?.api ?? api, etcd, etcdPeer };
    const plane = await startComponents({ binary, nursery, files, ports, audit: audit !== false, more });
    return { ...plane, stop: discard };
  } catch (error) {
    await discard();
    throw error;
  }
}
