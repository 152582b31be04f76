/** Steps with header and mirror routes (docs/behaviour/traffic.md#header-and-mirror-routes). */
import { describe, test } from "bun:test";
import type { CanaryStep } from "../../schema/rollout.ts";
import * as user from "./edits.ts";
import { canary, image, pause, rolloutOf, setCanaryScale, setWeight } from "./edits.ts";
import { createWorld, type World, type WorldOptions } from "./goldenWorld.ts";
import { expectTimeline } from "./timeline.ts";

type Strategy = NonNullable<Parameters<typeof canary>[1]>;

const header = (name: string, ...values: readonly string[]): CanaryStep => ({
  setHeaderRoute: {
    name,
    ...(values.length === 0
      ? {}
      : { match: values.map((exact) => ({ headerName: "x-beta", headerValue: { exact } })) }),
  },
});

const mirror = (name: string, percentage?: number): CanaryStep => ({
  setMirrorRoute: {
    name,
    ...(percentage === undefined ? {} : { percentage, match: [{ path: { prefix: "/api" } }] }),
  },
});

const services = { canaryService: "canary", stableService: "stable" } as const;
const managedRoutes = [{ name: "beta" }, { name: "team" }, { name: "copy" }];
const byAlb: Strategy = { ...services, trafficRouting: { alb: { ingress: "web", servicePort: 80 }, managedRoutes } };
/** test/madeUpRouter.ts can do both. */
const byFerry = {
  ...services,
  trafficRouting: { ferry: { harbour: "north" }, managedRoutes },
} as unknown as Strategy;

const small = setCanaryScale({ replicas: 1 });
const steps = [small, header("beta", "yes"), pause(), setWeight(20), pause()];

function updated(list: readonly CanaryStep[], strategy: Strategy, options: WorldOptions = {}): World {
  const world = createWorld(rolloutOf({ replicas: 5, strategy: canary(list, strategy) }), {
    services: ["canary", "stable"],
    ...options,
  });
  world.pass(5_000);
  world.edit("image web:2", image("web:2"));
  world.pass(5_000);
  return world;
}

function promoted(world: World, times: number): World {
  for (let n = 0; n < times; n += 1) {
    world.edit("promote", user.promote);
    world.pass(5_000);
  }
  return world;
}

describe("header routes", () => {
  test("stay until a step replaces or removes them, or the update is over", () => {
    const list = [
      small,
      header("team", "red"),
      header("beta", "yes"),
      pause(),
      setWeight(20),
      header("beta", "yes", "no"),
      pause(),
      header("beta"),
      pause(),
    ];
    const world = promoted(updated(list, byAlb), 3);
    world.pass(60_000);
    expectTimeline("header-route-steps", world);
  });

  test("wait for a pod where they are the first step, go while the canary has none, and come back", () => {
    const world = updated([header("beta", "yes"), setWeight(20), pause()], byAlb, {
      readyAfterMs: (name) => (name === "web:1" ? 1_000 : 4_000),
    });
    world.meddle("the canary's pod fails", (cluster) => cluster.failPods("web:2", 1, 8_000));
    world.pass(20_000);
    expectTimeline("header-route-no-pods", world);
  });

  test("go before the canary's last pod goes, where a step takes its weight back to 0", () => {
    const world = promoted(updated([setWeight(20), header("beta", "yes"), pause(), setWeight(0), pause()], byAlb), 1);
    expectTimeline("header-route-weight-0", world);
  });

  test("go at once when aborted, and come with a retry", () => {
    const world = updated(steps, byAlb);
    world.edit("abort", user.abort);
    world.pass(40_000);
    world.edit("retry", user.retry);
    world.pass(5_000);
    expectTimeline("header-route-abort", world);
  });

  test("go when aborted although stable has not the pods that its weight waits for", () => {
    const world = promoted(updated(steps, byAlb), 1);
    world.meddle("two of stable's pods fail", (cluster) => cluster.failPods("web:1", 2, 60_000));
    world.edit("abort", user.abort);
    world.pass(10_000);
    expectTimeline("header-route-abort-unready", world);
  });

  test("come although stable has not the pods that its weight waits for", () => {
    const world = updated([setWeight(20), pause(), header("beta", "yes"), pause()], byAlb);
    world.meddle("two of stable's pods fail", (cluster) => cluster.failPods("web:1", 2, 20_000));
    world.edit("promote", user.promote);
    world.pass(30_000);
    expectTimeline("header-route-unready", world);
  });

  test("go at once with dynamicStableScale, when aborted and when set back to stable", () => {
    const strategy = { ...byAlb, dynamicStableScale: true };
    const list = [setWeight(60), header("beta", "yes"), pause()];
    const aborted = updated(list, strategy);
    aborted.edit("abort", user.abort);
    aborted.pass(20_000);
    expectTimeline("header-route-dynamic-abort", aborted);
    const back = updated(list, strategy);
    back.edit("image web:1", image("web:1"));
    back.pass(20_000);
    expectTimeline("header-route-dynamic-back", back);
  });

  test("go when promoted in full", () => {
    const world = updated(steps, byAlb);
    world.edit("promote --full", user.promoteFull);
    world.pass(60_000);
    expectTimeline("header-route-promote-full", world);
  });

  test("do not lead to a third version before its own step", () => {
    const world = promoted(updated(steps, byAlb), 1);
    world.edit("image web:3", image("web:3"));
    world.pass(10_000);
    expectTimeline("header-route-third-version", world);
  });

  test("hold their step while the router cannot follow", () => {
    const world = updated([setWeight(20), pause(), header("beta", "yes"), pause()], byAlb);
    world.meddle("the Ingress is somebody's", (cluster) => cluster.breakRouter("ingress is taken"));
    world.edit("promote", user.promote);
    world.pass(5_000);
    world.meddle("the router follows", (cluster) => cluster.breakRouter(undefined));
    world.pass(15_000);
    expectTimeline("header-route-fault", world);
  });

  test("are put right when somebody else removes them", () => {
    const world = updated(steps, byAlb);
    world.meddle("somebody resets the Ingress", (cluster) => cluster.forgetRoutes());
    world.pass(5_000);
    expectTimeline("header-route-meddled", world);
  });

  test("are not made for the first version, nor without managedRoutes", () => {
    const { trafficRouting: _, ...rest } = byAlb;
    const world = updated(steps, { ...rest, trafficRouting: { alb: { ingress: "web", servicePort: 80 } } });
    expectTimeline("header-route-unmanaged", world);
  });
});

describe("mirror routes of a made-up router", () => {
  test("stay until a step removes them, beside header routes in the order of managedRoutes", () => {
    const list = [setWeight(20), mirror("copy", 35), pause(), header("beta", "yes"), pause(), mirror("copy"), pause()];
    const world = promoted(updated(list, byFerry), 3);
    world.pass(60_000);
    expectTimeline("mirror-route-steps", world);
  });

  test("go when aborted", () => {
    const world = updated([setWeight(20), mirror("copy", 100), pause()], byFerry);
    world.edit("abort", user.abort);
    world.pass(5_000);
    expectTimeline("mirror-route-abort", world);
  });
});
