import { describe, expect, test } from "bun:test";
import { ROUTE_KINDS } from "../../providers/traffic/gatewayStanza.ts";
import { resourceName } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { Draft } from "../../simulator/model/model.ts";
import { savedState, type SavedState } from "../../simulator/server/objects/saved.ts";
import { type LocalCluster, startLocalCluster } from "../../simulator/local/localCluster.ts";
import { routedBy } from "../../test/golden/routingStories.ts";
import { createStores } from "../rollout/facts/stores.ts";
import { NotLeaderError } from "../../kube/runtime/notLeader.ts";
import { manualClock } from "../../kube/clock/clock.ts";
import { createQueue } from "../../kube/runtime/queue.ts";
import { passOf } from "../../kube/runtime/runController.ts";
import { sourcesOf } from "../rollout/facts/cacheSources.ts";
import { TRAFFIC_SPLIT } from "../../schema/labels.ts";
import { appMesh } from "../../simulator/simulate/routed/appMesh.ts";
import { letGo, releaseSweeps, releasesRow } from "./routeRelease.ts";
import { testApi } from "../../test/apiServer.ts";

const INGRESSES = "ingresses.networking.k8s.io";
const MANAGED = "rollouts.argoproj.io/managed-alb-annotations";
const ACTION = "alb.ingress.kubernetes.io/actions.web";
const forward = (...groups: readonly (readonly [name: string, weight: number])[]) =>
  JSON.stringify({
    Type: "forward",
    ForwardConfig: {
      TargetGroups: groups.map(([ServiceName, Weight]) => ({ ServiceName, ServicePort: "80", Weight })),
    },
  });
const split = forward(["web-next", 20], ["web", 80]);

const ingress = (name: string, managed: string, namespace = "default") => ({
  metadata: { name, namespace, annotations: { [ACTION]: split, [MANAGED]: managed } },
  spec: { defaultBackend: { service: { name: "web", port: { number: 80 } } } },
});
const ROUTERS = "virtualrouters.appmesh.k8s.aws";
const mesh = JSON.stringify({ web: { stable: "old", canary: "new" } });
const held = `{"web":["${ACTION}"]}`;

const rollout = (name: string, ingresses: readonly string[]): Rollout => {
  const made = routedBy({ alb: { ingresses: [...ingresses], servicePort: 80 } });
  return { ...made, metadata: { ...made.metadata, name, uid: name } };
};

/** An API server, a cache of Rollouts that the test fills, and the keys that were reconciled. */
function stage({ validForMs = 60_000, namespace }: { validForMs?: number; namespace?: string } = {}) {
  const { clock, core, client, requests } = testApi({ namespaces: ["else"], installed: true });
  const asked = (): string[] =>
    requests.map(({ method, path }) => `${method} ${path.replace(/.*\/(?=rollouts|ingresses)/, "")}`);
  const stores = createStores();
  const line: string[] = [];
  const queue = { ...createQueue({ clock }), add: (key: string): void => void line.push(key) };
  const row = releasesRow({ client, stores, namespace, validForMs: () => validForMs }, sourcesOf(stores, ""));
  const annotations = (name: string): Readonly<Record<string, string>> =>
    core.get({ resource: INGRESSES, namespace: "default", name })?.metadata.annotations ?? {};
  const release = passOf(row, queue, clock);
  return { core, stores, asked, line, release, annotations };
}

const shop = `${INGRESSES} default/shop`;

describe("an object that a Rollout has let go of", () => {
  test("is released when the Rollout is gone", async () => {
    const { core, release, annotations } = stage();
    core.create(INGRESSES, ingress("shop", held));
    await release(shop);
    expect(annotations("shop")).toEqual({ [ACTION]: forward(["web", 100]) });
  });

  test("is released when the Rollout names it no more", async () => {
    const { core, stores, release, annotations } = stage();
    core.create(INGRESSES, ingress("shop", held));
    stores.rollouts.upsert(rollout("web", ["other"]));
    core.create("rollouts.argoproj.io", rollout("web", ["other"]) as unknown as Draft);
    await release(shop);
    expect(annotations("shop")).toEqual({ [ACTION]: forward(["web", 100]) });
  });

  test("stays when the Rollout came back, or is another instance's", async () => {
    const { core, release, annotations, asked } = stage();
    core.create(INGRESSES, ingress("shop", held));
    core.create("rollouts.argoproj.io", rollout("web", ["shop"]) as unknown as Draft);
    await release(shop);
    expect(annotations("shop")[ACTION]).toBe(split);
    expect(asked()).toEqual(["GET ingresses/shop", "GET rollouts/web"]);
  });

  test("stays while the object that names it is in no cache yet, as right after a start in the middle of an update", async () => {
    const { core, release, line } = stage();
    for (const kind of appMesh.kinds) core.create("customresourcedefinitions.apiextensions.k8s.io", kind);
    const settings = {
      virtualService: { name: "shop" },
      virtualNodeGroup: { stableVirtualNodeRef: { name: "old" }, canaryVirtualNodeRef: { name: "new" } },
    };
    const routed = routedBy({ appMesh: settings });
    for (const made of appMesh.objects(settings, routed))
      core.create(`${made.kind.toLowerCase()}s.appmesh.k8s.aws`, {
        ...made,
        metadata: { ...made.metadata, namespace: "default", annotations: { [TRAFFIC_SPLIT]: mesh } },
      });
    core.create("rollouts.argoproj.io", routed as unknown as Draft);
    const mark = () => core.get({ resource: ROUTERS, namespace: "default", name: "shop" })?.metadata.annotations ?? {};
    await release(ROUTERS);
    expect(line).toEqual([`${ROUTERS} default/shop`]);
    await release(`${ROUTERS} default/shop`);
    expect(mark()).toEqual({ [TRAFFIC_SPLIT]: mesh });
    core.delete({ resource: "rollouts.argoproj.io", namespace: "default", name: "web" });
    await release(`${ROUTERS} default/shop`);
    expect(mark()).toEqual({});
  });

  test("may be gone itself", async () => {
    const { release, asked } = stage();
    await release(shop);
    expect(asked()).toEqual(["GET ingresses/shop"]);
  });

  test.each(["../../else/ingresses/left", "left?watch=1", "shop#", "shop/status", ".."])(
    "and called %j is none: nothing else is asked for in its place",
    async (name) => {
      const { release, asked } = stage();
      await release(`${INGRESSES} default/${name}`);
      expect(asked()).toEqual([]);
    },
  );

  test("may name anything as its holder: what cannot be a Rollout's name is none", async () => {
    const { core, release, annotations, asked } = stage();
    const holder = "../../else/rollouts/web";
    core.create(INGRESSES, ingress("shop", JSON.stringify({ [holder]: [ACTION] })));
    await release(shop);
    expect(annotations("shop")).not.toHaveProperty(MANAGED);
    expect(asked().filter((request) => request.includes("rollouts"))).toEqual([]);
  });

  test("is tried again when the Lease may run out", async () => {
    const { core, release, annotations } = stage({ validForMs: 0 });
    core.create(INGRESSES, ingress("shop", held));
    expect(await release(shop).catch((error: unknown) => error)).toBeInstanceOf(NotLeaderError);
    expect(annotations("shop")[ACTION]).toBe(split);
  });
});

describe("what was let go of while nobody watched", () => {
  test("is found among all objects of the kind, page by page", async () => {
    const { core, stores, release, line, asked } = stage();
    for (let n = 0; n < 1_100; n += 1) core.create(INGRESSES, ingress(`plain-${n}`, ""));
    core.create(INGRESSES, ingress("left", held, "else"));
    core.create(INGRESSES, ingress("shop", held));
    core.create(INGRESSES, ingress("shared", `{"cart":["x"],"web":["${ACTION}"]}`));
    stores.rollouts.upsert(rollout("web", ["shop", "shared"]));
    await release(INGRESSES);
    expect(line).toEqual([`${INGRESSES} default/shared`, `${INGRESSES} else/left`]);
    expect(asked()).toEqual(["GET ingresses", "GET ingresses", "GET ingresses"]);
  });

  test("is looked for in the namespace that is watched", async () => {
    const { core, release, line } = stage({ namespace: "default" });
    core.create(INGRESSES, ingress("left", held, "else"));
    core.create(INGRESSES, ingress("shop", held));
    await release(INGRESSES);
    expect(line).toEqual([shop]);
  });

  test("is looked for among the objects of all routers", () => {
    expect(releaseSweeps(stage().stores)).toEqual([
      INGRESSES,
      "trafficsplits.split.smi-spec.io",
      "virtualservices.networking.istio.io",
      "destinationrules.networking.istio.io",
      "mappings.getambassador.io",
      "virtualservices.appmesh.k8s.aws",
      "virtualrouters.appmesh.k8s.aws",
      "virtualnodes.appmesh.k8s.aws",
      "traefikservices.traefik.io",
      "traefikservices.traefik.containo.us",
      "ingressroutes.traefik.io",
      "ingressroutes.traefik.containo.us",
      "apisixroutes.apisix.apache.org",
      ...ROUTE_KINDS.map(({ resource }) => resourceName(resource)),
    ]);
  });
});

test("the loop leaves no split behind, whether it sees the Rollout go or not", async () => {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const start = (saved?: SavedState) => startLocalCluster({ clock, log, version: "0.0.0", saved });
  const first = await start();
  for (const name of ["web", "web-next"]) {
    const spec = { selector: { app: "web" }, ports: [{ port: 80 }] };
    first.core.create("services", { metadata: { name, namespace: "default" }, spec });
  }
  const rules = [
    {
      http: { paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } }] },
    },
  ];
  for (const name of ["one", "two"]) {
    first.core.create(INGRESSES, { metadata: { name, namespace: "default" }, spec: { rules } });
  }
  const { uid: _, ...metadata } = rollout("web", []).metadata;
  const draft = { ...rollout("web", ["one", "two"]), metadata };
  first.core.create("rollouts.argoproj.io", draft as unknown as Draft);
  await clock.advance(10_000);
  const action = ({ core }: LocalCluster, name: string): string | undefined =>
    core.get({ resource: INGRESSES, namespace: "default", name })?.metadata.annotations?.[ACTION];
  const both = (cluster: LocalCluster) => ["one", "two"].map((name) => action(cluster, name));
  const stable = forward(["web-next", 0], ["web", 100]);
  const whole = forward(["web", 100]);
  expect(both(first)).toEqual([stable, stable]);

  const place = { resource: "rollouts.argoproj.io", namespace: "default", name: "web" };
  const { spec } = rollout("web", ["two"]);
  first.core.modify(place, (old) => ({ ...old, spec: { ...(old["spec"] as object), strategy: spec.strategy } }));
  await clock.advance(10_000);
  expect(both(first)).toEqual([whole, stable]);
  // As if a pass under way had written it once more.
  const one = { resource: INGRESSES, namespace: "default", name: "one" };
  first.core.modify(one, (old) => ({
    ...old,
    metadata: { ...old.metadata, annotations: { [ACTION]: split, [MANAGED]: held } },
  }));
  await clock.advance(30_000);
  expect(both(first)).toEqual([whole, stable]);

  await first.stop();
  first.core.delete(place);
  const second = await start(JSON.parse(JSON.stringify(savedState(first.core))) as SavedState);
  await clock.advance(10_000);
  expect(both(second)).toEqual([whole, whole]);
  await second.stop();
});

test("a Rollout lets go of what it names no more", () => {
  const { stores } = stage();
  const both = rollout("web", ["a", "b"]);
  expect(letGo(stores, undefined, both)).toEqual([]);
  expect(letGo(stores, both, both)).toEqual([]);
  expect(letGo(stores, both, rollout("web", ["b", "c"]))).toEqual([`${INGRESSES} default/a`]);
  expect(letGo(stores, both, undefined)).toEqual([`${INGRESSES} default/a`, `${INGRESSES} default/b`]);
  const nginx = routedBy({ nginx: { stableIngress: "a" } });
  expect(letGo(stores, nginx, undefined)).toEqual([`${INGRESSES} default/a`, `${INGRESSES} default/web-a-canary`]);
  const other = routedBy({ nginx: { stableIngress: "b" } });
  expect(letGo(stores, nginx, other)).toEqual([`${INGRESSES} default/a`, `${INGRESSES} default/web-a-canary`]);
  // Each router lets go of its own, though another one routes by the same Ingress.
  expect(letGo(stores, both, routedBy({ nginx: { stableIngresses: ["a", "b"] } }))).toEqual([
    `${INGRESSES} default/a`,
    `${INGRESSES} default/b`,
  ]);
  expect(letGo(stores, nginx, rollout("web", ["a"]))).toEqual([
    `${INGRESSES} default/a`,
    `${INGRESSES} default/web-a-canary`,
  ]);
  const smi = routedBy({ smi: {} });
  expect(letGo(stores, smi, routedBy({ smi: { trafficSplitName: "shop" } }))).toEqual([
    "trafficsplits.split.smi-spec.io default/web",
  ]);
  const blueGreen = { ...nginx, spec: { ...nginx.spec, strategy: { blueGreen: { activeService: "web" } } } };
  expect(letGo(stores, nginx, blueGreen)).toHaveLength(2);
});
