/**
 * What the analyses of a Rollout lead to on a real API server. The results of the runs are written by these stories:
 * their metrics are not measured for an hour. SLUICE_RECORD=1 under the reference controller writes
 * golden/rolloutAnalysis.json: the runs, the status and the events that ours are compared with.
 */
import { expect, test } from "bun:test";
import type { RolloutStrategy } from "../../schema/rollout.ts";
import { abort, promote, retry, setImage } from "./harness/userActions.ts";
import {
  analysis,
  createTemplate,
  end,
  metric,
  rollout,
  run,
  runsOf,
  seenIn,
  templates,
  updated,
} from "./harness/analysisStory.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { endings, goldenStories } from "./harness/goldenStories.ts";
import { until } from "./harness/until.ts";
import { healthy, inPhase, newWorld, type World } from "./harness/clusterWorld.ts";

const oursOnly = test.skipIf(otherController() !== undefined);

const steps = [{ setWeight: 50 }, { analysis }, { pause: {} }];
const inBackground: RolloutStrategy = { canary: { analysis, steps: [{ setWeight: 50 }, { pause: {} }] } };
const asStep: RolloutStrategy = { canary: { steps } };
const services2 = { activeService: "active", previewService: "preview" };
const before: RolloutStrategy = {
  blueGreen: { ...services2, prePromotionAnalysis: analysis, autoPromotionEnabled: false },
};
const after: RolloutStrategy = { blueGreen: { ...services2, postPromotionAnalysis: analysis } };

const aborted = inPhase("Degraded");
const atPause = inPhase("Paused", "CanaryPauseStep");
const inconclusive = inPhase("Paused", "InconclusiveAnalysisRun");

/** Each as a story that ends where what is seen is compared. */
const STORIES: Readonly<Record<string, () => Promise<World>>> = {
  "background-failed": async () => {
    const world = await updated("background-failed", inBackground);
    await world.settle("web", "at its pause", atPause);
    await end(world, "-2", "Failed", "too many errors");
    await world.settle("web", "aborted", aborted);
    return world;
  },
  "background-inconclusive-then-resumed": async () => {
    const world = await updated("background-inconclusive", {
      canary: { analysis, steps: [{ setWeight: 50 }, { analysis }] },
    });
    await run(world, "-2-1");
    await end(world, "-2", "Inconclusive");
    await world.settle("web", "paused", inconclusive);
    await promote(world, "web");
    await run(world, "-2.1");
    await Bun.sleep(1_500);
    return world;
  },
  "step-successful": async () => {
    const world = await updated("step-successful", asStep);
    await end(world, "-2-1", "Successful");
    await world.settle("web", "at its pause", atPause);
    return world;
  },
  "step-error": async () => {
    const world = await updated("step-error", asStep);
    await end(world, "-2-1", "Error", "no answer");
    await world.settle("web", "aborted", aborted);
    return world;
  },
  "step-inconclusive": async () => {
    const world = await updated("step-inconclusive", asStep);
    await end(world, "-2-1", "Inconclusive");
    await world.settle("web", "paused", inconclusive);
    return world;
  },
  "step-inconclusive-then-promoted": async () => {
    const world = await updated("step-promoted", asStep);
    await end(world, "-2-1", "Inconclusive");
    await world.settle("web", "paused", inconclusive);
    await promote(world, "web");
    await world.settle("web", "at its pause", atPause);
    return world;
  },
  "step-aborted-by-a-person": async () => {
    const world = await updated("step-aborted", asStep);
    await run(world, "-2-1");
    await abort(world, "web");
    await world.settle("web", "aborted", aborted);
    return world;
  },
  "step-and-a-new-version": async () => {
    const world = await updated("step-new-version", asStep);
    await run(world, "-2-1");
    await setImage(world, "web", "nginx:3");
    await run(world, "-3-1");
    await Bun.sleep(1_500);
    return world;
  },
  "step-failed-then-retried": async () => {
    const world = await updated("step-retried", asStep);
    await end(world, "-2-1", "Failed");
    await world.settle("web", "aborted", aborted);
    await retry(world, "web");
    await run(world, "-2-1.1");
    await Bun.sleep(1_500);
    return world;
  },
  "pre-promotion-failed": async () => {
    const world = await updated("pre-failed", before);
    await end(world, "-2-pre", "Failed", "too many errors");
    await world.settle("web", "aborted", aborted);
    return world;
  },
  "pre-promotion-successful": async () => {
    const world = await updated("pre-successful", before);
    await end(world, "-2-pre", "Successful");
    await world.settle("web", "waits for a person", inPhase("Paused", "BlueGreenPause"));
    await promote(world, "web");
    await world.settle("web", "Healthy", healthy);
    return world;
  },
  "pre-promotion-inconclusive": async () => {
    const world = await updated("pre-inconclusive", before);
    await end(world, "-2-pre", "Inconclusive");
    await world.settle("web", "paused", inconclusive);
    await promote(world, "web");
    await run(world, "-2-pre.1");
    await end(world, "-2-pre.1", "Successful");
    await world.settle("web", "waits for a person", inPhase("Paused", "BlueGreenPause"));
    return world;
  },
  "post-promotion-failed": async () => {
    const world = await updated("post-failed", after);
    await end(world, "-2-post", "Failed", "too many errors");
    await world.settle("web", "aborted", aborted);
    return world;
  },
  "post-promotion-successful": async () => {
    const world = await updated("post-successful", after);
    await end(world, "-2-post", "Successful");
    await world.settle("web", "Healthy", healthy);
    return world;
  },
};

goldenStories(
  "%s: comes to its end, and as the reference where that is recorded",
  "rolloutAnalysis.json",
  endings(STORIES, async (story) => seenIn(await story())),
);

oursOnly(
  "a template that is applied after its Rollout: the update waits, says so, and goes on by itself",
  async () => {
    const world = await newWorld("late-template");
    await world.create(rollout(asStep));
    await world.settle("web", "Healthy", healthy);
    await setImage(world, "web", "nginx:2");
    const { rollout: waiting } = await world.settle("web", "waits", ({ status }) => status?.currentStepIndex === 1);
    expect(waiting.status?.phase).toBe("Progressing");
    expect(waiting.status?.message).toBe(
      "AnalysisTemplateMissing: spec.strategy.canary.steps[1].analysis: AnalysisTemplate 'errors' not found; the analysis begins once it is there",
    );
    for (const [name, spec] of Object.entries(templates)) await createTemplate(world, name, spec);
    await end(world, "-2-1", "Successful");
    await world.settle("web", "at its pause", atPause);
  },
  120_000,
);

oursOnly(
  "a template that is edited before anything was measured: the run is made anew",
  async () => {
    const world = await updated("edited-template", asStep);
    await run(world, "-2-1");
    const edited = { ...templates.others, metrics: [{ ...metric("other"), count: 2, interval: "10s" }] };
    await world.harness.api.patch(world.path("AnalysisTemplate", "others"), "merge", { spec: edited });
    const isNew = async (): Promise<boolean> =>
      (await runsOf(world)).some(({ spec }) => spec.metrics.some(({ count }) => count === 2));
    await until("the run has the edited metric", isNew, 30_000);
    const all = await runsOf(world);
    expect(all.map(({ metadata }) => metadata.annotations?.["sluice.dev/template-generations"])).toEqual([
      "AnalysisTemplate/errors:1,AnalysisTemplate/others:2",
    ]);
  },
  120_000,
);
