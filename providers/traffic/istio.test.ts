import { expect, test } from "bun:test";
import { join } from "node:path";
import {
  byDefault,
  type RoutingStory,
  routedBy,
  routingStories,
  routingWorld,
  wanting,
} from "../../test/golden/routingStories.ts";
import { expectGolden } from "../../test/golden/timeline.ts";
import { istio } from "./istio.ts";
import type { ManagedRoute, RoutedObject, Traffic } from "./router.ts";

const to = (host: string, weight?: number, more: object = {}) => ({
  destination: { host, ...more },
  ...(weight === undefined ? {} : { weight }),
});
const byHost = (weight = 0) => [to("web", 100 - weight), to("web-next", weight)];
const bySubset = (weight = 0) => [
  to("app", 100 - weight, { subset: "stable" }),
  to("app", weight, { subset: "canary" }),
];
const service = (spec: object, metadata: object = {}) => ({
  apiVersion: "networking.istio.io/v1alpha3",
  kind: "VirtualService",
  metadata: { name: "shop", ...metadata },
  spec: { hosts: ["shop.example"], ...spec },
});
const rule = (subsets: readonly unknown[], more: object = {}) => ({
  apiVersion: "networking.istio.io/v1alpha3",
  kind: "DestinationRule",
  metadata: { name: "app", ...more },
  spec: { host: "app", trafficPolicy: { loadBalancer: { simple: "ROUND_ROBIN" } }, subsets },
});
const subset = (name: string, labels: object = { app: "web" }, more: object = {}) => ({ name, labels, ...more });

const settings = { virtualService: { name: "shop" } };
const one = routedBy({ istio: settings });
const subsets = { name: "app", canarySubsetName: "canary", stableSubsetName: "stable" };
const noServices = { stableService: undefined, canaryService: undefined } as unknown as object;
const split = (more: object = {}, istioMore: object = {}) =>
  routedBy({ istio: { ...settings, destinationRule: subsets, ...istioMore }, ...more }, noServices);
const experiment = (weight: number): Partial<Traffic> => ({
  additional: [
    { serviceName: "web-b", podTemplateHash: "b", weight },
    { serviceName: "web-a", podTemplateHash: "a", weight: 5 },
  ],
});
const header: ManagedRoute = {
  kind: "header",
  name: "beta",
  match: [
    { headerName: "x-user", headerValue: { exact: "me" } },
    { headerName: "agent", headerValue: { regex: "Fire.*", prefix: "" } },
  ],
};
const mirror: ManagedRoute = {
  kind: "mirror",
  name: "copy",
  match: [{ method: { exact: "GET" }, path: { prefix: "/api" }, headers: { tier: { exact: "free" } } }],
  percentage: 35,
};
const managedRoutes = [{ name: "copy" }, { name: "beta" }];
const managed = routedBy({ istio: settings, managedRoutes });
const twoSubsets = [subset("stable"), subset("canary")];

const stories: readonly RoutingStory[] = [
  {
    sentence: "The only route gets weights; the object is what it was when all requests are stable's again",
    rollout: one,
    objects: [
      service({
        gateways: ["g"],
        http: [{ timeout: "5s", route: [to("web", 100, { port: { number: 80 } }), to("web-next.default.svc", 0)] }],
      }),
    ],
    wants: [wanting(0), wanting(20), wanting(100), wanting(0)],
  },
  {
    sentence: "Weights that are absent count as 0",
    rollout: one,
    objects: [service({ http: [{ route: [to("web"), to("web-next")] }] })],
    wants: [wanting(0), wanting(100), wanting(0)],
  },
  {
    sentence: "Named routes of several VirtualServices, one in another namespace",
    rollout: routedBy({
      istio: {
        virtualServices: [
          { name: "shop", routes: ["b", "a"] },
          { name: "v.far.prod", routes: ["x"] },
          { name: "shop.default.cluster.local" },
        ],
      },
    }),
    objects: [
      service({
        http: [
          { name: "a", route: byHost() },
          { name: "docs", route: [to("docs")] },
          { name: "b", route: byHost() },
        ],
      }),
      service({ http: [{ name: "x", route: byHost() }, { route: byHost(7) }] }, { name: "v.far", namespace: "prod" }),
    ],
    wants: [wanting(20)],
  },
  {
    sentence: "TLS and TCP routes by their ports and hosts",
    rollout: routedBy({
      istio: {
        virtualService: { name: "shop", tlsRoutes: [{ port: 443, sniHosts: ["b", "a"] }], tcpRoutes: [{ port: 3306 }] },
      },
    }),
    objects: [
      service({
        tls: [
          { match: [{ port: 443, sniHosts: ["a", "b"] }], route: byHost() },
          { match: [{ port: 443, sniHosts: ["c"] }], route: byHost() },
        ],
        tcp: [
          { match: [{ port: 3306 }], route: byHost() },
          { match: [{ port: 1 }, { port: 3306 }], route: byHost() },
        ],
      }),
    ],
    wants: [wanting(30), wanting(0)],
  },
  {
    sentence: "Without a list the only TLS route and the only TCP route, beside one for HTTP",
    rollout: one,
    objects: [
      service({
        http: [{ route: byHost() }],
        tls: [{ match: [{ sniHosts: ["a"] }], route: byHost() }],
        tcp: [{ route: byHost() }],
      }),
    ],
    wants: [wanting(40)],
  },
  {
    sentence: "Subsets of a DestinationRule: labels first, then weights, and the other way round for a third version",
    rollout: split(),
    objects: [
      service({ http: [{ route: bySubset() }] }),
      rule([
        subset("stable", { app: "web" }, { trafficPolicy: { tls: { mode: "SIMPLE" } } }),
        subset("canary"),
        subset("other"),
      ]),
    ],
    wants: [
      wanting(0, { stableHash: "" }),
      wanting(20),
      wanting(0, { canaryHash: "third" }),
      wanting(100, { canaryHash: "third" }),
      wanting(0, { canaryHash: "third", stableHash: "third" }),
    ],
  },
  {
    sentence: "An experiment has destinations and subsets of its own while it runs; those of others stay",
    rollout: split({}, { destinationRule: { ...subsets, additionalSubsetNames: ["night"] } }),
    objects: [
      service({ http: [{ route: [...bySubset(), to("app", 10, { subset: "night" })] }] }),
      rule([...twoSubsets, subset("night", { "rollouts-pod-template-hash": "n" })]),
    ],
    wants: [wanting(10, experiment(20)), wanting(10, experiment(0)), wanting(0)],
  },
  {
    sentence: "An experiment by host; a destination that is nobody's and gets requests goes, one without stays",
    rollout: one,
    objects: [service({ http: [{ route: [...byHost(), to("old", 5), to("spare"), to(".")] }] })],
    wants: [wanting(15, experiment(90)), wanting(0)],
  },
  {
    sentence: "Header and mirror routes stand first, in the order of managedRoutes, and go together",
    rollout: routedBy({ istio: { virtualService: { name: "shop", routes: ["main"] } }, managedRoutes }),
    objects: [
      service({
        http: [
          { name: "docs", match: [{ uri: { prefix: "/docs" } }], route: [to("docs")] },
          { name: "main", route: byHost() },
          { route: [to("web-next", 1)] },
        ],
      }),
    ],
    wants: [wanting(20, { routes: [mirror, header] }), wanting(0)],
  },
  {
    sentence: "Header and mirror routes come one after the other, their copies have the weights, and go",
    rollout: managed,
    objects: [
      service({ http: [{ name: "main", route: [to("web", 100, { port: { number: 8080 } }), to("web-next", 0)] }] }),
    ],
    wants: [
      wanting(0, { routes: [header] }),
      wanting(0, { routes: [mirror, header] }),
      wanting(25, { routes: [mirror, header] }),
      wanting(25, { routes: [mirror] }),
      wanting(0),
    ],
  },
  {
    sentence: "Header and mirror routes lead to the canary's subset of the DestinationRule's host",
    rollout: split({ managedRoutes }),
    objects: [service({ http: [{ route: bySubset() }] }), rule(twoSubsets)],
    wants: [wanting(0, { routes: [mirror, header] }), wanting(0)],
  },
  {
    sentence: "Header routes where there is no HTTP",
    rollout: managed,
    objects: [service({ tcp: [{ route: byHost() }] })],
    wants: [wanting(5, { routes: [header] }), wanting(5, { routes: [mirror] })],
  },
  {
    sentence: "Ping-pong: pong is stable at first",
    rollout: routedBy({ istio: settings }, { ...noServices, pingPong: { pingService: "ping", pongService: "pong" } }),
    objects: [service({ http: [{ route: [to("ping", 0), to("pong", 100)] }] })],
    wants: [wanting(20), wanting(0)],
  },
  {
    sentence: "Weights out of 1000",
    rollout: routedBy({ istio: settings, maxTrafficWeight: 1000 }),
    objects: [service({ http: [{ route: byHost() }] })],
    wants: [wanting(1, { total: 1000 })],
  },
  {
    sentence: "The Rollout selects another route in the middle of an update: the first one is stable's again",
    rollout: routedBy({ istio: { virtualService: { name: "shop", routes: ["b"] } } }),
    objects: [
      service(
        {
          http: [
            { name: "a", route: byHost(20) },
            { name: "gone", route: [to("web-next", 100)] },
            { name: "b", route: byHost() },
          ],
        },
        {
          annotations: {
            "sluice.dev/split-by-rollouts":
              '{"default/web":{"stable":"web","canary":"web-next","routes":["a"],"managed":["gone"]}}',
          },
        },
      ),
    ],
    wants: [wanting(20)],
  },
  {
    sentence: "The user's own routes have names of managedRoutes: they stay",
    rollout: routedBy({ istio: { virtualService: { name: "shop", routes: ["main"] } }, managedRoutes }),
    objects: [
      service({
        http: [
          { name: "beta", match: [{ uri: { prefix: "/beta" } }], route: [to("docs")] },
          { name: "main", route: byHost() },
        ],
      }),
    ],
    wants: [wanting(0), wanting(20, { routes: [header] }), wanting(0)],
  },
  {
    sentence: "The only route has a name of managedRoutes: it is divided",
    rollout: routedBy({ istio: { virtualService: { name: "shop" } }, managedRoutes: [{ name: "main" }] }),
    objects: [service({ http: [{ name: "main", route: byHost() }] })],
    wants: [wanting(0), wanting(20), wanting(0)],
  },
  {
    sentence: "A mark that cannot be read is written anew, or goes",
    rollout: routedBy({ istio: { virtualServices: [{ name: "shop" }, { name: "side" }] } }),
    objects: [
      service({ http: [{ route: byHost() }] }, { annotations: { "sluice.dev/split-by-rollouts": "[1" } }),
      service({ http: [{ route: byHost() }] }, { name: "side", annotations: { "sluice.dev/split-by-rollouts": "7" } }),
    ],
    wants: [wanting(20), wanting(0)],
  },
  {
    sentence: "Another Rollout's mark stays",
    rollout: one,
    objects: [
      service(
        { http: [{ route: byHost() }] },
        {
          annotations: {
            "sluice.dev/split-by-rollouts": '{"prod/cart":{"stable":"a","canary":"b","routes":["x"],"total":10}}',
          },
        },
      ),
    ],
    wants: [wanting(20), wanting(0)],
  },
  {
    sentence: "A VirtualService and a DestinationRule that are missing",
    rollout: split({}, { virtualService: undefined, virtualServices: [{ name: "none.prod" }, { name: "shop" }] }),
    objects: [service({ http: [{ route: bySubset() }] })],
    wants: [wanting(20, { routes: [header] })],
  },
  {
    sentence: "A DestinationRule is another Rollout's: weights may fall, but not rise",
    rollout: split(),
    objects: [
      service({ http: [{ route: bySubset(10) }] }),
      rule(twoSubsets, { annotations: { "argo-rollouts.argoproj.io/managed-by-rollouts": "cart" } }),
    ],
    wants: [wanting(20, { routes: [header] }), wanting(5), wanting(6, { routes: [header] })],
  },
  {
    sentence: "A DestinationRule has no subset for the canary",
    rollout: split(),
    objects: [service({ http: [{ route: bySubset() }] }), rule([subset("stable")])],
    wants: [wanting(20)],
  },
  {
    sentence: "A route does not lead to the canary",
    rollout: one,
    objects: [service({ http: [{ route: [to("web", 100)] }] })],
    wants: [wanting(20)],
  },
];

test("writes these weights and labels and no more", () => {
  expectGolden(join(import.meta.dir, "istio.golden.txt"), routingStories(istio, stories));
});

test("weights that rise rely on the subsets, subsets that get other pods on the weights, and an abort on nothing", () => {
  const world = routingWorld([service({ http: [{ route: bySubset() }] }), rule(twoSubsets)]);
  const reliance = (traffic: Traffic): readonly string[] => {
    const { writes } = istio.route({ rollout: split(), traffic, settings: byDefault, object: world.object });
    world.route(istio, split(), traffic);
    return writes.map(({ ref, relies }) => `${ref.name}${relies === true ? " relies" : ""}`);
  };
  // Subsets as in Git select all pods: stable's may have to do with few.
  expect(reliance(wanting(60))).toEqual(["shop", "app relies"]);
  expect(reliance(wanting(0))).toEqual(["shop"]);
  expect(reliance(wanting(20, { canaryHash: "third" }))).toEqual(["app", "shop relies"]);
  expect(reliance(wanting(0, { canaryHash: "fourth" }))).toEqual(["shop", "app relies"]);
});

test("reads its objects in the version that the controller was told, each once, with the namespace in the name", () => {
  const rollout = split(
    {},
    { virtualService: undefined, virtualServices: [{ name: "a" }, { name: "b.c.d.cluster.local" }, { name: "a" }] },
  );
  const seen = istio.reads(rollout, { ...byDefault, istioVersion: "v1" });
  expect(seen.map(({ resource, namespace, name }) => [resource.kind, resource.version, namespace, name])).toEqual([
    ["VirtualService", "v1", "default", "a"],
    ["VirtualService", "v1", "d", "b.c"],
    ["DestinationRule", "v1", "default", "app"],
  ]);
});

const hostile: readonly unknown[] = [
  undefined,
  null,
  7,
  "x",
  [],
  {},
  [null],
  [7],
  [[]],
  [{}],
  [{ route: 7 }],
  [{ route: [null, 7, {}, { destination: 7 }, { destination: { host: 7, port: "x" }, weight: "9" }] }],
];

test("whatever stands in its objects, a fault says what is wrong and nothing is thrown", () => {
  for (const rollout of [managed, split({ managedRoutes })]) {
    for (const odd of hostile) {
      for (const member of ["http", "tls", "tcp", "subsets"]) {
        const objects: Record<string, RoutedObject> = {
          virtualservices: { metadata: { name: "shop", namespace: "default" }, spec: { [member]: odd } },
          destinationrules: { metadata: { name: "app", namespace: "default" }, spec: { [member]: odd } },
        };
        const object = ({ resource }: { readonly resource: { readonly plural: string } }) => objects[resource.plural];
        const plan = istio.route({
          rollout,
          traffic: wanting(20, { routes: [mirror, header] }),
          settings: byDefault,
          object,
        });
        expect([member, odd, plan.kind]).toEqual([member, odd, "fault"]);
        const annotations = { "sluice.dev/split-by-rollouts": '{"default/web":{"stable":"web","canary":7},"x":null}' };
        for (const ref of istio.reads(rollout, byDefault)) {
          const spec = { [member]: odd };
          const released = istio.release?.plan(
            ref,
            { metadata: { name: "shop", namespace: "default", annotations }, spec },
            new Set(["web"]),
          );
          expect(released === undefined || released.kind === "patch").toBeTrue();
        }
      }
    }
  }
});
