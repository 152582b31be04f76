import { describe, test } from "bun:test";
import { expectTimeline } from "./timeline.ts";
import { createWorld, type World, type WorldOptions } from "./goldenWorld.ts";
import * as user from "./edits.ts";
import { blueGreen, image, rolloutOf } from "./edits.ts";

const services = ["active", "preview"];

/** `web:1` is active and Healthy, and the image `web:2` was set. */
function updated(rest: Parameters<typeof blueGreen>[0] = {}, options: WorldOptions = {}): World {
  const world = createWorld(rolloutOf({ replicas: 3, strategy: blueGreen(rest) }), { services, ...options });
  world.pass(5_000);
  world.edit("image web:2", image("web:2"));
  return world;
}

describe("blue-green promotion", () => {
  test("by itself, as soon as all pods are available", () => {
    const world = updated();
    world.pass(60_000);
    expectTimeline("blue-green-auto", world);
  });

  test("without a preview Service", () => {
    const world = createWorld(rolloutOf({ replicas: 3, strategy: { blueGreen: { activeService: "active" } } }), {
      services,
    });
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(60_000);
    expectTimeline("blue-green-no-preview", world);
  });

  test("by a person", () => {
    const world = updated({ autoPromotionEnabled: false });
    world.pass(10_000);
    world.edit("promote", user.promote);
    world.pass(60_000);
    expectTimeline("blue-green-manual", world);
  });

  test("by a person, in full while the pods are not ready yet", () => {
    const world = updated({ autoPromotionEnabled: false }, { readyAfterMs: () => 3_000 });
    world.pass(1_000);
    world.edit("promote --full", user.promoteFull);
    world.pass(60_000);
    expectTimeline("blue-green-promote-full-early", world);
  });

  test("after autoPromotionSeconds", () => {
    const world = updated({ autoPromotionSeconds: 20 });
    world.pass(60_000);
    expectTimeline("blue-green-auto-seconds", world);
  });

  test("after autoPromotionSeconds, or before that by a person", () => {
    const world = updated({ autoPromotionSeconds: 20 });
    world.pass(10_000);
    world.edit("promote", user.promote);
    world.pass(60_000);
    expectTimeline("blue-green-auto-seconds-promote", world);
  });

  test("after autoPromotionSeconds, but in full at once", () => {
    const world = updated({ autoPromotionSeconds: 20 });
    world.pass(10_000);
    world.edit("promote --full", user.promoteFull);
    world.pass(60_000);
    expectTimeline("blue-green-auto-seconds-promote-full", world);
  });

  test("only by a person, with autoPromotionSeconds or without, when autoPromotionEnabled is false", () => {
    const world = updated({ autoPromotionEnabled: false, autoPromotionSeconds: 20 });
    world.pass(60_000);
    world.edit("promote", user.promote);
    world.pass(5_000);
    expectTimeline("blue-green-manual-with-seconds", world);
  });

  test("waits while spec.paused", () => {
    const world = updated({}, { readyAfterMs: () => 3_000 });
    world.pass(1_000);
    world.edit("paused", user.paused(true));
    world.pass(20_000);
    world.edit("promote", user.promote);
    world.pass(60_000);
    expectTimeline("blue-green-user-pause", world);
  });

  test("is not reached by pods that never become ready", () => {
    const world = createWorld(rolloutOf({ replicas: 3, progressDeadlineSeconds: 30, strategy: blueGreen() }), {
      services,
      readyAfterMs: (name) => (name === "web:bad" ? undefined : 1_000),
    });
    world.pass(5_000);
    world.edit("image web:bad", image("web:bad"));
    world.pass(60_000);
    world.edit("image web:3", image("web:3"));
    world.pass(60_000);
    expectTimeline("blue-green-deadline", world);
  });

  test("and the deadline aborts when told so", () => {
    const rollout = rolloutOf({
      replicas: 3,
      progressDeadlineSeconds: 30,
      progressDeadlineAbort: true,
      strategy: blueGreen(),
    });
    const world = createWorld(rollout, { services, readyAfterMs: (name) => (name === "web:bad" ? undefined : 1_000) });
    world.pass(5_000);
    world.edit("image web:bad", image("web:bad"));
    world.pass(90_000);
    expectTimeline("blue-green-deadline-abort", world);
  });
});

describe("previewReplicaCount", () => {
  test("holds the preview small until a person promotes", () => {
    const world = updated({ previewReplicaCount: 1, autoPromotionEnabled: false });
    world.pass(10_000);
    world.edit("promote", user.promote);
    world.pass(60_000);
    expectTimeline("preview-count-manual", world);
  });

  test("is passed by itself without a pause", () => {
    const world = updated({ previewReplicaCount: 1 });
    world.pass(60_000);
    expectTimeline("preview-count-auto", world);
  });

  test("is skipped by a full promotion", () => {
    const world = updated({ previewReplicaCount: 1, autoPromotionEnabled: false });
    world.pass(10_000);
    world.edit("promote --full", user.promoteFull);
    world.pass(60_000);
    expectTimeline("preview-count-promote-full", world);
  });

  test("holds for autoPromotionSeconds", () => {
    const world = updated({ previewReplicaCount: 1, autoPromotionSeconds: 10 });
    world.pass(60_000);
    expectTimeline("preview-count-seconds", world);
  });
});

describe("blue-green anti-affinity", () => {
  test("keeps a preview apart from the active pods, names their successors, and stays where it was", () => {
    const antiAffinity = { requiredDuringSchedulingIgnoredDuringExecution: {} };
    const world = updated({ antiAffinity, autoPromotionEnabled: false, scaleDownDelaySeconds: 20 });
    world.pass(10_000);
    world.edit("promote", user.promote);
    world.pass(5_000);
    world.edit("image web:3", image("web:3"));
    world.pass(10_000);
    world.edit("promote", user.promote);
    world.pass(60_000);
    world.edit("image web:2", image("web:2"));
    world.pass(60_000);
    expectTimeline("blue-green-anti-affinity", world);
  });

  test("never keeps pods apart from their own, although an undo writes the template with its defaults", () => {
    const antiAffinity = { preferredDuringSchedulingIgnoredDuringExecution: { weight: 1 } };
    const world = updated({ antiAffinity, autoPromotionEnabled: false, scaleDownDelaySeconds: 5 });
    world.pass(10_000);
    world.edit("promote", user.promote);
    world.pass(20_000);
    const metadata = { labels: { app: "web" } };
    const spec = { containers: [{ name: "web", image: "web:1" }], dnsPolicy: "ClusterFirst" };
    world.edit("undo to web:1", user.spec({ template: { metadata, spec } }));
    world.pass(10_000);
    world.edit("promote", user.promote);
    world.pass(20_000);
    expectTimeline("blue-green-anti-affinity-undo", world);
  });
});
