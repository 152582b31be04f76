/** Every pair of strategies, in every pause of the first one: nothing of one counts as a pause or promotion of the other. */
import { describe, expect, test } from "bun:test";
import { HASH_LABEL } from "../../schema/labels.ts";
import type { RolloutStrategy } from "../../schema/rollout.ts";
import * as user from "./edits.ts";
import { blueGreen, both, canary, type Edit, image, pause, rolloutOf, setWeight, strategy } from "./edits.ts";
import { expectTimeline } from "./timeline.ts";
import { createWorld, type World } from "./goldenWorld.ts";

const services = ["active", "preview"];
const routed = {
  stableService: "active",
  canaryService: "preview",
  trafficRouting: { nginx: { stableIngress: "web" } },
};

/** Strategies that do not promote by themselves within an hour, and what their pause is called. */
const canaries: Readonly<Record<string, RolloutStrategy>> = {
  "a canary at a pause": canary([setWeight(50), pause()]),
  "a canary that begins with a pause": canary([pause(), setWeight(50)]),
  "a canary at a timed pause": canary([setWeight(50), pause("1h")]),
  "a canary without a stable pod": canary([setWeight(100), pause()]),
  "a routed canary": canary([setWeight(50), pause(), setWeight(80)], routed),
  "a routed canary with dynamicStableScale": canary([setWeight(50), pause()], { ...routed, dynamicStableScale: true }),
};
const blueGreens: Readonly<Record<string, RolloutStrategy>> = {
  "blue-green by hand": blueGreen({ autoPromotionEnabled: false }),
  "blue-green after an hour": blueGreen({ autoPromotionSeconds: 3_600 }),
  "blue-green by hand with seconds": blueGreen({ autoPromotionEnabled: false, autoPromotionSeconds: 5 }),
  "blue-green with a small preview": blueGreen({ autoPromotionEnabled: false, previewReplicaCount: 1 }),
};

const resumed: Edit = (rollout) => ({ ...rollout, status: { ...rollout.status, pauseConditions: undefined } });

/** What stands in the first strategy's status, or in the spec, when the second one comes. */
const pauses: Readonly<Record<string, Edit>> = {
  "while it is paused": (rollout) => rollout,
  "resumed in the same moment": resumed,
  "while the user holds it, too": user.paused(true),
};

const hashOf = (world: World, name: string): string => world.services.get(name)?.selector[HASH_LABEL] ?? "";

const started = (from: RolloutStrategy): World => {
  const world = createWorld(rolloutOf({ replicas: 4, strategy: from }), { services });
  world.pass(40_000);
  world.edit("image web:2", image("web:2"));
  world.pass(20_000);
  return world;
};

/** Nobody has promoted. */
function expectPaused(world: World, stable: string | undefined, to: RolloutStrategy): void {
  const { status = {} } = world.rollout;
  expect(status.stableRS).toBe(stable ?? "");
  expect(status.currentPodHash).not.toBe(stable);
  const reason = to.blueGreen === undefined ? "CanaryPauseStep" : "BlueGreenPause";
  expect(status).toMatchObject({ phase: "Paused", message: reason, controllerPause: true });
  expect(status.pauseConditions?.map((condition) => condition.reason)).toEqual([reason]);
  if (to.blueGreen === undefined) {
    expect(status.blueGreen).toEqual({});
    return;
  }
  expect(hashOf(world, "active")).toBe(stable ?? "");
  expect([status.currentStepIndex, status.currentStepHash]).toEqual([undefined, undefined]);
  expect(status.canary).toEqual({});
}

function play(from: RolloutStrategy, to: RolloutStrategy, held: Edit): void {
  const world = started(from);
  const stable = world.rollout.status?.stableRS;
  expect(world.rollout.status?.phase).toBe("Paused");
  world.edit("another strategy", both(held, strategy(to)));
  world.pass(60_000);
  if (world.rollout.spec.paused === true) {
    expect(world.rollout.status).toMatchObject({ phase: "Paused", message: "manually paused", stableRS: stable });
    world.edit("resume", user.paused(false));
    world.pass(60_000);
  }
  expectPaused(world, stable, to);
  for (let n = 0; n < 3 && world.rollout.status?.phase === "Paused"; n += 1) {
    world.edit("promote", user.promote);
    world.pass(120_000);
  }
  expect(world.rollout.status).toMatchObject({ phase: "Healthy", stableRS: world.rollout.status?.currentPodHash });
}

const pairs: readonly (readonly [
  Readonly<Record<string, RolloutStrategy>>,
  Readonly<Record<string, RolloutStrategy>>,
])[] = [
  [canaries, blueGreens],
  [blueGreens, canaries],
];

for (const [froms, tos] of pairs)
  for (const [first, from] of Object.entries(froms))
    describe(first, () => {
      for (const [second, to] of Object.entries(tos))
        for (const [when, held] of Object.entries(pauses))
          test(`becomes ${second} ${when}, and waits for its own promotion`, () => play(from, to, held));
    });

describe("what a person said of the version, when the strategy becomes another one", () => {
  const hand = blueGreen({ autoPromotionEnabled: false });
  const steps = canary([setWeight(50), pause()]);
  const slow = (from: RolloutStrategy): World => {
    const ready = { readyAfterMs: (name: string) => (name === "web:1" ? 1_000 : 30_000) };
    const world = createWorld(rolloutOf({ replicas: 4, strategy: from }), { services, ...ready });
    world.pass(40_000);
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    return world;
  };

  test("an aborted canary stays aborted as blue-green, until somebody retries", () => {
    const world = started(steps);
    const stable = world.rollout.status?.stableRS;
    world.edit("abort", user.abort);
    world.edit("to blue-green", strategy(blueGreen()));
    world.pass(60_000);
    expect(world.rollout.status).toMatchObject({ phase: "Degraded", abort: true, stableRS: stable });
    expect(hashOf(world, "active")).toBe(stable ?? "");
    world.edit("retry", user.retry);
    world.pass(60_000);
    expect(world.rollout.status).toMatchObject({ phase: "Healthy", stableRS: world.rollout.status?.currentPodHash });
  });

  test("an aborted blue-green begins the steps of a canary, as other steps do", () => {
    const world = started(hand);
    const stable = world.rollout.status?.stableRS;
    world.edit("abort", user.abort);
    world.edit("to a canary", strategy(steps));
    world.pass(60_000);
    expectPaused(world, stable, steps);
  });

  test("a canary that is promoted in full is so as blue-green, too", () => {
    const world = slow(steps);
    world.edit("promote --full", user.promoteFull);
    world.edit("to blue-green", strategy(hand));
    world.pass(120_000);
    expect(world.rollout.status).toMatchObject({ phase: "Healthy", stableRS: world.rollout.status?.currentPodHash });
  });

  test("a blue-green that is promoted in full begins the steps of a canary, as other steps do", () => {
    const world = slow(hand);
    const stable = world.rollout.status?.stableRS;
    world.edit("promote --full", user.promoteFull);
    world.edit("to a canary", strategy(steps));
    world.pass(120_000);
    expectPaused(world, stable, steps);
  });

  test("a pause of the canary is there no more when it is a canary again", () => {
    const world = started(steps);
    const stable = world.rollout.status?.stableRS;
    world.edit("to blue-green", strategy(hand));
    world.edit("and back", strategy(steps));
    world.pass(60_000);
    expectPaused(world, stable, steps);
  });

  test("an update that changes with the strategy waits for a promotion of its own", () => {
    for (const [from, to] of [
      [steps, hand],
      [hand, steps],
    ] as const) {
      const world = started(from);
      const stable = world.rollout.status?.stableRS;
      world.edit("another strategy and image", both(resumed, strategy(to), image("web:3")));
      world.pass(60_000);
      expectPaused(world, stable, to);
      world.edit("a new size", user.scale(6));
      world.pass(60_000);
      expectPaused(world, stable, to);
    }
  });

  test("a new size in the same write changes nothing in that", () => {
    for (const [from, to] of [
      [steps, hand],
      [hand, steps],
    ] as const) {
      const world = started(from);
      const stable = world.rollout.status?.stableRS;
      world.edit("another strategy and size", both(resumed, strategy(to), user.scale(6)));
      world.pass(60_000);
      expectPaused(world, stable, to);
    }
  });

  test("what the routers of a canary were asked for keeps no old pods of blue-green", () => {
    const world = started(canary([setWeight(50), pause()], routed));
    world.edit("to blue-green", strategy(hand));
    world.pass(30_000);
    world.edit("promote", user.promote);
    world.pass(120_000);
    const old = world.replicaSets.filter((rs) => rs.labels[HASH_LABEL] !== world.rollout.status?.stableRS);
    expect(old.map(({ replicas }) => replicas)).toEqual([0]);
  });
});

test("a canary at a pause becomes blue-green, and is promoted there: the story", () => {
  const world = started(canary([setWeight(50), pause()]));
  world.edit("to blue-green", strategy(blueGreen({ autoPromotionEnabled: false })));
  world.pass(60_000);
  world.edit("promote", user.promote);
  world.pass(60_000);
  expectTimeline("strategy-switched-at-pause", world);
});

test("a canary without a stable pod becomes blue-green: stable's pods come back first", () => {
  const world = started(canary([setWeight(100), pause()]));
  world.edit("to blue-green", strategy(blueGreen({ autoPromotionEnabled: false })));
  world.pass(60_000);
  expectTimeline("strategy-switched-without-stable-pods", world);
});
