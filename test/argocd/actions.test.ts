/** Argo CD's buttons, by its own scripts, on our Rollouts: each does what it says (docs/argo-cd.md#buttons). */
import { describe, expect, test } from "bun:test";
import { applyMergePatch } from "../../simulator/patch/applyMergePatch.ts";
import { blueGreen, canary, type Edit, image, pause, rolloutOf, setWeight } from "../golden/edits.ts";
import { createWorld, type World } from "../golden/goldenWorld.ts";
import { actionNames, enabledActions, healthOf, patchesOf } from "./argoScripts.ts";

const steps = [setWeight(20), pause(), setWeight(60), pause(600)];

/** `web:2` waits at the first pause. */
function paused(strategy = canary(steps)): World {
  const world = createWorld(rolloutOf({ strategy }), { services: ["active", "preview"] });
  world.pass(5_000);
  world.edit("image web:2", image("web:2"));
  world.pass(5_000);
  return world;
}

/** Presses a button: Argo CD patches the status first, then the rest. */
function press(world: World, action: string, ms = 10_000): void {
  expect(enabledActions("Rollout", world.rollout)).toContain(action);
  const { status, rest } = patchesOf("Rollout", action, world.rollout);
  const patched =
    (body: object | undefined): Edit =>
    (rollout) =>
      body === undefined ? rollout : applyMergePatch(rollout, body);
  world.edit(`Argo CD: ${action}`, (rollout) => patched(rest)(patched(status)(rollout)));
  world.pass(ms);
}

const seen = ({ rollout }: World) => ({
  health: healthOf("Rollout", rollout).status,
  step: rollout.status?.currentStepIndex,
  isPromoted: rollout.status?.stableRS === rollout.status?.currentPodHash,
});

const isAborted = ({ rollout }: World): boolean => rollout.status?.abort === true;

describe("a button of Argo CD", () => {
  test("resume ends the pause at which the canary waits", () => {
    const world = paused();
    press(world, "resume");
    expect(seen(world)).toEqual({ health: "Suspended", step: 3, isPromoted: false });
  });

  test("resume promotes blue-green", () => {
    const world = paused(blueGreen({ autoPromotionEnabled: false }));
    press(world, "resume", 60_000);
    expect(seen(world)).toEqual({ health: "Healthy", step: undefined, isPromoted: true });
  });

  test("skip-current-step goes on with the next one", () => {
    const world = paused();
    press(world, "skip-current-step");
    expect(seen(world)).toEqual({ health: "Suspended", step: 3, isPromoted: false });
    press(world, "skip-current-step", 60_000);
    expect(seen(world)).toEqual({ health: "Healthy", step: 4, isPromoted: true });
  });

  test.each([
    ["a canary", canary(steps), 4],
    ["blue-green", blueGreen({ autoPromotionEnabled: false }), undefined],
  ])("promote-full brings %s out at once", (_, strategy, step) => {
    const world = paused(strategy);
    press(world, "promote-full", 60_000);
    expect(seen(world)).toEqual({ health: "Healthy", step, isPromoted: true });
  });

  test("promote-full brings out what was aborted", () => {
    const world = paused();
    press(world, "abort");
    press(world, "promote-full", 60_000);
    expect(seen(world)).toEqual({ health: "Healthy", step: 4, isPromoted: true });
  });

  test.each([
    ["a canary", canary(steps)],
    ["blue-green", blueGreen({ autoPromotionEnabled: false })],
  ])("abort gives all users the stable version of %s, and retry begins again", (_, strategy) => {
    const world = paused(strategy);
    const { step } = seen(world);
    press(world, "abort", 60_000);
    expect([isAborted(world), seen(world).health]).toEqual([true, "Degraded"]);
    press(world, "retry", 20_000);
    expect([isAborted(world), seen(world)]).toEqual([false, { health: "Suspended", step, isPromoted: false }]);
  });

  test("pause holds an update that moves, and resume lets it go on", () => {
    const world = paused(canary([setWeight(20), pause(30), setWeight(60), pause()]));
    press(world, "pause", 120_000);
    expect(world.rollout.spec.paused).toBe(true);
    expect(seen(world)).toEqual({ health: "Suspended", step: 1, isPromoted: false });
    press(world, "resume", 20_000);
    expect(world.rollout.spec.paused).toBe(false);
    expect(seen(world)).toEqual({ health: "Suspended", step: 3, isPromoted: false });
  });

  test("restart replaces every pod", () => {
    const world = paused();
    press(world, "promote-full", 60_000);
    const { rest, status } = patchesOf("Rollout", "restart", world.rollout);
    expect(status).toBeUndefined();
    expect(JSON.stringify(rest)).toMatch(/^\{"spec":\{"restartAt":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"\}\}$/);
    const restartAt = new Date(world.now).toISOString().replace(/\.\d+Z$/, "Z");
    world.edit("Argo CD: restart", (rollout) => applyMergePatch(rollout, { spec: { restartAt } }));
    world.pass(120_000);
    expect(world.rollout.status?.restartedAt).toBe(restartAt);
    expect(seen(world).health).toBe("Healthy");
  });

  test("terminate ends an AnalysisRun, by the field that our loop reads", () => {
    const run = { spec: { metrics: [] }, status: { phase: "Running" } };
    expect(enabledActions("AnalysisRun", run)).toEqual(["terminate"]);
    expect(patchesOf("AnalysisRun", "terminate", run)).toEqual({
      status: undefined,
      rest: { spec: { terminate: true } },
    });
  });

  test("is one of those above: Argo CD has no other for these kinds", () => {
    expect(actionNames("Rollout").toSorted()).toEqual(
      ["abort", "pause", "promote-full", "restart", "resume", "retry", "skip-current-step"].toSorted(),
    );
    expect(actionNames("AnalysisRun")).toEqual(["terminate"]);
  });
});

test("an action changes nothing but what it is for", () => {
  const { rollout } = paused();
  expect(patchesOf("Rollout", "abort", rollout)).toEqual({ status: { status: { abort: true } }, rest: undefined });
  expect(patchesOf("Rollout", "resume", rollout)).toEqual({
    status: { status: { pauseConditions: null } },
    rest: undefined,
  });
});
