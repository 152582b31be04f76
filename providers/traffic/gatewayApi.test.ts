import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import {
  byDefault,
  routedBy,
  type RoutingStory,
  routingStories,
  routingWorld,
  wanting,
} from "../../test/golden/routingStories.ts";
import { expectGolden } from "../../test/golden/timeline.ts";
import { GATEWAY_PLUGIN } from "./gatewayStanza.ts";
import { plugins } from "./plugins.ts";
import type { ManagedRoute } from "./router.ts";

type More = NonNullable<Parameters<typeof routedBy>[1]>;

const routedBySettings = (settings: object, names: readonly string[] = [], more: More = {}) =>
  routedBy(
    {
      plugins: { [GATEWAY_PLUGIN]: settings },
      ...(names.length === 0 ? {} : { managedRoutes: names.map((name) => ({ name })) }),
    },
    more,
  );

const web = { name: "web", port: 80 };
const next = { name: "web-next", port: 80 };
const halves = [
  { ...web, weight: 100 },
  { ...next, weight: 0 },
];
const route = (name: string, rules: unknown, more: object = {}, kind = "HTTPRoute", version = "v1") => ({
  apiVersion: `gateway.networking.k8s.io/${version}`,
  kind,
  metadata: { name, ...more },
  spec: { parentRefs: [{ name: "public" }], rules },
});
const gatewayClass = (name: string, controllerName: string, features: readonly string[]) => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "GatewayClass",
  metadata: { name },
  spec: { controllerName },
  status: { supportedFeatures: features.map((feature) => ({ name: feature })) },
});
/** A route on which this controller has reported. */
const reported = (controllerName: string) => ({
  ...route("shop", [{ backendRefs: halves }]),
  status: { parents: [{ parentRef: { name: "public" }, controllerName, conditions: [] }] },
});
const header = (name: string, ...match: readonly (readonly [string, object])[]): ManagedRoute => ({
  kind: "header",
  name,
  match: match.map(([headerName, headerValue]) => ({ headerName, headerValue })),
});
const mirror = (
  name: string,
  match: Extract<ManagedRoute, { kind: "mirror" }>["match"],
  percentage = 100,
): ManagedRoute => ({ kind: "mirror", name, match, percentage });
const beta = header("beta", ["x-beta", { exact: "yes" }]);
const path = (value: string, type = "PathPrefix") => ({ path: { type, value } });
const one = routedBySettings({ httpRoute: "shop" }, ["beta", "copy"]);
const experiment = { additional: [{ serviceName: "web-a", podTemplateHash: "a", weight: 5 }] };

const stories: readonly RoutingStory[] = [
  {
    sentence: "The user's rule has a name of managedRoutes: it is divided, and stays",
    rollout: one,
    objects: [route("shop", [{ name: "beta", backendRefs: halves }])],
    wants: [wanting(0), wanting(20), wanting(0)],
  },
  {
    sentence: "An HTTPRoute as in Git is that again once stable has all; what else stands in it stays",
    rollout: one,
    objects: [
      route(
        "shop",
        [
          {
            name: "users",
            matches: [path("/")],
            timeouts: { request: "5s" },
            backendRefs: [
              { ...web, weight: 1, filters: [{ type: "ExtensionRef" }] },
              { ...next, weight: 0 },
            ],
          },
          { matches: [path("/docs")], backendRefs: [{ name: "docs", port: 80 }] },
          { matches: [path("/preview")], backendRefs: [next] },
        ],
        { labels: { team: "shop" }, annotations: { note: "ours" } },
      ),
    ],
    wants: [wanting(0), wanting(20), wanting(100), wanting(0)],
  },
  {
    sentence: "Weights that nobody has set are written, out of the total",
    rollout: routedBySettings({ httpRoute: "shop" }),
    objects: [route("shop", [{ backendRefs: [web, next] }])],
    wants: [wanting(0, { total: 1000 }), wanting(5, { total: 1000 }), wanting(3_000_000, { total: 4_000_000 })],
  },
  {
    sentence:
      "A header route is made for each rule that is divided, with its matches and filters, and keeps its weight",
    rollout: one,
    objects: [
      route("shop", [
        {
          matches: [
            { ...path("/products"), method: "GET" },
            { ...path("/p"), headers: [{ name: "lang", value: "de" }] },
          ],
          filters: [{ type: "URLRewrite", urlRewrite: { hostname: "shop" } }],
          retry: { attempts: 2 },
          backendRefs: [
            { ...web, weight: 100 },
            { ...next, weight: 0, filters: [{ type: "ExtensionRef" }] },
          ],
        },
        { backendRefs: halves },
      ]),
    ],
    wants: [
      wanting(0, { routes: [beta] }),
      wanting(20, { routes: [header("beta", ["x-beta", { prefix: "v1." }], ["x-team", { regex: "qa|dev" }])] }),
      wanting(20, { routes: [header("beta", ["x-beta", { exact: "a" }], ["X-Beta", { exact: "b" }])] }),
      wanting(0),
    ],
  },
  {
    sentence: "A mirror copies a share of the requests, and divides them as the rule does",
    rollout: one,
    objects: [route("shop", [{ matches: [path("/shop")], filters: [{ type: "CORS" }], backendRefs: halves }])],
    wants: [
      wanting(20, { routes: [mirror("copy", [], 35)] }),
      wanting(40, {
        routes: [
          mirror("copy", [
            { method: { exact: "GET" }, path: { prefix: "/shop/cart" }, headers: { "x-m": { exact: "1" } } },
            { method: { regex: "PUT|POST" }, path: { prefix: "/" } },
            { path: { exact: "/elsewhere" } },
          ]),
          beta,
        ],
      }),
      wanting(0),
    ],
  },
  {
    sentence: "Experiments get their part of what was stable's, and are taken out when they are over",
    rollout: one,
    objects: [route("shop", [{ backendRefs: [...halves, { name: "legacy", port: 80, weight: 7 }] }])],
    wants: [wanting(10, experiment), wanting(10), wanting(0)],
  },
  {
    sentence: "Routes of all kinds, by list; only those that say so take header routes",
    rollout: routedBySettings(
      {
        httpRoutes: [{ name: "shop", useHeaderRoutes: true }, { name: "api" }],
        grpcRoutes: [{ name: "calls", useHeaderRoutes: true }],
        tcpRoute: "db",
        tlsRoutes: [{ name: "tls" }],
      },
      ["beta"],
    ),
    objects: [
      route("shop", [{ backendRefs: halves }]),
      route("api", [{ backendRefs: halves }]),
      route("calls", [{ matches: [{ method: { service: "a.B" } }], backendRefs: halves }], {}, "GRPCRoute"),
      route("db", [{ backendRefs: halves }], {}, "TCPRoute", "v1alpha2"),
      route("tls", [{ backendRefs: halves }], {}, "TLSRoute", "v1alpha2"),
    ],
    wants: [wanting(20, { routes: [beta] })],
  },
  {
    sentence: "Routes that are selected by their labels; one that is not any more gets its weights back",
    rollout: routedBySettings({
      httpRouteSelector: { matchLabels: { app: "web" }, matchExpressions: [{ key: "old", operator: "DoesNotExist" }] },
    }),
    objects: [
      route("shop", [{ backendRefs: halves }], { labels: { app: "web" } }),
      route("api", [{ backendRefs: halves }], { labels: { app: "web", old: "" } }),
      route(
        "left",
        [
          {
            backendRefs: [
              { ...web, weight: 80 },
              { ...next, weight: 20 },
            ],
          },
          { name: "beta", backendRefs: [next] },
        ],
        {
          labels: { "rollouts.argoproj.io/gatewayapi-canary": "in-progress" },
          annotations: {
            "rollouts.argoproj.io/managed-gateway-routes": JSON.stringify({
              web: {
                stable: "web",
                canary: "web-next",
                was: 1,
                routes: ["beta"],
                label: "rollouts.argoproj.io/gatewayapi-canary",
              },
            }),
          },
        },
      ),
    ],
    wants: [wanting(20), wanting(0)],
  },
  {
    sentence: "Routes of another namespace",
    rollout: routedBySettings({ httpRoute: "shop", namespace: "edge" }),
    objects: [
      route("shop", [{ backendRefs: halves.map((backend) => ({ ...backend, namespace: "default" })) }], {
        namespace: "edge",
      }),
    ],
    wants: [wanting(20, experiment), wanting(0)],
  },
  {
    sentence: "A label of one's own; two Rollouts share a route",
    rollout: routedBySettings({ httpRoute: "shop", inProgressLabelKey: "busy", inProgressLabelValue: "yes" }),
    objects: [
      route(
        "shop",
        [
          { backendRefs: halves },
          {
            backendRefs: [
              { name: "cart", weight: 9 },
              { name: "cart-next", weight: 1 },
            ],
          },
        ],
        {
          labels: { busy: "yes" },
          annotations: {
            "rollouts.argoproj.io/managed-gateway-routes":
              '{"cart":{"stable":"cart","canary":"cart-next","routes":[],"experiments":[],"label":"busy"}}',
          },
        },
      ),
    ],
    wants: [wanting(20), wanting(0)],
  },
  {
    sentence: "Without the label",
    rollout: routedBySettings({ httpRoute: "shop", disableInProgressLabel: true }),
    objects: [route("shop", [{ backendRefs: halves }])],
    wants: [wanting(20)],
  },
  {
    sentence: "A route that is missing, and one that leads elsewhere: the others are written all the same",
    rollout: routedBySettings({
      httpRoutes: [{ name: "gone" }, { name: "elsewhere" }, { name: "shop" }],
      tcpRoute: "db",
    }),
    objects: [
      route("elsewhere", [{ backendRefs: [web] }]),
      route("shop", [{ backendRefs: halves }]),
      route("db", [{ backendRefs: [next] }], {}, "TCPRoute", "v1alpha2"),
    ],
    wants: [wanting(20)],
  },
  {
    sentence: "A route whose rules are not as they should be is left alone",
    rollout: one,
    objects: [route("shop", [null, "x", { backendRefs: "web" }, { backendRefs: [null, 3, { name: 7 }] }, { name: 5 }])],
    wants: [wanting(20, { routes: [beta] })],
  },
  {
    sentence: "A header that cannot be matched is told; the weights are written without it",
    rollout: one,
    objects: [
      route("shop", [
        { matches: [{ headers: [{ name: "X-Beta", type: "RegularExpression", value: ".*" }] }], backendRefs: halves },
      ]),
    ],
    wants: [wanting(20, { routes: [beta] }), wanting(30, { routes: [header("beta", ["x", {}])] })],
  },
  {
    sentence: "What cannot be said in a rule is told",
    rollout: one,
    objects: [
      route("shop", [{ matches: [{ path: { type: "RegularExpression", value: "/a.*" } }], backendRefs: halves }]),
    ],
    wants: [
      wanting(20, { routes: [mirror("copy", [{ method: { regex: "G.T" } }])] }),
      wanting(20, { routes: [mirror("copy", [{ path: { prefix: "/b" } }])] }),
      wanting(20, { routes: [mirror("copy", [{ method: { prefix: "P" } }])] }),
    ],
  },
  {
    sentence: "A gateway that says what it can, and cannot mirror, gets no mirror; the weights are written without it",
    rollout: one,
    objects: [
      gatewayClass("others", "example.com/controller", []),
      gatewayClass("traefik", "traefik.io/gateway-controller", ["HTTPRoute"]),
      reported("traefik.io/gateway-controller"),
    ],
    wants: [wanting(20, { routes: [mirror("copy", []), beta] })],
  },
  {
    sentence: "A gateway that can mirror all requests alone, and is asked for a part of them",
    rollout: one,
    objects: [
      gatewayClass("public", "example.com/controller", ["HTTPRoute", "HTTPRouteRequestMirror"]),
      reported("example.com/controller"),
    ],
    wants: [wanting(20, { routes: [mirror("copy", [])] }), wanting(20, { routes: [mirror("copy", [], 35)] })],
  },
  {
    sentence: "A gateway that does not say what it can gets the mirror",
    rollout: one,
    objects: [
      gatewayClass("public", "example.com/controller", []),
      gatewayClass("traefik", "traefik.io/gateway-controller", ["HTTPRoute"]),
      reported("example.com/controller"),
    ],
    wants: [wanting(20, { routes: [mirror("copy", [])] })],
  },
  {
    sentence: "Nothing is named",
    rollout: routedBySettings({ httpRouteSelector: {} }),
    objects: [],
    wants: [wanting(20)],
  },
];

test("writes these weights and rules and no more", () => {
  expectGolden(join(import.meta.dir, "gatewayApi.golden.txt"), routingStories(plugins, stories));
});

describe("a route that is not divided any more", () => {
  test("gets its weights back, and loses what was put there", () => {
    const world = routingWorld([
      route("shop", [
        {
          backendRefs: [
            { ...web, weight: 1 },
            { ...next, weight: 0 },
          ],
        },
      ]),
    ]);
    const [ref] = plugins.reads(one, byDefault);
    if (ref === undefined) throw new Error("no route is read");
    const before = world.object(ref);
    world.route(plugins, one, wanting(20, { ...experiment, routes: [beta, mirror("copy", [])] }));
    const divided = world.object(ref);
    if (divided === undefined) throw new Error("the route is gone");
    expect(plugins.release?.holders(divided)).toEqual(["web"]);
    expect(plugins.release?.plan(ref, divided, new Set(["other"]))).toBeUndefined();
    const write = plugins.release?.plan(ref, divided, new Set(["web"]));
    if (write !== undefined) world.carryOut(write);
    const after = world.object(ref);
    expect([after?.spec, after?.metadata.labels ?? {}, after?.metadata.annotations ?? {}]).toEqual([
      before?.spec,
      {},
      {},
    ]);
  });

  test("is returned by a Rollout of another namespace, too, that selects it no more", () => {
    const backendRefs = halves.map((backend) => ({ ...backend, namespace: "default" }));
    const world = routingWorld([route("shop", [{ backendRefs }], { namespace: "edge", labels: { app: "web" } })]);
    const selecting = (app: string) =>
      routedBySettings({ httpRouteSelector: { matchLabels: { app } }, namespace: "edge" });
    const [list] = plugins.lists?.(selecting("web")) ?? [];
    const rules = () =>
      list === undefined ? [] : world.objects(list).map(({ spec }) => (spec as { rules: unknown }).rules);
    world.route(plugins, selecting("web"), wanting(20));
    expect(rules()).not.toEqual([[{ backendRefs }]]);
    expect(world.route(plugins, selecting("other"), wanting(20)).kind).toBe("fault");
    expect(rules()).toEqual([[{ backendRefs }]]);
  });

  test("is told from one that a Rollout of another namespace divides, and from one without a mark", () => {
    const marked = (text: string) => ({
      metadata: {
        name: "shop",
        namespace: "edge",
        annotations: { "rollouts.argoproj.io/managed-gateway-routes": text },
      },
    });
    const holders = (text: string) => plugins.release?.holders(marked(text));
    expect(["{", "[]", '{"default/web":{},"web":7}'].map(holders)).toEqual([[], [], ["default/web", "web"]]);
  });
});
