/** What a Rollout leaves on the objects of Istio when it is gone. */
import { describe, expect, test } from "bun:test";
import { byDefault, routedBy, routingWorld, wanting } from "../../test/golden/routingStories.ts";
import { istio } from "./istio.ts";
import type { ManagedRoute, RoutedObject, Traffic } from "./router.ts";

const to = (host: string, weight?: number, more: object = {}) => ({
  destination: { host, ...more },
  ...(weight === undefined ? {} : { weight }),
});
const byHost = [to("web", 100), to("web-next", 0)];
const bySubset = [to("app", 100, { subset: "stable" }), to("app", 0, { subset: "canary" })];
const service = (spec: object) => ({
  apiVersion: "networking.istio.io/v1alpha3",
  kind: "VirtualService",
  metadata: { name: "shop" },
  spec: { hosts: ["shop.example"], ...spec },
});
const rule = (subsets: readonly unknown[]) => ({
  apiVersion: "networking.istio.io/v1alpha3",
  kind: "DestinationRule",
  metadata: { name: "app" },
  spec: { host: "app", subsets },
});
const subset = (name: string, labels: object = { app: "web" }, more: object = {}) => ({ name, labels, ...more });
const managedRoutes = [{ name: "copy" }, { name: "beta" }];
const routes: readonly ManagedRoute[] = [
  { kind: "mirror", name: "copy", match: [{ path: { prefix: "/" } }], percentage: 35 },
  { kind: "header", name: "beta", match: [{ headerName: "x-user", headerValue: { exact: "me" } }] },
];
const additional = [{ serviceName: "web-a", podTemplateHash: "a", weight: 5 }];
const bySubsets = routedBy({
  istio: {
    virtualService: { name: "shop" },
    destinationRule: { name: "app", canarySubsetName: "canary", stableSubsetName: "stable" },
  },
});

describe("released", () => {
  const service0 = service({
    gateways: ["g"],
    http: [
      { name: "docs", route: [to("docs")] },
      { name: "main", timeout: "5s", route: byHost },
    ],
    tcp: [{ match: [{ port: 1 }], route: byHost }],
  });
  const rollout = routedBy({ istio: { virtualService: { name: "shop.prod", routes: ["main"] } }, managedRoutes });

  function left(
    objects: Parameters<typeof routingWorld>[0],
    by: typeof rollout,
    traffic: Traffic,
    gone: readonly string[],
  ) {
    const world = routingWorld(objects);
    world.route(istio, by, traffic);
    const refs = istio.reads(by, byDefault);
    return refs.map((ref) => {
      const object = world.object(ref) as RoutedObject;
      const write = istio.release?.plan(ref, object, new Set(gone));
      if (write !== undefined) world.carryOut(write);
      const { metadata, spec } = world.object(ref) as RoutedObject;
      const { annotations = {} } = metadata;
      return { holders: istio.release?.holders(object), annotations, spec };
    });
  }

  test("in the middle of an update a VirtualService is what it was, also one of another namespace", () => {
    const traffic = wanting(20, { additional, routes });
    const before = { ...service0, metadata: { ...service0.metadata, namespace: "prod" } };
    expect(left([before], rollout, traffic, ["default/web"])).toEqual([
      { holders: ["default/web"], annotations: {}, spec: before.spec },
    ]);
  });

  test("a VirtualService is left alone by others who go, and is marked with nobody between two updates", () => {
    const own = routedBy({ istio: { virtualService: { name: "shop", routes: ["main"] } } });
    const [after] = left([service0], own, wanting(20), ["cart"]);
    expect([after?.holders, Object.keys(after?.annotations ?? {})]).toEqual([
      ["web"],
      ["sluice.dev/split-by-rollouts"],
    ]);
    expect(left([service0], own, wanting(0), ["web"])).toEqual([{ holders: [], annotations: {}, spec: service0.spec }]);
  });

  test("the subsets of a DestinationRule select the pods of all revisions again", () => {
    const before = rule([subset("stable"), subset("canary", { app: "web" }, { trafficPolicy: {} }), subset("other")]);
    const [, after] = left([service({ http: [{ route: bySubset }] }), before], bySubsets, wanting(50), ["web"]);
    expect(after).toEqual({ holders: ["web"], annotations: {}, spec: before.spec });
    const bare = rule([{ name: "stable" }, { name: "canary" }]);
    const [, emptied] = left([service({ http: [{ route: bySubset }] }), bare], bySubsets, wanting(50), ["web"]);
    expect(emptied?.spec).toEqual(bare.spec);
    const [, kept] = left([service({ http: [{ route: bySubset }] }), before], bySubsets, wanting(50), ["cart"]);
    expect(kept?.annotations).toEqual({ "argo-rollouts.argoproj.io/managed-by-rollouts": "web" });
  });
});
