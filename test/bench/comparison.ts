/** Sluice, others and the floor on one cluster, each in turn: run 1 of all, then run 2 of all, and so on. */
import { type Kubelet, startKubelet } from "../../simulator/kubelet/kubelet.ts";
import { type Api, connect } from "../cluster/harness/api.ts";
import { type ControlPlane, startControlPlane } from "../cluster/harness/controlPlane.ts";
import { applyCrds } from "../cluster/harness/crds.ts";
import { kubeletPort } from "../cluster/harness/kubeletPort.ts";
import type { Figures } from "./figures.ts";
import { table } from "./figuresTable.ts";
import { FLOOR, type Load, measure, measureFloor, POD_USERS, type Subject } from "./subject.ts";
import { BENCH } from "./writesByKind.ts";

export interface BenchCluster {
  readonly plane: ControlPlane;
  readonly api: Api;
  readonly print: (text: string) => void;
}

export interface Comparison {
  readonly subjects: readonly Subject[];
  readonly floor: boolean;
  readonly load: Load;
  readonly runs: number;
  /** What takes a minute each, idle and rest, only in the last run. */
  readonly waitsOnce: boolean;
}

/** By label, in order of the runs. */
export type Results = ReadonlyMap<string, readonly Figures[]>;

/** So many nodes that twice the pods of an update find a place while those of the last subject still go away. */
const nodesFor = (pods: number): number => Math.max(3, Math.ceil((pods * 4) / 1000));

/** The limits of an API server that nobody has set. */
const DEFAULT_LIMITS = { "max-requests-inflight": "400", "max-mutating-requests-inflight": "200" };

/** Starts a cluster with as many fake nodes as `pods` pods need, and stops it after `work`, which SIGINT and SIGTERM end. */
export async function onCluster<T>(
  pods: number,
  print: (text: string) => void,
  work: (cluster: BenchCluster) => Promise<T>,
): Promise<T> {
  const plane = await startControlPlane({ apiServerFlags: DEFAULT_LIMITS });
  const asked = Promise.withResolvers<never>();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => asked.reject(new Error("Interrupted")));
  let kubelet: Kubelet | undefined;
  const all = async (): Promise<T> => {
    const api = await connect(await plane.identity(BENCH), "sluice-bench");
    await applyCrds((args) => plane.kubectl(args), api);
    await api.create("/api/v1/namespaces", { metadata: { name: "argo-rollouts" } });
    await api.create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
      metadata: { name: "bench" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: POD_USERS }],
    });
    const port = kubeletPort(await connect(await plane.identity("sluice-kubelet"), "sluice-kubelet"));
    const settings = { reportCreating: false };
    kubelet = await startKubelet(port, { nodes: nodesFor(pods), settings, onError: console.error });
    return work({ plane, api, print });
  };
  try {
    return await Promise.race([all(), asked.promise]);
  } finally {
    await kubelet?.stop();
    await plane.stop();
  }
}

export async function compare({ plane, api, print }: BenchCluster, comparison: Comparison): Promise<Results> {
  const { subjects, floor, runs, waitsOnce } = comparison;
  const results = new Map<string, Figures[]>();
  const keep = (label: string, figures: Figures): void =>
    void results.set(label, [...(results.get(label) ?? []), figures]);
  for (let run = 1; run <= runs; run++) {
    const waits = !waitsOnce || run === runs;
    const load: Load = waits ? comparison.load : { ...comparison.load, idleMs: 0, restMs: 0 };
    for (const subject of subjects) {
      print(`run ${run}, ${subject.label}`);
      keep(subject.label, await measure(plane, api, subject, load, print));
    }
    if (floor) {
      print(`run ${run}, ${FLOOR}`);
      keep(FLOOR, await measureFloor(plane, api, load, print));
    }
    // Of many minutes nothing is lost when a later one fails.
    if (run < runs) print(`after run ${run}:\n${table(results)}`);
  }
  return results;
}
