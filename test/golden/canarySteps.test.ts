import { describe, test } from "bun:test";
import { expectTimeline } from "./timeline.ts";
import { createWorld, type World } from "./goldenWorld.ts";
import * as user from "./edits.ts";
import { canary, image, pause, rolloutOf, setWeight } from "./edits.ts";

const steps = [setWeight(20), pause(), setWeight(60), pause(10), setWeight(80)];

/** `web:1` is Healthy, and `web:2` waits at the first pause. */
function atFirstPause(spec: Parameters<typeof rolloutOf>[0] = {}): World {
  const world = createWorld(rolloutOf({ strategy: canary(steps), ...spec }));
  world.pass(5_000);
  world.edit("image web:2", image("web:2"));
  world.pass(5_000);
  return world;
}

describe("canary steps", () => {
  test("go through indefinite and timed pauses", () => {
    const world = atFirstPause();
    world.pass(60_000);
    world.edit("promote", user.promote);
    world.pass(60_000);
    expectTimeline("canary-steps", world);
  });

  test("are cut short by promoting in a timed pause, and skipped by promoting where nothing is paused", () => {
    const world = createWorld(
      rolloutOf({ strategy: canary([setWeight(20), pause("1m"), setWeight(60), pause("2m")]) }),
      {
        readyAfterMs: () => 4_000,
      },
    );
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(10_000);
    world.edit("promote", user.promote);
    world.pass(1_000);
    world.edit("promote", user.promote);
    world.pass(180_000);
    expectTimeline("canary-promote-early", world);
  });

  test("are skipped by a full promotion at a pause", () => {
    const world = atFirstPause();
    world.edit("promote --full", user.promoteFull);
    world.pass(20_000);
    expectTimeline("canary-promote-full-at-pause", world);
  });

  test("are skipped by a full promotion after an abort", () => {
    const world = atFirstPause();
    world.edit("abort", user.abort);
    world.pass(5_000);
    world.edit("promote --full", user.promoteFull);
    world.pass(20_000);
    expectTimeline("canary-promote-full-after-abort", world);
  });

  test("begin again by a retry after an abort", () => {
    const world = atFirstPause();
    world.edit("abort", user.abort);
    world.pass(20_000);
    world.edit("retry", user.retry);
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(30_000);
    expectTimeline("canary-abort-retry", world);
  });

  test("are aborted in the middle of a step, and a new image begins a new update", () => {
    const world = createWorld(rolloutOf({ strategy: canary(steps) }), {
      readyAfterMs: (name) => (name === "web:2" ? undefined : 1_000),
    });
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    world.edit("abort", user.abort);
    world.pass(5_000);
    world.edit("image web:3", image("web:3"));
    world.pass(5_000);
    expectTimeline("canary-abort-then-new-image", world);
  });

  test("are kept by an abort of a Rollout that is done", () => {
    const world = createWorld(rolloutOf({ strategy: canary(steps) }));
    world.pass(5_000);
    world.edit("abort", user.abort);
    world.pass(5_000);
    expectTimeline("canary-abort-when-done", world);
  });

  test("begin again when they are changed in the middle", () => {
    const world = atFirstPause();
    world.edit("other steps", user.strategy(canary([setWeight(40), pause(), setWeight(80)])));
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(10_000);
    expectTimeline("canary-steps-changed", world);
  });

  test("count as done when they are changed on a Rollout that is done", () => {
    const world = createWorld(rolloutOf({ strategy: canary(steps) }));
    world.pass(5_000);
    world.edit("other steps", user.strategy(canary([setWeight(40), pause()])));
    world.pass(5_000);
    world.edit("no steps", user.strategy(canary([])));
    world.pass(5_000);
    world.edit("steps again", user.strategy(canary(steps)));
    world.pass(5_000);
    expectTimeline("canary-steps-changed-when-done", world);
  });

  test("end when they are taken away in the middle", () => {
    const world = atFirstPause();
    world.edit("no steps", user.strategy(canary([])));
    world.pass(10_000);
    expectTimeline("canary-steps-removed", world);
  });

  test("begin again with a new image in the middle, whose predecessor goes first", () => {
    const world = atFirstPause();
    world.edit("image web:3", image("web:3"));
    world.pass(10_000);
    world.edit("promote", user.promote);
    world.pass(30_000);
    expectTimeline("canary-new-image-in-the-middle", world);
  });

  test("may begin with a pause, and end with one", () => {
    const world = createWorld(rolloutOf({ strategy: canary([pause(5), setWeight(50), pause(0), pause(3)]) }));
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(30_000);
    expectTimeline("canary-pause-first-and-last", world);
  });
});

describe("spec.paused", () => {
  test("holds a canary in the middle of a step, sizes included, until promote lifts it", () => {
    const world = createWorld(rolloutOf({ strategy: canary([setWeight(20), setWeight(60), pause()]) }), {
      readyAfterMs: () => 3_000,
    });
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(1_000);
    world.edit("paused", user.paused(true));
    world.pass(700_000);
    world.edit("promote", user.promote);
    world.pass(20_000);
    expectTimeline("canary-user-pause", world);
  });

  test("holds a new image back", () => {
    const world = createWorld(rolloutOf({ strategy: canary(steps) }));
    world.pass(5_000);
    world.edit("paused", user.paused(true));
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    world.edit("unpaused", user.paused(false));
    world.pass(10_000);
    expectTimeline("canary-user-pause-new-image", world);
  });

  test("counts beside a pause step, and both are lifted by one promote", () => {
    const world = atFirstPause();
    world.edit("paused", user.paused(true));
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(5_000);
    expectTimeline("canary-user-pause-at-pause", world);
  });
});
