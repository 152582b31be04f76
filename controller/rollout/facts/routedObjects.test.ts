import { expect, test } from "bun:test";
import { byDefault, routedBy, wanting } from "../../../test/golden/routingStories.ts";
import type { CanaryStep, Rollout } from "../../../schema/rollout.ts";
import { GATEWAY_PLUGIN } from "../../../providers/traffic/gatewayStanza.ts";
import { appMesh } from "../../../providers/traffic/appMesh.ts";
import { letGo, releaseSweeps } from "../../release/routeRelease.ts";
import { allRefsOf, createRouted, refusalOf, routedObjects, routingState } from "./routedObjects.ts";
import { watchOptional } from "./optionalWatch.ts";
import { createStores } from "./stores.ts";
import { testApi } from "../../../test/apiServer.ts";

test("a kind that is not served is no fault while the same kind of another group is", () => {
  const rollout = routedBy({ traefik: { weightedTraefikServiceName: "shop" } });
  const routed = createRouted(byDefault);
  const refuse = (group: string, why: string | undefined): void => {
    const store = routed.stores.get(`traefikservices.${group}`);
    if (store !== undefined) store.refused = why;
  };
  refuse("traefik.containo.us", "the API server does not serve the older");
  expect(refusalOf(routed, rollout)).toBeUndefined();
  refuse("traefik.io", "the API server does not serve the newer");
  expect(refusalOf(routed, rollout)).toBe("the API server does not serve the newer");
  refuse("traefik.containo.us", undefined);
  expect(refusalOf(routed, rollout)).toBeUndefined();
});

test("a kind that may be missing is read for Rollouts with a mirror route alone, and is no fault where it is not served", () => {
  const plugins = { [GATEWAY_PLUGIN]: { httpRoute: "shop" } };
  const classes = "gatewayclasses.gateway.networking.k8s.io";
  const kinds = (steps: CanaryStep[]) => {
    const { spec, ...rest } = routedBy({ plugins });
    const rollout: Rollout = { ...rest, spec: { ...spec, strategy: { canary: { ...spec.strategy?.canary, steps } } } };
    const routed = createRouted(byDefault);
    for (const [name, store] of routed.stores)
      if (name === classes) store.refused = `the API server does not serve ${name}`;
      else store.complete = true;
    return [refusalOf(routed, rollout), routedObjects(routed, rollout).map(([{ resource }]) => resource.kind)];
  };
  expect(kinds([{ setWeight: 20 }])).toEqual([undefined, ["HTTPRoute"]]);
  expect(kinds([{ setMirrorRoute: { name: "copy", match: [{}] } }])).toEqual([
    undefined,
    ["HTTPRoute", "GatewayClass"],
  ]);
  expect(releaseSweeps(createStores())).not.toContain(classes);
});

test("an object that another one names is read, and let go of", () => {
  const group = {
    virtualNodeGroup: { stableVirtualNodeRef: { name: "s" }, canaryVirtualNodeRef: { name: "c" } },
  };
  const rollout: Rollout = routedBy({ appMesh: { virtualService: { name: "shop" }, ...group } });
  const stores = createStores();
  const { routed } = stores;
  const put = (plural: string, name: string, spec: object): void => {
    const metadata = { name, namespace: "default", uid: name, resourceVersion: "7" };
    routed.stores.get(`${plural}.appmesh.k8s.aws`)?.objects.upsert({ metadata, spec });
  };
  const routers = routed.stores.get("virtualrouters.appmesh.k8s.aws");
  if (routers === undefined) throw new Error("no VirtualRouters");
  const waiting = () => routedObjects(routed, rollout).some(([, { kind }]) => kind === "waiting");

  put("virtualservices", "shop", { provider: { virtualRouter: { virtualRouterRef: { name: "vr" } } } });
  put("virtualnodes", "s", {});
  put("virtualnodes", "c", {});
  expect([routers.kind.isWhole, waiting()]).toEqual([true, true]);
  routers.complete = true;
  expect(waiting()).toBe(false);
  expect(JSON.stringify(routingState(routed, rollout, wanting(0)))).toContain("Virtual-router is missing");

  const targets = ["s", "c"].map((name) => ({ virtualNodeRef: { name }, weight: 50 }));
  put("virtualrouters", "vr", { routes: [{ name: "r", httpRoute: { action: { weightedTargets: targets } } }] });
  expect(routingState(routed, rollout, wanting(20))).toEqual({ kind: "open" });
  expect(allRefsOf(routed, appMesh, rollout).map(({ name }) => name)).toContain("vr");
  expect(letGo(stores, rollout, undefined)).toContain("virtualrouters.appmesh.k8s.aws default/vr");
});

test("a kind for which another one stands in is not complained about while it is not served", async () => {
  const complained = async (resource: string): Promise<readonly string[]> => {
    const { clock, client } = testApi();
    const stores = createStores();
    const store = stores.routed.stores.get(resource);
    if (store === undefined) throw new Error(`no ${resource}`);
    const reports: string[] = [];
    const stop = new AbortController();
    watchOptional(
      {
        client,
        clock,
        complaints: { report: ({ message }) => void reports.push(message) },
        rollouts: stores.rollouts,
        experiments: stores.experiments,
        namespace: undefined,
        rolloutsKnown: Promise.resolve(),
        signal: stop.signal,
        enqueue: () => {},
        enqueueExperiment: () => {},
        observe: () => {},
        random: () => 0.5,
      },
      store,
    );
    const { metadata, ...rollout } = routedBy({
      traefik: { weightedTraefikServiceName: "shop" },
      apisix: { route: { name: "shop" } },
    });
    const { creationTimestamp: _, ...kept } = metadata;
    stores.rollouts.upsert({ ...rollout, metadata: { ...kept, resourceVersion: "1" } });
    await clock.advance(10);
    expect(store.find("default/shop")).toMatchObject({ kind: "refused" });
    stop.abort();
    return reports;
  };
  expect(await complained("traefikservices.traefik.containo.us")).toEqual([]);
  expect(await complained("apisixroutes.apisix.apache.org")).toHaveLength(1);
});
