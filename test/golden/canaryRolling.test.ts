import { describe, test } from "bun:test";
import { expectTimeline } from "./timeline.ts";
import { createWorld, type World } from "./goldenWorld.ts";
import * as user from "./edits.ts";
import { canary, image, rolloutOf } from "./edits.ts";

type Limits = Parameters<typeof canary>[1];

function updated(replicas: number, limits: Limits): World {
  const world = createWorld(rolloutOf({ replicas, strategy: canary([], limits) }));
  world.pass(5_000);
  world.edit("image web:2", image("web:2"));
  world.pass(30_000);
  return world;
}

describe("a canary without steps is a rolling update", () => {
  const cases: readonly (readonly [name: string, replicas: number, limits: Limits])[] = [
    ["rolling-default", 5, {}],
    ["rolling-1-0", 3, { maxSurge: 1, maxUnavailable: 0 }],
    ["rolling-0-1", 3, { maxSurge: 0, maxUnavailable: 1 }],
    ["rolling-20-percent", 10, { maxSurge: "20%", maxUnavailable: "10%" }],
    ["rolling-100-percent-surge", 4, { maxSurge: "100%", maxUnavailable: 0 }],
    ["rolling-all-unavailable", 4, { maxSurge: 0, maxUnavailable: "100%" }],
    ["rolling-one-pod", 1, {}],
  ];
  for (const [name, replicas, limits] of cases) {
    test(`${name}: ${replicas} pods, ${JSON.stringify(limits)}`, () => {
      expectTimeline(name, updated(replicas, limits));
    });
  }

  test("aborted half-way it goes back, and a retry goes on", () => {
    const world = createWorld(rolloutOf({ strategy: canary([], { maxSurge: 1, maxUnavailable: 0 }) }));
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(2_500);
    world.edit("abort", user.abort);
    world.pass(20_000);
    world.edit("retry", user.retry);
    world.pass(20_000);
    expectTimeline("rolling-abort-retry", world);
  });

  test("paused half-way it stops there", () => {
    const world = createWorld(rolloutOf({ strategy: canary([], { maxSurge: 1, maxUnavailable: 0 }) }));
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(2_500);
    world.edit("paused", user.paused(true));
    world.pass(20_000);
    world.edit("unpaused", user.paused(false));
    world.pass(20_000);
    expectTimeline("rolling-user-pause", world);
  });

  test("a third image half-way", () => {
    const world = createWorld(rolloutOf({ strategy: canary([], { maxSurge: 1, maxUnavailable: 0 }) }));
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(2_500);
    world.edit("image web:3", image("web:3"));
    world.pass(30_000);
    expectTimeline("rolling-third-image", world);
  });

  test("back to the first image half-way", () => {
    const world = createWorld(rolloutOf({ strategy: canary([], { maxSurge: 1, maxUnavailable: 0 }) }));
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(2_500);
    world.edit("image web:1", image("web:1"));
    world.pass(30_000);
    expectTimeline("rolling-undo", world);
  });
});
