import { describe, expect, test } from "bun:test";
import { randomOf, type Random } from "../../test/golden/random.ts";
import { routedBy, routingWorld, byDefault, wanting } from "../../test/golden/routingStories.ts";
import type { RoutedObject, Traffic } from "./router.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { DRIVEN_ROUTERS, entrancesOf, rightsOf, ROUTERS, routersOf } from "./routers.ts";

test("a Rollout has the routers that it configures, in the order in which they are asked", () => {
  const names = (routing: Parameters<typeof routedBy>[0]) =>
    routersOf(routedBy(routing)).map(({ metrics }) => metrics?.label);
  const istio = { virtualService: { name: "c" } };
  const all = { istio, smi: {}, alb: { servicePort: 80, ingress: "b" }, nginx: { stableIngress: "a" } };
  expect(names(all)).toEqual(["Nginx", "ALB", "SMI", "Istio"]);
  expect(names({})).toEqual([]);
  expect(routersOf({ ...routedBy({}), spec: { strategy: { blueGreen: { activeService: "a" } } } })).toEqual([]);
});

describe("the table of routers", () => {
  const page = async (name: string): Promise<string> =>
    (await Bun.file(new URL(`../../docs/behaviour/${name}.md`, import.meta.url)).text()).replaceAll(/\s+/g, " ");

  test("is what the pages say of them: who is asked in which order", async () => {
    const titles = DRIVEN_ROUTERS.map(({ title }) => title);
    expect(await page("traffic")).toContain(`in this order: ${titles.join(", ")}.`);
    expect(ROUTERS.filter(({ route }) => route === undefined)).toEqual([]);
    expect(await page("validation")).toContain("All routers and all steps of the API are driven.");
  });

  test("asks for rights on each kind that a router reads or writes, once", () => {
    for (const { resources, uses } of DRIVEN_ROUTERS) {
      const kinds = (list: readonly { readonly group: string; readonly plural: string }[]) =>
        list.map(({ group, plural }) => `${plural}.${group}`);
      expect(kinds(resources(byDefault)).filter((kind) => !kinds(uses).includes(kind))).toEqual([]);
    }
    const kinds = rightsOf(ROUTERS).map(({ plural, group }) => `${plural}.${group}`);
    expect(kinds).toEqual([...new Set(kinds)]);
  });

  test("gives each router in the metrics a rank of its own", () => {
    const ranks = ROUTERS.flatMap(({ metrics }) => metrics?.rank ?? []);
    expect(new Set(ranks).size).toBe(ranks.length);
  });
});

const some = <T>(random: Random, list: readonly [T, ...T[]]): T => list[random(list.length)] ?? list[0];

const randomPath = (random: Random) => ({
  path: some(random, ["/", "/a", "/*"]),
  pathType: some(random, ["Prefix", "Exact", "ImplementationSpecific"]),
  backend: some<object>(random, [
    { service: { name: "web", port: { number: 80 } } },
    { service: { name: "root", port: { name: "use-annotation" } } },
    { service: { name: "docs", port: { number: 80 } } },
    { resource: { kind: "Bucket", name: "files" } },
  ]),
});

const randomRule = (random: Random) => ({
  ...(random(2) === 0 ? {} : { host: some(random, ["a.example", "b.example"]) }),
  ...(random(4) === 0 ? {} : { http: { paths: Array.from({ length: 1 + random(3) }, () => randomPath(random)) } }),
});

const randomAnnotations = (random: Random): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: random(5) }, () =>
      some<readonly [string, string]>(random, [
        ["kubernetes.io/ingress.class", "nginx"],
        ["nginx.ingress.kubernetes.io/canary-weight", "20"],
        ["nginx.ingress.kubernetes.io/canary-weight-total", "1000"],
        ["example.com/team", "shop"],
        ["rollouts.argoproj.io/managed-alb-annotations", '{"other":["x"]}'],
        ["rollouts.argoproj.io/managed-alb-annotations", "{"],
        ["alb.ingress.kubernetes.io/actions.web", "{}"],
      ]),
    ),
  );

const owner = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "web", uid: "uid-web", controller: true };

const randomIngress = (random: Random, name: string) => ({
  metadata: {
    name,
    annotations: randomAnnotations(random),
    labels: random(2) === 0 ? {} : { team: "shop" },
    ...(name.endsWith("-canary") && random(4) > 0 ? { ownerReferences: [owner] } : {}),
  },
  spec: {
    ...(random(2) === 0 ? {} : { ingressClassName: some(random, ["nginx", "alb"]) }),
    ...(random(3) === 0 ? { tls: [{ hosts: ["a.example"], secretName: "tls" }] } : {}),
    ...(random(3) === 0 ? { defaultBackend: { service: { name: "web", port: { number: 80 } } } } : {}),
    rules: Array.from({ length: 1 + random(3) }, () => randomRule(random)),
  },
});

function randomRollout(random: Random) {
  const routing = {
    ...(random(4) === 0
      ? {}
      : {
          nginx: {
            ...(random(2) === 0 ? { stableIngress: "shop" } : { stableIngresses: ["shop", "api"] }),
            ...(random(3) === 0 ? { additionalIngressAnnotations: { "canary-by-header": "x" } } : {}),
            ...(random(3) === 0 ? { canaryIngressAnnotations: { "example.com/ours": "yes" } } : {}),
          },
        }),
    ...(random(4) === 0
      ? {}
      : {
          alb: {
            servicePort: 80,
            ...(random(2) === 0 ? { ingress: "shop" } : { ingresses: ["api", "shop"] }),
            ...(random(2) === 0 ? {} : { rootService: "root" }),
            ...(random(3) === 0 ? { stickinessConfig: { enabled: true, durationSeconds: random(3) * 604_800 } } : {}),
          },
        }),
    ...(random(4) === 0 ? { smi: random(2) === 0 ? {} : { rootService: "root", trafficSplitName: "split" } } : {}),
    ...(random(2) === 0 ? {} : { maxTrafficWeight: 1000 }),
  };
  return routedBy(routing, random(3) === 0 ? { pingPong: { pingService: "ping", pongService: "pong" } } : {});
}

function randomTraffic(random: Random, total: number): Traffic {
  const canaryWeight = random(total + 1);
  const additional = Array.from({ length: random(3) }, (_, n) => ({
    serviceName: `exp-${n}`,
    podTemplateHash: `${n}`,
    weight: random(total - canaryWeight + 1),
  }));
  return wanting(canaryWeight, { total, additional });
}

/** What no router may touch. */
const foreign = ({ metadata, spec }: RoutedObject) => ({
  team: metadata.annotations?.["example.com/team"] === "shop",
  labels: metadata.labels,
  spec: ["shop", "api"].includes(metadata.name) ? spec : undefined,
});

function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

describe("in any world", () => {
  const names = ["shop", "api", "web-shop-canary", "web-api-canary"];
  const seeds = Array.from({ length: 400 }, (_, seed) => seed);

  test("what has been done once is not done again, and what is not ours stays", () => {
    const done = { writes: 0, faults: 0 };
    for (const seed of seeds) {
      const random = randomOf(seed);
      const rollout = frozen(randomRollout(random));
      const total = rollout.spec.strategy?.canary?.trafficRouting?.maxTrafficWeight ?? 100;
      const world = routingWorld(names.filter(() => random(4) > 0).map((name) => randomIngress(random, name)));
      for (const router of routersOf(rollout)) {
        const refs = router.reads(rollout, byDefault);
        for (const traffic of [randomTraffic(random, total), randomTraffic(random, total)]) {
          const before = refs.map((ref) => frozen(world.object(ref)));
          const plan = world.route(router, rollout, frozen(traffic));
          const again = world.route(router, rollout, traffic);
          expect({ seed, kind: again.kind, writes: again.writes }).toEqual({ seed, kind: plan.kind, writes: [] });
          before.forEach((object, n) => {
            const after = refs[n] === undefined ? undefined : world.object(refs[n]);
            if (object !== undefined) expect(after === undefined ? undefined : foreign(after)).toEqual(foreign(object));
          });
          done.writes += plan.writes.length;
          done.faults += plan.kind === "fault" ? 1 : 0;
        }
      }
    }
    expect(done.writes).toBeGreaterThan(500);
    expect(done.faults).toBeGreaterThan(100);
  });
});

test.each([
  ["NGINX", { nginx: { stableIngress: "web" } }, ["stable"]],
  ["ALB", { alb: { ingress: "web", servicePort: 80 } }, []],
  ["SMI", { smi: {} }, ["stable"]],
  ["Istio", { istio: { virtualService: { name: "web" } } }, []],
  ["SMI with a root Service", { smi: { rootService: "root" } }, ["root"]],
  ["a TraefikService", { traefik: { weightedTraefikServiceName: "web" } }, []],
  ["an IngressRoute", { traefik: { weightedTraefikServiceName: "ingressroute/web" } }, ["stable"]],
  ["nobody", {}, ["stable"]],
])("requests come to %s by these Services whatever the weights are", (_, trafficRouting, names) => {
  const rollout: Rollout = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "web", namespace: "default" },
    spec: { strategy: { canary: { stableService: "stable", canaryService: "canary", trafficRouting } } },
  };
  expect(entrancesOf(rollout)).toEqual(names);
});
