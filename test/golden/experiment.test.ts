import { describe, expect, test } from "bun:test";
import type { CanaryStep, RolloutStrategy } from "../../schema/rollout.ts";
import { blueGreen, canary, image, pause, rolloutOf, setWeight } from "./edits.ts";
import * as user from "./edits.ts";
import type { Trial } from "./fakeExperiments.ts";
import { createWorld, type World, type WorldOptions } from "./goldenWorld.ts";
import { expectTimeline } from "./timeline.ts";

const experiment: CanaryStep = {
  experiment: {
    duration: "30s",
    templates: [
      { name: "baseline", specRef: "stable", replicas: 1 },
      { name: "canary", specRef: "canary", replicas: 1 },
    ],
    analyses: [
      {
        name: "errors",
        templateName: "errors",
        args: [{ name: "hash", valueFrom: { podTemplateHashValue: "Latest" } }],
      },
    ],
  },
};
const weighed: CanaryStep = {
  experiment: {
    duration: "30s",
    templates: [
      { name: "baseline", specRef: "stable", weight: 5 },
      { name: "canary", specRef: "canary", weight: 10 },
    ],
  },
};
const routing = {
  trafficRouting: { smi: {} },
  stableService: "stable",
  canaryService: "canary",
};

const strategies: Readonly<Record<string, RolloutStrategy>> = {
  plain: canary([setWeight(20), experiment, setWeight(60), pause()]),
  routed: canary([setWeight(20), weighed, setWeight(60), pause()], routing),
  first: canary([weighed, setWeight(60), pause()], routing),
};

const trials: Readonly<Record<string, Trial>> = {
  successful: { afterMs: 30_000, phase: "Successful" },
  failed: {
    afterMs: 30_000,
    phase: "Failed",
    message: 'Metric "errors" assessed Failed due to failed (1) > failureLimit (0)',
  },
  error: { afterMs: 30_000, phase: "Error" },
  inconclusive: { afterMs: 30_000, phase: "Inconclusive" },
};

/** `web:1` serves, and `web:2` is rolled out. */
function updated(strategy: RolloutStrategy | undefined, options: WorldOptions): World {
  const services = ["stable", "canary", "active", "preview"];
  const world = createWorld(rolloutOf({ strategy: strategy ?? {} }), { services, ...options });
  world.pass(5_000);
  world.edit("image web:2", image("web:2"));
  return world;
}

const namesIn = (world: World): readonly string[] => (world.snapshot().experiments ?? []).map(({ name }) => name);

describe.each(Object.keys(strategies))("an experiment as a step, %s", (kind) => {
  test.each(Object.keys(trials))("that ends %s", (outcome) => {
    // The second one, after a person has resumed, is a success.
    const trial = ({ name }: { name: string }): Trial | undefined =>
      trials[name.split("-").length > 4 ? "successful" : outcome];
    const world = updated(strategies[kind], { trial });
    world.pass(50_000);
    world.edit("promote", user.promote);
    world.pass(200_000);
    expectTimeline(`experiment-${kind}-${outcome}`, world);
  });

  test("that never ends, and is aborted", () => {
    const world = updated(strategies[kind], {});
    world.pass(900_000);
    world.edit("abort", user.abort);
    world.pass(60_000);
    world.edit("retry", user.retry);
    world.pass(10_000);
    expectTimeline(`experiment-${kind}-aborted`, world);
  });

  test("while a new version comes", () => {
    const world = updated(strategies[kind], { trial: () => trials["successful"] });
    world.pass(10_000);
    world.edit("image web:3", image("web:3"));
    world.pass(60_000);
    expectTimeline(`experiment-${kind}-new-image`, world);
  });

  test("is told to end by a promotion in full", () => {
    const world = updated(strategies[kind], {});
    world.pass(10_000);
    world.edit("promote --full", user.promoteFull);
    world.pass(60_000);
    expectTimeline(`experiment-${kind}-promote-full`, world);
  });

  test("when the controller crashes before each write", () => {
    let writes = 0;
    const world = updated(strategies[kind], {
      trial: () => trials["successful"],
      crashAfter: () => ((writes += 1) % 2 === 0 ? 1 : undefined),
    });
    world.pass(50_000);
    world.edit("promote", user.promote);
    world.pass(200_000);
    expectTimeline(`experiment-${kind}-crash`, world);
  });
});

describe("an experiment as a step", () => {
  test("that is inconclusive begins no other until somebody resumes", () => {
    const world = updated(strategies["plain"], { trial: () => trials["inconclusive"] });
    world.pass(600_000);
    expect(namesIn(world)).toHaveLength(1);
    world.edit("promote", user.promote);
    world.pass(600_000);
    expect(namesIn(world)).toHaveLength(2);
    expectTimeline("experiment-inconclusive-twice", world);
  });

  test("that is skipped is told to end", () => {
    const world = updated(strategies["plain"], {});
    world.pass(10_000);
    world.edit("promote --skip-current-step", (rollout) => ({
      ...rollout,
      status: { ...rollout.status, currentStepIndex: 2 },
    }));
    world.pass(60_000);
    expectTimeline("experiment-skip-step", world);
  });

  test("that follows another has an Experiment of its own", () => {
    const world = updated(canary([experiment, experiment, pause()]), { trial: () => trials["successful"] });
    world.pass(120_000);
    expect(namesIn(world)).toHaveLength(2);
    expectTimeline("experiment-two-steps", world);
  });

  test("is done once, though the user holds the update when it ends", () => {
    const world = updated(strategies["plain"], { trial: () => trials["successful"] });
    world.pass(10_000);
    world.edit("pause", user.paused(true));
    world.pass(120_000);
    expect(namesIn(world)).toHaveLength(1);
    world.edit("resume", user.paused(false));
    world.pass(10_000);
    expectTimeline("experiment-user-pause", world);
  });

  test("of a Rollout that becomes blue-green is told to end", () => {
    const world = updated(strategies["plain"], {});
    world.pass(10_000);
    world.edit("blue-green", (rollout) => ({ ...rollout, spec: { ...rollout.spec, strategy: blueGreen() } }));
    world.pass(60_000);
    expectTimeline("experiment-becomes-blue-green", world);
  });

  test("whose argument has no value says so", () => {
    const args = [{ name: "x", valueFrom: { fieldRef: { fieldPath: "spec.nope" } } }];
    const world = updated(
      canary([
        {
          experiment: {
            templates: [{ name: "canary", specRef: "canary" }],
            analyses: [{ name: "errors", templateName: "errors", args }],
          },
        },
      ]),
      {},
    );
    world.pass(60_000);
    expectTimeline("experiment-argument-missing", world);
  });

  test("as many as the limit says are kept", () => {
    const strategy = canary([experiment]);
    const world = createWorld(rolloutOf({ strategy, analysis: { successfulRunHistoryLimit: 1 } }), {
      trial: () => ({ afterMs: 3_000, phase: "Successful" }),
    });
    world.pass(5_000);
    for (const tag of ["web:2", "web:3", "web:4"]) {
      world.edit(`image ${tag}`, image(tag));
      world.pass(60_000);
    }
    expect(namesIn(world)).toHaveLength(1);
    expectTimeline("experiment-history", world);
  });
});
