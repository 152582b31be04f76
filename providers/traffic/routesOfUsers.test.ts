/** Routers that write into lists of the user's, or beside them, in random worlds. */
import { describe, expect, test } from "bun:test";
import { byDefault, routedBy, routingWorld, wanting } from "../../test/golden/routingStories.ts";
import { randomOf, type Random } from "../../test/golden/random.ts";
import { TRAFFIC_SPLIT } from "../../schema/labels.ts";
import type { ManagedRoute, ObjectRef, RoutedObject, Router } from "./router.ts";
import { routersOf } from "./routers.ts";

const some = <T>(random: Random, list: readonly [T, ...T[]]): T => list[random(list.length)] ?? list[0];
const several = <T>(random: Random, most: number, make: () => T): T[] => Array.from({ length: random(most + 1) }, make);

const NAMES = ["web", "web-next", "docs", "web-before"] as const;

/** A target, or what somebody has written in place of one. */
function target(random: Random, named: (name: string) => object): unknown {
  if (random(12) === 0) return some<unknown>(random, [null, "web", 7, {}, []]);
  const weight = random(4) === 0 ? {} : { weight: random(101) };
  return { ...named(some(random, NAMES)), ...weight, ...(random(3) === 0 ? { note: "ours" } : {}) };
}

const targets = (random: Random, named: (name: string) => object): unknown =>
  random(15) === 0 ? "none" : several(random, 4, () => target(random, named));

const named = (name: string): object => ({ name, port: 80 });
const backend = (serviceName: string): object => ({ serviceName, servicePort: 80 });
const virtualNode = (name: string): object => ({ virtualNodeRef: { name } });

const marks = (random: Random): object =>
  random(3) === 0
    ? {
        [TRAFFIC_SPLIT]: some(random, [
          "{",
          "[]",
          '{"web":7}',
          '{"web":{"stable":"web","canary":"web-before"},"other":{"stable":"a","canary":"b"}}',
        ]),
      }
    : {};

const object = (random: Random, apiVersion: string, kind: string, name: string, spec: unknown) => ({
  apiVersion,
  kind,
  metadata: { name, labels: { team: "shop" }, annotations: { "example.com/team": "shop", ...marks(random) } },
  spec,
});

const rule = (random: Random) => ({
  name: some(random, ["shop", "a", "b"]),
  backends: targets(random, backend),
  match: { paths: ["/*"] },
});
const route = (random: Random) => ({
  name: some(random, ["r", "s"]),
  [some(random, ["httpRoute", "tcpRoute", "odd"])]: { action: { weightedTargets: targets(random, virtualNode) } },
});

const worlds = [
  {
    routing: { traefik: { weightedTraefikServiceName: "shop" } },
    objects: (random: Random) => [
      object(random, "traefik.io/v1alpha1", "TraefikService", "shop", {
        weighted: { services: targets(random, named) },
      }),
    ],
  },
  {
    routing: { traefik: { weightedTraefikServiceName: "ingressroute/shop" } },
    objects: (random: Random) => [
      object(random, "traefik.containo.us/v1alpha1", "IngressRoute", "shop", {
        routes: several(random, 3, () => ({ services: targets(random, named) })),
      }),
    ],
  },
  {
    routing: {
      apisix: { route: { name: "shop", rules: ["a", "b"] } },
      managedRoutes: [{ name: "beta" }, { name: "t" }],
    },
    objects: (random: Random) => [
      object(random, "apisix.apache.org/v2", "ApisixRoute", "shop", { http: several(random, 3, () => rule(random)) }),
      ...(random(3) === 0 ? [object(random, "apisix.apache.org/v2", "ApisixRoute", "beta", { http: [] })] : []),
    ],
  },
  {
    routing: { ambassador: { mappings: ["shop", "api"] } },
    objects: (random: Random) => [
      object(random, "getambassador.io/v2", "Mapping", "shop", {
        service: some<unknown>(random, ["web", "http://web:80", "docs", 7]),
        ...(random(4) === 0 ? { weight: random(3) } : {}),
      }),
      object(random, "getambassador.io/v2", "Mapping", "api", { service: "web.default" }),
      ...(random(4) === 0 ? [object(random, "getambassador.io/v2", "Mapping", "api-canary", { service: "x" })] : []),
    ],
  },
  {
    routing: {
      appMesh: {
        virtualService: { name: "shop" },
        virtualNodeGroup: { stableVirtualNodeRef: { name: "web" }, canaryVirtualNodeRef: { name: "web-next" } },
      },
    },
    objects: (random: Random) => [
      object(random, "appmesh.k8s.aws/v1beta2", "VirtualService", "shop", {
        provider: { virtualRouter: { virtualRouterRef: { name: "vr" } } },
      }),
      object(random, "appmesh.k8s.aws/v1beta2", "VirtualRouter", "vr", {
        routes: several(random, 3, () => route(random)),
      }),
      object(random, "appmesh.k8s.aws/v1beta2", "VirtualNode", "web", {}),
      ...(random(4) === 0 ? [] : [object(random, "appmesh.k8s.aws/v1beta2", "VirtualNode", "web-next", {})]),
    ],
  },
] as const;

const header = (name: string): ManagedRoute => ({
  kind: "header",
  name,
  match: [{ headerName: "x", headerValue: { exact: "y" } }],
});

/** Everything but the weights of our targets, our mark and the hash: what no router may touch. */
const foreign = ({ metadata, spec }: RoutedObject): string =>
  JSON.stringify([metadata.labels, metadata.annotations?.["example.com/team"], spec], (key, value: unknown) => {
    if (key === "podSelector") return undefined;
    const { weight: _, ...rest } = (typeof value === "object" ? (value ?? {}) : {}) as { readonly weight?: unknown };
    const { name, serviceName, virtualNodeRef } = rest as Record<string, unknown>;
    const own = name ?? serviceName ?? (virtualNodeRef as { readonly name?: unknown } | undefined)?.name;
    return typeof own === "string" && own.startsWith("web") ? rest : value;
  });

function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

const UNMARKED = new Set(["VirtualNode", "Mapping"]);

const titled = worlds.map((one, index) => [`${Object.keys(one.routing)[0]} ${index}`, one] as const);

describe.each([...titled])("in any world of %s", (_, { routing, objects }) => {
  test("what has been done once is not done again, and what is not ours stays", () => {
    const done = { writes: 0, faults: 0 };
    for (let seed = 0; seed < 150; seed++) {
      const random = randomOf(seed);
      const rollout = frozen(routedBy(routing as unknown as Parameters<typeof routedBy>[0]));
      const world = routingWorld(objects(random).filter(() => random(8) > 0));
      const [router] = routersOf(rollout);
      if (router === undefined) throw new Error("not driven");
      const refs = refsOf(router, rollout, world);
      for (const weight of [random(101), random(3) * 50, 0]) {
        const routes = weight === 0 || random(2) === 0 ? [] : [header("beta")];
        const traffic = frozen(wanting(weight, { routes, total: random(5) === 0 ? 1000 : 100 }));
        const before = refs.map((ref) => frozen(world.object(ref)));
        const plan = world.route(router, rollout, traffic);
        const again = world.route(router, rollout, traffic);
        expect({ seed, kind: again.kind, writes: again.writes }).toEqual({ seed, kind: plan.kind, writes: [] });
        before.forEach((one, index) => {
          const ref = refs[index];
          const isOurs = one?.metadata.ownerReferences !== undefined;
          if (ref === undefined || one === undefined || isOurs) return;
          const after = world.object(ref);
          expect(after === undefined ? undefined : foreign(after)).toBe(foreign(one));
          // Without a split there is no mark of ours, but on VirtualNodes; Mappings never have one.
          if (weight === 0 && plan.kind === "plan" && !UNMARKED.has(ref.resource.kind))
            expect(after?.metadata.annotations?.[TRAFFIC_SPLIT] ?? "").not.toContain('"web":');
        });
        done.writes += plan.writes.length;
        done.faults += plan.kind === "fault" ? 1 : 0;
      }
    }
    expect(done.writes).toBeGreaterThan(50);
    expect(done.faults).toBeGreaterThan(20);
  });
});

const refsOf = (
  router: Router,
  rollout: ReturnType<typeof routedBy>,
  { object: find }: ReturnType<typeof routingWorld>,
): readonly ObjectRef[] => [
  ...router.reads(rollout, byDefault),
  ...(router.readsFurther?.({ rollout, settings: byDefault, object: find }) ?? []),
];
