/** Clients that stay with the canary (docs/behaviour/traffic.md#session-affinity). */
import { describe, test } from "bun:test";
import type { CanaryStep } from "../../schema/rollout.ts";
import * as user from "./edits.ts";
import { canary, image, pause, rolloutOf, setCanaryScale, setWeight } from "./edits.ts";
import { createWorld, type World } from "./goldenWorld.ts";
import { expectTimeline } from "./timeline.ts";

const byNginx = {
  canaryService: "canary",
  stableService: "stable",
  trafficRouting: { nginx: { stableIngress: "web" }, sessionAffinity: {} },
} as const;
const steps = [setWeight(20), pause(), setWeight(60), pause()];

function updated(list: readonly CanaryStep[], strategy: Parameters<typeof canary>[1] = byNginx): World {
  const services = ["canary", "stable"];
  const world = createWorld(rolloutOf({ replicas: 5, strategy: canary(list, strategy) }), { services });
  world.pass(5_000);
  world.edit("image web:2", image("web:2"));
  world.pass(5_000);
  return world;
}

function promoted(world: World, times = 1): World {
  for (let n = 0; n < times; n += 1) {
    world.edit("promote", user.promote);
    world.pass(5_000);
  }
  return world;
}

describe("sessions of a canary", () => {
  test("are kept from its first weight to the end of the update, and anew in the next one", () => {
    const world = promoted(updated(steps), 2);
    world.edit("image web:3", image("web:3"));
    world.pass(5_000);
    expectTimeline("sessions-steps", world);
  });

  test("go at once when aborted, and come with a retry", () => {
    const world = promoted(updated(steps));
    world.edit("abort", user.abort);
    world.pass(5_000);
    world.edit("retry", user.retry);
    world.pass(5_000);
    expectTimeline("sessions-abort", world);
  });

  test("go at once with dynamicStableScale, when aborted and when set back to stable", () => {
    const strategy = { ...byNginx, dynamicStableScale: true };
    const aborted = promoted(updated(steps, strategy));
    aborted.edit("abort", user.abort);
    aborted.pass(20_000);
    expectTimeline("sessions-dynamic-abort", aborted);
    const back = promoted(updated(steps, strategy));
    back.edit("image web:1", image("web:1"));
    back.pass(20_000);
    expectTimeline("sessions-dynamic-back", back);
  });

  test("go when aborted although stable has not the pods that its weight waits for", () => {
    const world = promoted(updated(steps));
    world.meddle("two of stable's pods fail", (cluster) => cluster.failPods("web:1", 2, 60_000));
    world.edit("abort", user.abort);
    world.pass(10_000);
    expectTimeline("sessions-abort-unready", world);
  });

  test("go before the canary's pods go, where a step takes its weight or its pods, and come back", () => {
    const list = [
      setWeight(20),
      pause(),
      setWeight(0),
      pause(),
      setWeight(20),
      pause(),
      setCanaryScale({ replicas: 0 }),
      pause(),
    ];
    expectTimeline("sessions-no-pods", promoted(updated(list), 3));
  });

  test("stay until the promotion in full", () => {
    const world = updated(steps);
    world.edit("promote --full", user.promoteFull);
    world.pass(10_000);
    expectTimeline("sessions-promote-full", world);
  });

  test("are those of a third version once that has a weight", () => {
    const world = promoted(updated(steps));
    world.edit("image web:3", image("web:3"));
    world.pass(10_000);
    expectTimeline("sessions-third-version", world);
  });

  test("hold the step while the router cannot follow", () => {
    const world = updated([pause(), setWeight(20), pause()]);
    world.meddle("the Ingress is somebody's", (cluster) => cluster.breakRouter("ingress is taken"));
    world.edit("promote", user.promote);
    world.pass(5_000);
    world.meddle("the router follows", (cluster) => cluster.breakRouter(undefined));
    world.pass(15_000);
    expectTimeline("sessions-fault", world);
  });

  test("go with the spec that asks for them", () => {
    const world = updated(steps);
    const { sessionAffinity: _, ...trafficRouting } = byNginx.trafficRouting;
    world.edit("no sessions", user.strategy(canary(steps, { ...byNginx, trafficRouting })));
    world.pass(5_000);
    expectTimeline("sessions-spec", world);
  });
});
