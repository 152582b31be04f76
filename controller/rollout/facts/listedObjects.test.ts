/** Objects of routers of which all in a namespace are needed, since they are selected by their labels. */
import { describe, expect, test } from "bun:test";
import { GATEWAY_PLUGIN, ROUTE_KINDS } from "../../../providers/traffic/gatewayStanza.ts";
import { resourceName } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { testApi } from "../../../test/apiServer.ts";
import { watchOptional } from "./optionalWatch.ts";
import { routedObjects, routingState } from "./routedObjects.ts";
import { createStores } from "./stores.ts";

const [HTTP] = ROUTE_KINDS;
if (HTTP === undefined) throw new Error("there is no kind of routes");
const { resource } = HTTP;
const ROUTES = resourceName(resource);

const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: ROUTES },
  spec: {
    group: resource.group,
    scope: "Namespaced",
    names: { kind: "HTTPRoute", listKind: "HTTPRouteList", plural: "httproutes", singular: "httproute" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
};

const route = (name: string, app: string, namespace = "default") => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name, namespace, labels: { app } },
  spec: {
    rules: [
      {
        backendRefs: [
          { name: "web", weight: 100 },
          { name: "web-next", weight: 0 },
        ],
      },
    ],
  },
});

let version = 0;
const rollout = (name: string, settings: object): Rollout => ({
  metadata: { name, namespace: "default", uid: name, resourceVersion: String((version += 1)) },
  spec: {
    strategy: {
      canary: {
        stableService: "web",
        canaryService: "web-next",
        trafficRouting: { plugins: { [GATEWAY_PLUGIN]: settings } },
      },
    },
  },
});
const selecting = rollout("selecting", { httpRouteSelector: { matchLabels: { app: "web" } } });

function stage() {
  const { clock, core, client } = testApi();
  core.create("customresourcedefinitions.apiextensions.k8s.io", definition);
  core.create("namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "other" } });
  for (const one of [route("shop", "web"), route("api", "api"), route("far", "web", "other")]) core.create(ROUTES, one);
  const stores = createStores();
  const enqueued: string[] = [];
  const store = stores.routed.stores.get(ROUTES);
  if (store === undefined) throw new Error("routes are not held");
  watchOptional(
    {
      client,
      clock,
      complaints: { report: () => {} },
      rollouts: stores.rollouts,
      experiments: stores.experiments,
      namespace: undefined,
      rolloutsKnown: Promise.resolve(),
      signal: new AbortController().signal,
      enqueue: (key) => void enqueued.push(key),
      enqueueExperiment: () => {},
      observe: () => {},
      random: () => 0.5,
    },
    store,
  );
  const held = (): string[] => [...store.objects.values()].map(({ metadata }) => metadata.name).toSorted();
  const open = () =>
    routingState(stores.routed, selecting, {
      canaryHash: "new",
      stableHash: "old",
      canaryWeight: 20,
      total: 100,
      additional: [],
      routes: [],
    });
  return { clock, core, stores, enqueued, held, open };
}

describe("routes that a Rollout selects", () => {
  test("are held, all of their namespace and no others, from the moment that they are needed", async () => {
    const { clock, stores, enqueued, held, open } = stage();
    stores.rollouts.upsert(selecting);
    expect(routedObjects(stores.routed, selecting).map(([, { kind }]) => kind)).toEqual(["waiting"]);
    await clock.advance(1_000);
    expect(held()).toEqual(["api", "shop"]);
    expect(enqueued).toEqual(["default/selecting"]);
    expect(open()).toEqual({ kind: "open" });
  });

  test("are read when a Rollout begins to select them, and arrive later as well", async () => {
    const { clock, core, stores, held } = stage();
    stores.rollouts.upsert(rollout("naming", { httpRoute: "api" }));
    await clock.advance(1_000);
    expect(held()).toEqual(["api"]);
    stores.rollouts.upsert(selecting);
    await clock.advance(1_000);
    expect(held()).toEqual(["api", "shop"]);
    core.create(ROUTES, route("late", "web"));
    await clock.advance(1_000);
    expect(held()).toEqual(["api", "late", "shop"]);
  });

  test("are held no longer than somebody needs them", async () => {
    const { clock, stores, held } = stage();
    stores.rollouts.upsert(selecting);
    stores.rollouts.upsert(rollout("naming", { httpRoute: "api" }));
    await clock.advance(1_000);
    stores.rollouts.remove(selecting);
    await clock.advance(1_000);
    expect(held()).toEqual(["api"]);
  });
});
