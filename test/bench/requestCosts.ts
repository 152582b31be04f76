/**
 * What one write of each kind costs the API server and etcd, in CPU: many of them, with no controller at work. What a
 * write causes in watches is in it: the bench's own, and those that Kubernetes' controllers have of everything.
 */
import type { Api, PatchType } from "../cluster/harness/api.ts";
import { markdownTable } from "./figuresTable.ts";
import { inParallel } from "./fleet.ts";
import { deploymentKind, rolloutKind } from "./fleetKinds.ts";
import type { BenchCluster } from "./comparison.ts";
import { between, planeUsage } from "./planeUsage.ts";

/** In the order of the table. */
type Written = "rolloutStatus" | "rollout" | "deploymentStatus" | "replicaSet" | "event" | "configMap" | "lease";

interface Kind {
  readonly what: Written;
  readonly words: string;
  send(api: Api, namespace: string, index: number): Promise<unknown>;
}

export interface RequestCost {
  readonly what: Written;
  readonly words: string;
  /** ms of CPU a request. */
  readonly apiserver: number;
  readonly etcd: number;
}

/** Of each kind, all written in turn. */
const OBJECTS = 20;
const nameOf = (index: number): string => `cost-${index % OBJECTS}`;
const NEVER_SCHEDULED = 0;

const apps = (namespace: string): string => `/apis/apps/v1/namespaces/${namespace}`;
const core = (namespace: string): string => `/api/v1/namespaces/${namespace}`;
const patched =
  (path: (namespace: string) => string, type: PatchType, body: (index: number) => unknown): Kind["send"] =>
  (api, namespace, index) =>
    api.patch(path(namespace).replace("NAME", nameOf(index)), type, body(index));

const time = (index: number): string => new Date(1_700_000_000_000 + index * 1_000).toISOString().replace(".000", "");

/** As a controller writes while pods become ready: counters, a condition's message and its time. */
const progress = (index: number) => ({
  observedGeneration: "2",
  replicas: 2 + (index % 2),
  updatedReplicas: 1 + (index % 2),
  readyReplicas: 2,
  availableReplicas: 2,
  HPAReplicas: 2,
  currentStepIndex: index % 3,
  currentPodHash: "6d4b9f7c58",
  stableRS: "5d9c7f6b44",
  currentStepHash: "5bd9bdcb9c",
  selector: `app=${nameOf(index)}`,
  phase: "Progressing",
  message: "more replicas need to be updated",
  conditions: ["Available", "Progressing", "Healthy", "Completed"].map((type) => ({
    type,
    status: "True",
    reason: `${type}Reason`,
    message: `Write ${index} of ${nameOf(index)}`,
    lastUpdateTime: time(index),
    lastTransitionTime: time(0),
  })),
});

/**
 * What kube-controller-manager says itself of a paused Deployment of no replica, and a condition that it does not know:
 * it would answer anything else with a status of its own, whose cost would be counted, too.
 */
const deploymentProgress = (index: number) => ({
  observedGeneration: 1,
  conditions: [
    { type: "Available", status: "True", reason: "MinimumReplicasAvailable" },
    { type: "Progressing", status: "Unknown", reason: "DeploymentPaused" },
    { type: "Bench", status: "True", reason: "Written", message: `Write ${index} of ${nameOf(index)}` },
  ].map((condition) => ({ ...condition, lastUpdateTime: time(index), lastTransitionTime: time(0) })),
});

const event = (namespace: string, index: number) => ({
  metadata: { name: `cost.${index.toString(16)}` },
  involvedObject: { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: nameOf(index), namespace },
  reason: "ScalingReplicaSet",
  message: `Scaled up ReplicaSet ${nameOf(index)}-6d4b9f7c58 from 0 to 1`,
  type: "Normal",
  count: 1,
  firstTimestamp: time(index),
  lastTimestamp: time(index),
  source: { component: "bench" },
});

const annotated = (index: number) => ({ metadata: { annotations: { "bench/write": `${index}` } } });
const rolloutsPath = (namespace: string): string => `${rolloutKind.path(namespace)}/NAME`;

const KINDS: readonly Kind[] = [
  {
    what: "rolloutStatus",
    words: "status of a Rollout",
    send: patched(
      (at) => `${rolloutsPath(at)}/status`,
      "merge",
      (index) => ({ status: progress(index) }),
    ),
  },
  {
    what: "rollout",
    words: "an annotation of a Rollout (its revision)",
    send: patched(rolloutsPath, "merge", annotated),
  },
  {
    what: "deploymentStatus",
    words: "status of a Deployment",
    send: patched(
      (at) => `${apps(at)}/deployments/NAME/status`,
      "merge",
      (index) => ({
        status: deploymentProgress(index),
      }),
    ),
  },
  {
    what: "replicaSet",
    words: "a ReplicaSet, changed",
    send: patched((at) => `${apps(at)}/replicasets/NAME`, "merge", annotated),
  },
  {
    what: "event",
    words: "an event, created",
    send: (api, namespace, index) => api.create(`${core(namespace)}/events`, event(namespace, index)),
  },
  {
    what: "configMap",
    words: "a ConfigMap, changed",
    send: patched(
      (at) => `${core(at)}/configmaps/NAME`,
      "merge",
      (index) => ({ data: { write: `${index}` } }),
    ),
  },
  {
    what: "lease",
    words: "a Lease, renewed",
    send: patched(
      (at) => `/apis/coordination.k8s.io/v1/namespaces/${at}/leases/NAME`,
      "merge",
      (index) => ({
        spec: { renewTime: time(index).replace("Z", ".000000Z") },
      }),
    ),
  },
];

/** Objects that nothing acts on: of no replica, and the Deployments are paused. */
async function setUp(api: Api, namespace: string): Promise<void> {
  await api.create("/api/v1/namespaces", { metadata: { name: namespace } });
  for (let index = 0; index < OBJECTS; index++) {
    const name = nameOf(index);
    await api.create(rolloutKind.path(namespace), rolloutKind.manifest(name, 2, "sluice.dev/bench:0"));
    const deployment = deploymentKind.manifest(name, NEVER_SCHEDULED, "sluice.dev/bench:0") as {
      spec: Record<string, unknown>;
    };
    await api.create(deploymentKind.path(namespace), {
      ...deployment,
      spec: { ...deployment.spec, paused: true },
    });
    const { replicas, selector, template } = deployment.spec;
    const labels = { app: `set-${name}` };
    const ofSet = { ...(template as object), metadata: { labels } };
    await api.create(`${apps(namespace)}/replicasets`, {
      metadata: { name, labels },
      spec: { replicas, selector: { ...(selector as object), matchLabels: labels }, template: ofSet },
    });
    await api.create(`${core(namespace)}/configmaps`, { metadata: { name }, data: { write: "" } });
    await api.create(`/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`, {
      metadata: { name },
      spec: { holderIdentity: "bench", leaseDurationSeconds: 15 },
    });
  }
}

/** One watch of each kind that a controller of Rollouts watches. */
function watchAll(api: Api, namespace: string): () => void {
  const aborter = new AbortController();
  const drain = async (path: string): Promise<void> => {
    try {
      for await (const _ of api.watch(path, "0", aborter.signal));
    } catch (error) {
      if (!aborter.signal.aborted) console.error(`Cannot watch ${path}: ${String(error)}`);
    }
  };
  void drain(rolloutKind.path(namespace));
  void drain(`${apps(namespace)}/replicasets`);
  return () => aborter.abort();
}

/** @param count requests of each kind */
export async function requestCosts(
  { plane, api, print }: BenchCluster,
  count: number,
): Promise<readonly RequestCost[]> {
  const namespace = `bench-${crypto.randomUUID().slice(0, 6)}`;
  await setUp(api, namespace);
  const stop = watchAll(api, namespace);
  const costs: RequestCost[] = [];
  try {
    for (const { what, words, send } of KINDS) {
      const indexes = Array.from({ length: count }, (_, index) => index);
      await inParallel(indexes.slice(0, 2 * OBJECTS), (index) => send(api, namespace, count + index), 4);
      const before = await planeUsage(plane);
      await inParallel(indexes, (index) => send(api, namespace, index), 4);
      const { apiserver, etcd } = between(before, await planeUsage(plane));
      costs.push({ what, words, apiserver: apiserver / count, etcd: etcd / count });
      print(`${words}: ${(apiserver / count).toFixed(1)} ms`);
    }
  } finally {
    stop();
    await api.delete(`/api/v1/namespaces/${namespace}`);
  }
  return costs;
}

/** A Markdown table. */
export const costsTable = (costs: readonly RequestCost[]): string =>
  markdownTable([
    ["a write", "API server, ms of CPU", "etcd, ms of CPU"],
    ...costs.map(({ words, apiserver, etcd }) => [words, apiserver.toFixed(1), etcd.toFixed(1)]),
  ]);
