/** A person's promotion counts once it is given, whatever comes between it and what follows from it. */
import { describe, expect, test } from "bun:test";
import { HASH_LABEL } from "../../schema/labels.ts";
import type { RolloutStrategy } from "../../schema/rollout.ts";
import * as user from "./edits.ts";
import { blueGreen, both, canary, type Edit, image, pause, rolloutOf, setWeight, strategy } from "./edits.ts";
import { createWorld, type World } from "./goldenWorld.ts";

const services = ["active", "preview"];
const second = 1_000;

function updated(of: RolloutStrategy, rest: Parameters<typeof rolloutOf>[0] = {}): World {
  const world = createWorld(rolloutOf({ replicas: 3, strategy: of, ...rest }), { services });
  world.pass(5 * second);
  world.edit("image web:2", image("web:2"));
  world.pass(10 * second);
  return world;
}

const isDone = ({ rollout: { status = {} } }: World): boolean => status.stableRS === status.currentPodHash;
const active = (world: World): string => world.services.get("active")?.selector[HASH_LABEL] ?? "";

/** The first of the two patches that `promote` sends where the user has paused, too. */
const onlyConditions: Edit = (rollout) => ({ ...rollout, status: { ...rollout.status, pauseConditions: undefined } });

const waiting: Readonly<Record<string, RolloutStrategy>> = {
  "by hand": blueGreen({ autoPromotionEnabled: false }),
  "by hand with seconds": blueGreen({ autoPromotionEnabled: false, autoPromotionSeconds: 5 }),
  "after an hour": blueGreen({ autoPromotionSeconds: 3_600 }),
  "by hand with a small preview": blueGreen({ autoPromotionEnabled: false, previewReplicaCount: 1 }),
  "after an hour with a small preview": blueGreen({ autoPromotionSeconds: 3_600, previewReplicaCount: 1 }),
};

for (const [name, of] of Object.entries(waiting))
  describe(`a promotion of blue-green ${name}`, () => {
    test("promotes at once", () => {
      const world = updated(of);
      expect(world.rollout.status).toMatchObject({ phase: "Paused", message: "BlueGreenPause" });
      world.edit("promote", user.promote);
      world.pass(5 * second);
      expect(world.rollout.status?.phase).toBe("Healthy");
      expect(active(world)).toBe(world.rollout.status?.stableRS ?? "");
    });

    test("is kept while a pod is not ready", () => {
      const world = updated(of);
      world.meddle("a pod fails", (cluster) => cluster.failPods("web:2", 1, 20 * second));
      world.edit("promote", user.promote);
      world.pass(10 * second);
      expect(isDone(world)).toBe(false);
      world.pass(20 * second);
      expect(world.rollout.status?.phase).toBe("Healthy");
    });

    test("is kept while the user holds it", () => {
      const world = updated(of);
      world.edit("paused", user.paused(true));
      world.edit("the first patch of promote", onlyConditions);
      world.pass(10 * second);
      expect([isDone(world), world.rollout.status?.message]).toEqual([false, "manually paused"]);
      world.edit("the second", user.paused(false));
      world.pass(10 * second);
      expect(world.rollout.status?.phase).toBe("Healthy");
    });

    test("is kept over a new size", () => {
      const world = updated(of);
      world.edit("promote and scale to 5", both(user.promote, user.scale(5)));
      world.pass(10 * second);
      expect(world.rollout.status?.phase).toBe("Healthy");
    });

    test("is not one of the next version, nor of a retry", () => {
      const world = updated(of);
      world.meddle("a pod fails", (cluster) => cluster.failPods("web:2", 1, 20 * second));
      world.edit("promote", user.promote);
      world.edit("image web:3", image("web:3"));
      world.pass(60 * second);
      expect(world.rollout.status?.message).toBe("BlueGreenPause");
      world.meddle("a pod fails", (cluster) => cluster.failPods("web:3", 1, 20 * second));
      world.edit("promote", user.promote);
      world.edit("abort", user.abort);
      world.edit("retry", user.retry);
      world.pass(60 * second);
      expect([isDone(world), world.rollout.status?.message]).toEqual([false, "BlueGreenPause"]);
    });
  });

describe("the time of a blue-green pause", () => {
  const changes: readonly (readonly [string, RolloutStrategy, RolloutStrategy, number])[] = [
    ["set while it waits", blueGreen({ autoPromotionEnabled: false }), blueGreen({ autoPromotionSeconds: 60 }), 60],
    ["made longer", blueGreen({ autoPromotionSeconds: 30 }), blueGreen({ autoPromotionSeconds: 60 }), 60],
    ["made shorter", blueGreen({ autoPromotionSeconds: 90 }), blueGreen({ autoPromotionSeconds: 60 }), 60],
    ["over already", blueGreen({ autoPromotionSeconds: 90 }), blueGreen({ autoPromotionSeconds: 2 }), 15],
    ["taken out", blueGreen({ autoPromotionSeconds: 90 }), blueGreen(), 15],
  ];
  for (const [what, before, after, end] of changes)
    test(`counts from its beginning when it is ${what}`, () => {
      const world = updated(before);
      const began = Date.parse(world.rollout.status?.pauseConditions?.[0]?.startTime ?? "");
      world.edit("other seconds", strategy(after));
      world.pass(120 * second);
      expect(world.rollout.status?.phase).toBe("Healthy");
      const finished = Date.parse(world.rollout.status?.duration?.finishedAt ?? "");
      expect(finished - began).toBe((end === 15 ? 9 : end) * second);
    });

  test("ends nothing once only a person may promote", () => {
    const world = updated(blueGreen({ autoPromotionSeconds: 20 }));
    world.edit("by hand", strategy(blueGreen({ autoPromotionEnabled: false, autoPromotionSeconds: 20 })));
    world.pass(120 * second);
    expect([isDone(world), world.rollout.status?.message]).toEqual([false, "BlueGreenPause"]);
  });
});

describe("a resumed pause of a canary", () => {
  const steps = canary([setWeight(50), pause(), setWeight(60), pause(), setWeight(80), pause()]);

  test("is over although the user holds it, once that is lifted", () => {
    const world = updated(steps);
    world.edit("paused", user.paused(true));
    world.edit("the first patch of promote", onlyConditions);
    world.pass(10 * second);
    expect(world.rollout.status?.currentStepIndex).toBe(1);
    world.edit("the second", user.paused(false));
    world.pass(10 * second);
    expect(world.rollout.status).toMatchObject({ currentStepIndex: 3, message: "CanaryPauseStep" });
  });

  test("is over although a new size comes first", () => {
    const world = updated(steps);
    world.edit("promote and scale to 5", both(user.promote, user.scale(5)));
    world.pass(10 * second);
    expect(world.rollout.status).toMatchObject({ currentStepIndex: 3, message: "CanaryPauseStep" });
  });

  test("is one pause, and not the next one", () => {
    const world = updated(steps);
    for (const index of [3, 5]) {
      world.edit("promote", user.promote);
      world.pass(10 * second);
      expect(world.rollout.status).toMatchObject({ currentStepIndex: index, message: "CanaryPauseStep" });
    }
  });
});

describe("the user's pause", () => {
  test("holds the promotion of a canary whose pods have all become ready meanwhile", () => {
    const all = { maxSurge: "100%" };
    const nginx = {
      canaryService: "preview",
      stableService: "active",
      trafficRouting: { nginx: { stableIngress: "web" } },
    };
    for (const of of [
      canary([], all),
      canary([setWeight(50), pause()], all),
      canary([setWeight(50), pause()], nginx),
    ]) {
      const world = createWorld(rolloutOf({ replicas: 3, strategy: of }), {
        readyAfterMs: (name) => (name === "web:2" ? 30 * second : second),
        services,
      });
      world.pass(5 * second);
      world.edit("image web:2", image("web:2"));
      world.edit("promote --full", user.promoteFull);
      world.pass(20 * second);
      world.edit("paused", user.paused(true));
      world.pass(120 * second);
      expect(world.rollout.status?.updatedReplicas).toBe(3);
      expect([isDone(world), world.rollout.status?.message]).toEqual([false, "manually paused"]);
      world.edit("resume", user.paused(false));
      world.pass(120 * second);
      expect(world.rollout.status?.phase).toBe("Healthy");
    }
  });

  test("does not hold a version back that was deployed first", () => {
    const world = createWorld(rolloutOf({ paused: true, strategy: canary([]) }));
    world.pass(10 * second);
    world.edit("resume", user.paused(false));
    world.pass(10 * second);
    expect(world.rollout.status?.phase).toBe("Healthy");
  });
});

describe("an abort", () => {
  const window = { rollbackWindow: { revisions: 3 } };
  const bad = (name: string): number | undefined => (name === "web:bad" ? undefined : second);
  const back = (of: RolloutStrategy): World => {
    const world = createWorld(rolloutOf({ replicas: 3, strategy: of, ...window }), { services });
    world.pass(5 * second);
    world.edit("image web:2", image("web:2"));
    world.pass(60 * second);
    if (!isDone(world)) world.edit("promote --full", user.promoteFull);
    world.pass(120 * second);
    expect(isDone(world)).toBe(true);
    return world;
  };

  test("counts for a rollback within its window as well", () => {
    for (const of of [canary([setWeight(50), pause()]), blueGreen({ abortScaleDownDelaySeconds: 2 })]) {
      const world = back(of);
      const stable = world.rollout.status?.stableRS;
      world.edit("back to web:1", image("web:1"));
      world.edit("abort", user.abort);
      world.pass(60 * second);
      expect(world.rollout.status).toMatchObject({ phase: "Degraded", abort: true, stableRS: stable });
      world.edit("retry", user.retry);
      world.pass(60 * second);
      expect(world.rollout.status?.phase).toBe("Healthy");
      expect(isDone(world)).toBe(true);
    }
  });

  test("by the progress deadline ends a full promotion, too", () => {
    for (const of of [canary([setWeight(50), pause()]), blueGreen({ abortScaleDownDelaySeconds: 2 })]) {
      const deadline = { progressDeadlineSeconds: 30, progressDeadlineAbort: true };
      const world = createWorld(rolloutOf({ replicas: 3, strategy: of, ...deadline }), { services, readyAfterMs: bad });
      world.pass(5 * second);
      world.edit("image web:bad", image("web:bad"));
      world.edit("promote --full", user.promoteFull);
      world.pass(120 * second);
      expect(world.rollout.status).toMatchObject({ phase: "Degraded", abort: true });
      expect(world.rollout.status?.promoteFull).toBeUndefined();
      expect(world.events.filter((event) => event.includes("RolloutAborted: Rollout aborted"))).toHaveLength(1);
    }
  });

  test("wins where Sluice finds it together with a full promotion, and cannot tell which came last", () => {
    for (const of of [canary([setWeight(50), pause()]), blueGreen({ autoPromotionEnabled: false })])
      for (const words of [
        [user.abort, user.promoteFull],
        [user.promoteFull, user.abort],
      ]) {
        const world = updated(of);
        world.edit("both", both(...words));
        world.pass(120 * second);
        expect(world.rollout.status).toMatchObject({ phase: "Degraded", abort: true });
        world.edit("promote --full", user.promoteFull);
        world.pass(120 * second);
        expect(world.rollout.status?.phase).toBe("Healthy");
      }
  });
});

describe("a full promotion", () => {
  test("counts no step beyond the last one, whatever step it comes to", () => {
    const lists = [
      [setWeight(0), pause(), setWeight(40)],
      [setWeight(40), pause(), setWeight(60)],
      [pause(), setWeight(40), setWeight(60)],
    ];
    for (const steps of lists)
      for (const at of [0, 1, 2]) {
        const world = updated(canary(steps));
        world.edit(`promote --full at step ${at}`, (rollout) =>
          both(
            user.promoteFull,
            (r) => ({ ...r, status: { ...r.status, currentStepIndex: at } }),
            onlyConditions,
          )(rollout),
        );
        expect(world.rollout.status?.currentStepIndex).toBeLessThanOrEqual(3);
        world.pass(60 * second);
        expect(world.events.filter((event) => event.includes("step 4/3"))).toEqual([]);
        expect(world.rollout.status).toMatchObject({ phase: "Healthy", currentStepIndex: 3 });
      }
  });
});
