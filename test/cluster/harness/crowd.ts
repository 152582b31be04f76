/** Many Deployments, each with a Service, a HorizontalPodAutoscaler and a PodDisruptionBudget, and a client that looks on. */
import type { Api, KubeObject, WatchEvent } from "./api.ts";
import { until } from "./until.ts";

export const REPLICAS = 2;

const apps = (namespace: string): string => `/apis/apps/v1/namespaces/${namespace}`;
export const deployments = (namespace: string): string => `${apps(namespace)}/deployments`;
export const rollouts = (namespace: string): string => `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/rollouts`;
export const autoscalers = (namespace: string): string =>
  `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`;
export const budgets = (namespace: string): string => `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`;

/** So many requests at once. */
const AT_ONCE = 8;

/** Calls `act` for each, some at a time. */
export async function forEach<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<void> {
  const left = [...items];
  const work = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** Makes the namespace and all of them, and waits until all their pods serve. */
export async function deployCrowd(api: Api, namespace: string, names: readonly string[]): Promise<void> {
  await api.create("/api/v1/namespaces", { metadata: { name: namespace } });
  await forEach(names, async (name) => {
    const labels = { app: name };
    const metadata = { name, labels };
    const containers = [{ name: "web", image: "argoproj/rollouts-demo:blue" }];
    const spec = { selector: labels, ports: [{ port: 80 }] };
    await api.create(`/api/v1/namespaces/${namespace}/services`, { metadata, spec });
    await api.create(deployments(namespace), {
      metadata,
      spec: {
        replicas: REPLICAS,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers } },
      },
    });
    const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name };
    await api.create(autoscalers(namespace), {
      metadata,
      spec: { scaleTargetRef, minReplicas: REPLICAS, maxReplicas: 2 * REPLICAS },
    });
    await api.create(budgets(namespace), {
      metadata,
      spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
    });
  });
  const path = deployments(namespace);
  const isServing = ({ status }: Deployment): boolean => status?.availableReplicas === REPLICAS;
  await until(
    `the pods of ${names.length} Deployments serve`,
    async () => (await api.list<Deployment>(path)).items.every(isServing),
    240_000,
  );
}

export interface Deployment extends KubeObject {
  readonly spec: { readonly replicas: number };
  readonly status?: { readonly availableReplicas?: number };
}

interface Slice extends KubeObject {
  readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[] | null;
}

export interface Onlooker {
  /** Services that had fewer ready endpoints than there were pods at first, with the fewest. */
  gaps(): readonly string[];
  /** The most pods that any of them had at once, those that are going away not counted. */
  mostPods(): number;
  /** How many pods came or went. */
  turnover(): number;
  stop(): void;
}

/** Watches the pods and the endpoints of a namespace until `stop`. Names are those of the label `app`. */
export async function watchCrowd(api: Api, namespace: string): Promise<Onlooker> {
  const stopping = new AbortController();
  const [ready, pods] = [new Map<string, { service: string; ready: number }>(), new Map<string, string>()];
  const seen = { least: new Map<string, number>(), most: 0, turnover: 0, began: false };

  const takeSlice = (slice: Slice, isGone: boolean): void => {
    const service = slice.metadata.labels?.["kubernetes.io/service-name"] ?? "";
    const count = (slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready === true).length;
    if (isGone) ready.delete(slice.metadata.name);
    else ready.set(slice.metadata.name, { service, ready: count });
    const total = [...ready.values()].reduce((sum, one) => sum + (one.service === service ? one.ready : 0), 0);
    if (seen.began) seen.least.set(service, Math.min(seen.least.get(service) ?? Infinity, total));
  };
  const takePod = ({ metadata: { name, labels, deletionTimestamp } }: KubeObject, isGone: boolean): void => {
    const isGoing = isGone || deletionTimestamp !== undefined;
    if (isGoing === pods.has(name)) seen.turnover += seen.began ? 1 : 0;
    if (isGoing) return void pods.delete(name);
    const app = labels?.["app"] ?? "";
    pods.set(name, app);
    // A count for each event of hundreds of pods is still quick: it is what a test can afford.
    seen.most = Math.max(seen.most, [...pods.values()].filter((other) => other === app).length);
  };
  async function follow(path: string, take: (object: Slice, isGone: boolean) => void): Promise<void> {
    const { items, resourceVersion } = await api.list<Slice>(path);
    for (const item of items) take(item, false);
    let last = resourceVersion;
    const notify = ({ type, object }: WatchEvent<Slice>): void => {
      if (type === "ERROR") throw new Error(`the watch of ${path} cannot go on: ${JSON.stringify(object)}`);
      last = object.metadata.resourceVersion ?? last;
      if (type !== "BOOKMARK") take(object, type === "DELETED");
    };
    void (async () => {
      try {
        // The API server ends a watch whose reader is late; nothing is missed from the last version on.
        while (!stopping.signal.aborted)
          for await (const event of api.watch<Slice>(path, last, stopping.signal)) notify(event);
      } catch (error) {
        if (!stopping.signal.aborted) seen.least.set(`the watch of ${path} broke: ${String(error)}`, -1);
      }
    })();
  }
  await follow(`/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, takeSlice);
  await follow(`/api/v1/namespaces/${namespace}/pods`, takePod);
  seen.began = true;
  return {
    gaps: () => [...seen.least].filter(([, least]) => least < REPLICAS).map(([name, least]) => `${name}: ${least}`),
    mostPods: () => seen.most,
    turnover: () => seen.turnover,
    stop: () => stopping.abort(),
  };
}
