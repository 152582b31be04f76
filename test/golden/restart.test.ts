import { describe, expect, test } from "bun:test";
import { expectTimeline } from "./timeline.ts";
import type { RolloutStrategy } from "../../schema/rollout.ts";
import { createWorld, type World } from "./goldenWorld.ts";
import * as user from "./edits.ts";
import { blueGreen, both, canary, type Edit, image, pause, rolloutOf, setWeight, spec } from "./edits.ts";

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

describe("a restart whose time is yet to come", () => {
  /** Seconds after the story began, at which pods are to be replaced. */
  const time = 120;
  const isPast = (line: string): boolean => Number(/^\+([\d.]+)s/.exec(line)?.[1] ?? 0) > time;
  const evicted = (world: World, counts: (line: string) => boolean): number =>
    world.lines.filter((line) => counts(line)).reduce((sum, line) => sum + line.split("evict ").length - 1, 0);
  const pods = (world: World): number => world.replicaSets.reduce((sum, rs) => sum + rs.status.replicas, 0);

  const strategies: Readonly<Record<string, RolloutStrategy>> = {
    "a canary": canary([setWeight(50), pause(1)]),
    "a canary at a pause": canary([setWeight(50), pause()]),
    "a canary without steps": canary([]),
    "blue-green": blueGreen({ scaleDownDelaySeconds: 10 }),
    "blue-green at its pause": blueGreen({ autoPromotionEnabled: false }),
  };
  const set: Edit = at(time);
  const update = image("web:2");
  const stories: Readonly<Record<string, readonly (readonly [string, Edit])[]>> = {
    "with the image": [["image and restartAt", both(update, set)]],
    "before an update": [
      ["restartAt", set],
      ["image", update],
    ],
    "in the middle of an update": [
      ["image", update],
      ["restartAt", set],
    ],
    "before two updates": [
      ["restartAt", set],
      ["image", update],
      ["another image", image("web:3")],
    ],
    "and is then made earlier": [
      ["restartAt later", at(7_200)],
      ["image", update],
      ["restartAt", set],
    ],
    "and is then made later": [
      ["restartAt earlier", at(100)],
      ["image and restartAt", both(update, set)],
    ],
    "with other steps, a new size and an abort": [
      ["restartAt", set],
      ["image", update],
      ["abort", user.abort],
      ["size", user.scale(3)],
    ],
  };

  for (const [name, strategy] of Object.entries(strategies))
    for (const [when, edits] of Object.entries(stories))
      test(`comes for ${name} that gets it ${when}`, () => {
        const world = createWorld(rolloutOf({ replicas: 4, strategy }), { services });
        world.pass(10_000);
        for (const [what, edit] of edits) {
          world.edit(what, edit);
          world.pass(10_000);
        }
        expect(world.rollout.status?.restartedAt).toBeUndefined();
        const { phase, message } = world.rollout.status ?? {};
        if (phase === "Progressing") expect(message).toBe("rollout is restarting");
        else expect(phase).toBeOneOf(["Paused", "Degraded"]);
        world.pass(time * 1_000 - (10 + edits.length * 10) * 1_000);
        const old = pods(world);
        expect(evicted(world, () => true)).toBe(0);
        world.pass(300_000);
        expect(evicted(world, isPast)).toBe(old);
        expect(world.rollout.status?.restartedAt).toBe(world.rollout.spec.restartAt);
        expect(world.rollout.status?.message).not.toBe("rollout is restarting");
      });

  test("is told from the first moment, when the Rollout is created with it", () => {
    for (const strategy of Object.values(strategies)) {
      const restartAt = new Date(Date.parse("2026-01-01") + time * 1_000).toISOString();
      const world = createWorld(rolloutOf({ replicas: 4, strategy, restartAt }), { services });
      world.pass(20_000);
      expect(world.rollout.status).toMatchObject({ phase: "Progressing", message: "rollout is restarting" });
      world.pass(300_000);
      expect(evicted(world, isPast)).toBe(4);
      expect(world.rollout.status).toMatchObject({ phase: "Healthy", restartedAt: restartAt });
    }
  });

  test("has passed when an update begins after it, whose pods are newer anyway", () => {
    for (const strategy of [canary([setWeight(50), pause()]), blueGreen({ autoPromotionEnabled: false })]) {
      const world = createWorld(rolloutOf({ replicas: 4, strategy }), { services });
      world.pass(60_000);
      world.edit("image and restartAt, which is past", both(update, at(30)));
      world.pass(60_000);
      expect(evicted(world, () => true)).toBe(0);
      expect(world.rollout.status?.restartedAt).toBe(world.rollout.spec.restartAt);
    }
  });

  test("is given up when it is taken out again", () => {
    const world = createWorld(rolloutOf({ replicas: 4, strategy: canary([]) }));
    world.pass(10_000);
    world.edit("restartAt", set);
    world.edit("image", update);
    world.pass(10_000);
    world.edit("no restartAt", (rollout) => {
      const { restartAt: _, ...rest } = rollout.spec;
      return { ...rollout, spec: rest };
    });
    world.pass(300_000);
    expect(evicted(world, () => true)).toBe(0);
    expect(world.rollout.status?.phase).toBe("Healthy");
  });

  test("tells its story", () => {
    const world = createWorld(rolloutOf({ replicas: 2, strategy: canary([setWeight(50), pause(1)]) }));
    world.pass(10_000);
    world.edit("image and restartAt +30s", both(update, at(30)));
    world.pass(60_000);
    expectTimeline("restart-scheduled-with-image", world);
  });
});
