import { describe, test } from "bun:test";
import { expectTimeline } from "./timeline.ts";
import { createWorld, type World, type WorldOptions } from "./goldenWorld.ts";
import * as user from "./edits.ts";
import { canary, image, pause, rolloutOf, scale, setCanaryScale, setWeight } from "./edits.ts";

const routed = {
  canaryService: "canary",
  stableService: "stable",
  trafficRouting: { nginx: { stableIngress: "web" } },
} as const;

const services = ["canary", "stable"];
const steps = [setWeight(20), pause(), setWeight(60), pause()];

type Strategy = Parameters<typeof canary>[1];

function atFirstPause(strategy: Strategy = {}, options: WorldOptions = {}, replicas = 10): World {
  const world = createWorld(rolloutOf({ replicas, strategy: canary(steps, { ...routed, ...strategy }) }), {
    services,
    ...options,
  });
  world.pass(5_000);
  world.edit("image web:2", image("web:2"));
  world.pass(5_000);
  return world;
}

/** Promotes to the second pause, and to the end. */
function toTheEnd(world: World): World {
  world.edit("promote", user.promote);
  world.pass(5_000);
  world.edit("promote", user.promote);
  world.pass(60_000);
  return world;
}

describe("a canary whose traffic a router splits", () => {
  test("moves the weight when its pods are there, and keeps the old pods for their delay", () => {
    expectTimeline("traffic-steps", toTheEnd(atFirstPause()));
  });

  test("takes stable's pods after their traffic with dynamicStableScale", () => {
    expectTimeline("traffic-dynamic", toTheEnd(atFirstPause({ dynamicStableScale: true })));
  });

  test("waits until stable has pods again for what a third version leaves it", () => {
    const strategy = canary([setWeight(20), setWeight(60), pause()], { ...routed, dynamicStableScale: true });
    const readyAfterMs = (name: string) => (name === "web:1" ? 5_000 : 1_000);
    const world = createWorld(rolloutOf({ replicas: 5, strategy }), { services, readyAfterMs });
    world.pass(10_000);
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    world.edit("image web:3", image("web:3"));
    world.pass(10_000);
    expectTimeline("traffic-dynamic-third", world);
  });

  test("leads the stable Service, by which requests come to NGINX, to the canary while stable has no pods", () => {
    const world = createWorld(
      rolloutOf({ replicas: 4, strategy: canary([setWeight(100), pause()], { ...routed, dynamicStableScale: true }) }),
      { services },
    );
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    world.edit("abort", user.abort);
    world.pass(10_000);
    world.edit("retry", user.retry);
    world.pass(5_000);
    world.edit("image web:3", image("web:3"));
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(10_000);
    expectTimeline("traffic-dynamic-100", world);
  });

  test("leaves the stable Service alone where the weights alone say who gets requests", () => {
    const trafficRouting = { alb: { ingress: "web", servicePort: 80 } };
    const strategy = canary([setWeight(100), pause()], { ...routed, trafficRouting, dynamicStableScale: true });
    const world = createWorld(rolloutOf({ replicas: 4, strategy }), { services });
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    expectTimeline("traffic-dynamic-100-alb", world);
  });

  test("takes the aborted pods at their time, whatever stable lacks by then", () => {
    const world = atFirstPause({}, {}, 5);
    world.edit("abort", user.abort);
    world.pass(20_000);
    world.meddle("two of stable's pods fail", (cluster) => cluster.failPods("web:1", 2, 30_000));
    world.pass(40_000);
    expectTimeline("traffic-abort-unready", world);
  });

  test("keeps the aborted pods for 30 seconds, without traffic", () => {
    const world = atFirstPause();
    world.edit("abort", user.abort);
    world.pass(40_000);
    world.edit("retry", user.retry);
    world.pass(5_000);
    expectTimeline("traffic-abort", world);
  });

  test("keeps the aborted pods for ever with abortScaleDownDelaySeconds 0, unless the weight sizes them", () => {
    const world = atFirstPause({ abortScaleDownDelaySeconds: 0 });
    world.edit("abort", user.abort);
    world.pass(40_000);
    expectTimeline("traffic-abort-keep", world);
  });

  test("goes back in the portions of its steps when aborted with dynamicStableScale", () => {
    const world = atFirstPause({ dynamicStableScale: true });
    world.edit("promote", user.promote);
    world.pass(5_000);
    world.edit("abort", user.abort);
    world.pass(60_000);
    expectTimeline("traffic-dynamic-abort", world);
  });

  test("goes back to the end when aborted with dynamicStableScale and a named delay", () => {
    const world = atFirstPause({ dynamicStableScale: true, abortScaleDownDelaySeconds: 20 });
    world.edit("promote", user.promote);
    world.pass(5_000);
    world.edit("abort", user.abort);
    world.pass(60_000);
    expectTimeline("traffic-dynamic-abort-delay", world);
  });

  test("gives traffic back only as stable grows when set back to stable with dynamicStableScale", () => {
    const world = atFirstPause({ dynamicStableScale: true });
    world.edit("promote", user.promote);
    world.pass(5_000);
    world.edit("image web:1", image("web:1"));
    world.pass(60_000);
    expectTimeline("traffic-dynamic-back", world);
  });

  test("is promoted in full without a step in between", () => {
    const world = atFirstPause();
    world.edit("promote --full", user.promoteFull);
    world.pass(60_000);
    expectTimeline("traffic-promote-full", world);
  });

  test("is promoted in full pod by pod with dynamicStableScale", () => {
    const world = atFirstPause({ dynamicStableScale: true });
    world.edit("promote --full", user.promoteFull);
    world.pass(60_000);
    expectTimeline("traffic-dynamic-promote-full", world);
  });

  test("gives up a canary for a third version without sending anyone to pods that are gone", () => {
    const world = atFirstPause();
    world.edit("image web:3", image("web:3"));
    world.pass(10_000);
    expectTimeline("traffic-third-version", world);
  });

  test("waits for a router that cannot follow", () => {
    const world = atFirstPause();
    world.meddle("the Ingress is gone", (cluster) =>
      cluster.breakRouter('Cannot route "web": Ingress "web" not found'),
    );
    world.edit("promote", user.promote);
    world.pass(20_000);
    world.meddle("the Ingress is back", (cluster) => cluster.breakRouter(undefined));
    world.pass(20_000);
    expectTimeline("traffic-router-fault", world);
  });

  test("tells pods that come and go, and an abort, while a router cannot follow", () => {
    const world = atFirstPause();
    world.meddle("the canary Ingress is somebody's", (cluster) => cluster.breakRouter("canary ingress is taken"));
    world.meddle("three pods fail", (cluster) => cluster.failPods("web:1", 3, 8_000));
    world.pass(5_000);
    world.edit("abort", user.abort);
    world.pass(10_000);
    world.meddle("another reason", (cluster) => cluster.breakRouter("ingresses is forbidden"));
    world.pass(10_000);
    world.meddle("the router follows", (cluster) => cluster.breakRouter(undefined));
    world.pass(40_000);
    expectTimeline("traffic-router-fault-abort", world);
  });

  test("is aborted when a router cannot follow for longer than its progress deadline, if told so", () => {
    const rollout = rolloutOf({
      replicas: 10,
      progressDeadlineSeconds: 60,
      progressDeadlineAbort: true,
      strategy: canary(steps, routed),
    });
    const world = createWorld(rollout, { services });
    world.pass(5_000);
    world.meddle("the canary Ingress is somebody's", (cluster) => cluster.breakRouter("canary ingress is taken"));
    world.edit("image web:2", image("web:2"));
    world.pass(70_000);
    expectTimeline("traffic-router-fault-deadline", world);
  });

  test("goes on without a router, and without weights, when trafficRouting is taken out in the middle", () => {
    const world = atFirstPause();
    world.edit("no trafficRouting", user.strategy(canary(steps, { canaryService: "canary", stableService: "stable" })));
    world.pass(20_000);
    expectTimeline("traffic-ends", world);
  });

  test("has no weights any more as blue-green", () => {
    const world = toTheEnd(atFirstPause());
    world.edit("to blue-green", user.strategy(user.blueGreen({ activeService: "stable", previewService: "canary" })));
    world.pass(60_000);
    expectTimeline("traffic-ends-blue-green", world);
  });

  test("is put right when somebody else changes its weights", () => {
    const world = atFirstPause();
    world.meddle("somebody resets the weights", (cluster) => cluster.forgetRoutes());
    world.pass(5_000);
    expectTimeline("traffic-meddled", world);
  });

  test("counts to the maxTrafficWeight", () => {
    const trafficRouting = { ...routed.trafficRouting, maxTrafficWeight: 1000 };
    expectTimeline("traffic-max-weight", toTheEnd(atFirstPause({ trafficRouting })));
  });

  test("tells each weight by a status before its step is over, though its pods are there already", () => {
    const strategy = canary([setWeight(5), pause(5), setWeight(50), setWeight(70), pause()], routed);
    const world = createWorld(rolloutOf({ replicas: 1, strategy }), { services });
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(20_000);
    expectTimeline("traffic-told", world);
  });

  test("keeps minPodsPerReplicaSet", () => {
    const world = toTheEnd(atFirstPause({ minPodsPerReplicaSet: 3, dynamicStableScale: true }));
    expectTimeline("traffic-min-pods", world);
  });

  test("goes on with a part of its pods when replicaProgressThreshold says so", () => {
    const world = atFirstPause({ replicaProgressThreshold: { type: "Percent", value: 50 } });
    world.edit("promote", user.promote);
    world.meddle("two pods fail", (cluster) => cluster.failPods("web:2", 2, 20_000));
    world.pass(10_000);
    expectTimeline("traffic-threshold", world);
  });

  test("scales both ReplicaSets at a pause", () => {
    const world = atFirstPause();
    world.edit("scale 20", scale(20));
    world.pass(5_000);
    world.edit("scale 4", scale(4));
    world.pass(5_000);
    expectTimeline("traffic-scale", world);
  });

  test("changes Services and nothing else where no router is named", () => {
    const world = toTheEnd(atFirstPause({ trafficRouting: {} }));
    expectTimeline("traffic-no-router", world);
  });

  test("keeps the last two versions within scaleDownDelayRevisionLimit", () => {
    const strategy = canary([], { ...routed, scaleDownDelayRevisionLimit: 1, scaleDownDelaySeconds: 120 });
    const world = createWorld(rolloutOf({ replicas: 2, strategy }), { services });
    for (const version of [2, 3, 4]) {
      world.pass(5_000);
      world.edit(`image web:${version}`, image(`web:${version}`));
    }
    world.pass(10_000);
    expectTimeline("traffic-revision-limit", world);
  });
});

describe("setCanaryScale", () => {
  const scaled = (scales: readonly ReturnType<typeof setCanaryScale>[], rest: Strategy = {}): World => {
    const list = scales.flatMap((step) => [step, pause()]);
    const strategy = canary([...list, setWeight(50), pause()], { ...routed, ...rest });
    const world = createWorld(rolloutOf({ replicas: 10, strategy }), { services });
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    for (const _ of [...scales, "setWeight"]) {
      world.edit("promote", user.promote);
      world.pass(5_000);
    }
    world.pass(60_000);
    return world;
  };

  test("sizes the canary by pods, by weight, and by its traffic again", () => {
    const world = scaled([
      setCanaryScale({ replicas: 3 }),
      setCanaryScale({ weight: 80 }),
      setCanaryScale({ matchTrafficWeight: true }),
    ]);
    expectTimeline("canary-scale", world);
  });

  test("leaves stable the pods that its traffic needs with dynamicStableScale", () => {
    const world = scaled([setCanaryScale({ replicas: 3 }), setCanaryScale({ weight: 40 })], {
      dynamicStableScale: true,
    });
    expectTimeline("canary-scale-dynamic", world);
  });

  test.each([
    ["of the steps", "canary-scale-dynamic-end", []],
    ["of the canary's own size", "canary-scale-dynamic-match", [setCanaryScale({ matchTrafficWeight: true }), pause()]],
  ])("leaves stable the pods that the canary still lacks at the end %s with dynamicStableScale", (_, name, rest) => {
    const small = [setCanaryScale({ replicas: 2 }), setWeight(80), pause(), ...rest];
    const strategy = canary(small, { ...routed, dynamicStableScale: true, maxUnavailable: 0 });
    const readyAfterMs = (of: string) => (of === "web:2" ? 3_000 : 1_000);
    const world = createWorld(rolloutOf({ replicas: 10, strategy }), { services, readyAfterMs });
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(10_000);
    world.edit("promote", user.promote);
    world.pass(10_000);
    expectTimeline(name, world);
  });

  test("stays with the aborted canary that the user keeps for ever", () => {
    const strategy = canary([setCanaryScale({ replicas: 4 }), pause(), setWeight(50)], {
      ...routed,
      abortScaleDownDelaySeconds: 0,
    });
    const world = createWorld(rolloutOf({ replicas: 10, strategy }), { services });
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    world.edit("abort", user.abort);
    world.pass(40_000);
    expectTimeline("canary-scale-abort-keep", world);
  });
});

describe("ping-pong", () => {
  const pingPong: Strategy = {
    pingPong: { pingService: "ping", pongService: "pong" },
    trafficRouting: { alb: { ingress: "web", servicePort: 80, rootService: "root" } },
  };
  const world = (): World => {
    const strategy = canary(steps, pingPong);
    const begun = createWorld(rolloutOf({ replicas: 4, strategy }), { services: ["ping", "pong"] });
    begun.pass(5_000);
    begun.edit("image web:2", image("web:2"));
    begun.pass(5_000);
    return begun;
  };

  test("lets the two Services take turns", () => {
    const played = toTheEnd(world());
    played.edit("image web:3", image("web:3"));
    played.pass(5_000);
    expectTimeline("ping-pong", toTheEnd(played));
  });

  test("keeps each Service where it is when aborted", () => {
    const played = world();
    played.edit("abort", user.abort);
    played.pass(40_000);
    expectTimeline("ping-pong-abort", played);
  });
});
