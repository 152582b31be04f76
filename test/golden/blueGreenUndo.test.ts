import { describe, test } from "bun:test";
import type { Decision } from "../../controller/rollout/actions/action.ts";
import { expectTimeline } from "./timeline.ts";
import { createWorld, type World } from "./goldenWorld.ts";
import * as user from "./edits.ts";
import { blueGreen, canary, image, pause, restart, rolloutOf, scale, setWeight } from "./edits.ts";

const services = ["active", "preview"];

function updated(rest: Parameters<typeof blueGreen>[0] = {}): World {
  const world = createWorld(rolloutOf({ replicas: 3, strategy: blueGreen(rest) }), { services });
  world.pass(5_000);
  world.edit("image web:2", image("web:2"));
  return world;
}

describe("the old ReplicaSet", () => {
  test("is scaled down at once with a delay of 0", () => {
    const world = updated({ scaleDownDelaySeconds: 0 });
    world.pass(10_000);
    expectTimeline("delay-0", world);
  });

  test("stays for as long as the delay says, and no more of them than the limit", () => {
    const world = updated({ scaleDownDelaySeconds: 60, scaleDownDelayRevisionLimit: 1 });
    world.pass(10_000);
    world.edit("image web:3", image("web:3"));
    world.pass(90_000);
    expectTimeline("delay-limit", world);
  });

  test("stays beside others without a limit", () => {
    const world = updated({ scaleDownDelaySeconds: 60 });
    world.pass(10_000);
    world.edit("image web:3", image("web:3"));
    world.pass(90_000);
    expectTimeline("delay-two", world);
  });

  test("follows a new size while it waits", () => {
    const world = updated();
    world.pass(10_000);
    world.edit("scale 5", scale(5));
    world.pass(5_000);
    world.edit("scale 2", scale(2));
    world.pass(60_000);
    expectTimeline("delay-scale", world);
  });
});

describe("aborting blue-green", () => {
  test("before the cutover keeps the preview for 30 s", () => {
    const world = updated({ autoPromotionEnabled: false });
    world.pass(10_000);
    world.edit("abort", user.abort);
    world.pass(60_000);
    expectTimeline("blue-green-abort", world);
  });

  test("and a retry within the delay goes on with the same pods", () => {
    const world = updated({ autoPromotionEnabled: false });
    world.pass(10_000);
    world.edit("abort", user.abort);
    world.pass(10_000);
    world.edit("retry", user.retry);
    world.pass(10_000);
    world.edit("promote", user.promote);
    world.pass(60_000);
    expectTimeline("blue-green-abort-retry", world);
  });

  test("and a retry after the delay makes them again", () => {
    const world = updated({ autoPromotionEnabled: false });
    world.pass(10_000);
    world.edit("abort", user.abort);
    world.pass(50_000);
    world.edit("retry", user.retry);
    world.pass(10_000);
    expectTimeline("blue-green-abort-retry-late", world);
  });

  test("with a delay of 0 keeps the preview for ever", () => {
    const world = updated({ autoPromotionEnabled: false, abortScaleDownDelaySeconds: 0 });
    world.pass(10_000);
    world.edit("abort", user.abort);
    world.pass(2_000_000);
    expectTimeline("blue-green-abort-delay-0", world);
  });

  test("with a long delay waits for all of it", () => {
    const world = updated({ autoPromotionEnabled: false, abortScaleDownDelaySeconds: 1200 });
    world.pass(10_000);
    world.edit("abort", user.abort);
    world.pass(2_000_000);
    expectTimeline("blue-green-abort-delay-long", world);
  });

  test("after the cutover has no effect: it is done", () => {
    const world = updated();
    world.pass(10_000);
    world.edit("abort", user.abort);
    world.pass(60_000);
    expectTimeline("blue-green-abort-after-cutover", world);
  });

  test("and a new image drops the aborted one", () => {
    const world = updated({ autoPromotionEnabled: false });
    world.pass(10_000);
    world.edit("abort", user.abort);
    world.pass(10_000);
    world.edit("image web:3", image("web:3"));
    world.pass(60_000);
    expectTimeline("blue-green-abort-new-image", world);
  });

  test("while stable is scaled", () => {
    const world = updated({ autoPromotionEnabled: false });
    world.pass(10_000);
    world.edit("abort", user.abort);
    world.pass(5_000);
    world.edit("scale 5", scale(5));
    world.pass(60_000);
    expectTimeline("blue-green-abort-scale", world);
  });
});

describe("going back in blue-green", () => {
  test("within the delay switches at once", () => {
    const world = updated({ autoPromotionEnabled: false });
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(10_000);
    world.edit("undo to web:1", image("web:1"));
    world.pass(60_000);
    expectTimeline("blue-green-undo-fast", world);
  });

  test("within the delay switches at once with previewReplicaCount, too", () => {
    const world = updated({ autoPromotionEnabled: false, previewReplicaCount: 1 });
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(10_000);
    world.edit("undo to web:1", image("web:1"));
    world.pass(60_000);
    expectTimeline("blue-green-undo-fast-preview-count", world);
  });

  test("after the delay is an ordinary update", () => {
    const world = updated({ autoPromotionEnabled: false });
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(60_000);
    world.edit("undo to web:1", image("web:1"));
    world.pass(10_000);
    world.edit("promote", user.promote);
    world.pass(60_000);
    expectTimeline("blue-green-undo-late", world);
  });

  test("to stable before the cutover", () => {
    const world = updated({ autoPromotionEnabled: false });
    world.pass(5_000);
    world.edit("undo to web:1", image("web:1"));
    world.pass(60_000);
    expectTimeline("blue-green-undo-before-cutover", world);
  });

  test("within the rollback window needs no person", () => {
    const world = createWorld(
      rolloutOf({
        replicas: 3,
        rollbackWindow: { revisions: 2 },
        strategy: blueGreen({ autoPromotionEnabled: false }),
      }),
      { services },
    );
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(60_000);
    world.edit("undo to web:1", image("web:1"));
    world.pass(60_000);
    expectTimeline("blue-green-undo-within-window", world);
  });
});

describe("blue-green in the middle", () => {
  test("a third image before the cutover", () => {
    const world = updated({ autoPromotionEnabled: false });
    world.pass(5_000);
    world.edit("image web:3", image("web:3"));
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(60_000);
    expectTimeline("blue-green-third-image", world);
  });

  test("scaled up and down at the pause", () => {
    const world = updated({ autoPromotionEnabled: false });
    world.pass(5_000);
    world.edit("scale 5", scale(5));
    world.pass(5_000);
    world.edit("scale 2", scale(2));
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(60_000);
    expectTimeline("blue-green-scale-at-pause", world);
  });

  test("scaled together with a new image", () => {
    const world = createWorld(rolloutOf({ replicas: 3, strategy: blueGreen() }), { services });
    world.pass(5_000);
    world.edit("image web:2, scale 5", user.both(image("web:2"), scale(5)));
    world.pass(60_000);
    expectTimeline("blue-green-scale-with-image", world);
  });

  test("preview and active metadata", () => {
    const world = updated({
      autoPromotionEnabled: false,
      previewMetadata: { labels: { role: "preview" } },
      activeMetadata: { labels: { role: "active" } },
    });
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(60_000);
    expectTimeline("blue-green-metadata", world);
  });

  test("no pods", () => {
    const world = createWorld(rolloutOf({ replicas: 0, strategy: blueGreen() }), { services });
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(60_000);
    expectTimeline("blue-green-size-0", world);
  });

  test("no pods, and the status is lost after the active Service was switched", () => {
    let isLost = false;
    const crashAfter = ({ actions }: Decision): number | undefined => {
      const crash = isLost ? actions.length : undefined;
      isLost = false;
      return crash;
    };
    const world = createWorld(rolloutOf({ replicas: 0, strategy: blueGreen() }), { services, crashAfter });
    world.pass(5_000);
    isLost = true;
    world.edit("image web:2", image("web:2"));
    world.pass(60_000);
    expectTimeline("blue-green-size-0-status-lost", world);
  });

  test("a restart", () => {
    const world = createWorld(rolloutOf({ replicas: 3, strategy: blueGreen({ maxUnavailable: 2 }) }), { services });
    world.pass(10_000);
    world.edit("restartAt +10s", restart(Date.parse("2026-01-01T00:00:10Z")));
    world.pass(60_000);
    expectTimeline("blue-green-restart", world);
  });

  test("to canary and back when done", () => {
    const world = updated();
    world.pass(60_000);
    const steps = canary([setWeight(50), pause()], { stableService: "active", canaryService: "preview" });
    world.edit("to canary", user.strategy(steps));
    world.pass(5_000);
    world.edit("image web:3", image("web:3"));
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(10_000);
    world.edit("to blue-green", user.strategy(blueGreen({ autoPromotionEnabled: false })));
    world.pass(5_000);
    world.edit("image web:4", image("web:4"));
    world.pass(5_000);
    world.edit("promote", user.promote);
    world.pass(60_000);
    expectTimeline("strategy-switched", world);
  });

  test("to canary while the old ReplicaSet waits", () => {
    const world = updated();
    world.pass(10_000);
    world.edit("to canary", user.strategy(canary([setWeight(50), pause()])));
    world.pass(60_000);
    expectTimeline("strategy-switched-during-delay", world);
  });
});
