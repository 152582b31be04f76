import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import {
  byDefault,
  type RoutingStory,
  type RoutingWorld,
  routedBy,
  routingStories,
  routingWorld,
  wanting,
} from "../../test/golden/routingStories.ts";
import { expectGolden } from "../../test/golden/timeline.ts";
import { HASH_LABEL, TRAFFIC_SPLIT } from "../../schema/labels.ts";
import { appMesh } from "./appMesh.ts";

const group = {
  virtualNodeGroup: { stableVirtualNodeRef: { name: "vn-stable" }, canaryVirtualNodeRef: { name: "vn-canary" } },
};
const one = routedBy({ appMesh: { virtualService: { name: "shop" }, ...group } });
const named = (...routes: string[]) => routedBy({ appMesh: { virtualService: { name: "shop", routes }, ...group } });

const object = (kind: string, name: string, spec: unknown, metadata: object = {}) => ({
  apiVersion: "appmesh.k8s.aws/v1beta2",
  kind,
  metadata: { name, ...metadata },
  spec,
});
const service = (ref: object = { name: "vr" }) =>
  object("VirtualService", "shop", { provider: { virtualRouter: { virtualRouterRef: ref } } });
const node = (name: string, labels: object = { app: "web" }, more: object = {}) =>
  object("VirtualNode", name, { podSelector: { matchLabels: labels }, listeners: [{ port: 80 }], ...more });
const nodes = [node("vn-stable"), node("vn-canary")];
const target = (name: string, weight: unknown, namespace?: string) => ({
  virtualNodeRef: { name, ...(namespace === undefined ? {} : { namespace }) },
  weight,
});
const targets = (stable: number, canary: number) => [target("vn-canary", canary), target("vn-stable", stable)];
const route = (name: string, weightedTargets: unknown, type = "httpRoute") => ({
  name,
  [type]: { match: { prefix: "/" }, action: { weightedTargets }, retryPolicy: { maxRetries: 3 } },
});
const router = (routes: unknown, metadata: object = {}) =>
  object("VirtualRouter", "vr", { listeners: [], routes }, metadata);

const stories: readonly RoutingStory[] = [
  {
    sentence: "Weights in a VirtualRouter, and the pods of two VirtualNodes",
    rollout: one,
    objects: [service(), ...nodes, router([route("r", targets(100, 0))])],
    wants: [
      wanting(0, { canaryHash: "old" }),
      wanting(0),
      wanting(20),
      wanting(100),
      wanting(0, { canaryHash: "new", stableHash: "new" }),
    ],
  },
  {
    sentence: "No revision is known yet: the VirtualNodes select nobody",
    rollout: one,
    objects: [service(), ...nodes, router([route("r", targets(100, 0))])],
    wants: [wanting(0, { canaryHash: "", stableHash: "" })],
  },
  {
    sentence: "Routes of all types; targets that are not ours stay",
    rollout: one,
    objects: [
      service({ name: "vr", namespace: "default" }),
      node("vn-stable", { app: "web", [HASH_LABEL]: "stable-hash" }),
      object("VirtualNode", "vn-canary", {}),
      router(
        [
          route("a", [target("vn-stable", 100, "elsewhere"), ...targets(100, 0), target("other", 3)]),
          route("b", targets(100, 0), "http2Route"),
          route("c", targets(100, 0), "grpcRoute"),
          route("d", [target("vn-stable", 100, "default"), target("vn-canary", 0, "")], "tcpRoute"),
          route("e", [target("other", 100)]),
        ],
        { labels: { team: "shop" } },
      ),
    ],
    wants: [wanting(5)],
  },
  {
    sentence: "Routes by name",
    rollout: named("b"),
    objects: [service(), ...nodes, router([route("a", targets(100, 0)), route("b", targets(100, 0))])],
    wants: [wanting(5)],
  },
  {
    sentence: "A route by name does not exist: the other is written",
    rollout: named("a", "z"),
    objects: [service(), ...nodes, router([route("a", targets(100, 0))])],
    wants: [wanting(5)],
  },
  {
    sentence: "A VirtualRouter of another namespace has no mark",
    rollout: one,
    objects: [
      service({ name: "vr", namespace: "mesh" }),
      ...nodes,
      router([route("r", [target("vn-stable", 100, "default"), target("vn-canary", 0)])], { namespace: "mesh" }),
    ],
    wants: [wanting(20)],
  },
  {
    sentence: "Weights out of another router's total are brought to a hundred",
    rollout: one,
    objects: [service(), ...nodes, router([route("r", targets(100, 0))])],
    wants: [wanting(125, { total: 1000 })],
  },
  { sentence: "Nothing is there", rollout: one, objects: [], wants: [wanting(5)] },
  { sentence: "No VirtualService", rollout: one, objects: nodes, wants: [wanting(5)] },
  {
    sentence: "A VirtualService without a VirtualRouter",
    rollout: one,
    objects: [...nodes, object("VirtualService", "shop", { provider: { virtualNode: {} } })],
    wants: [wanting(5)],
  },
  { sentence: "No VirtualRouter", rollout: one, objects: [...nodes, service()], wants: [wanting(5)] },
  {
    sentence: "One VirtualNode is missing: the weights are written all the same",
    rollout: one,
    objects: [node("vn-stable"), service(), router([route("r", targets(50, 50))])],
    wants: [wanting(0)],
  },
  {
    sentence: "No route has both VirtualNodes",
    rollout: one,
    objects: [service(), ...nodes, router([route("r", [target("vn-stable", 100)])])],
    wants: [wanting(5)],
  },
  { sentence: "No routes", rollout: one, objects: [service(), ...nodes, router(undefined)], wants: [wanting(5)] },
  {
    sentence: "Routes of anything: what can be divided is",
    rollout: one,
    objects: [
      service(),
      ...nodes,
      router([
        route("a", [
          null,
          7,
          {},
          target("x", "y"),
          { virtualNodeRef: 7 },
          target("vn-stable", "much"),
          target("vn-canary", 0),
        ]),
        { name: "b", httpRoute: "none" },
        { name: 7 },
        null,
      ]),
    ],
    wants: [wanting(5)],
  },
  {
    sentence: "No VirtualNodes are named",
    rollout: routedBy({ appMesh: { virtualService: { name: "shop" } } }),
    objects: [service()],
    wants: [wanting(5)],
  },
];

test("writes these weights and selectors and no more", () => {
  expectGolden(join(import.meta.dir, "appMesh.golden.txt"), routingStories(appMesh, stories));
});

const reliance = (world: RoutingWorld, canaryWeight: number): readonly string[] => {
  const { writes } = appMesh.route({
    rollout: one,
    traffic: wanting(canaryWeight, canaryWeight === 0 ? { canaryHash: "new", stableHash: "new" } : {}),
    settings: byDefault,
    object: world.object,
  });
  return writes.map(({ ref, relies }) => `${ref.name}${relies === true ? " relies" : ""}`);
};

test("requests go to pods that are selected already, and pods are selected for fewer requests after these", () => {
  const world = routingWorld([service(), ...nodes, router([route("r", targets(100, 0))])]);
  expect(reliance(world, 60)).toEqual(["vn-canary", "vr relies", "vn-stable relies"]);
  world.route(appMesh, one, wanting(60));
  expect(reliance(world, 0)).toEqual(["vn-stable", "vr relies", "vn-canary relies"]);
});

describe("what a Rollout has left", () => {
  const refs = appMesh.reads(one, byDefault);
  const mark = {
    annotations: { [TRAFFIC_SPLIT]: JSON.stringify({ web: { stable: "vn-stable", canary: "vn-canary" } }) },
  };
  const released = (kind: string, name: string, spec: unknown, gone = ["web"]) => {
    const ref = refs.find(({ resource }) => resource.kind === kind);
    if (ref === undefined) throw new Error(`reads no ${kind}`);
    const left = {
      ...object(kind, name, spec),
      metadata: { name, namespace: "default", resourceVersion: "7", ...mark },
    };
    expect(appMesh.release?.holders(left)).toEqual(["web"]);
    return appMesh.release?.plan({ ...ref, name }, left, new Set(gone));
  };
  const clean = { metadata: { annotations: { [TRAFFIC_SPLIT]: null } } };
  const selecting = (hash: string | null) => ({ spec: { podSelector: { matchLabels: { [HASH_LABEL]: hash } } } });

  test("in a VirtualRouter goes wholly to stable", () => {
    const spec = { routes: [route("r", targets(60, 40))] };
    expect(released("VirtualRouter", "vr", spec)).toMatchObject({
      patch: { ...clean, spec: { routes: [route("r", targets(100, 0))] } },
    });
    expect(released("VirtualRouter", "vr", spec, ["other"])).toBeUndefined();
  });

  test("in the VirtualNodes is one revision: stable's selects all pods again, the canary's nobody", () => {
    expect(released("VirtualNode", "vn-stable", {})).toMatchObject({ patch: { ...clean, ...selecting(null) } });
    expect(released("VirtualNode", "vn-canary", {})).toMatchObject({
      patch: { ...clean, ...selecting("canary-hash") },
    });
    expect(released("VirtualNode", "vn-canary", {}, ["other"])).toBeUndefined();
  });
});

test("its kinds have the version that the flag names", () => {
  const versions = appMesh.resources({ ...byDefault, appMeshCrdVersion: "v1beta3" }).map(({ version }) => version);
  expect(new Set(versions)).toEqual(new Set(["v1beta3"]));
});
