/**
 * `bun run bench --storm [--rollouts 200] [--minutes 10] [--rate 20]`: memory of the program while live
 * Rollouts are edited without a pause, with the webhook on, and in the minutes after. A line every ten seconds; judges
 * nothing.
 */
import { type Kubelet, startKubelet } from "../../simulator/kubelet/kubelet.ts";
import { type Api, connect } from "../cluster/harness/api.ts";
import { type ControlPlane, startControlPlane } from "../cluster/harness/controlPlane.ts";
import { applyCrds } from "../cluster/harness/crds.ts";
import { kubeletPort } from "../cluster/harness/kubeletPort.ts";
import { freePort } from "../cluster/harness/ports.ts";
import { newNursery } from "../cluster/harness/processes.ts";
import { newFleet } from "./fleet.ts";
import { mappingsText, MiB } from "./memoryCluster.ts";
import { processUsage } from "./processUsage.ts";

export interface Storm {
  readonly command: readonly string[];
  readonly rollouts: number;
  readonly replicas: number;
  readonly minutes: number;
  /** Edits a second, over all Rollouts in turn. */
  readonly rate: number;
  /** How long it is measured after the last edit. */
  readonly restSeconds: number;
}

const SAMPLE_MS = 10_000;

async function prepare(plane: ControlPlane, rollouts: number, replicas: number): Promise<[Api, Kubelet]> {
  const api = await connect(await plane.identity("bench"), "sluice-bench");
  await applyCrds((args) => plane.kubectl(args), api);
  await api.create("/api/v1/namespaces", { metadata: { name: "argo-rollouts" } });
  const kubelet = await startKubelet(kubeletPort(await connect(await plane.identity("sluice-kubelet"), "kubelet")), {
    nodes: Math.max(3, Math.ceil((rollouts * replicas * 4) / 1000)),
    settings: { reportCreating: false },
    onError: console.error,
  });
  return [api, kubelet];
}

async function edit(api: Api, path: string, names: readonly string[], { rate, minutes }: Storm): Promise<number> {
  const startMs = performance.now();
  const count = rate * minutes * 60;
  let failed = 0;
  const open = new Set<Promise<unknown>>();
  for (let n = 0; n < count; n += 1) {
    const value = `sluice.dev/storm:${n}`;
    const patch = [{ op: "replace", path: "/spec/template/spec/containers/0/image", value }];
    const sent = api.patch(`${path}/${names[n % names.length]}`, "json", patch).catch(() => (failed += 1));
    open.add(sent);
    void sent.finally(() => open.delete(sent));
    await Bun.sleep(Math.max(0, startMs + ((n + 1) * 1_000) / rate - performance.now()));
    while (open.size > 100) await Promise.race(open);
  }
  await Promise.all(open);
  return failed;
}

export async function storm(options: Storm, print: (text: string) => void): Promise<void> {
  const plane = await startControlPlane({ audit: false });
  const nursery = newNursery();
  let kubelet: Kubelet | undefined;
  try {
    const [api, running] = await prepare(plane, options.rollouts, options.replicas);
    kubelet = running;
    const webhookPort = freePort();
    const flags = {
      kubeconfig: await plane.identity("bench-storm"),
      metricsPort: freePort(),
      healthzPort: freePort(),
      "webhook-port": webhookPort,
      "webhook-url": `https://127.0.0.1:${webhookPort}`,
    };
    const given = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
    const child = nursery.spawn("storm", [...options.command, ...given], { logFile: `${plane.dir}/logs/storm.log` });
    const sample = async (when: string): Promise<void> => {
      const { rss, anonymous, cpuMs } = await processUsage(child.pid);
      const sizes = `RSS ${(rss / MiB).toFixed(0)}, anonymous ${(anonymous / MiB).toFixed(0)}`;
      print(`${when}: ${sizes} MiB, CPU ${(cpuMs / 1_000).toFixed(0)} s (${mappingsText(child.pid)})`);
    };
    await Bun.sleep(10_000);
    await sample("idle");
    const fleet = await newFleet(api, options.rollouts, options.replicas, 600_000);
    await fleet.create();
    await Bun.sleep(15_000);
    await sample(`${options.rollouts} Rollouts, rested`);
    const path = await collectionOf(api);
    let storming = true;
    const watched = (async () => {
      while (storming) {
        await Bun.sleep(SAMPLE_MS);
        if (storming) await sample("storm");
      }
    })();
    const failed = await edit(api, path, fleet.names, options);
    storming = false;
    await watched;
    if (failed > 0) print(`${failed} edits failed`);
    for (let s = 0; s < options.restSeconds; s += 10) {
      await sample(`${s} s after`);
      await Bun.sleep(SAMPLE_MS);
    }
  } finally {
    await kubelet?.stop();
    await nursery.release();
    await plane.stop();
  }
}

/** The API path of the fleet's Rollouts. */
async function collectionOf(api: Api): Promise<string> {
  const { items } = await api.list<{ metadata: { namespace: string } }>("/apis/argoproj.io/v1alpha1/rollouts");
  return `/apis/argoproj.io/v1alpha1/namespaces/${items[0]?.metadata.namespace}/rollouts`;
}
