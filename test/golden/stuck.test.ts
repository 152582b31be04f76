import { describe, expect, test } from "bun:test";
import { expectTimeline } from "./timeline.ts";
import { createWorld, type World } from "./goldenWorld.ts";
import { blueGreen, canary, image, rolloutOf, scale, setWeight } from "./edits.ts";

/** Healthy with five pods of `web:1`; `web:bad` never becomes ready, every other image is ready after a second. */
function healthy(spec: Parameters<typeof rolloutOf>[0] = {}, services: readonly string[] = []): World {
  const world = createWorld(rolloutOf({ progressDeadlineSeconds: 30, ...spec }), {
    services,
    readyAfterMs: (name) => (name === "web:bad" ? undefined : 1_000),
  });
  world.pass(5_000);
  return world;
}

/**
 * Every 5 s a pod of the image crashes, and is ready again after 6 s: some pods are always ready, but never all at
 * once.
 */
function crashLoop(world: World, name: string, ms: number): void {
  for (let passed = 0; passed < ms; passed += 5_000) {
    world.meddle("a pod crashes", (c) => c.failPods(name, 1, 6_000));
    world.pass(5_000);
  }
}

const progressing = (world: World) => world.rollout.status?.conditions?.find((c) => c.type === "Progressing");

describe("pods that become ready and crash again and again", () => {
  const steps = [setWeight(60)];

  test("do not put off the progress deadline", () => {
    const world = healthy({ strategy: canary(steps) });
    world.edit("image web:2", image("web:2"));
    crashLoop(world, "web:2", 60_000);
    expectTimeline("crash-loop-deadline", world);
  });

  test("abort the update when told so", () => {
    const world = healthy({ strategy: canary(steps), progressDeadlineAbort: true });
    world.edit("image web:2", image("web:2"));
    crashLoop(world, "web:2", 60_000);
    expect(world.rollout.status?.abort).toBe(true);
    expectTimeline("crash-loop-abort", world);
  });

  test("of the version that serves do not put off the deadline of a blue-green update either", () => {
    const world = healthy({ strategy: blueGreen(), progressDeadlineAbort: true }, ["active", "preview"]);
    world.edit("image web:bad", image("web:bad"));
    crashLoop(world, "web:1", 60_000);
    expect(world.rollout.status?.abort).toBe(true);
    expectTimeline("crash-loop-blue-green", world);
  });

  test("are forgotten as soon as a step is done", () => {
    const world = healthy({ strategy: canary([setWeight(20), setWeight(60)]) });
    world.edit("image web:2", image("web:2"));
    world.pass(1_000);
    crashLoop(world, "web:2", 20_000);
    world.pass(10_000);
    expect(world.rollout.status?.phase).toBe("Healthy");
    expect(progressing(world)?.message).toEndWith("has successfully progressed.");
  });
});

test("pods that become available one after the other extend the deadline each, as in the reference", () => {
  let made = 0;
  const world = createWorld(rolloutOf({ progressDeadlineSeconds: 30, strategy: canary([]) }), {
    readyAfterMs: () => (made += 1) * 25_000,
  });
  world.pass(126_000);
  expect(world.rollout.status?.phase).toBe("Healthy");
  expect(world.lines.some((line) => line.includes("ProgressDeadlineExceeded"))).toBe(false);
});

describe("a Rollout that is stuck", () => {
  test("tells what its pods wait for, and tells again when that changes, looking less and less often", () => {
    const world = healthy({ strategy: canary([]) });
    const full = { reason: "Unschedulable", message: "0/3 nodes are available: 3 Insufficient cpu." };
    world.meddle("no room", (c) => c.waitFor("web:bad", full));
    world.edit("image web:bad", image("web:bad"));
    world.pass(60_000);
    const config = { reason: "CreateContainerConfigError", container: "web", message: 'configmap "web" not found' };
    world.meddle("room, but no ConfigMap", (c) => c.waitFor("web:bad", config));
    world.pass(3_600_000);
    expectTimeline("stuck-reasons", world);
  });

  test("does not tell every restart of a crashing container", () => {
    const world = healthy({ strategy: canary([setWeight(60)]) });
    world.edit("image web:bad", image("web:bad"));
    const crash = (restarts: number) => ({
      reason: "CrashLoopBackOff",
      container: "web",
      exit: { code: 1, reason: "Error" },
      restarts,
    });
    for (let restarts = 1; restarts < 50; restarts += 1) {
      world.meddle("it crashes", (c) => c.waitFor("web:bad", crash(restarts)));
      world.pass(60_000);
    }
    const lines = world.lines.filter((line) => line.includes("ProgressDeadlineExceeded") && !line.includes("(same)"));
    expect(lines).toHaveLength(1);
    expect(progressing(world)?.message).toMatch(
      /^ReplicaSet "web-\w+" has timed out progressing\. 3 of 3 pods not ready: CrashLoopBackOff, container "web", ended with exit code 1 \(Error\), restarted 1 time\.$/,
    );
  });

  test("tells of pods that cannot even be created", () => {
    const world = healthy({ strategy: canary([]) });
    world.meddle("quota full", (c) => c.setFailure("web:1", "exceeded quota: pods"));
    world.edit("scale 8", scale(8));
    world.pass(60_000);
    expect(progressing(world)?.message).toContain("3 pods could not be created: FailedCreate: exceeded quota: pods.");
  });
});
