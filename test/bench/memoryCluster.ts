/** A control plane with a fake kubelet, and our controller on it, with the webhook on, to measure its memory. */
import { readFileSync } from "node:fs";
import { type Kubelet, startKubelet } from "../../simulator/kubelet/kubelet.ts";
import { type Api, connect } from "../cluster/harness/api.ts";
import { startControlPlane } from "../cluster/harness/controlPlane.ts";
import { applyCrds } from "../cluster/harness/crds.ts";
import { kubeletPort } from "../cluster/harness/kubeletPort.ts";
import { freePort } from "../cluster/harness/ports.ts";
import { type Child, newNursery } from "../cluster/harness/processes.ts";

export const MiB = 2 ** 20;

/** Resident bytes by what is mapped: "anonymous rw-p", "sluice r-xp" …, from /proc/PID/smaps. */
export function residentByMapping(pid: number): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  let name = "";
  for (const line of readFileSync(`/proc/${pid}/smaps`, "utf8").split("\n")) {
    const head = /^[0-9a-f]+-[0-9a-f]+ (\S+) \S+ \S+ \S+ *(.*)$/.exec(line);
    if (head !== null) name = `${head[2] === "" ? "anonymous" : head[2]?.replace(/.*\//, "")} ${head[1]}`;
    const rss = /^Rss: +(\d+) kB/.exec(line)?.[1];
    if (rss !== undefined) sums.set(name, (sums.get(name) ?? 0) + Number(rss) * 1024);
  }
  return sums;
}

/** The largest mappings, in one line, in MiB. */
export const mappingsText = (pid: number, most = 6): string =>
  Array.from(residentByMapping(pid))
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, most)
    .map(([of, bytes]) => `${of} ${(bytes / MiB).toFixed(0)}`)
    .join(", ");

/** A canary of two steps, as the other benches play it. */
export const canary = (name: string, replicas: number, image: string) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name, labels: { app: name } },
  spec: {
    replicas,
    revisionHistoryLimit: 2,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: "main", image, ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }] }] },
    },
    strategy: { canary: { steps: [{ setWeight: 50 }, { pause: { duration: "2s" } }, { setWeight: 100 }] } },
  },
});

export interface MemoryCluster {
  readonly api: Api;
  /** Starts the controller; one at a time. */
  start(): Child;
  /** Rejects when the controller or a part of the control plane has ended by itself. */
  readonly failure: Promise<never>;
  stop(): Promise<void>;
}

export interface Measured {
  /** How the controller is started, with what has to come before it. */
  readonly command: readonly string[];
  /** What it is called in logs and for the API server. */
  readonly label: string;
  /** How many pods there may be at once. */
  readonly pods: number;
}

const flagsOf = (kubeconfig: string): string[] => {
  const webhookPort = freePort();
  const flags = {
    kubeconfig,
    metricsPort: freePort(),
    healthzPort: freePort(),
    "webhook-port": webhookPort,
    "webhook-url": `https://127.0.0.1:${webhookPort}`,
  };
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
};

/** Starts all but the controller. The API server writes no audit log: it would grow for hours. */
export async function startMemoryCluster({ command, label, pods }: Measured): Promise<MemoryCluster> {
  const plane = await startControlPlane({ audit: false });
  const nursery = newNursery();
  let kubelet: Kubelet | undefined;
  const stop = async (): Promise<void> => {
    await kubelet?.stop();
    await nursery.release();
    await plane.stop();
  };
  try {
    const api = await connect(await plane.identity("bench"), "sluice-bench");
    await applyCrds((args) => plane.kubectl(args), api);
    await api.create("/api/v1/namespaces", { metadata: { name: "argo-rollouts" } });
    kubelet = await startKubelet(kubeletPort(await connect(await plane.identity("sluice-kubelet"), "kubelet")), {
      nodes: Math.max(3, Math.ceil(pods / 500)),
      settings: { reportCreating: false },
      onError: console.error,
    });
    const kubeconfig = await plane.identity(`bench-${label}`);
    const logFile = `${plane.dir}/logs/${label}.log`;
    const start = (): Child => nursery.spawn(label, [...command, ...flagsOf(kubeconfig)], { logFile });
    return { api, start, failure: Promise.race([plane.failure, nursery.failure]), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
