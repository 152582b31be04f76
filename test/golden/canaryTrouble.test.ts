import { describe, test } from "bun:test";
import { podTemplateHash } from "../../controller/rollout/hash/podHash.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { expectTimeline } from "./timeline.ts";
import { createWorld, type World } from "./goldenWorld.ts";
import * as user from "./edits.ts";
import { canary, image, pause, rolloutOf, setWeight } from "./edits.ts";

const steps = [setWeight(20), pause(5)];

const nameFor = (rollout: Rollout): string =>
  `${rollout.metadata.name}-${podTemplateHash(rollout.spec.template, undefined)}`;

/** `web:bad` never becomes ready; every other image is ready after a second. */
function healthy(spec: Parameters<typeof rolloutOf>[0] = {}): World {
  const world = createWorld(rolloutOf({ strategy: canary(steps), ...spec }), {
    readyAfterMs: (name) => (name === "web:bad" ? undefined : 1_000),
  });
  world.pass(5_000);
  return world;
}

describe("the progress deadline", () => {
  test("passes when pods never become ready, and a good image heals it", () => {
    const world = healthy({ progressDeadlineSeconds: 30 });
    world.edit("image web:bad", image("web:bad"));
    world.pass(60_000);
    world.edit("image web:3", image("web:3"));
    world.pass(20_000);
    expectTimeline("deadline-good-image", world);
  });

  test("passes, and going back to stable heals it", () => {
    const world = healthy({ progressDeadlineSeconds: 30, strategy: canary([]) });
    world.edit("image web:bad", image("web:bad"));
    world.pass(40_000);
    world.edit("undo to web:1", image("web:1"));
    world.pass(10_000);
    expectTimeline("deadline-undo", world);
  });

  test("passes on the first deployment already", () => {
    const world = createWorld(rolloutOf({ strategy: canary(steps), progressDeadlineSeconds: 30 }), {
      readyAfterMs: () => 45_000,
    });
    world.pass(60_000);
    expectTimeline("deadline-first-deployment", world);
  });

  test("aborts the update when told so", () => {
    const world = healthy({ progressDeadlineSeconds: 30, progressDeadlineAbort: true });
    world.edit("image web:bad", image("web:bad"));
    world.pass(60_000);
    world.edit("retry", user.retry);
    world.pass(60_000);
    expectTimeline("deadline-abort", world);
  });

  test("does not count while paused, and starts anew with the resume", () => {
    const world = healthy({ progressDeadlineSeconds: 30 });
    world.edit("image web:bad", image("web:bad"));
    world.pass(20_000);
    world.edit("paused", user.paused(true));
    world.pass(60_000);
    world.edit("unpaused", user.paused(false));
    world.pass(60_000);
    expectTimeline("deadline-paused", world);
  });
});

describe("things that break", () => {
  test("pods of a Rollout that is done stop being ready, and come back", () => {
    const world = healthy();
    world.meddle("2 pods fail", (c) => c.failPods("web:1", 2, 8_000));
    world.pass(20_000);
    expectTimeline("pods-fail-when-done", world);
  });

  test("the only canary fails at a pause", () => {
    const world = healthy({ strategy: canary([setWeight(20), pause()]) });
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    world.meddle("the canary fails", (c) => c.failPods("web:2", 1, 4_000));
    world.pass(10_000);
    expectTimeline("canary-fails-at-pause", world);
  });

  test("somebody deletes the stable ReplicaSet: the current one is promoted at once", () => {
    const world = healthy({ strategy: canary([setWeight(20), pause()]) });
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    world.meddle("web:1 deleted", (c) => c.deleteSet("web:1"));
    world.pass(10_000);
    expectTimeline("stable-deleted", world);
  });

  test("somebody deletes the current ReplicaSet: it is made again", () => {
    const world = healthy();
    world.meddle("web:1 deleted", (c) => c.deleteSet("web:1"));
    world.pass(5_000);
    expectTimeline("current-deleted", world);
  });

  test("a ReplicaSet lost its owner, and is adopted", () => {
    const world = healthy({ strategy: canary([setWeight(20), pause()]) });
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    world.meddle("web:1 disowned", (c) => c.disown("web:1"));
    world.pass(5_000);
    expectTimeline("stable-disowned", world);
  });

  test("a past ReplicaSet no longer matches the selector, and is released", () => {
    const world = healthy({ strategy: canary([]) });
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    world.meddle("web:1 relabelled", (c) => c.relabel("web:1", { app: "other" }));
    world.pass(5_000);
    expectTimeline("past-set-relabelled", world);
  });

  test("the new ReplicaSet's name is taken by somebody else's", () => {
    const world = healthy();
    const next = image("web:2")(world.rollout);
    world.meddle("name of web:2 taken", (c) => c.occupy(nameFor(next)));
    world.edit("image web:2", image("web:2"));
    world.pass(10_000);
    expectTimeline("collision", world);
  });

  test("the API server takes no new ReplicaSet for a while", () => {
    const world = healthy();
    world.meddle("quota full", (c) => c.refuse("exceeded quota: pods"));
    world.edit("image web:2", image("web:2"));
    world.pass(12_000);
    world.meddle("quota raised", (c) => c.refuse(undefined));
    world.pass(15_000);
    expectTimeline("create-refused", world);
  });

  test("the ReplicaSet controller cannot make pods for a while", () => {
    const world = healthy({ strategy: canary([setWeight(20), pause()]) });
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    world.meddle("web:2 fails to create", (c) => c.setFailure("web:2", 'pods "web-" is forbidden'));
    world.pass(5_000);
    world.meddle("web:2 creates", (c) => c.setFailure("web:2", undefined));
    world.pass(5_000);
    expectTimeline("replica-failure", world);
  });
});
