/** A canary by routes of the Gateway API in a whole cluster in this process, with a gateway that takes its time. */
import { describe, expect, test } from "bun:test";
import { manualClock } from "../../../kube/clock/clock.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { startLocalCluster } from "../../../simulator/local/localCluster.ts";
import type { Draft } from "../../../simulator/model/model.ts";
import { abort, canary, type Edit, image, rolloutOf, setWeight } from "../../../test/golden/edits.ts";

const place = { resource: "rollouts.argoproj.io", namespace: "default", name: "web" };
const route = { resource: "httproutes.gateway.networking.k8s.io", namespace: "default", name: "one" };
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const definition = {
  metadata: { name: route.resource },
  spec: {
    group: "gateway.networking.k8s.io",
    scope: "Namespaced",
    names: { kind: "HTTPRoute", listKind: "HTTPRouteList", plural: "httproutes", singular: "httproute" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
};
const backendRefs = [
  { name: "stable", weight: 1 },
  { name: "canary", weight: 0 },
];
const strategy = canary([setWeight(20), setWeight(60)], {
  stableService: "stable",
  canaryService: "canary",
  trafficRouting: { plugins: { "argoproj-labs/gatewayAPI": { httpRoute: "one" } } },
});

async function stage() {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const cluster = await startLocalCluster({ clock, log, version: "0.0.0", saved: undefined });
  const { core } = cluster;
  core.create("customresourcedefinitions.apiextensions.k8s.io", definition);
  for (const name of ["stable", "canary"]) {
    const spec = { selector: { app: "web" }, ports: [{ port: 80 }] };
    core.create("services", { metadata: { name, namespace: "default" }, spec });
  }
  core.create(route.resource, { metadata: { name: "one", namespace: "default" }, spec: { rules: [{ backendRefs }] } });
  const { uid: _, ...metadata } = rolloutOf({}).metadata;
  core.create(place.resource, { ...rolloutOf({ replicas: 4, strategy }), metadata } as unknown as Draft);
  const rollout = (): Rollout => core.get(place) as unknown as Rollout;
  const report = (type: string, status: string): void => {
    const { generation = 0 } = core.get(route)?.metadata ?? {};
    const condition = { type, status, reason: "Because", message: "so it is", observedGeneration: generation };
    const parents = [{ parentRef: { name: "public" }, conditions: [condition] }];
    core.modify(route, (old) => ({ ...old, status: { parents } }), { subresource: "status" });
  };
  const edit = (change: Edit): void => {
    const next = change(rollout());
    core.modify(place, (old) => ({ ...old, status: next.status }), { subresource: "status" });
    core.modify(place, (old) => ({ ...old, spec: next.spec }));
  };
  const seen = () => {
    const { status } = rollout();
    const { canary: own, currentStepIndex, phase } = status ?? {};
    return [phase, currentStepIndex, own?.weights?.canary.weight, own?.weights?.verified];
  };
  const failure = (): string | undefined =>
    rollout().status?.conditions?.find(({ type }) => type === "TrafficRoutingFailure")?.message;
  await clock.advance(20_000);
  report("Accepted", "True");
  edit(image("web:2"));
  await clock.advance(20_000);
  return {
    clock,
    cluster,
    report,
    edit,
    seen,
    failure,
    routeNow: () => core.get(route) as { readonly spec?: unknown },
  };
}

describe("a canary by routes", () => {
  test("goes from weight to weight as its gateway takes each over, and leaves the route as it was", async () => {
    const { clock, cluster, report, seen, routeNow } = await stage();
    expect(seen()).toEqual(["Progressing", 0, 20, false]);
    await clock.advance(60_000);
    expect(seen()).toEqual(["Progressing", 0, 20, false]);
    report("Accepted", "True");
    await clock.advance(20_000);
    expect(seen()).toEqual(["Progressing", 1, 60, false]);
    for (let n = 0; n < 3; n += 1) {
      report("Accepted", "True");
      await clock.advance(20_000);
    }
    expect(seen().slice(0, 3)).toEqual(["Healthy", 2, 0]);
    expect(routeNow().spec).toEqual({ rules: [{ backendRefs }] });
    await cluster.stop();
  });

  test("is held with a condition while no gateway accepts the route, and between two updates a Rollout is Healthy", async () => {
    const { clock, cluster, report, seen, failure } = await stage();
    report("Accepted", "False");
    await clock.advance(20_000);
    expect(seen()).toEqual(["Progressing", 0, 20, false]);
    expect(failure()).toBe('HTTPRoute "one" is not Accepted by Gateway "public": Because: so it is');
    for (let n = 0; n < 4; n += 1) {
      report("Accepted", "True");
      await clock.advance(20_000);
      expect(failure()).toBeUndefined();
    }
    expect(seen().slice(0, 3)).toEqual(["Healthy", 2, 0]);
    report("Accepted", "False");
    await clock.advance(20_000);
    expect([seen(), failure()]).toEqual([["Healthy", 2, 0, false], undefined]);
    await cluster.stop();
  });

  test("is aborted at once, whatever the gateway says", async () => {
    const { clock, cluster, report, edit, seen, routeNow } = await stage();
    report("Accepted", "False");
    await clock.advance(20_000);
    expect(seen()).toEqual(["Progressing", 0, 20, false]);
    edit(abort);
    await clock.advance(5_000);
    expect(seen().slice(0, 3)).toEqual(["Degraded", 0, 0]);
    expect(routeNow().spec).toEqual({ rules: [{ backendRefs }] });
    await cluster.stop();
  });
});
