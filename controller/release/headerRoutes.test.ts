/** Header routes by steps, on an Ingress of the AWS load balancer controller, in a whole cluster in this process. */
import { describe, expect, test } from "bun:test";
import { manualClock } from "../../kube/clock/clock.ts";
import type { Rollout, RolloutStrategy } from "../../schema/rollout.ts";
import { type LocalCluster, startLocalCluster } from "../../simulator/local/localCluster.ts";
import type { ApiObject, Draft } from "../../simulator/model/model.ts";
import { type SavedState, savedState } from "../../simulator/server/objects/saved.ts";
import {
  abort,
  blueGreen,
  canary,
  type Edit,
  image,
  pause,
  promote,
  promoteFull,
  rolloutOf,
  setCanaryScale,
  setWeight,
  strategy,
} from "../../test/golden/edits.ts";

const place = { resource: "rollouts.argoproj.io", namespace: "default", name: "web" };
const shop = { resource: "ingresses.networking.k8s.io", namespace: "default", name: "shop" };
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const services = { stableService: "stable", canaryService: "canary" } as const;

const beta = {
  setHeaderRoute: { name: "beta", match: [{ headerName: "x-beta", headerValue: { exact: "yes" } }] },
};
const steps = [setCanaryScale({ replicas: 1 }), beta, pause(), setWeight(50), pause()];
const trafficRouting = { alb: { ingress: "shop", servicePort: 80 }, managedRoutes: [{ name: "beta" }] };
const routed: RolloutStrategy = canary(steps, { ...services, trafficRouting });

const path = (at: string, name: string, port: object) => ({
  path: at,
  pathType: "ImplementationSpecific",
  backend: { service: { name, port } },
});
const inGit = {
  ingressClassName: "alb",
  rules: [
    { http: { paths: [path("/docs", "docs", { number: 80 }), path("/*", "stable", { name: "use-annotation" })] } },
  ],
};
const before = [
  path("/*", "beta", { name: "use-annotation" }),
  path("/docs", "docs", { number: 80 }),
  path("/*", "stable", { name: "use-annotation" }),
];

/** A canary at its first pause, with one pod that gets requests by a header alone. */
async function atHeaderRoute() {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const start = (saved?: SavedState) => startLocalCluster({ clock, log, version: "0.0.0", saved });
  let cluster: LocalCluster = await start();
  for (const name of ["stable", "canary"]) {
    const spec = { selector: { app: "web" }, ports: [{ port: 80 }] };
    cluster.core.create("services", { metadata: { name, namespace: "default" }, spec });
  }
  cluster.core.create(shop.resource, { metadata: { name: "shop", namespace: "default" }, spec: inGit });
  const { uid: _, ...metadata } = rolloutOf({}).metadata;
  cluster.core.create(place.resource, {
    ...rolloutOf({ replicas: 4, strategy: routed }),
    metadata,
  } as unknown as Draft);
  const rollout = (): Rollout => cluster.core.get(place) as unknown as Rollout;
  const ingress = (): ApiObject & { readonly spec?: typeof inGit } =>
    cluster.core.get(shop) as unknown as ApiObject & { readonly spec?: typeof inGit };
  const s = {
    clock,
    get core() {
      return cluster.core;
    },
    rollout,
    edit(change: Edit): void {
      const next = change(rollout());
      if (next.status !== rollout().status)
        cluster.core.modify(place, (old) => ({ ...old, status: next.status }), { subresource: "status" });
      cluster.core.modify(place, (old) => ({ ...old, spec: next.spec }));
    },
    spec: () => ingress().spec,
    paths: () => ingress().spec?.rules[0]?.http.paths,
    /** Of header routes. */
    marks: () =>
      Object.entries(ingress().metadata.annotations ?? {})
        .filter(([key, text]) => key.endsWith(".beta") || text.includes("beta"))
        .map(([key]) => key),
    /** What the router has told of the Ingress. */
    told: () =>
      (cluster.core.list("events") as readonly (ApiObject & { readonly reason?: string; readonly message?: string })[])
        .filter(({ reason }) => reason === "PatchingALBIngress")
        .map(({ message }) => message?.replace("Updating Ingress `shop` ", "")),
    stop: () => cluster.stop(),
    async startAgain(): Promise<void> {
      cluster = await start(JSON.parse(JSON.stringify(savedState(cluster.core))) as SavedState);
      await clock.advance(10_000);
    },
  };
  await clock.advance(20_000);
  expect(s.spec()).toEqual(inGit);
  s.edit(image("web:2"));
  await clock.advance(20_000);
  expect(rollout().status).toMatchObject({ phase: "Paused", currentStepIndex: 2, updatedReplicas: 1 });
  expect(s.paths()).toEqual(before);
  return s;
}

type Stage = Awaited<ReturnType<typeof atHeaderRoute>>;

const endings: readonly (readonly [what: string, end: (s: Stage) => void])[] = [
  ["it is aborted", (s) => s.edit(abort)],
  ["it is promoted in full", (s) => s.edit(promoteFull)],
  ["it is set back to stable", (s) => s.edit(image("web:1"))],
  ["trafficRouting is taken out", (s) => s.edit(strategy(canary(steps, services)))],
  ["trafficRouting names no router", (s) => s.edit(strategy(canary(steps, { ...services, trafficRouting: {} })))],
  [
    "the strategy becomes blue-green",
    (s) => s.edit(strategy(blueGreen({ activeService: "stable", previewService: "canary" }))),
  ],
  ["the Rollout is deleted", (s) => void s.core.delete(place)],
];

describe("a header route on an ALB Ingress", () => {
  test("is there until the update is over, over a restart, and the Ingress is as in Git afterwards", async () => {
    const s = await atHeaderRoute();
    await s.stop();
    await s.startAgain();
    expect(s.paths()).toEqual(before);
    s.edit(promote);
    await s.clock.advance(20_000);
    expect(s.rollout().status?.canary?.weights?.canary.weight).toBe(50);
    expect(s.paths()).toEqual(before);
    s.edit(promote);
    await s.clock.advance(60_000);
    expect(s.rollout().status?.phase).toBe("Healthy");
    expect(s.spec()).toEqual(inGit);
    expect(s.marks()).toEqual([]);
    await s.stop();
  });

  test("is told by an event when it comes, and when it goes together with the weight", async () => {
    const s = await atHeaderRoute();
    expect(s.told()).toEqual(["to desiredWeight '0'", "to headerRoute 'beta'"]);
    s.edit(promote);
    await s.clock.advance(20_000);
    s.edit(abort);
    await s.clock.advance(5_000);
    expect(s.told().slice(2, 4)).toEqual(["to desiredWeight '50'", "removing managed routes"]);
    // The event about weight 0 is the first one again.
    expect(s.told()).toHaveLength(4);
    await s.stop();
  });

  const third = ["a third version comes", (s: Stage) => s.edit(image("web:3"))] as const;
  test.each([third, ...endings])("is gone at once when %s", async (_, end) => {
    const s = await atHeaderRoute();
    end(s);
    await s.clock.advance(500);
    expect([s.spec(), s.marks()]).toEqual([inGit, []]);
    await s.stop();
  });

  test.each([...endings])("is gone when %s while no controller runs", async (_, end) => {
    const s = await atHeaderRoute();
    await s.stop();
    end(s);
    await s.startAgain();
    expect([s.spec(), s.marks()]).toEqual([inGit, []]);
    await s.stop();
  });

  test("is put back when somebody applies the Ingress as it is in Git", async () => {
    const s = await atHeaderRoute();
    s.core.modify(shop, (old) => ({ ...old, spec: inGit }));
    await s.clock.advance(2_000);
    expect(s.paths()).toEqual(before);
    await s.stop();
  });

  test("is a fault with a condition when its name is taken, and comes when it is free", async () => {
    const s = await atHeaderRoute();
    s.edit(abort);
    await s.clock.advance(40_000);
    const taken = [path("/api", "beta", { number: 80 }), ...(s.paths() ?? [])];
    s.core.modify(shop, (old) => ({ ...old, spec: { ...inGit, rules: [{ http: { paths: taken } }] } }));
    s.edit(image("web:3"));
    await s.clock.advance(20_000);
    const { conditions = [], currentStepIndex } = s.rollout().status ?? {};
    expect(currentStepIndex).toBe(1);
    expect(conditions.find(({ type }) => type === "TrafficRoutingFailure")?.message).toBe(
      "header route `beta` of ingress `shop` has the name of a Service that the Ingress leads to: give the route another name",
    );
    s.core.modify(shop, (old) => ({ ...old, spec: inGit }));
    await s.clock.advance(2_000);
    expect(s.rollout().status).toMatchObject({ phase: "Paused", currentStepIndex: 2 });
    expect(s.paths()).toEqual(before);
    await s.stop();
  });
});
