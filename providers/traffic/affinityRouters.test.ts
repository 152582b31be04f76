/** Sessions that stay with the canary, in the objects of each router that can keep them. */
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
import { TRAFFIC_SPLIT } from "../../schema/labels.ts";
import { GATEWAY_PLUGIN } from "./gatewayStanza.ts";
import { istio } from "./istio.ts";
import { nginx } from "./nginx.ts";
import { plugins } from "./plugins.ts";
import type { Affinity, ManagedRoute, RoutedObject, Router, Traffic } from "./router.ts";
import { traefik } from "./traefik.ts";

const affinity = (value = "new", cookieName = "sluice-affinity"): Affinity => ({ cookieName, value, maxAge: 86_400 });
const sticky = (weight: number, more: Partial<Traffic> = {}): Traffic =>
  wanting(weight, { affinity: affinity(), ...more });
/** A whole update, an aborted one, and the next one. */
const course = [
  wanting(0),
  sticky(20),
  sticky(60),
  wanting(0),
  sticky(10, { canaryHash: "third", affinity: affinity("third") }),
  sticky(30, { canaryHash: "fourth", affinity: affinity("fourth") }),
  wanting(0, { canaryHash: "fourth" }),
];
const asked = { sessionAffinity: {} };
const header: ManagedRoute = {
  kind: "header",
  name: "beta",
  match: [{ headerName: "x-user", headerValue: { exact: "me" } }],
};
const mirror: ManagedRoute = { kind: "mirror", name: "copy", match: [{ path: { prefix: "/api" } }], percentage: 35 };
const managedRoutes = [{ name: "copy" }, { name: "beta" }];

const path = (service: string) => ({
  path: "/",
  pathType: "Prefix",
  backend: { service: { name: service, port: { number: 80 } } },
});
const ingress = {
  metadata: { name: "shop" },
  spec: { ingressClassName: "nginx", rules: [{ host: "shop.example", http: { paths: [path("web")] } }] },
};
const prefix = "nginx.ingress.kubernetes.io";
const byNginx = routedBy({ nginx: { stableIngress: "shop" }, ...asked });

const ofNginx: readonly RoutingStory[] = [
  {
    sentence: "The canary Ingress keeps its sessions by a cookie of its version, while the canary has a weight",
    rollout: byNginx,
    objects: [ingress],
    wants: course,
  },
  {
    sentence: "Sessions of the user's come back, and what others put there stays",
    rollout: routedBy({
      nginx: {
        stableIngress: "shop",
        canaryIngressAnnotations: { [`${prefix}/affinity`]: "cookie", [`${prefix}/session-cookie-name`]: "own" },
      },
      ...asked,
    }),
    objects: [ingress],
    wants: [wanting(0), sticky(20), wanting(0)],
  },
  {
    sentence: "Another prefix, and no sessions any more",
    rollout: routedBy({ nginx: { stableIngress: "shop", annotationPrefix: "example.com" } }),
    objects: [
      ingress,
      {
        metadata: {
          name: "web-shop-canary",
          annotations: {
            [`${prefix}/canary`]: "true",
            [`${prefix}/canary-weight`]: "20",
            [`${prefix}/affinity`]: "cookie",
            [`${prefix}/session-cookie-name`]: "sluice-affinity-new",
            [`${prefix}/session-cookie-samesite`]: "Lax",
            "sluice.dev/session-affinity": prefix,
          },
        },
        spec: {
          ingressClassName: "nginx",
          rules: [{ host: "shop.example", http: { paths: [path("web-next")] } }],
        },
      },
    ],
    wants: [wanting(30)],
  },
];

const to = (host: string, weight?: number, more: object = {}) => ({
  destination: { host },
  ...(weight === undefined ? {} : { weight }),
  ...more,
});
const service = (http: readonly unknown[] | undefined, more: object = {}) => ({
  apiVersion: "networking.istio.io/v1alpha3",
  kind: "VirtualService",
  metadata: { name: "shop" },
  spec: { hosts: ["shop.example"], ...(http === undefined ? {} : { http }), ...more },
});
const both = [to("web", 100), to("web-next", 0)];
const byIstio = routedBy({ istio: { virtualService: { name: "shop" } }, ...asked });
const byNames = routedBy({ istio: { virtualService: { name: "shop", routes: ["a", "b"] } }, managedRoutes, ...asked });
const noServices = { stableService: undefined, canaryService: undefined } as unknown as object;
const bySubset = routedBy(
  {
    istio: {
      virtualService: { name: "shop" },
      destinationRule: { name: "app", canarySubsetName: "canary", stableSubsetName: "stable" },
    },
    ...asked,
  },
  noServices,
);
const subsetRoute = [
  { destination: { host: "app", subset: "stable" }, weight: 100 },
  { destination: { host: "app", subset: "canary" }, weight: 0 },
];
const destinationRule = {
  apiVersion: "networking.istio.io/v1alpha3",
  kind: "DestinationRule",
  metadata: { name: "app" },
  spec: { host: "app", subsets: ["stable", "canary"].map((name) => ({ name, labels: { app: "web" } })) },
};

const ofIstio: readonly RoutingStory[] = [
  {
    sentence: "A route for those with the cookie stands before the one that is divided, which sets it",
    rollout: byIstio,
    objects: [service([{ timeout: "5s", route: both }])],
    wants: course,
  },
  {
    sentence: "Matches of each route count; cookies and headers of the user's stay",
    rollout: byNames,
    objects: [
      service([
        { name: "docs", match: [{ uri: { prefix: "/docs" } }], route: [to("docs")] },
        {
          name: "a",
          match: [{ uri: { prefix: "/a" } }, { headers: { cookie: { regex: "x" }, lang: { exact: "de" } } }],
          mirror: { host: "log" },
          route: [
            to("web", 100),
            to("web-next", 0, {
              headers: { request: { set: { a: "b" } }, response: { add: { "Set-Cookie": "own=1" }, remove: ["b"] } },
            }),
          ],
        },
        { name: "b", rewrite: { uri: "/" }, route: both },
      ]),
    ],
    wants: [sticky(20), wanting(0)],
  },
  {
    sentence: "A mirror route is divided, too; a header route leads to the canary anyway, and sets no cookie",
    rollout: routedBy({ istio: { virtualService: { name: "shop" } }, managedRoutes, ...asked }),
    objects: [service([{ route: both }])],
    wants: [sticky(20, { routes: [mirror, header] }), sticky(20, { routes: [header] }), wanting(0)],
  },
  {
    sentence: "By subsets",
    rollout: bySubset,
    objects: [service([{ route: subsetRoute }]), destinationRule],
    wants: [sticky(20), wanting(0)],
  },
  {
    sentence: "Where the canary's subset is, is not known: weights do not rise, and nobody is kept there",
    rollout: bySubset,
    objects: [service([{ route: subsetRoute }])],
    wants: [sticky(20)],
  },
  {
    sentence: "TCP has no cookies: the weights are written",
    rollout: byIstio,
    objects: [service(undefined, { tcp: [{ route: both }] })],
    wants: [sticky(20), wanting(0)],
  },
  {
    sentence: "Another cookie by the spec, and none any more",
    rollout: routedBy({ istio: { virtualService: { name: "shop" } } }),
    objects: [
      {
        ...service([
          {
            name: "web-affinity",
            match: [{ headers: { cookie: { regex: "^(.*; ?)?before=old(;.*)?$" } } }],
            route: [to("web-next", 100)],
          },
          {
            route: [
              to("web", 80),
              to("web-next", 20, { headers: { response: { add: { "Set-Cookie": "before=old; Path=/" } } } }),
            ],
          },
        ]),
        metadata: {
          name: "shop",
          annotations: {
            "sluice.dev/split-by-rollouts":
              '{"default/web":{"stable":"web","canary":"web-next","managed":["web-affinity"],"cookie":"before"}}',
          },
        },
      },
    ],
    wants: [wanting(20), wanting(0)],
  },
];

const httpRoute = (rules: unknown, kind = "HTTPRoute") => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind,
  metadata: { name: "shop" },
  spec: { parentRefs: [{ name: "public" }], rules },
});
const web = { name: "web", port: 80 };
const next = { name: "web-next", port: 80 };
const halves = [
  { ...web, weight: 100 },
  { ...next, weight: 0 },
];
const byRoutes = (settings: object) => routedBy({ plugins: { [GATEWAY_PLUGIN]: settings }, managedRoutes, ...asked });
const byRoute = byRoutes({ httpRoute: "shop" });
const adding = (...add: readonly object[]) => ({
  type: "ResponseHeaderModifier",
  responseHeaderModifier: { set: [{ name: "x-a", value: "1" }], add },
});

const ofGateway: readonly RoutingStory[] = [
  {
    sentence: "A rule for those with the cookie stands beside the one that is divided, whose canary sets it",
    rollout: byRoute,
    objects: [httpRoute([{ matches: [{ path: { type: "PathPrefix", value: "/" } }], backendRefs: halves }])],
    wants: course,
  },
  {
    sentence: "Matches of each rule count; filters and headers of the user's stay",
    rollout: byRoute,
    objects: [
      httpRoute([
        {
          matches: [
            { path: { type: "PathPrefix", value: "/a" }, headers: [{ name: "lang", value: "de" }] },
            { path: { type: "PathPrefix", value: "/b" }, method: "GET" },
          ],
          filters: [adding({ name: "Set-Cookie", value: "all=1" })],
          backendRefs: [
            { ...web, weight: 100 },
            { ...next, weight: 0, filters: [{ type: "ExtensionRef" }, adding({ name: "x-b", value: "2" })] },
          ],
        },
        { timeouts: { request: "5s" }, backendRefs: halves },
        { matches: [{ path: { type: "PathPrefix", value: "/docs" } }], backendRefs: [{ name: "docs", port: 80 }] },
      ]),
    ],
    wants: [sticky(20), wanting(0)],
  },
  {
    sentence: "A mirror is divided, too; a header route leads to the canary anyway, and sets no cookie",
    rollout: byRoute,
    objects: [httpRoute([{ backendRefs: halves }])],
    wants: [sticky(20, { routes: [mirror, header] }), wanting(0)],
  },
  {
    sentence: "What cannot be said in a rule is told, and the weights are written",
    rollout: byRoute,
    objects: [
      httpRoute([
        { matches: [{ headers: [{ name: "cookie", type: "RegularExpression", value: "x" }] }], backendRefs: halves },
        {
          backendRefs: [
            { ...web, weight: 100 },
            { ...next, weight: 0, filters: [adding({ name: "set-cookie", value: "own=1" })] },
          ],
        },
      ]),
    ],
    wants: [sticky(20), wanting(0)],
  },
  {
    sentence: "gRPC has no cookies: its routes get the weights",
    rollout: byRoutes({ httpRoute: "none", grpcRoute: "shop" }),
    objects: [httpRoute([{ backendRefs: halves }], "GRPCRoute")],
    wants: [sticky(20), wanting(0)],
  },
];

const weighted = (more: object = {}) => ({
  apiVersion: "traefik.io/v1alpha1",
  kind: "TraefikService",
  metadata: { name: "shop" },
  spec: { weighted: { services: halves.map(({ weight, ...one }) => ({ ...one, weight })), ...more } },
});
const byTraefik = routedBy({ traefik: { weightedTraefikServiceName: "shop" }, ...asked });

const ofTraefik: readonly RoutingStory[] = [
  {
    sentence: "The TraefikService has a cookie of the version, while the canary has a weight",
    rollout: byTraefik,
    objects: [weighted()],
    wants: course,
  },
  {
    sentence: "A cookie of the user's stays, and is told; the weights are written",
    rollout: byTraefik,
    objects: [weighted({ sticky: { cookie: { name: "own", secure: true } } })],
    wants: [sticky(20), wanting(0)],
  },
  {
    sentence: "What others set at our cookie stays with it",
    rollout: byTraefik,
    objects: [weighted({ sticky: { cookie: { name: "sluice-affinity-new", maxAge: 5, secure: true } } })],
    wants: [sticky(20), sticky(30)],
  },
];

const all: readonly (readonly [string, Router, readonly RoutingStory[]])[] = [
  ["nginx", nginx, ofNginx],
  ["istio", istio, ofIstio],
  ["gatewayApi", plugins, ofGateway],
  ["traefik", traefik, ofTraefik],
];

test.each(all)("writes these sessions and no more: %s", (name, router, stories) => {
  expectGolden(join(import.meta.dir, `${name}Affinity.golden.txt`), routingStories(router, stories));
});

describe.each([
  ["an Ingress of NGINX", nginx, byNginx, [ingress]],
  ["a VirtualService", istio, byIstio, [service([{ route: both }])]],
  ["an HTTPRoute", plugins, byRoute, [httpRoute([{ backendRefs: halves }])]],
  ["a TraefikService", traefik, byTraefik, [weighted()]],
] as const)("%s", (_, router, rollout, objects) => {
  const worldAt = (...wants: readonly Traffic[]) => {
    const world = routingWorld([...objects]);
    for (const traffic of wants) world.route(router, rollout, traffic);
    return world;
  };
  const objectsOf = ({ object }: ReturnType<typeof routingWorld>): readonly (RoutedObject | undefined)[] =>
    router.reads(rollout, byDefault).map(object);
  const textOf = (world: ReturnType<typeof routingWorld>): string =>
    JSON.stringify(objectsOf(world).map((object) => [object?.metadata.annotations ?? {}, object?.spec]));

  test.each([
    ["promotion", wanting(0, { canaryHash: "new", stableHash: "new" })],
    ["abort", wanting(0)],
  ])("has nothing of a session after a %s", (__, end) => {
    expect(textOf(worldAt(wanting(0), sticky(20), sticky(80), end))).toBe(textOf(worldAt(wanting(0))));
  });

  test("knows the cookie of the newest version alone", () => {
    const third = textOf(worldAt(sticky(20), sticky(20, { canaryHash: "third", affinity: affinity("third") })));
    expect(third).toContain("third");
    expect(third).not.toMatch(/sluice-affinity[-=]new/);
  });

  test("has no session any more when the Rollout is gone in the middle of an update", () => {
    const world = worldAt(wanting(0), sticky(20));
    for (const ref of router.reads(rollout, byDefault)) {
      const object = world.object(ref);
      const write = object === undefined ? undefined : router.release?.plan(ref, object, new Set(["web"]));
      if (write !== undefined) world.carryOut(write);
    }
    expect(textOf(world)).not.toContain("sluice-affinity");
  });
});

test.each([
  ["a TraefikService", traefik, byTraefik, [weighted()], TRAFFIC_SPLIT],
  ["a canary Ingress", nginx, byNginx, [ingress], "sluice.dev/session-affinity"],
] as const)(
  "%s without its mark has no session of this version after the update",
  (_, router, rollout, objects, mark) => {
    const world = routingWorld([...objects]);
    world.route(router, rollout, sticky(20));
    const ref = router.reads(rollout, byDefault).find((one) => world.object(one)?.metadata.annotations?.[mark]);
    if (ref === undefined) throw new Error("nothing has the mark");
    const resourceVersion = world.object(ref)?.metadata.resourceVersion ?? "";
    const patch = { metadata: { annotations: { [mark]: null } } };
    world.carryOut({ kind: "patch", ref, resourceVersion, patch, failure: "" });
    world.route(router, rollout, wanting(0));
    expect(JSON.stringify(world.object(ref))).not.toContain("sluice-affinity");
  },
);
