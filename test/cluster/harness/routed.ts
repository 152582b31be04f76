/**
 * A world whose traffic is split by an NGINX Ingress, an Ingress of the AWS load balancer controller and a
 * TrafficSplit.
 */
import type { Harness } from "./harness.ts";
import { newWorld, type World } from "./clusterWorld.ts";
import { rolloutOf } from "./plainRollout.ts";

/** Of TrafficSplits in the version that is the default of `--traffic-split-api-version`: a bare cluster has none. */
export const trafficSplits = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "trafficsplits.split.smi-spec.io" },
  spec: {
    group: "split.smi-spec.io",
    scope: "Namespaced",
    names: { kind: "TrafficSplit", listKind: "TrafficSplitList", plural: "trafficsplits", singular: "trafficsplit" },
    versions: [
      {
        name: "v1alpha1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
};

const ingress = (name: string, ingressClassName: string) => ({
  metadata: { name },
  spec: {
    ingressClassName,
    rules: [
      {
        http: {
          paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } }],
        },
      },
    ],
  },
});

const canary = {
  stableService: "web",
  canaryService: "web-next",
  trafficRouting: {
    nginx: { stableIngress: "nginx" },
    alb: { ingress: "alb", servicePort: 80 },
    smi: {},
  },
  steps: [{ setWeight: 20 }, { pause: {} }],
};

export interface RoutedWorld extends World {
  /** Annotations of an Ingress: "nginx", "web-nginx-canary", "alb". */
  annotations(ingress: string): Promise<Readonly<Record<string, string>>>;
  /** Weights by Service in the Rollout's TrafficSplit. */
  split(): Promise<Readonly<Record<string, string>>>;
}

/** The Rollout is called `web`, its Services `web` and `web-next`. */
export async function newRoutedWorld(topic: string, cluster: Harness): Promise<RoutedWorld> {
  const { api } = cluster;
  const world = await newWorld(topic, cluster);
  const { namespace } = world;
  const splits = `/apis/split.smi-spec.io/v1alpha1/namespaces/${namespace}/trafficsplits`;
  const ingresses = `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`;
  await api.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", trafficSplits);
  while ((await api.list(splits).catch(() => undefined)) === undefined) await Bun.sleep(100);
  for (const name of ["web", "web-next"]) {
    const spec = { selector: { app: "web" }, ports: [{ port: 80 }] };
    await api.create(`/api/v1/namespaces/${namespace}/services`, { metadata: { name }, spec });
  }
  for (const name of ["nginx", "alb"]) await api.create(ingresses, ingress(name, name));
  await world.create(rolloutOf("web", { canary }, { replicas: 2 }));
  return {
    ...world,
    annotations: async (name) => (await api.get(`${ingresses}/${name}`)).metadata.annotations ?? {},
    split: async () => {
      const { spec } = await api.get(`${splits}/web`);
      const { backends } = spec as { backends: readonly { service: string; weight: string }[] };
      return Object.fromEntries(backends.map(({ service, weight }) => [service, weight]));
    },
  };
}
