import { expect, test } from "bun:test";
import { abort, createWorld, image, promote, promoteFull, retry, rolloutOf, scale } from "./world.ts";

const steps = [{ setWeight: 20 }, { pause: {} }, { setWeight: 40 }, { pause: { duration: "40s" } }];

test("a canary goes step by step and becomes stable", () => {
  const world = createWorld(rolloutOf({ strategy: { canary: { steps } } }));
  world.pass(10_000);
  world.edit("image web:2", image("web:2"));
  world.pass(10_000);
  world.edit("promote", promote);
  world.pass(60_000);
  console.log(world.lines.join("\n"));
  console.log(world.events.join("\n"));
  expect(world.rollout.status?.phase).toBe("Healthy");
});

test("bench", () => {
  const world = createWorld(
    rolloutOf({
      replicas: 2,
      strategy: { canary: { steps: [{ setWeight: 50 }, { pause: { duration: "2s" } }, { setWeight: 100 }] } },
    }),
  );
  world.pass(10_000);
  const w = world.writes;
  world.edit("image web:2", image("web:2"));
  world.pass(10_000);
  console.log(world.lines.join("\n"), world.writes - w);
});

test("abort", () => {
  const world = createWorld(rolloutOf({ strategy: { canary: { steps } } }));
  world.pass(10_000);
  world.edit("image web:2", image("web:2"));
  world.pass(10_000);
  world.edit("abort", abort);
  world.pass(10_000);
  world.edit("retry", retry);
  world.pass(10_000);
  world.edit("scale 10", scale(10));
  world.pass(10_000);
  world.edit("full", promoteFull);
  world.pass(10_000);
  world.edit("undo", image("web:1"));
  world.pass(2_000);
  world.edit("undo", image("web:2"));
  world.pass(10_000);
  console.log(world.lines.join("\n"));
  console.log(JSON.stringify(world.rollout.status, null, 1));
});
test("bluegreen", () => {
  const world = createWorld(
    rolloutOf({
      replicas: 2,
      strategy: { blueGreen: { activeService: "a", previewService: "p", autoPromotionEnabled: false } },
    }),
    { services: ["a", "p"] },
  );
  world.pass(10_000);
  world.edit("image web:2", image("web:2"));
  world.pass(10_000);
  world.edit("promote", promote);
  world.pass(60_000);
  world.edit("image web:3", image("web:3"));
  world.pass(10_000);
  world.edit("abort", abort);
  world.pass(60_000);
  console.log(world.lines.join("\n"));
  console.log(world.events.join("\n"));
});
