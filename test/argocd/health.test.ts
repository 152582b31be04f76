/** What Argo CD shows of our objects, in every phase, by its own scripts (docs/argo-cd.md#what-argo-cd-shows). */
import { describe, expect, test } from "bun:test";
import type { Rollout } from "../../schema/rollout.ts";
import * as user from "../golden/edits.ts";
import { blueGreen, canary, image, pause, referringRollout, rolloutOf, setWeight } from "../golden/edits.ts";
import { createWorld, type World, type WorldOptions } from "../golden/goldenWorld.ts";
import { errors } from "../golden/fakeAnalyses.ts";
import { enabledActions, healthOf } from "./argoScripts.ts";

type Spec = Partial<Rollout["spec"]>;

const steps = [setWeight(20), pause(), setWeight(60), pause(10)];
const SERVICES = ["active", "preview", "stable", "canary"];

function worldOf(spec: Spec, options: WorldOptions = {}): World {
  return createWorld(rolloutOf({ strategy: canary(steps), ...spec }), { services: SERVICES, ...options });
}

function healthy(spec: Spec = {}, options: WorldOptions = {}): World {
  const world = worldOf(spec, options);
  world.pass(5_000);
  return world;
}

/** `web:2` is rolled out; `web:bad` never becomes ready. */
function updating(ms: number, name = "web:2", spec: Spec = {}, options: WorldOptions = {}): World {
  const world = healthy(spec, {
    readyAfterMs: (each) => (each === "web:bad" ? undefined : 1_000),
    ...options,
  });
  world.edit(`image ${name}`, image(name));
  world.pass(ms);
  return world;
}

const edited = (world: World, edit: Parameters<World["edit"]>[1], ms = 10_000): World => {
  world.edit("edit", edit);
  world.pass(ms);
  return world;
};

const analysed = (phase: string): World =>
  updating(
    40_000,
    "web:2",
    { strategy: canary([setWeight(20), { analysis: { templates: [{ templateName: "errors" }] } }]) },
    { templates: { errors: errors() }, course: () => ({ afterMs: 30_000, phase, message: "measured" }) },
  );

const manual = { strategy: blueGreen({ autoPromotionEnabled: false }) };
const timedOut =
  'ReplicaSet "NEW" has timed out progressing. 1 of 1 pods not ready: ImagePullBackOff, container "web", ' +
  'image "web:bad": Back-off pulling image "web:bad".';

/** A Rollout in each state, and what Argo CD makes of it: health, message and the buttons that are not grey. */
const STATES: Readonly<Record<string, readonly [() => World, status: string, message: string, actions: string]>> = {
  "a new Rollout whose pods are not ready": [
    () => worldOf({}, { readyAfterMs: () => 60_000 }),
    "Progressing",
    "updated replicas are still becoming available",
    "restart",
  ],
  "one that serves": [() => healthy(), "Healthy", "", "restart"],
  "a canary at a pause without an end": [
    () => updating(5_000),
    "Suspended",
    "CanaryPauseStep",
    "abort pause promote-full restart resume skip-current-step",
  ],
  "a canary at a timed pause": [
    () => updating(5_000, "web:2", { strategy: canary([setWeight(20), pause(600)]) }),
    "Suspended",
    "CanaryPauseStep",
    "abort pause promote-full restart resume skip-current-step",
  ],
  "a canary whose pods come up": [
    () => updating(0, "web:bad"),
    "Progressing",
    "more replicas need to be updated",
    "abort pause promote-full restart skip-current-step",
  ],
  "a canary that is paused by spec.paused": [
    () => edited(updating(5_000), user.paused(true)),
    "Suspended",
    "manually paused",
    "abort promote-full restart resume skip-current-step",
  ],
  "a canary that is promoted": [() => edited(updating(5_000), user.promote, 60_000), "Healthy", "", "restart"],
  "a canary that is aborted": [
    () => edited(updating(5_000), user.abort),
    "Degraded",
    "RolloutAborted: Rollout aborted update to revision 2",
    "promote-full restart retry skip-current-step",
  ],
  "a canary whose analysis has failed": [
    () => analysed("Failed"),
    "Degraded",
    "RolloutAborted: Rollout aborted update to revision 2: Step-based analysis phase error/failed: measured",
    "promote-full restart retry skip-current-step",
  ],
  "a canary whose analysis nobody can judge": [
    () => analysed("Inconclusive"),
    "Suspended",
    "InconclusiveAnalysisRun",
    "abort pause promote-full restart resume skip-current-step",
  ],
  "a canary that does not get on": [
    () => updating(60_000, "web:bad", { progressDeadlineSeconds: 30 }),
    "Degraded",
    `ProgressDeadlineExceeded: ${timedOut}`,
    "abort pause promote-full restart skip-current-step",
  ],
  "a canary that does not get on, and is aborted for it": [
    () => updating(60_000, "web:bad", { progressDeadlineSeconds: 30, progressDeadlineAbort: true }),
    "Degraded",
    `RolloutAborted: Rollout aborted update to revision 2: ${timedOut}`,
    "promote-full restart retry skip-current-step",
  ],
  "a spec that names a Service which is not there": [
    () => {
      const world = healthy({ strategy: blueGreen() });
      world.meddle("the Service is deleted", (cluster) => cluster.deleteService("active"));
      return world;
    },
    "Degraded",
    'InvalidSpec: The Rollout "web" is invalid: spec.strategy.blueGreen.activeService: Invalid value: "active": ' +
      'service "active" not found',
    "restart",
  ],
  "blue-green that waits for its promotion": [
    () => updating(5_000, "web:2", manual),
    "Suspended",
    "BlueGreenPause",
    "abort pause promote-full restart resume",
  ],
  "blue-green that is promoted": [
    () => edited(updating(5_000, "web:2", manual), user.promote, 60_000),
    "Healthy",
    "",
    "restart",
  ],
  "blue-green that is aborted": [
    () => edited(updating(5_000, "web:2", manual), user.abort),
    "Degraded",
    "RolloutAborted: Rollout aborted update to revision 2",
    "promote-full restart retry",
  ],
  "pods that are restarted": [
    () => {
      const world = healthy({}, { readyAfterMs: () => 20_000 });
      world.pass(60_000);
      return edited(world, user.restart(world.now), 5_000);
    },
    "Progressing",
    "rollout is restarting",
    "restart",
  ],
};

describe("what Argo CD's health.lua and discovery.lua say of a Rollout", () => {
  test.each(Object.entries(STATES))("%s", (_, [stateOf, status, message, actions]) => {
    const { rollout } = stateOf();
    const health = healthOf("Rollout", rollout);
    const name = `web-${rollout.status?.currentPodHash}`;
    const { message: told = "", ...rest } = health;
    expect({ ...rest, actions: enabledActions("Rollout", rollout).join(" ") }).toEqual({ status, actions });
    expect(told).toBe(message.replace("NEW", name));
  });

  test("a spec that is not taken up yet is Progressing, whatever the status says", () => {
    const { rollout } = healthy();
    const generation = (rollout.metadata.generation ?? 0) + 1;
    expect(healthOf("Rollout", { ...rollout, metadata: { ...rollout.metadata, generation } })).toEqual({
      status: "Progressing",
      message: "Waiting for rollout spec update to be observed",
    });
  });

  test("a Rollout that takes its pods from a Deployment is Progressing until that is taken up, and Healthy then", () => {
    const world = createWorld(referringRollout({ strategy: canary(steps) }), {
      deployment: { image: "web:1", replicas: 5 },
    });
    world.pass(5_000);
    expect(healthOf("Rollout", world.rollout)).toEqual({ status: "Healthy" });
    const { rollout } = world;
    const { metadata } = rollout;
    const annotations = { ...metadata.annotations, "rollout.argoproj.io/workload-generation": "2" };
    expect(healthOf("Rollout", { ...rollout, metadata: { ...metadata, annotations } }).status).toBe("Progressing");
  });

  test("a Rollout with the conditions for generic tools has the same health", () => {
    const world = updating(5_000);
    const plain = healthOf("Rollout", world.rollout);
    world.edit("annotate", user.annotate("sluice.dev/kstatus", "true"));
    world.pass(1_000);
    expect(world.rollout.status?.observedGeneration).toBeUndefined();
    expect(healthOf("Rollout", world.rollout)).toEqual(plain);
  });
});

describe("what they say of an AnalysisRun and of an Experiment", () => {
  const of = (phase: string | undefined, message?: string) => ({
    spec: {},
    ...(phase === undefined ? {} : { status: { phase, ...(message === undefined ? {} : { message }) } }),
  });

  test.each([
    [undefined, "Progressing", "Waiting for analysis run to finish: status has not been reconciled."],
    ["Pending", "Progressing", "Analysis run is running"],
    ["Running", "Progressing", "Analysis run is running"],
    ["Successful", "Healthy", "Analysis run completed successfully"],
    ["Failed", "Degraded", "Analysis run failed"],
    ["Error", "Degraded", "Analysis run had an error"],
    ["Inconclusive", "Unknown", "Analysis run was inconclusive"],
  ])("an AnalysisRun of phase %p is %s", (phase, status, message) => {
    expect(healthOf("AnalysisRun", of(phase))).toEqual({ status, message });
    if (phase === undefined) return;
    const isOver = !["Pending", "Running"].includes(phase);
    expect(enabledActions("AnalysisRun", of(phase))).toEqual(isOver ? [] : ["terminate"]);
  });

  test.each([
    [undefined, "Progressing"],
    ["Pending", "Progressing"],
    ["Running", "Progressing"],
    ["Successful", "Healthy"],
    ["Failed", "Degraded"],
    ["Error", "Degraded"],
  ])("an Experiment of phase %p is %s", (phase, status) => {
    expect(healthOf("Experiment", of(phase)).status).toBe(status);
  });
});
