import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { byDefault, type RoutingStory, routedBy, routingStories, wanting } from "../../test/golden/routingStories.ts";
import { expectGolden } from "../../test/golden/timeline.ts";
import { MANAGED_BY, TRAFFIC_SPLIT } from "../../schema/labels.ts";
import { apisix } from "./apisix.ts";
import type { ManagedRoute } from "./router.ts";

const managedRoutes = [{ name: "beta" }, { name: "team" }];
const one = routedBy({ apisix: { route: { name: "shop" } } });
const withHeaders = routedBy({ apisix: { route: { name: "shop", rules: ["a"] } }, managedRoutes });
const owner = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "web", uid: "uid-web", controller: true };

const backend = (serviceName: string, weight?: number) => ({
  serviceName,
  servicePort: 80,
  ...(weight === undefined ? {} : { weight }),
});
const both = (stable: number, canary: number) => [backend("web", stable), backend("web-next", canary)];
const rule = (name: string, backends: unknown, more: object = {}) => ({
  name,
  match: { hosts: [`${name}.example`], paths: ["/*"] },
  backends,
  ...more,
});
const route = (http: unknown, metadata: object = {}, more: object = {}) => ({
  apiVersion: "apisix.apache.org/v2",
  kind: "ApisixRoute",
  metadata: { name: "shop", ...metadata },
  spec: { ingressClassName: "apisix", ...(http === undefined ? {} : { http }), ...more },
});
const header = (name: string, ...match: Extract<ManagedRoute, { kind: "header" }>["match"]): ManagedRoute => ({
  kind: "header",
  name,
  match,
});
const beta = header("beta", { headerName: "x-beta", headerValue: { exact: "yes" } });
const team = header(
  "team",
  { headerName: "x-team", headerValue: { regex: "qa.*" } },
  { headerName: "x-host", headerValue: { prefix: "a.b" } },
);

const stories: readonly RoutingStory[] = [
  {
    sentence: "The rule of the route's own name, and a mark only while there is a split",
    rollout: one,
    objects: [route([rule("shop", both(100, 0)), rule("docs", [backend("docs")])])],
    wants: [wanting(0), wanting(20), wanting(100), wanting(0)],
  },
  {
    sentence: "Rules by name; backends without weights, and what is not ours stays",
    rollout: routedBy({ apisix: { route: { name: "shop", rules: ["a", "b", "a"] } } }),
    objects: [
      route(
        [
          rule("a", [backend("docs", 7), backend("web"), backend("web-next")], { websocket: true, priority: 3 }),
          rule("shop", both(1, 1)),
          rule("b", both(100, 0), { plugins: [{ name: "cors", enable: true }] }),
        ],
        { labels: { team: "shop" } },
        { stream: [{ name: "s", protocol: "TCP" }] },
      ),
    ],
    wants: [wanting(0), wanting(5)],
  },
  {
    sentence: "A header route stands beside the rule that the Rollout names, and goes again",
    rollout: withHeaders,
    objects: [
      route(
        [
          rule("a", both(100, 0), {
            match: { paths: ["/*"], exprs: [{ subject: { scope: "Cookie", name: "eu" }, op: "Equal", value: "1" }] },
            priority: 10,
          }),
          rule("docs", [backend("docs")]),
        ],
        { labels: { "app.kubernetes.io/instance": "shop" } },
        { stream: [{ name: "s", protocol: "TCP" }] },
      ),
    ],
    wants: [
      wanting(5),
      wanting(5, { routes: [beta] }),
      wanting(5, { routes: [beta, team] }),
      wanting(20, { routes: [team] }),
      wanting(0),
    ],
  },
  {
    sentence: "Two header routes: the first of managedRoutes is the more urgent",
    rollout: withHeaders,
    objects: [route([rule("a", both(95, 5)), rule("docs", [backend("docs")])], {}, { stream: [] })],
    wants: [wanting(5, { routes: [beta, team] })],
  },
  {
    sentence: "A header route follows the user's route, and somebody else's edit of it is put right",
    rollout: withHeaders,
    objects: [
      route([rule("a", both(80, 20), { websocket: true })]),
      route(
        [rule("a", [backend("web-next", 50), backend("web", 50)])],
        { name: "beta", ownerReferences: [owner], labels: { by: "somebody" } },
        { ingressClassName: "other", remark: "stays" },
      ),
    ],
    wants: [wanting(20, { routes: [beta] })],
  },
  {
    sentence: "The name of a header route is somebody's",
    rollout: withHeaders,
    objects: [route([rule("a", both(100, 0))]), route([rule("x", [backend("x")])], { name: "beta" })],
    wants: [wanting(20, { routes: [beta] }), wanting(0)],
  },
  {
    sentence: "A header route has lost its owner, as after a backup was restored: it is adopted",
    rollout: withHeaders,
    objects: [
      route([rule("a", both(80, 20))]),
      route([rule("a", [backend("web-next", 100)])], { name: "beta", annotations: { [MANAGED_BY]: "web" } }),
    ],
    wants: [wanting(20, { routes: [beta] }), wanting(0)],
  },
  {
    sentence: "A header route without a header would get everything",
    rollout: withHeaders,
    objects: [route([rule("a", both(100, 0))])],
    wants: [wanting(20, { routes: [header("beta", { headerName: "x", headerValue: {} })] })],
  },
  {
    sentence: "No ApisixRoute: header routes go all the same",
    rollout: withHeaders,
    objects: [route([rule("a", both(100, 0))], { name: "beta", ownerReferences: [owner] })],
    wants: [wanting(5, { routes: [team] })],
  },
  { sentence: "No rule of that name", rollout: one, objects: [route([rule("a", both(100, 0))])], wants: [wanting(5)] },
  {
    sentence: "One of two rules lacks the canary Service: the other is written",
    rollout: routedBy({ apisix: { route: { name: "shop", rules: ["a", "b"] } }, managedRoutes }),
    objects: [route([rule("a", [backend("web")]), rule("b", both(100, 0))])],
    wants: [wanting(5, { routes: [beta] })],
  },
  {
    sentence: "A rule of upstreams",
    rollout: one,
    objects: [route([{ name: "shop", match: { paths: ["/*"] }, upstreams: [{ name: "u" }] }])],
    wants: [wanting(5)],
  },
  {
    sentence: "A route of streams",
    rollout: one,
    objects: [route(undefined, {}, { stream: [] })],
    wants: [wanting(5)],
  },
  {
    sentence: "Lists of anything",
    rollout: one,
    objects: [
      route([
        "web",
        null,
        7,
        { name: 7 },
        [rule("shop", [])],
        rule("shop", [null, "web", {}, { serviceName: 7 }, ...both(1, 1)]),
      ]),
    ],
    wants: [wanting(5)],
  },
];

test("writes these weights and header routes and no more", () => {
  expectGolden(join(import.meta.dir, "apisix.golden.txt"), routingStories(apisix, stories));
});

describe("what is left of a Rollout", () => {
  const [main, headerRoute] = apisix.reads(withHeaders, byDefault);
  if (main === undefined || headerRoute === undefined) throw new Error("reads nothing");
  const gone = new Set(["web"]);
  const left = <T extends { readonly metadata: object }>(object: T, more: object) => ({
    ...object,
    metadata: { name: "shop", namespace: "default", uid: "u", resourceVersion: "7", ...object.metadata, ...more },
  });

  test("on the user's route goes wholly to stable, in every rule that lists both", () => {
    const marks = JSON.stringify({ web: { stable: "web", canary: "web-next" } });
    const object = left(route([rule("a", both(60, 40)), rule("b", [backend("web", 3)])]), {
      annotations: { [TRAFFIC_SPLIT]: marks },
    });
    expect(apisix.release?.holders(object)).toEqual(["web"]);
    expect(apisix.release?.plan(main, object, gone)).toMatchObject({
      kind: "patch",
      patch: {
        metadata: { annotations: { [TRAFFIC_SPLIT]: null } },
        spec: { http: [rule("a", both(100, 0)), rule("b", [backend("web", 3)])] },
      },
    });
  });

  test("as a header route is deleted, with its owner or without", () => {
    for (const more of [{ ownerReferences: [owner] }, { annotations: { [MANAGED_BY]: "web" } }]) {
      const object = left(route([], { name: "beta" }), more);
      expect(apisix.release?.holders(object)).toEqual(["web"]);
      expect(apisix.release?.plan(headerRoute, object, gone)).toMatchObject({
        kind: "delete",
        uid: "u",
        resourceVersion: "7",
      });
      expect(apisix.release?.plan(headerRoute, object, new Set())).toBeUndefined();
    }
  });

  test("is nothing on what is somebody else's", () => {
    for (const more of [{}, { ownerReferences: [{ ...owner, kind: "App" }], annotations: { [MANAGED_BY]: "web" } }]) {
      const object = left(route([]), more);
      expect(apisix.release?.holders(object)).toEqual([]);
      expect(apisix.release?.plan(main, object, gone)).toBeUndefined();
    }
  });
});
