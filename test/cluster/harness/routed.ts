/**
 * A world whose traffic is split by an NGINX Ingress, an Ingress of the AWS load balancer controller and a
 * TrafficSplit.
 */
import { expect } from "bun:test";
import { healthy, inPhase, newWorld, pausedAt, type World } from "./clusterWorld.ts";
import type { Harness } from "./harness.ts";
import type { Installation } from "./installation.ts";
import { rolloutOf } from "./plainRollout.ts";
import { abort, setImage } from "./userActions.ts";

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

/** An update, an abort, and the load balancer that is let go of: the story of install.cluster.ts. */
export async function divideByThree({ api, cluster, until }: Installation): Promise<void> {
  const world = await newRoutedWorld("install-routed", cluster);
  const action = async () => {
    const text = (await world.annotations("alb"))["alb.ingress.kubernetes.io/actions.web"] ?? "{}";
    const { ForwardConfig } = JSON.parse(text) as {
      ForwardConfig?: { TargetGroups: readonly { ServiceName: string; Weight: number }[] };
    };
    return ForwardConfig?.TargetGroups.map(({ ServiceName, Weight }) => `${ServiceName} ${Weight}`);
  };
  const nginxWeight = async () =>
    (await world.annotations("web-nginx-canary"))["nginx.ingress.kubernetes.io/canary-weight"];
  await world.settle("web", "Healthy", healthy);
  await setImage(world, "web", "web:2");
  await world.settle("web", "pauses", pausedAt(1));
  expect(await nginxWeight()).toBe("20");
  expect(await action()).toEqual(["web-next 20", "web 80"]);
  expect(await world.split()).toEqual({ "web-next": "20", web: "80" });
  await abort(world, "web");
  await world.settle("web", "aborted", inPhase("Degraded"));
  expect(await nginxWeight()).toBe("0");
  expect(await action()).toEqual(["web-next 0", "web 100"]);
  expect(await world.split()).toEqual({ "web-next": "0", web: "100" });
  const others = { nginx: null, smi: null };
  await world.patch("web", { spec: { strategy: { canary: { trafficRouting: others } } } });
  await until("what the other two made is gone", async () => {
    const left = await Promise.all([nginxWeight(), world.split()].map((one) => one.catch(() => undefined)));
    return left.every((one) => one === undefined);
  });
  await api.delete(world.path("Rollout", "web"));
  await until("the load balancer is let go of", async () => (await action())?.join() === "web 100");
  expect(Object.keys(await world.annotations("alb"))).toEqual(["alb.ingress.kubernetes.io/actions.web"]);
}
