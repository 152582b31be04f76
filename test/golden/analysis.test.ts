import { describe, test } from "bun:test";
import type { RolloutAnalysis, RolloutStrategy } from "../../schema/rollout.ts";
import { blueGreen, canary, image, pause, rolloutOf, setWeight } from "./edits.ts";
import * as user from "./edits.ts";
import { type Course, errors } from "./fakeAnalyses.ts";
import { createWorld, type World, type WorldOptions } from "./goldenWorld.ts";
import { OUTCOMES, SERVICES, update } from "./outcomes.ts";
import { expectTimeline } from "./timeline.ts";

const analysis: RolloutAnalysis = { templates: [{ templateName: "errors" }] };
const step = { analysis };
const routing = {
  trafficRouting: { nginx: { stableIngress: "web" } },
  stableService: "stable",
  canaryService: "canary",
};

const strategies: Readonly<Record<string, RolloutStrategy>> = {
  background: canary([setWeight(20), pause(60), setWeight(60), pause(60)], { analysis }),
  "background-routed": canary([setWeight(20), pause(60)], { ...routing, analysis }),
  step: canary([setWeight(20), step, setWeight(60), pause()]),
  "step-routed": canary([setWeight(20), step, setWeight(60), pause()], routing),
  "pre-promotion": blueGreen({ prePromotionAnalysis: analysis, autoPromotionEnabled: false }),
  "post-promotion": blueGreen({ postPromotionAnalysis: analysis }),
};

const updated = (strategy: RolloutStrategy | undefined, options: WorldOptions): World =>
  update(
    createWorld(rolloutOf({ strategy: strategy ?? {} }), {
      services: SERVICES,
      templates: { errors: errors() },
      ...options,
    }),
  );

describe.each(Object.keys(strategies))("an analysis %s", (kind) => {
  test.each(Object.keys(OUTCOMES))("that ends %s", (outcome) => {
    // The second one, after a person has resumed, is a success.
    const course = (run: { name: string }): Course | undefined =>
      OUTCOMES[run.name.endsWith(".1") ? "successful" : outcome];
    const world = updated(strategies[kind], { course });
    world.pass(50_000);
    world.edit("promote", user.promote);
    world.pass(200_000);
    expectTimeline(`analysis-${kind}-${outcome}`, world);
  });

  test("that never ends, and is aborted", () => {
    const world = updated(strategies[kind], {});
    world.pass(900_000);
    world.edit("abort", user.abort);
    world.pass(60_000);
    world.edit("retry", user.retry);
    world.pass(10_000);
    expectTimeline(`analysis-${kind}-aborted`, world);
  });

  test("while a new version comes", () => {
    const world = updated(strategies[kind], { course: () => OUTCOMES["successful"] });
    world.pass(10_000);
    world.edit("image web:3", image("web:3"));
    world.pass(60_000);
    expectTimeline(`analysis-${kind}-new-image`, world);
  });
});

const quick: Course = { afterMs: 10_000, phase: "Successful" };

describe("a background analysis", () => {
  test("begins at its starting step, and ends with the update", () => {
    const strategy = canary([setWeight(20), pause(10), setWeight(60), pause(10)], {
      analysis: { ...analysis, startingStep: 2 },
    });
    const world = updated(strategy, {});
    world.pass(60_000);
    expectTimeline("analysis-starting-step", world);
  });

  test("pauses beside a pause for a person, and one promotion ends both", () => {
    const strategy = canary([setWeight(20), pause()], { analysis });
    const course = ({ name }: { name: string }): Course =>
      name.endsWith(".1") ? quick : { afterMs: 500, phase: "Inconclusive" };
    const world = updated(strategy, { course });
    world.pass(20_000);
    world.edit("promote", user.promote);
    world.pass(20_000);
    world.edit("promote", user.promote);
    world.pass(20_000);
    expectTimeline("analysis-inconclusive-before-pause", world);
  });

  test("is told to end by a promotion in full", () => {
    const world = updated(strategies["background"], {});
    world.pass(10_000);
    world.edit("promote --full", user.promoteFull);
    world.pass(60_000);
    expectTimeline("analysis-promote-full", world);
  });

  test("goes on while the user holds the update", () => {
    const world = updated(strategies["background"], { course: () => OUTCOMES["failed"] });
    world.pass(2_000);
    world.edit("pause", user.paused(true));
    world.pass(60_000);
    expectTimeline("analysis-user-pause", world);
  });
});

describe("a step of analysis", () => {
  test("that is skipped is told to end", () => {
    const world = updated(strategies["step"], {});
    world.pass(10_000);
    world.edit("promote --skip-current-step", (rollout) => ({
      ...rollout,
      status: { ...rollout.status, currentStepIndex: 2 },
    }));
    world.pass(60_000);
    expectTimeline("analysis-skip-step", world);
  });

  test("that follows another has a run of its own", () => {
    const world = updated(canary([setWeight(20), step, step, pause()]), { course: () => quick });
    world.pass(60_000);
    expectTimeline("analysis-two-steps", world);
  });

  test("is not waited for on the way back within the window", () => {
    const strategy = canary([setWeight(20), step]);
    const world = createWorld(rolloutOf({ strategy, rollbackWindow: { revisions: 3 } }), {
      templates: { errors: errors() },
      course: () => quick,
    });
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(60_000);
    world.edit("image web:1", image("web:1"));
    world.pass(60_000);
    expectTimeline("analysis-rollback-window", world);
  });

  test("whose run somebody deletes has another", () => {
    const world = updated(strategies["step"], { course: () => OUTCOMES["successful"] });
    world.pass(10_000);
    const run = world.snapshot().analysisRuns?.[0]?.name ?? "";
    world.meddle("the run is deleted", (cluster) => cluster.deleteRun(run));
    world.pass(60_000);
    expectTimeline("analysis-run-deleted", world);
  });
});

describe("runs of past updates", () => {
  test("are kept as the limits say", () => {
    const analysisLimits = { successfulRunHistoryLimit: 2, unsuccessfulRunHistoryLimit: 1 };
    const course = ({ name }: { name: string }): Course => ({
      ...quick,
      phase: /-[35]-/.test(name) ? "Failed" : "Successful",
    });
    const world = createWorld(rolloutOf({ strategy: canary([step]), analysis: analysisLimits }), {
      templates: { errors: errors() },
      course,
    });
    for (let version = 2; version < 9; version += 1) {
      world.pass(30_000);
      world.edit(`image web:${version}`, image(`web:${version}`));
    }
    world.pass(30_000);
    expectTimeline("analysis-history", world);
  });

  test("go with their version", () => {
    const world = createWorld(rolloutOf({ strategy: canary([step]), revisionHistoryLimit: 1 }), {
      templates: { errors: errors() },
      course: () => quick,
    });
    for (let version = 2; version < 5; version += 1) {
      world.pass(30_000);
      world.edit(`image web:${version}`, image(`web:${version}`));
    }
    world.pass(30_000);
    expectTimeline("analysis-history-revisions", world);
  });
});

describe("templates", () => {
  test.each(Object.keys(strategies))("that come later than the Rollout, %s", (kind) => {
    const world = updated(strategies[kind], { templates: {}, course: () => quick });
    world.pass(90_000);
    world.meddle("template errors", (cluster) => cluster.setTemplate("errors", errors()));
    world.pass(10_000);
    world.edit("promote", user.promote);
    world.pass(60_000);
    expectTimeline(`analysis-template-late-${kind}`, world);
  });

  test("that are edited while a run has not measured anything replace it", () => {
    const course = (): Course => ({ ...quick, measuredAfterMs: 5_000 });
    const world = updated(strategies["step"], { course });
    world.pass(2_000);
    world.meddle("template errors", (cluster) => cluster.setTemplate("errors", errors(3)));
    world.pass(8_000);
    world.meddle("template errors again", (cluster) => cluster.setTemplate("errors", errors(2)));
    world.pass(60_000);
    expectTimeline("analysis-template-edited", world);
  });

  test("whose count is an argument of the Rollout are as good as others", () => {
    const [metric] = errors().metrics ?? [];
    if (metric === undefined) throw new Error("no metric");
    const counted = {
      args: [{ name: "count" }, { name: "service", value: "web" }],
      metrics: [{ ...metric, count: "{{args.count}}" }],
    };
    const world = updated(canary([{ analysis: { ...analysis, args: [{ name: "count", value: "2" }] } }]), {
      templates: { errors: counted },
      course: () => quick,
    });
    world.pass(60_000);
    expectTimeline("analysis-template-counted", world);
  });
});

describe("an analysis that cannot begin", () => {
  test("for a field that the Rollout does not have says so", () => {
    const args = [{ name: "service", valueFrom: { fieldRef: { fieldPath: "spec.nope" } } }];
    const world = updated(canary([{ analysis: { ...analysis, args } }]), { course: () => quick });
    world.pass(60_000);
    expectTimeline("analysis-argument-missing", world);
  });

  test("since it names no template says so", () => {
    const world = updated(canary([{ analysis: {} }]), {});
    world.pass(60_000);
    expectTimeline("analysis-without-templates", world);
  });
});

describe("a promotion that is analysed", () => {
  test("with a preview of its own size, and a person", () => {
    const strategy = blueGreen({
      prePromotionAnalysis: analysis,
      postPromotionAnalysis: analysis,
      previewReplicaCount: 1,
      autoPromotionEnabled: false,
    });
    const world = updated(strategy, { course: () => quick });
    world.pass(30_000);
    world.edit("promote", user.promote);
    world.pass(60_000);
    expectTimeline("analysis-preview-count", world);
  });

  test("with a preview of its own size, and a new version when that has been tested", () => {
    const strategy = blueGreen({ prePromotionAnalysis: analysis, previewReplicaCount: 1 });
    const world = updated(strategy, { course: () => quick });
    // The second version has full size, and waits for its pods.
    world.pass(11_500);
    world.edit("image web:3", image("web:3"));
    world.pass(60_000);
    expectTimeline("analysis-preview-new-image", world);
  });

  test("after autoPromotionSeconds, which count from the end of the analysis", () => {
    const strategy = blueGreen({ prePromotionAnalysis: analysis, autoPromotionSeconds: 20 });
    const world = updated(strategy, { course: () => quick });
    world.pass(90_000);
    expectTimeline("analysis-auto-seconds", world);
  });

  test("with a scale-down delay that is set", () => {
    const strategy = blueGreen({ postPromotionAnalysis: analysis, scaleDownDelaySeconds: 20 });
    const world = updated(strategy, { course: () => OUTCOMES["successful"] });
    world.pass(90_000);
    expectTimeline("analysis-scale-down-delay", world);
  });

  test("and takes the place of a Deployment", () => {
    const strategy = blueGreen({ postPromotionAnalysis: analysis });
    const world = createWorld(
      user.referringRollout({ strategy, selector: { matchLabels: { app: "web" } } }, "onsuccess"),
      {
        services: ["active", "preview"],
        templates: { errors: errors() },
        course: () => quick,
        deployment: { image: "web:1", replicas: 5 },
      },
    );
    world.pass(20_000);
    world.meddle("image web:2", (cluster) => cluster.setDeployment({ image: "web:2" }));
    world.pass(60_000);
    expectTimeline("analysis-workload-on-success", world);
  });

  test("that lasts longer than the deadline is no failure", () => {
    const strategy = blueGreen({ prePromotionAnalysis: analysis });
    const world = createWorld(rolloutOf({ strategy, progressDeadlineSeconds: 60, progressDeadlineAbort: true }), {
      services: ["active", "preview"],
      templates: { errors: errors() },
      course: () => ({ afterMs: 300_000, phase: "Successful" }),
    });
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(400_000);
    expectTimeline("analysis-longer-than-deadline", world);
  });
});

describe("a controller that crashes", () => {
  test.each(Object.keys(strategies))("before each write goes on, %s", (kind) => {
    let writes = 0;
    const world = updated(strategies[kind], {
      course: () => OUTCOMES["successful"],
      crashAfter: () => ((writes += 1) % 2 === 0 ? 1 : undefined),
    });
    world.pass(50_000);
    world.edit("promote", user.promote);
    world.pass(200_000);
    expectTimeline(`analysis-crash-${kind}`, world);
  });
});

test("a Rollout that was invalid for longer than its deadline is not aborted for that", () => {
  const strategy = canary([setWeight(20), setWeight(60)], { stableService: "stable", canaryService: "canary" });
  const world = createWorld(rolloutOf({ strategy, progressDeadlineSeconds: 60, progressDeadlineAbort: true }), {
    services: ["stable", "canary"],
    readyAfterMs: (name) => (name === "web:2" ? 30_000 : 1_000),
  });
  world.pass(5_000);
  world.edit("image web:2", image("web:2"));
  world.pass(5_000);
  world.meddle("the Service is deleted", (cluster) => cluster.deleteService("canary"));
  world.pass(120_000);
  world.meddle("it is there again", (cluster) => cluster.addService("canary"));
  world.pass(120_000);
  expectTimeline("invalid-longer-than-deadline", world);
});
