/** An abort by several routers, in a whole cluster in this process, while an object of one of them is missing. */
import { expect, test } from "bun:test";
import { manualClock } from "../../../kube/clock/clock.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { startLocalCluster } from "../../../simulator/local/localCluster.ts";
import type { ApiObject, Draft } from "../../../simulator/model/model.ts";
import { abort, canary, type Edit, image, rolloutOf, setWeight } from "../../../test/golden/edits.ts";

const place = { resource: "rollouts.argoproj.io", namespace: "default", name: "web" };
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const definition = (group: string, kind: string, version: string) => ({
  metadata: { name: `${kind.toLowerCase()}s.${group}` },
  spec: {
    group,
    scope: "Namespaced",
    names: { kind, listKind: `${kind}List`, plural: `${kind.toLowerCase()}s`, singular: kind.toLowerCase() },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
});
const weighted = (stable: number, own: number) => [
  { name: "stable", port: 80, weight: stable },
  { name: "canary", port: 80, weight: own },
];
const routes = (stable: number, own: number) => [
  {
    route: [
      { destination: { host: "stable" }, weight: stable },
      { destination: { host: "canary" }, weight: own },
    ],
  },
];
const backend = { service: { name: "stable", port: { number: 80 } } };
const rules = [{ host: "a", http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }];
const objects: Readonly<Record<string, object>> = {
  "ingresses.networking.k8s.io": { ingressClassName: "nginx", rules },
  "virtualservices.networking.istio.io": { hosts: ["a"], http: routes(100, 0) },
  "traefikservices.traefik.io": { weighted: { services: weighted(100, 0) } },
};

/** At a weight of 20. */
async function stage() {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const cluster = await startLocalCluster({ clock, log, version: "0.0.0", saved: undefined });
  const { core } = cluster;
  const kinds = [
    definition("networking.istio.io", "VirtualService", "v1alpha3"),
    definition("traefik.io", "TraefikService", "v1alpha1"),
  ];
  for (const kind of kinds) core.create("customresourcedefinitions.apiextensions.k8s.io", kind);
  for (const name of ["stable", "canary"]) {
    const spec = { selector: { app: "web" }, ports: [{ port: 80 }] };
    core.create("services", { metadata: { name, namespace: "default" }, spec });
  }
  const create = (resource: string): ApiObject =>
    core.create(resource, { metadata: { name: "shop", namespace: "default" }, spec: objects[resource] });
  for (const resource of Object.keys(objects)) create(resource);
  const { uid: _, ...metadata } = rolloutOf({}).metadata;
  const strategy = canary([setWeight(20), { pause: {} }], {
    stableService: "stable",
    canaryService: "canary",
    trafficRouting: {
      nginx: { stableIngress: "shop" },
      istio: { virtualService: { name: "shop" } },
      traefik: { weightedTraefikServiceName: "shop" },
    },
  });
  core.create(place.resource, { ...rolloutOf({ replicas: 4, strategy }), metadata } as unknown as Draft);
  const rollout = (): Rollout => core.get(place) as unknown as Rollout;
  const edit = (change: Edit): void => {
    const next = change(rollout());
    core.modify(place, (old) => ({ ...old, status: next.status }), { subresource: "status" });
    core.modify(place, (old) => ({ ...old, spec: next.spec }));
  };
  await clock.advance(20_000);
  edit(image("web:2"));
  await clock.advance(20_000);
  const specOf = (resource: string, name = "shop") => core.get({ resource, namespace: "default", name });
  const seen = () => ({
    nginx: specOf("ingresses.networking.k8s.io", "web-shop-canary")?.metadata.annotations?.[
      "nginx.ingress.kubernetes.io/canary-weight"
    ],
    istio: (specOf("virtualservices.networking.istio.io") as { readonly spec?: object } | undefined)?.spec,
    traefik: (specOf("traefikservices.traefik.io") as { readonly spec?: object } | undefined)?.spec,
  });
  const told = () => rollout().status?.conditions?.find(({ type }) => type === "TrafficRoutingFailure")?.message ?? "";
  const remove = (resource: string) => core.delete({ resource, namespace: "default", name: "shop" });
  return { clock, cluster, edit, create, remove, seen, told, rollout };
}

test.each(["ingresses.networking.k8s.io", "virtualservices.networking.istio.io"])(
  "an abort reaches the other routers while %s is missing, and is whole once it is back",
  async (missing) => {
    const { clock, cluster, edit, create, remove, seen, told, rollout } = await stage();
    const split = { weighted: { services: weighted(80, 20) } };
    expect(seen()).toEqual({ nginx: "20", istio: { hosts: ["a"], http: routes(80, 20) }, traefik: split });
    remove(missing);
    await clock.advance(5_000);
    expect(rollout().status?.message).toContain("InvalidSpec");
    edit(abort);
    await clock.advance(15_000);
    const { istio, ...others } = seen();
    expect(others).toEqual({ nginx: "0", traefik: { weighted: { services: weighted(100, 0) } } });
    expect(istio).toEqual(missing.startsWith("virtual") ? undefined : { hosts: ["a"], http: routes(100, 0) });
    expect(told()).toContain("not found");
    create(missing);
    await clock.advance(60_000);
    expect([told(), rollout().status?.phase, rollout().status?.updatedReplicas ?? 0]).toEqual(["", "Degraded", 0]);
    await cluster.stop();
  },
);
