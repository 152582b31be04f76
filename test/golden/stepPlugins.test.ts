import { describe, expect, test } from "bun:test";
import type { Decision } from "../../controller/rollout/actions/action.ts";
import type { CallStepPlugin } from "../../controller/rollout/actions/callStepPlugin.ts";
import type { StepPluginAnswer } from "../../controller/rollout/model/stepPlugins.ts";
import type { CanaryStep } from "../../schema/rollout.ts";
import { canary, image, pause, rolloutOf, setWeight } from "./edits.ts";
import * as user from "./edits.ts";
import type { AnswerOf } from "./fakePlugins.ts";
import { createWorld, type World, type WorldOptions } from "./goldenWorld.ts";
import { expectTimeline } from "./timeline.ts";

const load: CanaryStep = { plugin: { name: "acme/load", config: { rps: 5 } } };
const successful: StepPluginAnswer = { kind: "answered", phase: "Successful", message: "", status: { id: 7 } };
const running: StepPluginAnswer = {
  kind: "answered",
  phase: "Running",
  message: "at it",
  status: { id: 7 },
  resumeMs: 17_000,
};

/** The first run of the step at `index` goes on, or ends so; the others succeed. */
const answering =
  (index: number, answer: StepPluginAnswer): AnswerOf =>
  (call) => ({ afterMs: 2_000, answer: call.index === index && call.op === "run" ? answer : successful });

/** The same answers; the calls are kept in `calls`. */
const kept =
  (calls: CallStepPlugin[], answerOf: AnswerOf): AnswerOf =>
  (call) => {
    calls.push(call);
    return answerOf(call);
  };

/** `web:1` serves, and `web:2` is rolled out. */
function updated(steps: CanaryStep[], plugins: AnswerOf, options: WorldOptions = {}): World {
  const world = createWorld(rolloutOf({ strategy: canary(steps) }), { plugins, ...options });
  world.pass(5_000);
  world.edit("image web:2", image("web:2"));
  return world;
}

const entries = (world: World) => world.rollout.status?.canary?.stepPluginStatuses ?? [];
const operations = (world: World) =>
  entries(world).map(({ index, operation, phase }) => `${operation} ${index} ${phase}`);

describe("a step plugin", () => {
  const steps = [setWeight(20), load, setWeight(60), load];

  test("is run, and the update goes on once it has succeeded", () => {
    const world = updated(steps, answering(-1, successful));
    world.pass(60_000);
    expect(operations(world)).toEqual(["Run 1 Successful", "Run 3 Successful"]);
    expectTimeline("step-plugin-successful", world);
  });

  test("is not asked by a first deployment, which takes no steps", () => {
    const calls: CallStepPlugin[] = [];
    const plugins = kept(calls, answering(-1, successful));
    // The pods are made, and the first status comes later than their ReplicaSet.
    const crashAfter = ({ actions }: Decision): number | undefined => (isFirst ? actions.length : undefined);
    let isFirst = true;
    const onDecision = (): void => void (isFirst = false);
    const strategy = canary([load, load]);
    const world = createWorld(rolloutOf({ strategy }), { plugins, crashAfter, onDecision });
    world.meddle("start", () => {});
    world.pass(30_000);
    expect([world.rollout.status?.phase, calls, entries(world)]).toEqual(["Healthy", [], []]);
  });

  test("that goes on is asked again when it says so", () => {
    let asked = 0;
    const world = updated(steps, (call) => {
      asked += call.index === 1 ? 1 : 0;
      return { afterMs: 500, answer: call.index === 1 && asked < 3 ? running : successful };
    });
    world.pass(90_000);
    expect(entries(world)[0]).toMatchObject({ phase: "Successful", executions: 3, status: { id: 7 } });
    expectTimeline("step-plugin-running", world);
  });

  test("that fails aborts the update, and what the others have done is reverted", () => {
    const world = updated([load, load], answering(1, { kind: "answered", phase: "Failed", message: "too slow" }));
    world.pass(60_000);
    expect(world.rollout.status?.message).toContain("Step Plugin 2 (acme/load) failed: too slow");
    expect(operations(world)).toEqual(["Run 0 Successful", "Run 1 Failed", "Abort 0 Successful"]);
    expectTimeline("step-plugin-failed", world);
  });

  test("is reverted when the update is aborted, the last step first, and all runs again after a retry", () => {
    const world = updated([load, load], answering(1, running));
    world.pass(10_000);
    world.edit("abort", user.abort);
    world.pass(20_000);
    expect(operations(world)).toEqual([
      "Run 0 Successful",
      "Run 1 Running",
      "Abort 1 Successful",
      "Abort 0 Successful",
    ]);
    world.edit("retry", user.retry);
    world.pass(10_000);
    expect(operations(world)).toEqual(["Run 0 Successful", "Run 1 Running"]);
    expectTimeline("step-plugin-aborted", world);
  });

  test("is asked by other keys after a retry, though that may come within a second", () => {
    const calls: CallStepPlugin[] = [];
    const answers: AnswerOf = ({ op, index }) => ({
      afterMs: 10,
      answer: op === "run" && index === 1 ? running : successful,
    });
    const world = updated([load, load], kept(calls, answers));
    world.pass(100);
    world.edit("abort", user.abort);
    world.pass(100);
    world.edit("retry", user.retry);
    world.pass(100);
    const keys = calls.map(({ key }) => key);
    expect(keys.map((key) => key.split("/").slice(2, 4).join(" "))).toEqual([
      "0 Run",
      "1 Run",
      "1 Abort",
      "0 Abort",
      "0 Run",
      "1 Run",
    ]);
    expect(new Set(keys).size).toBe(6);
  });

  test("that is still being asked when the update is aborted is reverted after its answer", () => {
    const calls: CallStepPlugin[] = [];
    const slow: AnswerOf = () => ({ afterMs: 5_000, answer: successful });
    const world = updated([load, pause()], kept(calls, slow));
    world.pass(3_000);
    world.edit("abort", user.abort);
    world.pass(20_000);
    expect(calls.map(({ op, status }) => [op, status])).toEqual([
      ["run", undefined],
      ["abort", { id: 7 }],
    ]);
    expect(operations(world)).toEqual(["Run 0 Successful", "Abort 0 Successful"]);
  });

  test("that still runs is ended by a full promotion", () => {
    const world = updated(steps, answering(1, running));
    world.pass(10_000);
    world.edit("promote full", user.promoteFull);
    world.pass(20_000);
    expect(world.rollout.status?.phase).toBe("Healthy");
    expect(operations(world)).toEqual(["Run 1 Running", "Terminate 1 Successful"]);
    expectTimeline("step-plugin-promote-full", world);
  });

  test("that still runs is ended when another version takes its place", () => {
    const calls: CallStepPlugin[] = [];
    const world = updated(steps, kept(calls, answering(1, running)));
    world.pass(10_000);
    world.edit("image web:3", image("web:3"));
    world.pass(10_000);
    expect(calls.map(({ op }) => op)).toEqual(["run", "terminate", "run"]);
    expect(operations(world)).toEqual(["Run 1 Running"]);
    expectTimeline("step-plugin-new-image", world);
  });

  test("that does not answer is asked every 30 s until the deadline", () => {
    const world = updated(steps, answering(1, { kind: "failed", message: "plugin acme/load: no answer" }));
    world.edit("deadline", (rollout) => ({ ...rollout, spec: { ...rollout.spec, progressDeadlineSeconds: 45 } }));
    world.pass(120_000);
    expect(world.rollout.status?.phase).toBe("Degraded");
    expect(entries(world)[0]).toMatchObject({ phase: "Error", backoff: "30s", executions: 2 });
    expectTimeline("step-plugin-error", world);
  });

  test("that nobody has configured holds the update, and says so", () => {
    const world = updated([{ plugin: { name: "acme/unknown" } }], answering(0, successful));
    world.pass(40_000);
    expect(entries(world)).toEqual([]);
    expect(world.rollout.status?.message).toContain("plugin acme/unknown not configured in configmap");
    expect(world.events.filter((line) => line.includes("ReconciliationError"))).toHaveLength(1);
    expectTimeline("step-plugin-unknown", world);
  });

  test("that is disabled counts as done", () => {
    const world = updated([{ plugin: { name: "acme/off" } }, load], answering(-1, successful));
    world.pass(30_000);
    expect(world.rollout.status?.phase).toBe("Healthy");
    expect(entries(world)[0]).toEqual({ index: 0, name: "acme/off", operation: "Run", disabled: true });
    expectTimeline("step-plugin-disabled", world);
  });

  test("is not asked while somebody holds the Rollout", () => {
    const world = updated([setWeight(20), pause(10), load], answering(-1, successful));
    world.pass(8_000);
    world.edit("pause", user.paused(true));
    world.pass(30_000);
    expect(entries(world)).toEqual([]);
    world.edit("resume", user.paused(false));
    world.pass(30_000);
    expect(operations(world)).toEqual(["Run 2 Successful"]);
  });

  const CRASHES = Array.from({ length: 24 }, (_, n) => n + 5);
  test.each(CRASHES)("is asked for the same when the controller crashes in its decision %p", (at) => {
    const calls: CallStepPlugin[] = [];
    let decisions = 0;
    const crashAfter = (): number | undefined => {
      decisions += 1;
      return decisions === at ? decisions % 2 : undefined;
    };
    const world = updated([load, load], kept(calls, answering(-1, successful)), { crashAfter });
    for (let n = 0; n < 12; n += 1) {
      world.pass(2_500);
      world.meddle("start", () => {});
    }
    expect(world.rollout.status?.phase).toBe("Healthy");
    expect(operations(world)).toEqual(["Run 0 Successful", "Run 1 Successful"]);
    // Whatever was lost was asked for again by the key that it had.
    expect(new Set(calls.map(({ key }) => key)).size).toBe(2);
  });
});

describe("a step plugin before and after a step that is an Experiment", () => {
  const templates = [{ name: "canary", specRef: "canary" as const, replicas: 1 }];
  const steps = [load, { experiment: { templates, duration: "30s" } }, load];

  test("is run, as the Experiment is", () => {
    const trial = () => ({ afterMs: 30_000, phase: "Successful" as const });
    const world = updated(steps, answering(-1, successful), { trial });
    world.pass(20_000);
    expect([operations(world), world.rollout.status?.currentStepIndex]).toEqual([["Run 0 Successful"], 1]);
    world.pass(40_000);
    expect([operations(world), world.rollout.status?.phase]).toEqual([
      ["Run 0 Successful", "Run 2 Successful"],
      "Healthy",
    ]);
  });

  test("is reverted once the Experiment has failed", () => {
    const trial = () => ({ afterMs: 30_000, phase: "Failed" as const });
    const world = updated(steps, answering(-1, successful), { trial });
    world.pass(60_000);
    expect(world.rollout.status?.message).toContain("Experiment analysis phase is error/failed");
    expect(operations(world)).toEqual(["Run 0 Successful", "Abort 0 Successful"]);
  });

  test("that fails aborts the update after a good Experiment, and the Experiment is not the status' any longer", () => {
    const trial = () => ({ afterMs: 30_000, phase: "Successful" as const });
    const failing = answering(2, { kind: "answered", phase: "Failed", message: "too slow" });
    const world = updated(steps, failing, { trial });
    world.pass(60_000);
    expect(world.rollout.status?.message).toContain("Step Plugin 3 (acme/load) failed: too slow");
    expect(operations(world)).toEqual(["Run 0 Successful", "Run 2 Failed", "Abort 0 Successful"]);
    expect(world.rollout.status?.canary?.currentExperiment).toBeUndefined();
  });
});
