/** Whatever stands in a route: what is ours is right, settled at once and gone in the end, and the rest stays. */
import { expect, test } from "bun:test";
import { type Random, randomOf } from "../../test/golden/random.ts";
import { routedBy, routingWorld, wanting } from "../../test/golden/routingStories.ts";
import { GATEWAY_PLUGIN } from "./gatewayStanza.ts";
import { plugins } from "./plugins.ts";
import type { ManagedRoute, ObjectRef, Traffic } from "./router.ts";

const some = <T>(random: Random, list: readonly [T, ...T[]]): T => list[random(list.length)] ?? list[0];

const randomBackend = (random: Random): unknown =>
  some<unknown>(random, [
    { name: "web", port: 80 },
    { name: "web", port: 80, weight: random(200), filters: [{ type: "ExtensionRef" }] },
    { name: "web-next", port: 80, weight: random(3) * 50 },
    { name: "web-next", port: 8080, namespace: "default" },
    { name: "web-next", kind: "ServiceImport", group: "multicluster.x-k8s.io" },
    { name: "web", namespace: "elsewhere", weight: 3 },
    { name: "docs", weight: random(9) },
    null,
    7,
  ]);

const randomMatch = (random: Random): object => ({
  ...(random(2) === 0
    ? { path: { type: some(random, ["PathPrefix", "Exact", "RegularExpression"]), value: "/a" } }
    : {}),
  ...(random(3) === 0 ? { headers: [{ name: some(random, ["x-beta", "lang"]), value: "1" }] } : {}),
  ...(random(3) === 0 ? { method: "GET" } : {}),
});

const randomRule = (random: Random): unknown =>
  random(9) === 0
    ? some<unknown>(random, [null, "x", {}, { backendRefs: "web" }])
    : {
        ...(random(3) === 0 ? { name: some(random, ["users", "beta-1x", "copy-users"]) } : {}),
        ...(random(2) === 0 ? { matches: Array.from({ length: random(3) }, () => randomMatch(random)) } : {}),
        ...(random(3) === 0 ? { filters: [{ type: "CORS" }] } : {}),
        backendRefs: [
          ...(random(3) === 0
            ? []
            : [
                { name: "web", weight: 1 + random(100) },
                { name: "web-next", weight: 0 },
              ]),
          ...Array.from({ length: random(3) }, () => randomBackend(random)),
        ],
      };

const routes: readonly ManagedRoute[] = [
  { kind: "header", name: "beta", match: [{ headerName: "X-Beta", headerValue: { exact: "1" } }] },
  { kind: "mirror", name: "copy", percentage: 30, match: [{ path: { prefix: "/a/b" } }, { method: { exact: "PUT" } }] },
];

function randomTraffic(random: Random): Traffic {
  const canaryWeight = random(91);
  const additional = Array.from({ length: random(3) }, (_, n) => ({
    serviceName: `exp-${n}`,
    podTemplateHash: `${n}`,
    weight: random(6),
  }));
  const affinity = { cookieName: "sluice-affinity", value: some(random, ["b", "c"]), maxAge: 60 };
  const sessions = canaryWeight > 0 && random(2) === 0 ? { affinity } : {};
  return wanting(canaryWeight, { additional, routes: routes.filter(() => random(2) === 0), ...sessions });
}

type Rule = { readonly name?: string; readonly backendRefs?: readonly unknown[] } | null;

/** The only filter of a canary's backend in these worlds that sets a cookie. */
function withoutOurCookie(backend: object): object & { readonly name?: string } {
  const { filters: _, ...rest } = backend as { readonly filters?: readonly object[] };
  return JSON.stringify(backend).includes("sluice-affinity=") ? rest : backend;
}

/** Rules without what is divided in them, and without ours. */
const foreign = (rules: readonly unknown[]): unknown[] =>
  (rules as readonly Rule[])
    .filter((rule) => !/^(beta|copy|web-affinity)(-\d+)?$/.test(rule?.name ?? ""))
    .map((rule) =>
      Array.isArray(rule?.backendRefs)
        ? {
            ...rule,
            backendRefs: rule.backendRefs
              .map((one) => one as { readonly name?: string; readonly weight?: number } | null)
              .map((one) => (one?.name === "web-next" ? withoutOurCookie(one) : one))
              .filter((one) => one?.name?.startsWith("exp-") !== true)
              .map((one) => (one?.name?.startsWith("web") === true ? { ...one, weight: 0 } : one)),
          }
        : rule,
    );

test("in any route what has been done once is not done again, what is not ours stays, and in the end nothing is left", () => {
  const done = { writes: 0, faults: 0 };
  const ref: ObjectRef = { resource: plugins.resources({})[0] ?? never(), namespace: "default", name: "shop" };
  for (let seed = 0; seed < 300; seed += 1) {
    const random = randomOf(seed);
    const rollout = routedBy({
      plugins: { [GATEWAY_PLUGIN]: random(2) === 0 ? { httpRoute: "shop" } : { httpRouteSelector: {} } },
      managedRoutes: [{ name: "beta" }, { name: "copy" }],
      sessionAffinity: {},
    });
    const rules = Array.from({ length: random(4) }, () => randomRule(random));
    const spec = random(20) === 0 ? undefined : { rules };
    const world = routingWorld([
      { kind: "HTTPRoute", metadata: { name: "shop", annotations: { note: "ours" } }, spec },
    ]);
    const rulesNow = (): readonly unknown[] => (world.object(ref)?.spec as typeof spec)?.rules ?? [];
    world.route(plugins, rollout, wanting(0));
    const rest = world.object(ref);
    for (const traffic of [randomTraffic(random), randomTraffic(random), wanting(0)]) {
      const plan = world.route(plugins, rollout, traffic);
      const again = world.route(plugins, rollout, traffic);
      expect({ seed, kind: again.kind, writes: again.writes }).toEqual({ seed, kind: plan.kind, writes: [] });
      expect({ seed, rules: foreign(rulesNow()) }).toEqual({ seed, rules: foreign(spec?.rules ?? []) });
      done.writes += plan.writes.length;
      done.faults += plan.kind === "fault" ? 1 : 0;
    }
    const after = world.object(ref);
    expect({ seed, spec: after?.spec }).toEqual({ seed, spec: rest?.spec });
    expect({ seed, annotations: after?.metadata.annotations }).toEqual({ seed, annotations: { note: "ours" } });
    expect({ seed, labels: after?.metadata.labels ?? {} }).toEqual({ seed, labels: {} });
  }
  expect(done.writes).toBeGreaterThan(300);
  expect(done.faults).toBeGreaterThan(50);
});

function never(): never {
  throw new Error("there is no kind of routes");
}
