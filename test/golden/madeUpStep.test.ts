/**
 * A new kind of canary step takes one file (here `soak`) and a line in a table: then it is validated, driven and
 * described, or the Rollout is held with the step's name.
 */
import { describe, expect, test } from "bun:test";
import { stepViolations } from "../../controller/rules/rollout/steps.ts";
import { unsupportedFeatures } from "../../controller/rules/rollout/support.ts";
import { done, hold, type StepKind, undriven } from "../../controller/steps/kind.ts";
import { stepKinds } from "../../controller/steps/stepKinds.ts";
import { stepTable } from "../../controller/steps/stepTable.ts";
import { at, present, placed, text, whole } from "../../kube/validation/place.ts";
import { invalid, violationText } from "../../kube/validation/violation.ts";
import type { CanaryStep } from "../../schema/rollout.ts";
import { canary, image, rolloutOf, setWeight } from "./edits.ts";
import { createWorld, type World } from "./goldenWorld.ts";

interface Soak {
  readonly weight: number;
  /** RFC 3339. */
  readonly until: string;
}

const soakOf = (step: CanaryStep): Soak => (step as unknown as { readonly soak: Soak }).soak;

/** Gives the canary a weight, and goes on at a given time. */
const soak: StepKind = {
  isExclusive: true,
  violations: ({ step }) => {
    const weight = at(step, "soak", "weight");
    const until = at(step, "soak", "until");
    return [
      ...((whole(weight) ?? 0) < 0 ? [invalid("step-soak", weight, "must not be negative")] : []),
      ...(present(until) && Number.isNaN(Date.parse(text(until)))
        ? [invalid("step-soak", until, "must be a time")]
        : []),
    ];
  },
  verdict: (step, { now, sizesLack }) => {
    const lack = sizesLack();
    if (lack !== undefined) return hold(lack);
    const until = Date.parse(soakOf(step).until);
    return now < until ? { kind: "hold", reason: "PauseNotOver", wakeAt: until } : done;
  },
  weight: (step) => (step as { readonly soak?: Soak }).soak?.weight,
  words: (step) => `soak: ${soakOf(step).weight} until ${soakOf(step).until}`,
};

const driven = stepTable({ ...stepKinds, soak });
const held = stepTable({ ...stepKinds, soak: { ...soak, ...undriven("soak steps") } });

const soaks = { soak: { weight: 40, until: "2026-01-01T00:01:00Z" } } as CanaryStep;
const strategy = canary([soaks, setWeight(80)]);

const stepAndPods = (world: World): string => {
  const sizes = world.replicaSets.map(({ replicas }) => replicas).join("/");
  return `step ${world.rollout.status?.currentStepIndex} pods ${sizes} ${world.rollout.status?.phase}`;
};

describe("a kind of step that is one file and one line", () => {
  test("is driven to its weight, and on at its time", () => {
    const world = createWorld(rolloutOf({ strategy }), { steps: driven });
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(50_000);
    expect(stepAndPods(world)).toBe("step 0 pods 3/2 Progressing");
    world.pass(20_000);
    expect(stepAndPods(world)).toBe("step 2 pods 0/5 Healthy");
  });

  test("has its words in events", () => {
    const world = createWorld(rolloutOf({ strategy }), { steps: driven });
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(70_000);
    expect(world.events.filter((event) => event.includes("RolloutStepCompleted"))).toEqual([
      "+60s     RolloutStepCompleted: Rollout step 1/2 completed (soak: 40 until +60s)",
      "+61s     RolloutStepCompleted: Rollout step 2/2 completed (setWeight: 80)",
    ]);
  });

  test("asks a router for its weight, too", () => {
    const routing = { canaryService: "canary", stableService: "stable", trafficRouting: { nginx: {} } };
    const routed = canary([soaks, setWeight(80)], routing);
    const world = createWorld(rolloutOf({ strategy: routed }), { steps: driven, services: ["stable", "canary"] });
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(20_000);
    expect(world.rollout.status?.canary?.weights?.canary.weight).toBe(40);
  });

  test("is validated beside the others", () => {
    const steps = [{ soak: { weight: -1, until: "soon" } }, { soak: {}, pause: {} }, {}];
    const place = placed({ steps }, "spec.strategy");
    expect(stepViolations(place, [], driven).map(violationText)).toEqual([
      "spec.strategy.steps[0].soak.weight: Invalid value: -1: must not be negative",
      'spec.strategy.steps[0].soak.until: Invalid value: "soon": must be a time',
      'spec.strategy.steps[1]: Invalid value: "step.Experiment: false step.Pause: true step.SetWeight: false ' +
        'step.Analysis: false step.Soak: true": Step must have one of the following set: experiment, setWeight, ' +
        "setCanaryScale, plugin or pause",
      'spec.strategy.steps[2]: Invalid value: "step.Experiment: true step.Pause: true step.SetWeight: true ' +
        "step.Analysis: true step.SetCanaryScale: true step.SetHeaderRoute: true step.SetMirrorRoute: true " +
        'step.Plugin: true step.Soak: true": Step must have one of the following set: experiment, setWeight, ' +
        "setCanaryScale, plugin or pause",
    ]);
  });

  test("holds the Rollout with its name while it is not driven, and is never done", () => {
    expect(unsupportedFeatures(rolloutOf({ strategy }), { steps: held })).toEqual([
      {
        feature: "soak steps",
        path: "spec.strategy.canary.steps[0].soak",
        reason: "this version of Sluice does not drive soak steps yet",
      },
    ]);
    const world = createWorld(rolloutOf({ strategy }), { steps: held });
    world.pass(5_000);
    world.edit("image web:2", image("web:2"));
    world.pass(600_000);
    expect(stepAndPods(world)).toStartWith("step 0 ");
  });
});
