/** Routing that ends, and routers that cannot follow, in a whole cluster in this process. */
import { describe, expect, test } from "bun:test";
import type { ApiServer, Draft } from "../../simulator/model/model.ts";
import { abort, blueGreen, image, promoteFull, rolloutOf, strategy } from "../../test/golden/edits.ts";
import { INGRESSES, ingress, place, routedBy, type Routing, SPLITS, stage } from "../../test/golden/routingStage.ts";

const routers: readonly {
  readonly title: string;
  readonly routing: Routing;
  readonly half: readonly string[];
  /** What is left of it for the user: his own object, whole. */
  readonly whole: readonly string[];
}[] = [
  { title: "NGINX", routing: { nginx: { stableIngress: "one" } }, half: ["Ingress web-one-canary 50"], whole: [] },
  {
    title: "ALB",
    routing: { alb: { ingress: "one", servicePort: 80 } },
    half: ["Ingress one 50/50"],
    whole: ["Ingress one 100"],
  },
  { title: "SMI", routing: { smi: {} }, half: ["TrafficSplit web 50/50"], whole: [] },
  {
    title: "Istio's hosts",
    routing: {
      istio: {
        virtualServices: [
          { name: "shop", routes: ["main"] },
          { name: "shop.far", routes: ["main"] },
        ],
      },
    },
    half: ["VirtualService default/shop 50/50", "VirtualService far/shop 50/50"],
    whole: [],
  },
  {
    title: "Istio's subsets",
    routing: {
      istio: {
        virtualService: { name: "sub", routes: ["main"] },
        destinationRule: { name: "rule", stableSubsetName: "old", canarySubsetName: "new" },
      },
    },
    half: ["VirtualService default/sub 50/50", "DestinationRule rule 2 bound"],
    whole: [],
  },
  {
    title: "Gateway API",
    routing: { plugins: { "argoproj-labs/gatewayAPI": { httpRoute: "one" } } },
    half: ["HTTPRoute default/one 50/50"],
    whole: [],
  },
  {
    title: "Gateway API, in another namespace",
    routing: { plugins: { "argoproj-labs/gatewayAPI": { httpRoute: "one", namespace: "far" } } },
    half: ["HTTPRoute far/one 50/50"],
    whole: [],
  },
  {
    title: "Gateway API, by labels",
    routing: { plugins: { "argoproj-labs/gatewayAPI": { httpRouteSelector: {} } } },
    half: ["HTTPRoute default/one 50/50"],
    whole: [],
  },
];

const deleteRollout = (s: Awaited<ReturnType<typeof stage>>): void => void s.core.delete(place);

/** As `kubectl delete --cascade=orphan`: what belongs to the Rollout stays, without an owner. */
function orphan(s: Awaited<ReturnType<typeof stage>>): void {
  for (const resource of [INGRESSES, SPLITS]) {
    for (const { metadata } of s.core.list(resource)) {
      const { name, namespace = "" } = metadata;
      s.core.modify({ resource, namespace, name }, (old) => ({
        ...old,
        metadata: { ...old.metadata, ownerReferences: [] },
      }));
    }
  }
  s.core.delete(place);
}

const endings: readonly (readonly [what: string, end: (s: Awaited<ReturnType<typeof stage>>) => void])[] = [
  ["trafficRouting is taken out", (s) => s.edit(strategy(routedBy()))],
  ["trafficRouting names no router", (s) => s.edit(strategy(routedBy({})))],
  [
    "the strategy becomes blue-green",
    (s) => s.edit(strategy(blueGreen({ activeService: "stable", previewService: "canary" }))),
  ],
  ["the Rollout is deleted", deleteRollout],
  ["the Rollout is deleted without what belongs to it", orphan],
];

describe.each([...routers])("when routing by $title ends", ({ routing, half, whole }) => {
  test.each([...endings])("in the middle of an update because %s, no split is left", async (_, end) => {
    const s = await stage();
    await s.halfWay(routing);
    expect(s.splits()).toEqual(half);
    end(s);
    await s.clock.advance(2_000);
    expect(s.splits()).toEqual(whole);
    await s.clock.advance(60_000);
    expect(s.splits()).toEqual(whole);
    await s.stop();
  });

  test.each([...endings])("while no controller runs because %s, no split is left", async (_, end) => {
    const s = await stage();
    await s.halfWay(routing);
    await s.stop();
    end(s);
    await s.startAgain();
    expect(s.splits()).toEqual(whole);
    await s.stop();
  });

  test.each([
    ["an abort", abort],
    ["a full promotion", promoteFull],
  ] as const)("and %s follows or comes before, no split is left", async (_, then) => {
    for (const order of ["before", "after"]) {
      const s = await stage();
      await s.halfWay(routing);
      const [first, second] = order === "after" ? [strategy(routedBy()), then] : [then, strategy(routedBy())];
      s.edit(first);
      await s.clock.advance(5_000);
      s.edit(second);
      await s.clock.advance(5_000);
      expect(s.splits()).toEqual(whole);
      s.edit(image("web:3"));
      await s.clock.advance(60_000);
      expect(s.splits()).toEqual(whole);
      await s.stop();
    }
  });

  test.each(routers.filter((other) => other.routing !== routing))(
    "and $title goes on, each has what it needs",
    async (other) => {
      const s = await stage();
      await s.halfWay(routing);
      s.edit(strategy(routedBy(other.routing)));
      await s.clock.advance(40_000);
      expect(s.splits().toSorted()).toEqual([...whole, ...other.half].toSorted());
      await s.stop();
    },
  );
});

test.each<[string, Routing, readonly string[], Routing, readonly string[]]>([
  [
    "another NGINX Ingress",
    { nginx: { stableIngress: "one" } },
    ["Ingress web-one-canary 50"],
    { nginx: { stableIngress: "two" } },
    ["Ingress web-two-canary 50"],
  ],
  [
    "one NGINX Ingress fewer",
    { nginx: { stableIngresses: ["one", "two"] } },
    ["Ingress web-one-canary 50", "Ingress web-two-canary 50"],
    { nginx: { stableIngresses: ["two"] } },
    ["Ingress web-two-canary 50"],
  ],
  [
    "one ALB Ingress fewer",
    { alb: { ingresses: ["one", "two"], servicePort: 80 } },
    ["Ingress one 50/50", "Ingress two 50/50"],
    { alb: { ingresses: ["two"], servicePort: 80 } },
    ["Ingress one 100", "Ingress two 50/50"],
  ],
  [
    "another name of the TrafficSplit",
    { smi: {} },
    ["TrafficSplit web 50/50"],
    { smi: { trafficSplitName: "shop" } },
    ["TrafficSplit shop 50/50"],
  ],
  [
    "one VirtualService fewer",
    {
      istio: {
        virtualServices: [
          { name: "shop", routes: ["main"] },
          { name: "shop.far", routes: ["main"] },
        ],
      },
    },
    ["VirtualService default/shop 50/50", "VirtualService far/shop 50/50"],
    { istio: { virtualService: { name: "shop.far", routes: ["main"] } } },
    ["VirtualService far/shop 50/50"],
  ],
])("routing goes on by %s, and what it leaves splits no more", async (_, before, half, after, left) => {
  const s = await stage();
  await s.halfWay(before);
  expect(s.splits()).toEqual(half);
  s.edit(strategy(routedBy(after)));
  await s.clock.advance(40_000);
  expect(s.splits()).toEqual(left);
  await s.stop();
});

describe("an object of a router whose owner is lost", () => {
  const restored = (routing: Routing, owner: "none" | "earlier") =>
    (async () => {
      const s = await stage();
      await s.halfWay(routing);
      const kept = [...s.core.list(INGRESSES), ...s.core.list(SPLITS)].find(
        ({ metadata }) => metadata.ownerReferences !== undefined,
      );
      if (kept === undefined) throw new Error("nothing of ours");
      const resource = kept.kind === "Ingress" ? INGRESSES : SPLITS;
      const { name } = kept.metadata;
      s.core.modify({ resource, namespace: "default", name }, (old) => ({
        ...old,
        metadata: {
          ...old.metadata,
          ownerReferences:
            owner === "none" ? [] : (old.metadata.ownerReferences ?? []).map((each) => ({ ...each, uid: "earlier" })),
        },
      }));
      await s.clock.advance(2_000);
      const live = s.core.get({ resource, namespace: "default", name });
      expect(live?.metadata.ownerReferences?.map(({ uid }) => uid)).toEqual([s.rollout().metadata.uid ?? ""]);
      s.edit(promoteFull);
      await s.clock.advance(60_000);
      expect(s.rollout().status?.phase).toBe("Healthy");
      await s.stop();
    })();

  test.each(["none", "earlier"] as const)("is adopted, and the update goes on: owner %s", async (owner) => {
    await restored({ nginx: { stableIngress: "one" } }, owner);
    await restored({ smi: {} }, owner);
  });
});

describe("a router that cannot follow", () => {
  test("is told by a condition and the phase, with the counts, while its Ingress is somebody's, and goes on after", async () => {
    const s = await stage();
    s.core.create(INGRESSES, { ...ingress("web-one-canary") });
    const { uid: _, ...metadata } = rolloutOf({}).metadata;
    const draft = { ...rolloutOf({ replicas: 4, strategy: routedBy({ nginx: { stableIngress: "one" } }) }), metadata };
    s.core.create(place.resource, draft as unknown as Draft);
    await s.clock.advance(20_000);
    expect(s.condition()).toMatchObject({ status: "True", reason: "TrafficRoutingError" });
    expect(s.condition()?.message).toStartWith("canary ingress `web-one-canary` controlled by different object");
    expect(s.rollout().status).toMatchObject({ phase: "Progressing", availableReplicas: 4, readyReplicas: 4 });
    expect(s.rollout().status?.message).toStartWith("TrafficRoutingError: canary ingress `web-one-canary`");
    s.core.delete({ resource: INGRESSES, namespace: "default", name: "web-one-canary" });
    await s.clock.advance(2_000);
    expect(s.condition()).toBeUndefined();
    expect(s.rollout().status?.phase).toBe("Healthy");
    await s.stop();
  });

  test("is told with the counts while its stable Ingress is missing, and goes on after", async () => {
    const s = await stage();
    await s.halfWay({ nginx: { stableIngress: "one" } });
    s.core.delete({ resource: INGRESSES, namespace: "default", name: "one" });
    await s.clock.advance(2_000);
    const phase = "Degraded";
    expect(s.rollout().status).toMatchObject({ phase, availableReplicas: 6, updatedReplicas: 2 });
    expect(s.rollout().status?.message).toContain('ingress.networking.k8s.io "one" not found');
    for (const { metadata } of s.core.list("replicasets.apps")) {
      const { name } = metadata;
      s.core.modify({ resource: "replicasets.apps", namespace: "default", name }, (old) => ({
        ...old,
        spec: { ...(old["spec"] as object), replicas: 1 },
      }));
    }
    await s.clock.advance(10_000);
    expect(s.rollout().status).toMatchObject({ phase, availableReplicas: 2, updatedReplicas: 1 });
    s.core.create(INGRESSES, ingress("one"));
    await s.clock.advance(20_000);
    expect(s.rollout().status).toMatchObject({ phase: "Paused", availableReplicas: 6 });
    await s.stop();
  });

  test("is told while the API server refuses its write, and goes on when that is over", async () => {
    const s = await stage();
    await s.halfWay({ nginx: { stableIngress: "one" } });
    const { handle } = s.server;
    const forbidden = { kind: "Status", status: "Failure", reason: "Forbidden", code: 403, message: "no rights" };
    const refuse: ApiServer["handle"] = (request) =>
      request.method === "PATCH" && request.path.includes("ingresses")
        ? Promise.resolve({ kind: "answer", status: 403, body: forbidden } as never)
        : handle.call(s.server, request);
    Object.assign(s.server, { handle: refuse });
    s.edit(abort);
    await s.clock.advance(5_000);
    expect(s.condition()?.message).toStartWith("error patching canary ingress `web-one-canary`: ");
    expect(s.condition()?.message).toContain("no rights");
    expect(s.rollout().status).toMatchObject({ phase: "Degraded", abort: true, availableReplicas: 6 });
    expect(s.splits()).toEqual(["Ingress web-one-canary 50"]);
    Object.assign(s.server, { handle });
    await s.clock.advance(15_000);
    expect(s.condition()).toBeUndefined();
    expect(s.splits()).toEqual(["Ingress web-one-canary 0"]);
    await s.stop();
  });
});
