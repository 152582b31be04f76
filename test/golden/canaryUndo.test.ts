import { describe, test } from "bun:test";
import { expectTimeline } from "./timeline.ts";
import { createWorld, type World } from "./goldenWorld.ts";
import * as user from "./edits.ts";
import { canary, image, pause, rolloutOf, setWeight } from "./edits.ts";

const steps = [setWeight(40), pause()];

/** Applies the images one after the other, each fully promoted, ten seconds apart. */
function after(images: readonly string[], spec: Parameters<typeof rolloutOf>[0] = {}): World {
  const world = createWorld(rolloutOf({ strategy: canary(steps), ...spec }));
  world.pass(10_000);
  for (const name of images) {
    world.edit(`image ${name}`, image(name));
    world.pass(3_000);
    world.edit("promote --full", user.promoteFull);
    world.pass(7_000);
  }
  return world;
}

describe("going back", () => {
  test("to stable in the middle skips the steps", () => {
    const world = after([]);
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    world.edit("undo to web:1", image("web:1"));
    world.pass(10_000);
    expectTimeline("undo-to-stable", world);
  });

  test("to an older revision runs the steps", () => {
    const world = after(["web:2"]);
    world.edit("undo to web:1", image("web:1"));
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(10_000);
    expectTimeline("undo-to-older", world);
  });

  test("within the rollback window skips the steps", () => {
    const world = after(["web:2", "web:3"], { rollbackWindow: { revisions: 1 } });
    world.edit("undo to web:2", image("web:2"));
    world.pass(10_000);
    expectTimeline("undo-within-window", world);
  });

  test("beyond the rollback window runs the steps", () => {
    const world = after(["web:2", "web:3"], { rollbackWindow: { revisions: 1 } });
    world.edit("undo to web:1", image("web:1"));
    world.pass(10_000);
    expectTimeline("undo-beyond-window", world);
  });

  test("within the window to a ReplicaSet that still has pods skips the steps at once", () => {
    const limits = { maxSurge: 1, maxUnavailable: 0 };
    const world = after(["web:2"], { rollbackWindow: { revisions: 2 }, strategy: canary(steps, limits) });
    world.edit("undo to web:1", image("web:1"));
    world.pass(1_500);
    world.edit("image web:3", image("web:3"));
    world.pass(300);
    world.edit("undo to web:1", image("web:1"));
    world.pass(10_000);
    expectTimeline("undo-within-window-active", world);
  });

  test("to a past revision from the middle of another update runs the steps", () => {
    const world = after(["web:2"]);
    world.edit("image web:3", image("web:3"));
    world.pass(5_000);
    world.edit("undo to web:1", image("web:1"));
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(10_000);
    expectTimeline("undo-to-older-in-the-middle", world);
  });

  test("to stable while aborted", () => {
    const world = after([]);
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    world.edit("abort", user.abort);
    world.pass(5_000);
    world.edit("undo to web:1", image("web:1"));
    world.pass(10_000);
    expectTimeline("undo-after-abort", world);
  });
});

describe("revision history", () => {
  test("keeps as many ReplicaSets as its limit says", () => {
    const world = after(["web:2", "web:3", "web:4", "web:5"], { revisionHistoryLimit: 2, strategy: canary([]) });
    expectTimeline("history-limit", world);
  });

  test("keeps none with a limit of 0", () => {
    const world = after(["web:2", "web:3"], { revisionHistoryLimit: 0, strategy: canary([]) });
    expectTimeline("history-limit-0", world);
  });
});
