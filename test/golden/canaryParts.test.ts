import { describe, test } from "bun:test";
import { expectTimeline } from "./timeline.ts";
import { createWorld, type World, type WorldOptions } from "./goldenWorld.ts";
import * as user from "./edits.ts";
import { annotate, canary, image, pause, restart, rolloutOf, setWeight, spec } from "./edits.ts";

const steps = [setWeight(20), pause(), setWeight(60), pause()];
const names = { stableService: "stable", canaryService: "canary" };

function atFirstPause(strategy: ReturnType<typeof canary>, options: WorldOptions = {}): World {
  const world = createWorld(rolloutOf({ strategy }), options);
  world.pass(5_000);
  world.edit("image web:2", image("web:2"));
  world.pass(5_000);
  return world;
}

describe("stable and canary Services", () => {
  test("follow their ReplicaSets to the end", () => {
    const world = atFirstPause(canary(steps, names), { services: ["stable", "canary"] });
    world.edit("promote --full", user.promoteFull);
    world.pass(10_000);
    expectTimeline("services-follow", world);
  });

  test("are both on stable while aborted, and move again by a retry", () => {
    const world = atFirstPause(canary(steps, names), { services: ["stable", "canary"] });
    world.edit("abort", user.abort);
    world.pass(10_000);
    world.edit("retry", user.retry);
    world.pass(5_000);
    expectTimeline("services-abort-retry", world);
  });

  test("are adopted only when all pods are available", () => {
    const world = createWorld(rolloutOf({ strategy: canary([setWeight(60), pause()], names) }), {
      services: ["stable", "canary"],
      readyAfterMs: (name) => (name === "web:1" ? 1_000 : 3_000),
    });
    world.meddle("2 pods fail", (c) => c.failPods("web:1", 2, 4_000));
    world.pass(10_000);
    world.edit("image web:2", image("web:2"));
    world.pass(10_000);
    expectTimeline("services-adoption", world);
  });

  test("move before the last pod of stable goes, and back once stable has pods again", () => {
    const all = [setWeight(20), setWeight(100), pause()];
    const world = atFirstPause(canary(all, names), { services: ["stable", "canary"] });
    world.edit("abort", user.abort);
    world.pass(10_000);
    expectTimeline("services-weight-100", world);
  });

  test("do not stay with a version that is given up for one whose pods are not ready", () => {
    const world = atFirstPause(canary(steps, names), {
      services: ["stable", "canary"],
      readyAfterMs: (name) => (name === "web:bad" ? undefined : 1_000),
    });
    world.edit("image web:bad", image("web:bad"));
    world.pass(10_000);
    world.edit("image web:3", image("web:3"));
    world.pass(5_000);
    expectTimeline("services-third-version", world);
  });

  test("move before the canary's last pod goes where a step takes its weight back to 0", () => {
    const back = [setWeight(40), pause(), setWeight(0), pause()];
    const world = atFirstPause(canary(back, names), { services: ["stable", "canary"] });
    world.edit("promote", user.promote);
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(10_000);
    expectTimeline("services-weight-back-to-0", world);
  });

  test("select whoever has a pod when one pod without surge is replaced", () => {
    const world = createWorld(
      rolloutOf({ replicas: 1, strategy: canary(steps, { ...names, maxSurge: 0, maxUnavailable: 1 }) }),
      { services: ["stable", "canary"] },
    );
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(5_000);
    expectTimeline("services-one-pod", world);
  });

  test("that are missing hold the Rollout until they appear", () => {
    const world = createWorld(rolloutOf({ strategy: canary(steps, names) }), { services: ["stable"] });
    world.pass(30_000);
    world.meddle("canary Service made", (c) => c.addService("canary"));
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    world.meddle("stable Service deleted", (c) => c.deleteService("stable"));
    world.pass(30_000);
    world.meddle("stable Service made", (c) => c.addService("stable"));
    world.pass(5_000);
    expectTimeline("services-missing", world);
  });
});

describe("what is copied to ReplicaSets", () => {
  test("minReadySeconds and annotations follow the Rollout", () => {
    const world = createWorld(rolloutOf({ strategy: canary(steps), replicas: 2 }));
    world.pass(5_000);
    world.edit("annotate team=a", annotate("team", "a"));
    world.pass(5_000);
    world.edit("minReadySeconds 10", spec({ minReadySeconds: 10 }));
    world.pass(20_000);
    world.edit("annotate team=b", annotate("team", "b"));
    world.edit("image web:2", image("web:2"));
    world.pass(30_000);
    expectTimeline("copied-fields", world);
  });

  test("canary and stable metadata change with the part that pods play", () => {
    const world = atFirstPause(
      canary(steps, {
        canaryMetadata: { labels: { role: "canary" }, annotations: { note: "new" } },
        stableMetadata: { labels: { role: "stable" } },
      }),
    );
    world.edit("promote --full", user.promoteFull);
    world.pass(10_000);
    world.edit("image web:3", image("web:3"));
    world.pass(5_000);
    world.edit("image web:4", image("web:4"));
    world.pass(5_000);
    expectTimeline("canary-metadata", world);
  });

  test("what metadata by role takes the place of comes back when the role ends", () => {
    const strategy = canary(steps, { canaryMetadata: { labels: { role: "canary" }, annotations: { team: "new" } } });
    const plain = rolloutOf({ strategy });
    const metadata = { labels: { app: "web", role: "web" }, annotations: { team: "a", tier: "1" } };
    const world = createWorld({ ...plain, spec: { ...plain.spec, template: { ...plain.spec.template, metadata } } });
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    world.edit("promote --full", user.promoteFull);
    world.pass(10_000);
    expectTimeline("canary-metadata-over-the-template", world);
  });

  test("metadata that is added later is given to running pods", () => {
    const world = createWorld(rolloutOf({ strategy: canary(steps) }));
    world.pass(5_000);
    world.edit("stableMetadata", user.strategy(canary(steps, { stableMetadata: { labels: { role: "stable" } } })));
    world.pass(5_000);
    world.edit("other stableMetadata", user.strategy(canary(steps, { stableMetadata: { labels: { kind: "s" } } })));
    world.pass(5_000);
    world.edit("no metadata", user.strategy(canary(steps)));
    world.pass(5_000);
    expectTimeline("canary-metadata-changed", world);
  });
});

describe("a restart", () => {
  test("replaces pods as far as maxUnavailable allows", () => {
    const world = createWorld(rolloutOf({ strategy: canary(steps) }));
    world.pass(10_000);
    world.edit("restartAt +10s", restart(Date.parse("2026-01-01T00:00:10Z")));
    world.pass(60_000);
    expectTimeline("restart", world);
  });

  test("waits for its time, and goes on at a pause with two ReplicaSets", () => {
    const world = atFirstPause(canary(steps, { maxUnavailable: "40%" }));
    world.edit("restartAt +15s", restart(Date.parse("2026-01-01T00:00:15Z")));
    world.pass(120_000);
    expectTimeline("restart-at-pause", world);
  });

  test("is given up for a new image", () => {
    const world = createWorld(rolloutOf({ strategy: canary(steps) }), { readyAfterMs: () => 20_000 });
    world.pass(30_000);
    world.edit("restartAt +30s", restart(Date.parse("2026-01-01T00:00:30Z")));
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(60_000);
    expectTimeline("restart-given-up", world);
  });
});

describe("replicaProgressThreshold", () => {
  test("in percent completes steps and the promotion early", () => {
    const threshold = { replicaProgressThreshold: { type: "Percent", value: 60 } } as const;
    const world = createWorld(rolloutOf({ strategy: canary([setWeight(60), pause()], threshold) }), {
      readyAfterMs: slowly(),
    });
    world.pass(60_000);
    world.edit("image web:2", image("web:2"));
    world.pass(16_000);
    world.edit("promote", user.promote);
    world.pass(60_000);
    expectTimeline("threshold-percent", world);
  });

  test("in pods, too", () => {
    const threshold = { replicaProgressThreshold: { type: "Pods", value: 1 } } as const;
    const world = createWorld(rolloutOf({ strategy: canary([setWeight(60), pause()], threshold) }), {
      readyAfterMs: slowly(),
    });
    world.pass(60_000);
    world.edit("image web:2", image("web:2"));
    world.pass(60_000);
    expectTimeline("threshold-pods", world);
  });
});

/** Each pod takes 5 s longer than the one before, up to four of them. */
function slowly(): (image: string) => number {
  let made = 0;
  return () => {
    made += 1;
    return 5_000 * (1 + (made % 4));
  };
}
