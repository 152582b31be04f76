/** Istio in many made-up worlds. */
import { describe, expect, test } from "bun:test";
import { type Random, randomOf } from "../../test/golden/random.ts";
import { byDefault, routedBy, type RoutingWorld, routingWorld, wanting } from "../../test/golden/routingStories.ts";
import { istio } from "./istio.ts";
import type { ManagedRoute, RoutedObject, Traffic } from "./router.ts";

const seeds = Array.from({ length: 300 }, (_, seed) => seed);
const some = <T>(random: Random, list: readonly [T, ...T[]]): T => list[random(list.length)] ?? list[0];

const header: ManagedRoute = {
  kind: "header",
  name: "beta",
  match: [{ headerName: "a", headerValue: { exact: "b" } }],
};
const mirror: ManagedRoute = { kind: "mirror", name: "copy", match: [{ path: { prefix: "/" } }], percentage: 10 };
const settings = {
  virtualService: { name: "shop", routes: ["main"], tcpRoutes: [{ port: 1 }] },
  destinationRule: { name: "app", canarySubsetName: "canary", stableSubsetName: "stable" },
};
const rollout = routedBy({ istio: settings, managedRoutes: [{ name: "copy" }, { name: "beta" }], sessionAffinity: {} });

interface Destination {
  readonly destination: { readonly host: string; readonly subset?: string };
  readonly weight?: number;
}
interface Spec {
  readonly http: readonly { readonly name?: string; readonly route: readonly Destination[] }[];
  readonly subsets: readonly { readonly name: string; readonly labels: Readonly<Record<string, string>> }[];
}

/** Both destinations in any order, among others that get nothing. */
const randomRoute = (random: Random): readonly object[] => {
  const pair = [
    { destination: { host: "app", subset: "stable", port: { number: 80 } }, weight: 100 },
    { destination: { host: "app.default.svc", subset: "canary" }, weight: 0 },
  ];
  const others = [{ destination: { host: "docs" } }, { destination: { host: "app", subset: "night" }, weight: 0 }];
  return [...(random(2) === 0 ? pair : pair.toReversed()), ...others.slice(random(3))];
};

const randomWorld = (random: Random): RoutingWorld =>
  routingWorld([
    {
      apiVersion: "networking.istio.io/v1alpha3",
      kind: "VirtualService",
      metadata: { name: "shop", labels: { team: "shop" } },
      spec: {
        hosts: ["shop"],
        http: [
          ...(random(2) === 0 ? [{ name: "docs", route: [{ destination: { host: "docs" }, weight: 100 }] }] : []),
          { name: "main", timeout: "5s", route: randomRoute(random) },
          ...(random(2) === 0 ? [{ route: [{ destination: { host: "app", subset: "canary" } }] }] : []),
        ],
        tcp: [{ match: [{ port: 1 }], route: randomRoute(random) }, { match: [{ port: 2 }] }],
      },
    },
    {
      apiVersion: "networking.istio.io/v1alpha3",
      kind: "DestinationRule",
      metadata: { name: "app" },
      spec: {
        host: "app",
        subsets: ["stable", "canary", "night"].map((name) => ({ name, labels: { app: "web" }, trafficPolicy: {} })),
      },
    },
  ]);

const randomTraffic = (random: Random): Traffic => {
  const canaryWeight = some(random, [0, 0, 100, random(101)]);
  const canaryHash = some(random, ["b", "c"]);
  const affinity = { cookieName: "sluice-affinity", value: canaryHash, maxAge: 60 };
  return wanting(canaryWeight, {
    canaryHash,
    stableHash: "a",
    ...(canaryWeight > 0 && random(2) === 0 ? { affinity } : {}),
    routes: [mirror, header].filter(() => random(2) === 0),
    additional: ["exp-1", "exp-0"]
      .slice(random(3))
      .map((serviceName) => ({ serviceName, podTemplateHash: "e", weight: (random(101 - canaryWeight) / 2) | 0 })),
  });
};

const specs = (world: RoutingWorld): readonly Spec[] =>
  istio.reads(rollout, byDefault).map((ref) => (world.object(ref) as RoutedObject).spec as Spec);

describe("in any world", () => {
  test("the weights of a route that is divided are all of the traffic, and what has been done once is not done again", () => {
    for (const seed of seeds) {
      const random = randomOf(seed);
      const world = randomWorld(random);
      for (const traffic of [randomTraffic(random), randomTraffic(random)]) {
        expect(world.route(istio, rollout, traffic).kind).toBe("plan");
        expect(world.route(istio, rollout, traffic).writes).toEqual([]);
        const main = specs(world)[0]?.http.find(({ name }) => name === "main")?.route ?? [];
        expect([seed, main.reduce((sum, { weight = 0 }) => sum + weight, 0)]).toEqual([seed, 100]);
        const canary = main.find(({ destination }) => destination.subset === "canary");
        expect(canary?.weight ?? 0).toBe(traffic.canaryWeight);
      }
    }
  });

  test("when all requests are stable's again, a VirtualService is what it was, byte for byte", () => {
    for (const seed of seeds) {
      const random = randomOf(seed);
      const world = randomWorld(random);
      const [ref] = istio.reads(rollout, byDefault);
      if (ref === undefined) throw new Error("it reads nothing");
      world.route(istio, rollout, randomTraffic(random));
      world.route(istio, rollout, wanting(0));
      const before = JSON.stringify(world.object(ref)?.spec);
      for (let n = 0; n < 3; n++) world.route(istio, rollout, randomTraffic(random));
      world.route(istio, rollout, wanting(0));
      const after = world.object(ref);
      expect([seed, JSON.stringify(after?.spec)]).toEqual([seed, before]);
      expect([after?.metadata.labels, after?.metadata.annotations ?? {}]).toEqual([{ team: "shop" }, {}]);
    }
  });

  test("between two writes nobody is sent to a subset of a version whose pods may not be there", () => {
    for (const seed of seeds) {
      const random = randomOf(seed);
      const world = randomWorld(random);
      /** A version that gets requests has pods. A third one is without any, and stable's may be gone at a promotion. */
      const [before, after, alive] = some<readonly [Traffic, Traffic, readonly string[]]>(random, [
        [
          wanting(random(101), { canaryHash: "b", stableHash: "a" }),
          wanting(0, { canaryHash: "c", stableHash: "a" }),
          ["a"],
        ],
        [wanting(100, { canaryHash: "b", stableHash: "a" }), wanting(0, { canaryHash: "b", stableHash: "b" }), ["b"]],
        [wanting(0, { canaryHash: "", stableHash: "" }), wanting(0, { canaryHash: "b", stableHash: "a" }), ["a"]],
        [
          wanting(0, { canaryHash: "b", stableHash: "a" }),
          wanting(50, { canaryHash: "c", stableHash: "a" }),
          ["a", "c"],
        ],
      ]);
      world.route(istio, rollout, before);
      const plan = istio.route({ rollout, traffic: after, settings: byDefault, object: world.object });
      const served = new Set([...alive, ...(before.canaryWeight > 0 ? ["b"] : [])]);
      for (const write of plan.writes) {
        world.carryOut(write);
        const [service, rule] = specs(world);
        const hash = (subset?: string) =>
          rule?.subsets.find(({ name }) => name === subset)?.labels["rollouts-pod-template-hash"];
        const main = service?.http.find(({ name }) => name === "main")?.route ?? [];
        const sent = main.filter(({ weight = 0 }) => weight > 0).map(({ destination }) => hash(destination.subset));
        for (const one of sent) expect([seed, one === undefined || served.has(one)]).toEqual([seed, true]);
      }
    }
  });
});
