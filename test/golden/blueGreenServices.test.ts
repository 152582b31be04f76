import { describe, test } from "bun:test";
import { expectTimeline } from "./timeline.ts";
import { createWorld, type World } from "./goldenWorld.ts";
import * as user from "./edits.ts";
import { blueGreen, canary, image, pause, rolloutOf, setWeight } from "./edits.ts";

const services = ["active", "preview"];

/** `web:2` waits to be promoted beside `web:1`, which serves. */
function waiting(): World {
  const world = createWorld(rolloutOf({ replicas: 3, strategy: blueGreen({ autoPromotionEnabled: false }) }), {
    services,
  });
  world.pass(5_000);
  world.edit("image web:2", image("web:2"));
  world.pass(10_000);
  return world;
}

describe("an active Service without a revision", () => {
  test("gets stable's again while an update waits to be promoted", () => {
    const world = waiting();
    world.meddle("the active Service is created anew", (cluster) => {
      cluster.deleteService("active");
      cluster.addService("active");
    });
    world.pass(10_000);
    world.edit("promote", user.promote);
    world.pass(60_000);
    expectTimeline("blue-green-active-recreated", world);
  });

  test("gets stable's when an aborted canary becomes blue-green", () => {
    const world = createWorld(rolloutOf({ replicas: 3, strategy: canary([setWeight(40), pause()]) }), {
      services,
      readyAfterMs: (name) => (name === "web:bad" ? undefined : 1_000),
    });
    world.pass(5_000);
    world.edit("image web:bad", image("web:bad"));
    world.pass(10_000);
    world.edit("abort", user.abort);
    world.pass(10_000);
    world.edit("to blue-green", user.strategy(blueGreen({ autoPromotionEnabled: false })));
    world.pass(60_000);
    expectTimeline("strategy-switched-aborted", world);
  });

  test("does not hold back a second revision while the first has no pod that serves", () => {
    const world = createWorld(rolloutOf({ replicas: 3, strategy: blueGreen({ autoPromotionEnabled: false }) }), {
      services,
      readyAfterMs: (name) => (name === "web:1" ? undefined : 1_000),
    });
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(60_000);
    expectTimeline("blue-green-first-never-ready", world);
  });
});
