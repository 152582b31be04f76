import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { byDefault, type RoutingStory, routedBy, routingStories, wanting } from "../../test/golden/routingStories.ts";
import { expectGolden } from "../../test/golden/timeline.ts";
import { TRAFFIC_SPLIT } from "../../schema/labels.ts";
import { traefik } from "./traefik.ts";

const one = routedBy({ traefik: { weightedTraefikServiceName: "shop" } });
const byRoute = routedBy({ traefik: { weightedTraefikServiceName: "ingressroute/shop" } });
const web = (weight?: number, more: object = {}) => ({ name: "web", port: 80, ...withWeight(weight), ...more });
const next = (weight?: number, more: object = {}) => ({ name: "web-next", port: 80, ...withWeight(weight), ...more });
const withWeight = (weight: number | undefined): object => (weight === undefined ? {} : { weight });

const service = (services: unknown, metadata: object = {}, group = "traefik.io") => ({
  apiVersion: `${group}/v1alpha1`,
  kind: "TraefikService",
  metadata: { name: "shop", ...metadata },
  spec: { weighted: { services, sticky: { cookie: { name: "shop" } } } },
});

const route = (...routes: readonly unknown[]) => ({
  apiVersion: "traefik.io/v1alpha1",
  kind: "IngressRoute",
  metadata: { name: "shop" },
  spec: { entryPoints: ["web"], routes },
});

const to = (match: string, ...services: readonly unknown[]) => ({ kind: "Rule", match, services });

const stories: readonly RoutingStory[] = [
  {
    sentence: "Weights of a TraefikService, and a mark only while there is a split",
    rollout: one,
    objects: [service([web(100), next(0)])],
    wants: [wanting(0), wanting(20), wanting(100), wanting(0)],
  },
  {
    sentence: "Targets without weights, and what is not ours stays",
    rollout: one,
    objects: [
      service(
        [
          next(undefined, { sticky: { cookie: {} } }),
          { name: "docs", port: 8080, weight: 7 },
          web(3, { namespace: "elsewhere" }),
          web(),
        ],
        { labels: { team: "shop" }, annotations: { "example.com/team": "shop" } },
      ),
    ],
    wants: [wanting(0), wanting(5)],
  },
  {
    sentence: "Experiments get nothing here; the total may be another router's",
    rollout: one,
    objects: [service([web(100), next(0)])],
    wants: [
      wanting(10, { additional: [{ serviceName: "web-a", podTemplateHash: "a", weight: 5 }] }),
      wanting(5, { total: 1000 }),
    ],
  },
  {
    sentence: "The older API group, where it has the object",
    rollout: one,
    objects: [service([web(100), next(0)], {}, "traefik.containo.us")],
    wants: [wanting(20)],
  },
  {
    sentence: "Both API groups have it: both are written",
    rollout: one,
    objects: [service([web(100), next(0)], {}, "traefik.containo.us"), service([web(100), next(0)])],
    wants: [wanting(20)],
  },
  {
    sentence: "A group by flag is the only one",
    rollout: one,
    objects: [],
    settings: {
      ...byDefault,
      traefikApiGroup: "traefik.containo.us",
      traefikApiVersion: "traefik.containo.us/v1alpha1",
    },
    wants: [wanting(20)],
  },
  {
    sentence: "The mark has another canary Service: that one gets nothing any more; another Rollout's mark stays",
    rollout: one,
    objects: [
      service([web(60), { name: "web-before", port: 80, weight: 40 }, next(0)], {
        annotations: {
          [TRAFFIC_SPLIT]: JSON.stringify({
            web: { stable: "web", canary: "web-before" },
            other: { stable: "a", canary: "b" },
          }),
        },
      }),
    ],
    wants: [wanting(40), wanting(0)],
  },
  {
    sentence: "A mark that cannot be read is written anew",
    rollout: one,
    objects: [service([web(100), next(0)], { annotations: { [TRAFFIC_SPLIT]: '{"web":' } })],
    wants: [wanting(40)],
  },
  {
    sentence: "An IngressRoute, in each of its routes that lists both Services",
    rollout: byRoute,
    objects: [
      route(
        to("Path(`/`)", web(100), next(0)),
        to("Path(`/docs`)", { name: "docs", port: 80 }),
        to("Path(`/a`)", web()),
        {
          ...to("Path(`/b`)", next(), web()),
          middlewares: [{ name: "auth" }],
        },
      ),
    ],
    wants: [wanting(20), wanting(0)],
  },
  { sentence: "No TraefikService", rollout: one, objects: [], wants: [wanting(5)] },
  { sentence: "No IngressRoute", rollout: byRoute, objects: [], wants: [wanting(5)] },
  {
    sentence: "A TraefikService without the canary Service",
    rollout: one,
    objects: [service([web()])],
    wants: [wanting(5)],
  },
  {
    sentence: "A TraefikService without the stable Service",
    rollout: one,
    objects: [service([next()])],
    wants: [wanting(5)],
  },
  {
    sentence: "A TraefikService that mirrors",
    rollout: one,
    objects: [{ kind: "TraefikService", metadata: { name: "shop" }, spec: { mirroring: { name: "web" } } }],
    wants: [wanting(5)],
  },
  {
    sentence: "Lists of anything",
    rollout: one,
    objects: [service(["web", null, 7, {}, { name: 7 }, [next()], web("much" as never), next()])],
    wants: [wanting(5)],
  },
  { sentence: "A list that is none", rollout: one, objects: [service({ web: 100 })], wants: [wanting(5)] },
  {
    sentence: "An IngressRoute whose routes list one Service each",
    rollout: byRoute,
    objects: [route(to("Path(`/`)", web()), to("Path(`/next`)", next()), "none", null)],
    wants: [wanting(5)],
  },
];

test("writes these weights and no more", () => {
  expectGolden(join(import.meta.dir, "traefik.golden.txt"), routingStories(traefik, stories));
});

describe("what a Rollout has left in the middle of an update", () => {
  const marks = { web: { stable: "web", canary: "web-next" }, other: { stable: "a", canary: "b" } };
  const [ref] = traefik.reads(one, byDefault);
  const [routeRef] = traefik.reads(byRoute, byDefault);
  if (ref === undefined || routeRef === undefined) throw new Error("reads nothing");
  const left = (object: ReturnType<typeof service> | ReturnType<typeof route>) => ({
    ...object,
    metadata: {
      ...object.metadata,
      namespace: "default",
      resourceVersion: "7",
      annotations: { [TRAFFIC_SPLIT]: JSON.stringify(marks) },
    },
  });

  test("goes wholly to stable, and its mark goes; another Rollout's stays", () => {
    const object = left(service([web(60), next(40), { name: "b", weight: 30 }]));
    expect(traefik.release?.holders(object)).toEqual(["web", "other"]);
    expect(traefik.release?.plan(ref, object, new Set(["web"]))).toMatchObject({
      kind: "patch",
      resourceVersion: "7",
      patch: {
        metadata: { annotations: { [TRAFFIC_SPLIT]: JSON.stringify({ other: marks.other }) } },
        spec: { weighted: { services: [web(100), next(0), { name: "b", weight: 30 }] } },
      },
    });
    expect(traefik.release?.plan(ref, object, new Set(["third"]))).toBeUndefined();
  });

  test("goes wholly to stable in an IngressRoute, too", () => {
    const object = left(route(to("Path(`/`)", web(60), next(40)), to("Path(`/a`)", web())));
    expect(traefik.release?.plan(routeRef, object, new Set(["web", "other"]))).toMatchObject({
      patch: {
        metadata: { annotations: { [TRAFFIC_SPLIT]: null } },
        spec: { routes: [to("Path(`/`)", web(100), next(0)), to("Path(`/a`)", web())] },
      },
    });
  });

  test("is nothing where there is no mark, or none that can be read", () => {
    for (const text of ["{", "[]", '{"web":1}', '{"web":{"stable":1,"canary":"b"}}'])
      expect(
        traefik.release?.holders({
          metadata: { name: "shop", namespace: "default", annotations: { [TRAFFIC_SPLIT]: text } },
        }),
      ).toEqual([]);
    expect(traefik.release?.holders({ metadata: { name: "shop", namespace: "default" } })).toEqual([]);
  });
});

test("reads both API groups unless a flag names one, each as an alternative of the other", () => {
  const groups = (settings: object) =>
    traefik.reads(one, { ...byDefault, ...settings }).map(({ resource }) => [resource.group, resource.alternative]);
  expect(groups({})).toEqual([
    ["traefik.io", "traefik traefikservices"],
    ["traefik.containo.us", "traefik traefikservices"],
  ]);
  expect(groups({ traefikApiGroup: "traefik.containo.us" })).toEqual([["traefik.containo.us", undefined]]);
});
