import { describe, test } from "bun:test";
import { expectTimeline } from "./timeline.ts";
import { createWorld, type World } from "./goldenWorld.ts";
import * as user from "./edits.ts";
import { both, canary, image, pause, rolloutOf, scale, setWeight } from "./edits.ts";

const steps = [setWeight(20), pause(), setWeight(60), pause()];

function atFirstPause(spec: Parameters<typeof rolloutOf>[0] = {}): World {
  const world = createWorld(rolloutOf({ strategy: canary(steps), ...spec }));
  world.pass(5_000);
  world.edit("image web:2", image("web:2"));
  world.pass(5_000);
  return world;
}

describe("scaling a canary", () => {
  test("up at a pause step keeps the weight and the pause", () => {
    const world = atFirstPause();
    world.edit("scale 10", scale(10));
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(10_000);
    expectTimeline("scale-up-at-pause", world);
  });

  test("down at a pause step keeps the weight and the pause", () => {
    const world = atFirstPause({ replicas: 10 });
    world.edit("scale 5", scale(5));
    world.pass(5_000);
    world.edit("scale 1", scale(1));
    world.pass(5_000);
    world.edit("promote --full", user.promoteFull);
    world.pass(10_000);
    expectTimeline("scale-down-at-pause", world);
  });

  test("goes on while spec.paused", () => {
    const world = atFirstPause();
    world.edit("paused", user.paused(true));
    world.pass(1_000);
    world.edit("scale 10", scale(10));
    world.pass(5_000);
    world.edit("unpaused", user.paused(false));
    world.pass(10_000);
    expectTimeline("scale-while-user-pause", world);
  });

  test("together with a new image begins the update first", () => {
    const world = createWorld(rolloutOf({ strategy: canary(steps) }));
    world.pass(5_000);
    world.edit("image web:2, scale 10", both(image("web:2"), scale(10)));
    world.pass(10_000);
    expectTimeline("scale-with-image", world);
  });

  test("together with a new image while spec.paused", () => {
    const world = createWorld(rolloutOf({ strategy: canary(steps) }));
    world.pass(5_000);
    world.edit("paused", user.paused(true));
    world.pass(1_000);
    world.edit("image web:2, scale 10", both(image("web:2"), scale(10)));
    world.pass(5_000);
    world.edit("unpaused", user.paused(false));
    world.pass(10_000);
    expectTimeline("scale-with-image-while-user-pause", world);
  });

  test("to 0 and back when done", () => {
    const world = createWorld(rolloutOf({ strategy: canary(steps) }));
    world.pass(5_000);
    world.edit("scale 0", scale(0));
    world.pass(5_000);
    world.edit("scale 3", scale(3));
    world.pass(5_000);
    expectTimeline("scale-to-0-and-back", world);
  });

  test("to 0 at a pause, and on", () => {
    const world = atFirstPause();
    world.edit("scale 0", scale(0));
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(5_000);
    expectTimeline("scale-to-0-at-pause", world);
  });

  test("in the middle of a step, up and down", () => {
    const world = createWorld(rolloutOf({ strategy: canary(steps), replicas: 4 }), { readyAfterMs: () => 3_000 });
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(1_000);
    world.edit("scale 8", scale(8));
    world.pass(1_000);
    world.edit("scale 2", scale(2));
    world.pass(10_000);
    expectTimeline("scale-in-the-middle", world);
  });

  test("while aborted", () => {
    const world = atFirstPause();
    world.edit("abort", user.abort);
    world.pass(5_000);
    world.edit("scale 8", scale(8));
    world.pass(5_000);
    expectTimeline("scale-while-aborted", world);
  });
});

describe("small sizes", () => {
  test("no pods: the steps are gone through without any", () => {
    const world = createWorld(rolloutOf({ strategy: canary(steps), replicas: 0 }));
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(5_000);
    expectTimeline("size-0", world);
  });

  test("one pod: the canary comes on top", () => {
    const world = atFirstPause({ replicas: 1 });
    world.edit("promote", user.promote);
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(5_000);
    expectTimeline("size-1", world);
  });

  test("one pod without surge: it is replaced at half the weight", () => {
    const world = atFirstPause({ replicas: 1, strategy: canary(steps, { maxSurge: 0, maxUnavailable: 1 }) });
    world.edit("promote", user.promote);
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(5_000);
    expectTimeline("size-1-no-surge", world);
  });

  test("no size given: 1 is written into the spec", () => {
    const { replicas: _, ...spec } = rolloutOf({ strategy: canary(steps) }).spec;
    const world = createWorld({ ...rolloutOf({}), spec });
    world.pass(5_000);
    expectTimeline("size-not-given", world);
  });
});
