/**
 * Experiments on a real API server, by themselves and as canary steps. The results of their analyses are written by
 * these stories: their metrics are not measured for an hour. golden/experiments.json was recorded under the reference
 * controller (SLUICE_RECORD=1): ours makes the same ReplicaSets, Services, runs and Experiments, and writes the same.
 */
import { expect, test } from "bun:test";
import type { RolloutStrategy } from "../../schema/rollout.ts";
import type { KubeObject } from "./harness/api.ts";
import { clusterStory, type StoryWorld } from "./harness/experimentStory.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { endings, goldenStories } from "./harness/goldenStories.ts";
import { healthy, inPhase } from "./harness/clusterWorld.ts";
import { until } from "./harness/until.ts";
import { abort, promote, setImage } from "./harness/userActions.ts";

const oursOnly = test.skipIf(otherController() !== undefined);

const pod = (app: string, image = "nginx:1") => ({
  metadata: { labels: { app }, annotations: { note: "kept" } },
  spec: {
    containers: [
      {
        name: "web",
        image,
        ports: [
          { name: "http", containerPort: 80 },
          { name: "admin", containerPort: 81 },
        ],
      },
    ],
  },
});
const selector = (app: string) => ({ matchLabels: { app } });

const check = (name: string, more: object = {}) => ({ name, templateName: "errors", ...more });

const experiment = (spec: object): KubeObject => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Experiment",
  metadata: { name: "exp", labels: { team: "a" } },
  spec: { templates: [{ name: "one", selector: selector("one"), template: pod("one") }], ...spec },
});

const rollout = (strategy: RolloutStrategy): KubeObject => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "web", labels: { team: "a" } },
  spec: { replicas: 2, selector: selector("web"), template: pod("web"), minReadySeconds: 1, strategy },
});

const step: RolloutStrategy = {
  canary: {
    steps: [
      { setWeight: 50 },
      {
        experiment: {
          scaleDownDelaySeconds: 2,
          duration: "1h",
          templates: [
            { name: "baseline", specRef: "stable", service: {} },
            {
              name: "canary",
              specRef: "canary",
              replicas: 2,
              metadata: { labels: { role: "trial" }, annotations: { why: "trial" } },
              service: { name: "trial" },
            },
          ],
          analyses: [
            {
              name: "check",
              templateName: "errors",
              requiredForCompletion: true,
              args: [
                { name: "latest", valueFrom: { podTemplateHashValue: "Latest" } },
                { name: "stable", valueFrom: { podTemplateHashValue: "Stable" } },
                { name: "team", valueFrom: { fieldRef: { fieldPath: "metadata.labels['team']" } } },
                { name: "trial", value: "{{templates.canary.podTemplateHash}} {{templates.baseline.replicaset.name}}" },
              ],
            },
          ],
          dryRun: [{ metricName: "other" }],
          analysisRunMetadata: { labels: { extra: "1" }, annotations: { note: "2" } },
        },
      },
      { pause: {} },
    ],
  },
};

async function updated(topic: string, strategy: RolloutStrategy = step): Promise<StoryWorld> {
  const world = await clusterStory(topic);
  await world.create(rollout(strategy));
  await world.settle("web", "Healthy", healthy);
  await setImage(world, "web", "nginx:2");
  return world;
}

async function standalone(topic: string, spec: object): Promise<StoryWorld> {
  const world = await clusterStory(topic);
  await world.create(experiment(spec));
  return world;
}

const aborted = inPhase("Degraded");
const atPause = inPhase("Paused", "CanaryPauseStep");

/** Each as a story that ends where what is seen is compared. */
const STORIES: Readonly<Record<string, () => Promise<StoryWorld>>> = {
  "by itself, until its time is over": async () => {
    const world = await standalone("time", {
      duration: "6s",
      scaleDownDelaySeconds: 2,
      templates: [
        { name: "one", selector: selector("one"), template: pod("one"), service: {} },
        { name: "two", selector: selector("two"), template: pod("two"), replicas: 2, service: { name: "mine" } },
        { name: "three", selector: selector("three"), template: pod("three"), minReadySeconds: 1 },
      ],
    });
    await world.experimentIs("Running");
    world.keep("while it runs", await world.seen());
    await world.experimentIs("Successful");
    await world.podsGone();
    return world;
  },
  "by itself, until its analysis has succeeded": async () => {
    const world = await standalone("required", {
      scaleDownDelaySeconds: 0,
      analyses: [
        check("a", {
          requiredForCompletion: true,
          args: [{ name: "trial", value: "{{templates.one.podTemplateHash}} {{ templates.one.replicaset.name }}" }],
        }),
      ],
      dryRun: [{ metricName: "other" }],
      measurementRetention: [{ metricName: "errors", limit: 3 }],
      analysisRunMetadata: { labels: { extra: "1" }, annotations: { note: "2" } },
    });
    await world.endRun("exp-a", "Successful");
    await world.experimentIs("Successful");
    await world.podsGone();
    return world;
  },
  "by itself, with an analysis that fails": async () => {
    const world = await standalone("failed", {
      scaleDownDelaySeconds: 0,
      duration: "1h",
      analyses: [check("a"), check("b")],
    });
    await world.runIs("exp-b");
    await world.endRun("exp-a", "Failed", "too many errors");
    await world.experimentIs("Failed");
    await world.podsGone();
    return world;
  },
  "by itself, with an analysis that is inconclusive": async () => {
    const world = await standalone("inconclusive", { scaleDownDelaySeconds: 0, analyses: [check("a")] });
    await world.endRun("exp-a", "Inconclusive", "who knows");
    await world.experimentIs("Inconclusive");
    await world.podsGone();
    return world;
  },
  "by itself, and terminated by a person": async () => {
    const world = await standalone("terminated", { scaleDownDelaySeconds: 0, duration: "1h" });
    await world.experimentIs("Running");
    await world.patchExperiment({ spec: { terminate: true } });
    await world.experimentIs("Successful");
    await world.podsGone();
    return world;
  },
  "by itself, with two templates of one name": async () => {
    const template = { name: "one", selector: selector("one"), template: pod("one") };
    const world = await standalone("invalid", { templates: [template, template] });
    await world.conditionIs("InvalidSpec");
    return world;
  },
  "as a step that succeeds": async () => {
    const world = await updated("step-successful");
    await world.endRun(/-2-1-check$/, "Successful");
    await world.settle("web", "at its pause", atPause);
    await world.podsGone();
    return world;
  },
  "as a step that fails": async () => {
    const world = await updated("step-failed");
    await world.endRun(/-2-1-check$/, "Failed", "too many errors");
    await world.settle("web", "aborted", aborted);
    await world.podsGone();
    return world;
  },
};

goldenStories(
  "%s: all that is made and written is as under the reference",
  "experiments.json",
  endings(STORIES, async (story) => {
    const world = await story();
    world.keep("in the end", await world.seen());
    return world.kept;
  }),
);

oursOnly(
  "an inconclusive step pauses the update, and no other Experiment begins until somebody resumes it",
  async () => {
    const world = await updated("step-inconclusive");
    await world.endRun(/-2-1-check$/, "Inconclusive", "who knows");
    await world.settle("web", "paused", inPhase("Paused", "InconclusiveExperiment"));
    await Bun.sleep(5_000);
    expect(await world.experiments()).toHaveLength(1);
    await promote(world, "web");
    await world.endRun(/-2-1-1-check$/, "Successful");
    await world.settle("web", "at its pause", atPause);
    expect(await world.experiments()).toHaveLength(2);
  },
  120_000,
);

oursOnly(
  "an abort ends the Experiment of the step though an analysis is required",
  async () => {
    const world = await updated("step-aborted");
    await world.runIs(/-2-1-check$/);
    await abort(world, "web");
    await world.settle("web", "aborted", aborted);
    await world.endRun(/-2-1-check$/, "Successful", "Run Terminated");
    await world.podsGone();
    expect((await world.experiments()).map(({ status }) => status?.phase)).toEqual(["Successful"]);
  },
  120_000,
);

oursOnly(
  "an analysis template that comes late is waited for, and the Experiment goes on by itself",
  async () => {
    const world = await standalone("late", {
      analyses: [{ name: "a", templateName: "late", requiredForCompletion: true }],
    });
    await world.experimentIs("Running");
    await world.messageIs("AnalysisTemplate 'late' not found; the analysis begins once it is there");
    await world.createTemplate("late");
    await world.endRun("exp-a", "Successful");
    await world.experimentIs("Successful");
  },
  120_000,
);

oursOnly(
  "a new version ends the Experiment of the one before, and begins its own",
  async () => {
    const world = await updated("step-new");
    const old = await world.runIs(/-2-1-check$/);
    await setImage(world, "web", "nginx:3");
    await world.runIs(/-3-1-check$/);
    await world.endRun(old, "Successful", "Run Terminated");
    await until(
      "the first Experiment has ended",
      async () => {
        const [first, second] = (await world.experiments()).toSorted((one) => (one.spec.terminate === true ? -1 : 1));
        return first?.status?.phase === "Successful" && second?.status?.phase === "Running";
      },
      30_000,
    );
  },
  120_000,
);
