/** Sizes that go on being right while something stands still: a paused update, a broken stable version, a broken update. */
import { describe, expect, test } from "bun:test";
import { expectTimeline } from "./timeline.ts";
import { createWorld, type World, type WorldOptions } from "./goldenWorld.ts";
import * as user from "./edits.ts";
import { blueGreen, both, canary, image, pause, rolloutOf, scale, setWeight } from "./edits.ts";

const steps = [setWeight(20), pause(), setWeight(60), pause()];
const routed = {
  canaryService: "canary",
  stableService: "stable",
  trafficRouting: { nginx: { stableIngress: "web" } },
} as const;
const services = ["canary", "stable", "active", "preview"];

/** Pods of "web:bad" never become ready. */
const readyAfterMs = (name: string): number | undefined => (name === "web:bad" ? undefined : 1_000);

type Spec = Parameters<typeof rolloutOf>[0];
const worldOf = (spec: Spec, options: WorldOptions = {}): World =>
  createWorld(rolloutOf(spec), { services, readyAfterMs, ...options });

/** A Rollout in the middle of an update to `next`. */
function updating(spec: Spec, next = "web:2", options: WorldOptions = {}): World {
  const world = worldOf(spec, options);
  world.pass(5_000);
  world.edit(`image ${next}`, image(next));
  world.pass(5_000);
  return world;
}

/** Sizes of the ReplicaSets in the order of their revisions, "3/4" where 3 of 4 pods are available. */
const sizes = ({ replicaSets }: World): string =>
  replicaSets
    .map(({ replicas, status }) =>
      status.availableReplicas === replicas ? `${replicas}` : `${status.availableReplicas}/${replicas}`,
    )
    .join(" ");

/** The sizes after each of these sizes of the Rollout. */
function scaled(world: World, ...to: readonly number[]): string[] {
  return to.map((size) => {
    world.edit(`scale ${size}`, scale(size));
    world.pass(5_000);
    return sizes(world);
  });
}

function heldBy(world: World): World {
  world.edit("paused", user.paused(true));
  world.pass(1_000);
  return world;
}

describe("a Rollout that the user has paused has another size", () => {
  test("without an update: all its pods follow, from and to 0, too", () => {
    const world = worldOf({ replicas: 3, strategy: canary(steps) });
    world.pass(5_000);
    heldBy(world);
    expect(scaled(world, 6, 2, 0, 4)).toEqual(["6", "2", "0", "4"]);
    expectTimeline("held-without-update", world);
  });

  test("at a weight: the weight stays, and goes on after", () => {
    const world = heldBy(updating({ strategy: canary(steps) }));
    const index = world.rollout.status?.currentStepIndex;
    expect(scaled(world, 10, 5, 0, 10)).toEqual(["8 2", "4 1", "0 0", "8 2"]);
    expect(world.rollout.status).toMatchObject({
      HPAReplicas: 10,
      replicas: 10,
      currentStepIndex: index,
      phase: "Paused",
    });
    expectTimeline("held-at-a-weight", world);
  });

  test("before the update has begun: the new version gets no pods", () => {
    const world = worldOf({ strategy: canary(steps) });
    world.pass(5_000);
    heldBy(world);
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    expect(scaled(world, 10, 0, 3)).toEqual(["10 0", "0 0", "3 0"]);
  });

  test("in the middle of a rolling update: both keep their share", () => {
    const world = worldOf({ strategy: canary([]) }, { readyAfterMs: (name) => (name === "web:1" ? 1_000 : 8_000) });
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(2_000);
    heldBy(world);
    expect(sizes(world)).toBe("4 0/3");
    world.edit("scale 10", scale(10));
    expect(sizes(world)).toBe("4/7 0/6");
    world.pass(20_000);
    expect(sizes(world)).toBe("7 6");
    expect(scaled(world, 5)).toEqual(["4 3"]);
    // With 6 of 5 new pods it was not promoted: half of them were about to go.
    expect(world.rollout.status?.stableRS).not.toBe(world.rollout.status?.currentPodHash);
    world.edit("unpaused", user.paused(false));
    world.pass(60_000);
    expect(sizes(world)).toBe("0 5");
    expectTimeline("held-in-the-middle", world);
  });

  test("with a version in between: all that have pods keep their share", () => {
    const world = updating({ replicas: 8, strategy: canary([setWeight(50), pause()]) });
    expect(sizes(world)).toBe("4 4");
    heldBy(world);
    world.edit("image web:3", image("web:3"));
    world.pass(5_000);
    expect(scaled(world, 12, 4)).toEqual(["6 6 0", "2 2 0"]);
  });

  test("on the way back to stable: the version that is given up keeps what the surge and the pods that serve allow", () => {
    const world = heldBy(updating({ replicas: 8, strategy: canary([setWeight(50), pause()]) }));
    world.edit("back to web:1", image("web:1"));
    world.pass(5_000);
    expect(sizes(world)).toBe("4 4");
    expect(scaled(world, 12, 4)).toEqual(["11 4", "4 1"]);
  });

  test("to 0, whatever the surge: no pod is left of any version", () => {
    const surges = { maxSurge: 2, maxUnavailable: 0 };
    const inTheMiddle = heldBy(updating({ replicas: 4, strategy: canary([], surges) }, "web:bad"));
    expect(sizes(inTheMiddle)).toBe("4 0/2");
    expect(scaled(inTheMiddle, 0)).toEqual(["0 0"]);
    const withAThird = updating({ replicas: 4, strategy: canary([setWeight(50), pause()], surges) });
    heldBy(withAThird).edit("image web:3", image("web:3"));
    withAThird.pass(5_000);
    expect(scaled(withAThird, 0)).toEqual(["0 0 0"]);
    const back = heldBy(updating({ replicas: 4, strategy: canary([setWeight(50), pause()], surges) }));
    back.edit("back to web:1", image("web:1"));
    back.pass(5_000);
    expect(scaled(back, 0)).toEqual(["0 0"]);
  });

  test("and the router goes on sending what it sent", () => {
    const world = heldBy(updating({ replicas: 10, strategy: canary(steps, routed) }));
    expect(scaled(world, 20, 5, 0, 10)).toEqual(["20 4", "5 1", "0 0", "10 2"]);
    expect(world.rollout.status?.canary?.weights?.canary.weight).toBe(20);
    expectTimeline("held-routed", world);
  });

  test("and no pods come for a weight that is not sent yet", () => {
    const world = worldOf({ replicas: 10, strategy: canary(steps, routed) });
    world.pass(5_000);
    heldBy(world);
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    expect(scaled(world, 20, 0, 5)).toEqual(["20 0", "0 0", "5 0"]);
  });

  test("and a small stable stays small", () => {
    const world = heldBy(updating({ replicas: 10, strategy: canary(steps, { ...routed, dynamicStableScale: true }) }));
    expect(scaled(world, 20, 5)).toEqual(["16 4", "4 1"]);
    expectTimeline("held-dynamic", world);
  });

  test("and an aborted canary keeps its pods for its time only", () => {
    const world = updating({ replicas: 10, strategy: canary(steps, routed) });
    world.edit("abort", user.abort);
    world.pass(1_000);
    heldBy(world);
    expect(scaled(world, 20)).toEqual(["20 2"]);
    world.edit("unpaused", user.paused(false));
    world.pass(40_000);
    expect(sizes(world)).toBe("20 0");
  });

  test("after an inconclusive analysis, too, which holds it in the same way", () => {
    const world = updating({ strategy: canary(steps) });
    const startTime = "2026-01-01T00:00:06Z";
    world.edit("inconclusive", (rollout) => ({
      ...rollout,
      status: {
        ...rollout.status,
        pauseConditions: ["CanaryPauseStep", "InconclusiveAnalysisRun"].map((reason) => ({ reason, startTime })),
      },
    }));
    expect(scaled(world, 10, 0, 5)).toEqual(["8 2", "0 0", "4 1"]);
  });

  test("and the controller dies between two writes: the sizes come out the same", () => {
    for (const [size, result] of [
      [10, "8 2"],
      [3, "3 1"],
      [0, "0 0"],
    ] as const) {
      for (const writes of [0, 1]) {
        let left = Infinity;
        const crashAfter = (): number | undefined => {
          const crashes = left === writes;
          left = Infinity;
          return crashes ? writes : undefined;
        };
        const world = heldBy(updating({ strategy: canary(steps) }, "web:2", { crashAfter }));
        left = writes;
        scaled(world, size);
        world.edit("annotate", user.annotate("team", "shop"));
        world.pass(5_000);
        expect([size, writes, sizes(world)]).toEqual([size, writes, result]);
      }
    }
  });

  test("in blue-green, before and while the update waits to be promoted", () => {
    const world = updating({ replicas: 3, strategy: blueGreen({ autoPromotionEnabled: false }) });
    expect(scaled(world, 4)).toEqual(["4 4"]);
    heldBy(world);
    expect(scaled(world, 6, 2)).toEqual(["6 6", "2 2"]);
    expect(world.rollout.status).toMatchObject({ HPAReplicas: 2, phase: "Paused" });
    expectTimeline("held-blue-green", world);
  });
});

describe("a stable version that is broken is replaced", () => {
  const limits = [
    { maxSurge: 0, maxUnavailable: 1 },
    { maxSurge: 0, maxUnavailable: "25%" },
    { maxSurge: 1, maxUnavailable: 0 },
    {},
  ] as const;

  for (const list of [[], [setWeight(20), setWeight(60)]]) {
    test.each(limits)(`by a canary with ${list.length} steps and %j, whose pods run but are not ready`, (limit) => {
      const world = worldOf({ replicas: 5, strategy: canary(list, limit) });
      world.edit("image web:bad", image("web:bad"));
      world.pass(5_000);
      world.meddle("all pods fail", (c) => c.failPods("web:1", 5, 3_600_000));
      world.pass(5_000);
      world.edit("image web:2", image("web:2"));
      world.pass(60_000);
      expect(world.rollout.status?.phase).toBe("Healthy");
      expect(sizes(world)).toBe("0 0 5");
    });

    test.each(limits)(`by a canary with ${list.length} steps and %j, when a quota refuses its pods`, (limit) => {
      const world = worldOf({ replicas: 5, strategy: canary(list, limit) });
      world.meddle("a quota", (c) => c.setFailure("web:1", "exceeded quota"));
      world.meddle("pods are lost", (c) => c.failPods("web:1", 5, 3_600_000));
      world.edit("scale 8", scale(8));
      world.pass(5_000);
      world.edit("image web:2", image("web:2"));
      world.pass(60_000);
      expect(world.rollout.status?.phase).toBe("Healthy");
      expect(sizes(world)).toBe("0 8");
    });
  }

  test("by a canary, while what serves stays within the limits", () => {
    const world = worldOf({ replicas: 5, strategy: canary(steps, { maxSurge: 0, maxUnavailable: 1 }) });
    world.pass(5_000);
    world.meddle("3 pods fail", (c) => c.failPods("web:1", 3, 3_600_000));
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(10_000);
    world.edit("promote", user.promote);
    world.pass(10_000);
    expectTimeline("broken-stable-no-surge", world);
  });

  test("by a canary whose traffic a router splits: it moves to the pods that serve", () => {
    const world = worldOf({ replicas: 5, strategy: canary(steps, routed) });
    world.pass(5_000);
    world.meddle("all pods fail", (c) => c.failPods("web:1", 5, 3_600_000));
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    expect(world.rollout.status).toMatchObject({
      currentStepIndex: 1,
      canary: { weights: { canary: { weight: 20 } } },
    });
    world.edit("promote", user.promote);
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(60_000);
    expect(world.rollout.status?.phase).toBe("Healthy");
    expectTimeline("broken-stable-routed", world);
  });

  test.each([{}, { dynamicStableScale: true }])("by a routed canary with %j, when a quota refuses its pods", (more) => {
    const world = worldOf({ replicas: 2, strategy: canary([setWeight(20), setWeight(60)], { ...routed, ...more }) });
    world.pass(5_000);
    world.meddle("a quota", (c) => c.setFailure("web:1", "exceeded quota"));
    world.edit("scale 5", scale(5));
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(60_000);
    expect(world.rollout.status?.phase).toBe("Healthy");
  });

  test.each([
    ["a canary", canary([])],
    ["a canary with steps and no surge", canary([setWeight(20), setWeight(60)], { maxSurge: 0, maxUnavailable: 1 })],
    ["a routed canary", canary([setWeight(20), setWeight(60)], routed)],
    ["blue-green", blueGreen()],
  ])("by %s, although it never had a pod that was ready", (_, strategy) => {
    const world = worldOf(
      { replicas: 3, strategy },
      { readyAfterMs: (name) => (name === "web:1" ? undefined : 1_000) },
    );
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(60_000);
    expect(world.rollout.status?.phase).toBe("Healthy");
    expect(sizes(world)).toBe("0 3");
  });

  test("by blue-green", () => {
    const world = worldOf({ replicas: 2, strategy: blueGreen() });
    world.pass(5_000);
    world.meddle("a quota", (c) => c.setFailure("web:1", "exceeded quota"));
    world.edit("scale 5", scale(5));
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(60_000);
    expect(world.rollout.status?.phase).toBe("Healthy");
    expect(sizes(world)).toBe("0 5");
  });

  test("by the third version, when the second has pods that serve", () => {
    const world = updating({ replicas: 5, strategy: canary(steps, { maxSurge: 0, maxUnavailable: 1 }) });
    world.meddle("all of stable fails", (c) => c.failPods("web:1", 5, 3_600_000));
    world.pass(5_000);
    world.edit("image web:3", image("web:3"));
    world.pass(10_000);
    world.edit("promote --full", user.promoteFull);
    world.pass(60_000);
    expect(world.rollout.status?.phase).toBe("Healthy");
    expect(sizes(world)).toBe("0 0 5");
  });

  test.each(limits)(
    "by the third version at half the weight with %j, whether the second was aborted or not",
    (limit) => {
      for (const replicas of [1, 2, 3, 5])
        for (const isAborted of [false, true]) {
          const world = updating({ replicas, strategy: canary([setWeight(50), pause()], limit) });
          world.meddle("stable fails", (c) => c.failPods("web:1", replicas, 3_600_000));
          world.pass(5_000);
          if (isAborted) world.edit("abort", user.abort);
          world.pass(5_000);
          world.edit("image web:3", image("web:3"));
          world.pass(20_000);
          if (world.rollout.status?.phase === "Paused") world.edit("promote", user.promote);
          world.pass(20_000);
          expect([replicas, isAborted, world.rollout.status?.phase]).toEqual([replicas, isAborted, "Healthy"]);
        }
    },
  );
});

describe("a new size while the new version hangs", () => {
  const limits = { maxSurge: 2, maxUnavailable: 0 } as const;

  test("is shared as a Deployment shares it, up and down", () => {
    const world = updating({ replicas: 4, strategy: canary([], limits) }, "web:bad");
    expect(sizes(world)).toBe("4 0/2");
    expect(scaled(world, 8, 12, 4)).toEqual(["7 0/3", "10 0/4", "4 0/2"]);
    world.edit("image web:2", image("web:2"));
    world.pass(30_000);
    expect(sizes(world)).toBe("0 0 4");
    expectTimeline("scale-while-broken", world);
  });

  test("gives the canary no more than its weight", () => {
    const strategy = canary(steps, { maxSurge: 1, maxUnavailable: 0 });
    const world = updating({ replicas: 10, strategy }, "web:bad");
    expect(sizes(world)).toBe("10 0/1");
    expect(scaled(world, 20, 10)).toEqual(["19 0/2", "10 0/1"]);
    expectTimeline("scale-while-broken-at-a-weight", world);
  });

  test("keeps the limit of available pods at a large weight", () => {
    const world = updating({ replicas: 8, strategy: canary([setWeight(50), pause()]) }, "web:bad");
    expect(sizes(world)).toBe("6 0/4");
    expect(scaled(world, 16, 4)).toEqual(["12 0/8", "3 0/2"]);
  });

  test("comes with the new image: stable grows first", () => {
    const world = worldOf({ replicas: 4, strategy: canary([], limits) });
    world.pass(5_000);
    world.edit("image web:bad, scale 8", both(image("web:bad"), scale(8)));
    world.pass(5_000);
    expect(sizes(world)).toBe("8 0/2");
  });

  test("leaves stable whole with a router, and in blue-green", () => {
    const withRouter = updating({ replicas: 4, strategy: canary(steps, routed) }, "web:bad");
    expect(scaled(withRouter, 8, 4)).toEqual(["8 0/2", "4 0/1"]);
    const inBlueGreen = updating({ replicas: 4, strategy: blueGreen() }, "web:bad");
    expect(scaled(inBlueGreen, 8, 4)).toEqual(["8 0/8", "4 0/4"]);
  });
});
