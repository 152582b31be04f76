/** For tests: a cluster in this process with the objects of all routers, and a Rollout half-way through an update. */
import { expect } from "bun:test";
import { manualClock } from "../../kube/clock/clock.ts";
import type { Rollout, RolloutCondition, RolloutStrategy } from "../../schema/rollout.ts";
import { type LocalCluster, startLocalCluster } from "../../simulator/local/localCluster.ts";
import type { ApiObject, ApiServer, Draft } from "../../simulator/model/model.ts";
import { type SavedState, savedState } from "../../simulator/server/objects/saved.ts";
import { ROUTER_KINDS } from "../../simulator/simulate/routedObjects.ts";
import { canary, type Edit, image, pause, rolloutOf, setWeight } from "./edits.ts";

export const INGRESSES = "ingresses.networking.k8s.io";
export const SPLITS = "trafficsplits.split.smi-spec.io";
export const place = { resource: "rollouts.argoproj.io", namespace: "default", name: "web" };
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const SERVICES = "virtualservices.networking.istio.io";
const RULES = "destinationrules.networking.istio.io";
const ROUTES = "httproutes.gateway.networking.k8s.io";

/** In Git all goes to stable. */
const backendRefs = [
  { name: "stable", weight: 1 },
  { name: "canary", weight: 0 },
];
const routes = {
  default: { rules: [{ backendRefs }] },
  far: { rules: [{ backendRefs: backendRefs.map((backend) => ({ ...backend, namespace: "default" })) }] },
};
type RouteSpec = typeof routes.default;

export type Routing = NonNullable<NonNullable<RolloutStrategy["canary"]>["trafficRouting"]>;
export const routedBy = (trafficRouting?: Routing): RolloutStrategy =>
  canary([setWeight(50), pause()], {
    stableService: "stable",
    canaryService: "canary",
    ...(trafficRouting === undefined ? {} : { trafficRouting }),
  });

export const ingress = (name: string): Draft => ({
  metadata: { name, namespace: "default" },
  spec: {
    rules: [
      {
        http: {
          paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "stable", port: { number: 80 } } } }],
        },
      },
    ],
  },
});

const to = (host: string, weight: number, subset?: string) => ({
  destination: subset === undefined ? { host } : { host, subset },
  weight,
});
const virtualService = (name: string, namespace: string, route: readonly object[]): Draft => ({
  metadata: { name, namespace },
  spec: {
    hosts: [name],
    http: [
      { match: [{ uri: { prefix: "/docs" } }], name: "docs" },
      { name: "main", route },
    ],
  },
});

/** The objects of Istio: by the hosts of the two Services, in this namespace and in another one, and by subsets. */
function createIstio(core: LocalCluster["core"]): void {
  const hosts = [to("stable", 100), to("canary", 0)];
  core.create("namespaces", { metadata: { name: "far" } });
  core.create(SERVICES, virtualService("shop", "default", hosts));
  core.create(SERVICES, virtualService("shop", "far", hosts));
  core.create(SERVICES, virtualService("sub", "default", [to("app", 100, "old"), to("app", 0, "new")]));
  const subsets = ["old", "new", "other"].map((name) => ({ name, labels: { app: "web" } }));
  core.create(RULES, { metadata: { name: "rule", namespace: "default" }, spec: { host: "app", subsets } });
}

interface IstioSpec {
  readonly http?: readonly { readonly name: string; readonly route?: readonly { readonly weight?: number }[] }[];
  readonly subsets?: readonly { readonly labels: Readonly<Record<string, string>> }[];
}

/** How Istio divides requests; nothing where the objects are what they were. */
function istioSplits(core: LocalCluster["core"]): readonly string[] {
  const specOf = (object: ApiObject): IstioSpec => object["spec"] as IstioSpec;
  const services = core.list(SERVICES).flatMap((object) => {
    const [, main] = specOf(object).http ?? [];
    const text = main?.route?.map(({ weight = 0 }) => weight).join("/");
    const marks = Object.keys(object.metadata.annotations ?? {});
    const { name, namespace = "" } = object.metadata;
    return text === "100/0" && marks.length === 0 ? [] : [`VirtualService ${namespace}/${name} ${text}`];
  });
  const rules = core.list(RULES).flatMap((object) => {
    const bound = specOf(object).subsets?.filter(({ labels }) => "rollouts-pod-template-hash" in labels) ?? [];
    const marks = Object.keys(object.metadata.annotations ?? {});
    return bound.length + marks.length === 0 ? [] : [`DestinationRule ${object.metadata.name} ${bound.length} bound`];
  });
  return [...services, ...rules];
}

/** Canary Ingresses, actions of ALB and TrafficSplits. */
function ownSplits(core: LocalCluster["core"]): readonly string[] {
  const objects = [...core.list(INGRESSES), ...core.list(SPLITS)];
  return objects.flatMap(({ kind, metadata, spec }: ApiObject & { readonly spec?: unknown }) => {
    const { annotations = {} } = metadata;
    const weight = annotations["nginx.ingress.kubernetes.io/canary-weight"];
    const action = annotations["alb.ingress.kubernetes.io/actions.stable"];
    const told =
      weight ??
      action
        ?.match(/"Weight":\d+/g)
        ?.map((each) => each.slice(9))
        .join("/");
    const backends = (spec as { backends?: readonly { weight: string }[] }).backends;
    const text = kind === "TrafficSplit" ? backends?.map((each) => each.weight).join("/") : told;
    return text === undefined ? [] : [`${kind} ${metadata.name} ${text}`];
  });
}

/** The weights of HTTPRoutes that are not what they were. */
const routeSplits = (core: LocalCluster["core"]): readonly string[] =>
  core.list(ROUTES).flatMap(({ metadata, spec }: ApiObject & { readonly spec?: unknown }) => {
    const { namespace } = metadata;
    if (Bun.deepEquals(spec, namespace === "far" ? routes.far : routes.default)) return [];
    const weights = (spec as RouteSpec).rules.flatMap((rule) => rule.backendRefs.map(({ weight }) => weight));
    return [`HTTPRoute ${namespace}/one ${weights.join("/")}`];
  });

/** A cluster with three Ingresses, objects of Istio and a route, which can be stopped, and started again from what it held. */
export async function stage() {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const start = (saved?: SavedState) => startLocalCluster({ clock, log, version: "0.0.0", saved });
  let cluster: LocalCluster = await start();
  for (const kind of ROUTER_KINDS) {
    cluster.core.create("customresourcedefinitions.apiextensions.k8s.io", kind);
  }
  createIstio(cluster.core);
  for (const [namespace, spec] of Object.entries(routes))
    cluster.core.create(ROUTES, { metadata: { name: "one", namespace }, spec });
  for (const name of ["stable", "canary"]) {
    const spec = { selector: { app: "web" }, ports: [{ port: 80 }] };
    cluster.core.create("services", { metadata: { name, namespace: "default" }, spec });
  }
  for (const name of ["one", "two", "other"]) cluster.core.create(INGRESSES, ingress(name));
  const rollout = (): Rollout => cluster.core.get(place) as unknown as Rollout;
  const edit = (change: Edit): void => {
    const next = change(rollout());
    const { status } = rollout();
    if (next.status !== status)
      cluster.core.modify(place, (old) => ({ ...old, status: next.status }), { subresource: "status" });
    cluster.core.modify(place, (old) => ({ ...old, spec: next.spec }));
  };
  const splits = (): readonly string[] => [
    ...ownSplits(cluster.core),
    ...istioSplits(cluster.core),
    ...routeSplits(cluster.core),
  ];
  const condition = (): RolloutCondition | undefined =>
    rollout().status?.conditions?.find(({ type }) => type === "TrafficRoutingFailure");
  return {
    clock,
    get core() {
      return cluster.core;
    },
    get server(): ApiServer {
      return cluster.server;
    },
    rollout,
    edit,
    splits,
    condition,
    /** At the pause of the first update, half of the traffic with the canary. */
    async halfWay(routing: Routing): Promise<void> {
      const { uid: _, ...metadata } = rolloutOf({}).metadata;
      const draft = { ...rolloutOf({ replicas: 4, strategy: routedBy(routing) }), metadata };
      cluster.core.create(place.resource, draft as unknown as Draft);
      await clock.advance(20_000);
      edit(image("web:2"));
      await clock.advance(20_000);
      expect(rollout().status?.phase).toBe("Paused");
    },
    async stop(): Promise<void> {
      await cluster.stop();
    },
    async startAgain(): Promise<void> {
      cluster = await start(JSON.parse(JSON.stringify(savedState(cluster.core))) as SavedState);
      await clock.advance(10_000);
    },
  };
}
