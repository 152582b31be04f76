import { describe, expect, test } from "bun:test";
import { expectTimeline } from "./timeline.ts";
import { createWorld, type World } from "./world.ts";
import * as user from "./edits.ts";
import { blueGreen, canary, image, pause, rolloutOf, setWeight, spec } from "./edits.ts";

const services = ["active", "preview"];
const at = (seconds: number) => spec({ restartAt: new Date(Date.parse("2026-01-01") + seconds * 1_000).toISOString() });

/** The highest number of pods that were evicted at once. */
const atOnce = (world: World): number => Math.max(...world.lines.map((line) => line.split("evict ").length - 1));

describe("a restart of blue-green pods", () => {
  const shares: readonly (readonly [string, number, number | string | undefined, number])[] = [
    ["a quarter of them at a time by default", 8, undefined, 2],
    ["at least one", 3, undefined, 1],
    ["as many as a percentage allows", 5, "50%", 2],
    ["one even where none may be unavailable", 4, 0, 1],
  ];
  for (const [what, replicas, maxUnavailable, expected] of shares)
    test(`replaces ${what}`, () => {
      const strategy = blueGreen(maxUnavailable === undefined ? {} : { maxUnavailable });
      const world = createWorld(rolloutOf({ replicas, strategy }), { services });
      world.pass(10_000);
      world.edit("restartAt +10s", at(10));
      world.pass(120_000);
      expect(atOnce(world)).toBe(expected);
      expect(world.rollout.status).toMatchObject({ phase: "Healthy", restartedAt: "2026-01-01T00:00:10.000Z" });
    });

  test("takes the active ones first while an update waits for its promotion", () => {
    const strategy = blueGreen({ autoPromotionEnabled: false, maxUnavailable: 1 });
    const world = createWorld(rolloutOf({ replicas: 2, strategy }), { services });
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    world.edit("restartAt +10s", at(10));
    world.pass(120_000);
    expectTimeline("restart-blue-green-paused", world);
  });
});

describe("a restart of canary pods", () => {
  const paused = (): World => {
    const world = createWorld(rolloutOf({ strategy: canary([setWeight(40), pause()], { maxUnavailable: "40%" }) }));
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    return world;
  };

  test("goes on after an abort", () => {
    const world = paused();
    world.edit("abort", user.abort);
    world.pass(5_000);
    world.edit("restartAt +15s", at(15));
    world.pass(60_000);
    expectTimeline("restart-aborted", world);
  });

  test("goes on while the user holds the update", () => {
    const world = paused();
    world.edit("paused", user.paused(true));
    world.edit("restartAt +10s", at(10));
    world.pass(60_000);
    expectTimeline("restart-held", world);
  });

  test("waits for a time to come, however far", () => {
    const world = createWorld(rolloutOf({ strategy: canary([]) }));
    world.pass(10_000);
    world.edit("restartAt in two hours", at(7_200));
    world.pass(7_190_000);
    expect(atOnce(world)).toBe(0);
    world.pass(60_000);
    expect(world.rollout.status).toMatchObject({ phase: "Healthy", restartedAt: "2026-01-01T02:00:00.000Z" });
  });

  test("goes one by one where pods need long to start, and never below what may be unavailable", () => {
    const world = createWorld(rolloutOf({ strategy: canary([], { maxUnavailable: 1 }) }), {
      readyAfterMs: () => 20_000,
    });
    world.pass(120_000);
    world.edit("restartAt +120s", at(120));
    world.pass(300_000);
    expect(atOnce(world)).toBe(1);
    expectTimeline("restart-slow-pods", world);
  });
});
