/**
 * The shared examples with analyses and Experiments, unmodified. Jobs end as the fake nodes read their commands:
 * `random-fail` succeeds, since its exit code is not in them. No metric may reach an address, so the source of
 * rollout-secret.yaml gives errors with and without the internet.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import type { Experiment } from "../../schema/experiment.ts";
import { listed, runsOf } from "./harness/analysisStory.ts";
import type { KubeObject } from "./harness/api.ts";
import { healthy, healthyAt, inPhase, newWorld, type World } from "./harness/clusterWorld.ts";
import { otherController, ownController } from "./harness/controllerProcess.ts";
import { type StartedHarness, startHarness } from "./harness/harness.ts";
import { sharedDir } from "./harness/kubeBinary.ts";
import { until } from "./harness/until.ts";
import { promote, setImage } from "./harness/userActions.ts";

let current: StartedHarness;

beforeAll(async () => {
  const nowhere = "--analysis-deny-address 0.0.0.0/0 --analysis-deny-address ::/0";
  current = await startHarness({ controller: otherController() ?? `${ownController} ${nowhere}` });
  const definition = join(import.meta.dir, "../../examples/smi-crd.yaml");
  expect(await current.kubectl(["apply", "-f", definition])).toMatchObject({ code: 0 });
  const everywhere = join(sharedDir(), "examples/cluster-analysis-templates.yaml");
  expect(await current.kubectl(["apply", "-f", everywhere])).toMatchObject({ code: 0 });
}, 120_000);
afterAll(() => current?.stop());

const experimentsOf = (world: World): Promise<readonly Experiment[]> => listed<Experiment>(world, "Experiment");

/** A namespace with these files of the examples. */
async function applied(topic: string, ...files: readonly string[]): Promise<World> {
  const world = await newWorld(`example-${topic}`, current);
  for (const file of files) await world.applyExample(file);
  return world;
}

/** It serves, and gets a new image. */
async function updated(name: string, ...files: readonly string[]): Promise<World> {
  const world = await applied(name, ...files);
  await world.settle(name, "Healthy", healthy);
  expect(await runsOf(world)).toEqual([]);
  expect(await experimentsOf(world)).toEqual([]);
  await setImage(world, name, "argoproj/rollouts-demo:yellow");
  return world;
}

const done = (world: World, name: string): Promise<unknown> =>
  world.settle(name, "Healthy again", healthyAt(2), 90_000);

/** Waits until the runs have these phases, in the order of their names. */
const runsAre = (world: World, phases: readonly string[]): Promise<unknown> =>
  until(
    `the runs are ${phases.join(", ")}`,
    async () => {
      const found = (await runsOf(world)).map(({ status }) => status?.phase ?? "");
      return found.join(", ") === phases.join(", ");
    },
    60_000,
  );

const experimentIs = (world: World, phase: string): Promise<unknown> =>
  until(
    `the Experiment is ${phase}`,
    async () => (await experimentsOf(world)).map(({ status }) => status?.phase).join() === phase,
    60_000,
  );

interface PodView extends KubeObject {
  readonly spec: { readonly containers: readonly { readonly image: string }[] };
}

/** "blue blue yellow": the tags of the pods that a selector finds. */
async function colours(world: World, selector: string): Promise<string> {
  const path = `/api/v1/namespaces/${world.namespace}/pods?labelSelector=${encodeURIComponent(selector)}`;
  const { items } = await current.api.list<PodView>(path);
  const live = items.filter(({ metadata }) => metadata["deletionTimestamp"] === undefined);
  return live
    .map(({ spec }) => spec.containers[0]?.image.split(":")[1] ?? "")
    .toSorted()
    .join(" ");
}
const coloursAre = (world: World, selector: string, wanted: string): Promise<unknown> =>
  until(`the pods are ${wanted}`, async () => (await colours(world, selector)) === wanted, 60_000);

const TEMPLATES = "analysis-templates.yaml";

test.concurrent(
  "experiment-with-analysis.yaml goes on after its analyses have succeeded, until somebody ends it",
  async () => {
    const world = await applied("experiment", TEMPLATES, "experiment-with-analysis.yaml");
    await runsAre(world, ["Successful", "Successful"]);
    expect(await colours(world, "app=rollouts-demo")).toBe("orange purple");
    await Bun.sleep(2_000);
    await experimentIs(world, "Running");
    await current.api.patch(world.path("Experiment", "experiment-with-analysis"), "merge", {
      spec: { terminate: true },
    });
    await experimentIs(world, "Successful");
    await coloursAre(world, "app=rollouts-demo", "");
  },
  120_000,
);

test.concurrent(
  "rollout-analysis-step.yaml: the step has the metrics of a template of the namespace and of one of the cluster",
  async () => {
    const name = "rollout-analysis-step";
    const world = await updated(name, TEMPLATES, `${name}.yaml`);
    await done(world, name);
    const [run, ...others] = await runsOf(world);
    expect(others).toEqual([]);
    expect(run?.status).toMatchObject({ phase: "Successful", runSummary: { count: 2, successful: 2 } });
    expect(run?.status?.metricResults?.map(({ name: of, count }) => `${of} ${count}`).toSorted()).toEqual([
      "pass 1",
      "random-fail 2",
    ]);
  },
  120_000,
);

test.concurrent(
  "rollout-background-analysis.yaml: the run succeeds at the pause, and the update is promoted",
  async () => {
    const name = "rollout-background-analysis";
    const world = await updated(name, TEMPLATES, `${name}.yaml`);
    await world.settle(name, "at its pause", inPhase("Paused", "CanaryPauseStep"));
    await runsAre(world, ["Successful"]);
    await promote(world, name);
    await done(world, name);
    expect((await runsOf(world)).map(({ metadata }) => metadata.labels?.["rollout-type"])).toEqual(["Background"]);
  },
  120_000,
);

test.concurrent(
  "rollout-experiment-step.yaml: an analysis that is not required does not end the Experiment; who skips it does",
  async () => {
    const name = "rollout-experiment-step";
    const world = await updated(name, TEMPLATES, `${name}.yaml`);
    await runsAre(world, ["Successful"]);
    await experimentIs(world, "Running");
    await coloursAre(world, `app=${name}`, "blue blue blue yellow yellow");
    await promote(world, name);
    await done(world, name);
    await experimentIs(world, "Successful");
    await coloursAre(world, `app=${name}`, "yellow yellow yellow yellow");
  },
  120_000,
);

test.concurrent(
  "rollout-baseline-vs-canary.yaml has a pod of each side until the Experiment is ended",
  async () => {
    const name = "rollout-baseline-vs-canary";
    const world = await updated(name, `${name}.yaml`);
    await experimentIs(world, "Running");
    await coloursAre(world, `app=${name}`, "blue blue blue blue yellow");
    const [experiment] = await experimentsOf(world);
    expect(experiment?.status?.templateStatuses?.map(({ name: of, status }) => `${of} ${status}`)).toEqual([
      "baseline Running",
      "canary Running",
    ]);
    await current.api.patch(world.path("Experiment", experiment?.metadata.name), "merge", {
      spec: { terminate: true },
    });
    await done(world, name);
    await coloursAre(world, `app=${name}`, "yellow yellow yellow");
  },
  120_000,
);

test.concurrent(
  "rollout-canary-preview.yaml: the preview is behind its own Service and gets none of the production's requests",
  async () => {
    const name = "rollout-canary-preview";
    const world = await updated(name, `${name}.yaml`);
    await experimentIs(world, "Running");
    await coloursAre(world, `app=${name}`, "yellow");
    await coloursAre(world, "app=rollout-canary-production", "blue blue blue");
    await promote(world, name);
    await done(world, name);
    await coloursAre(world, `app=${name}`, "");
    await coloursAre(world, "app=rollout-canary-production", "yellow yellow yellow");
  },
  120_000,
);

test.concurrent(
  "rollout-secret.yaml: a source that cannot be reached gives errors, the fifth ends the update, and none tells the address",
  async () => {
    const name = "rollout-secret";
    const world = await updated(name, `${name}.yaml`);
    await world.settle(name, "aborted", inPhase("Degraded"), 90_000);
    const { rollout } = await world.scene(name);
    const start = "RolloutAborted: Rollout aborted update to revision 2: Step-based analysis phase error/failed: ";
    const why = 'Metric "webmetric" assessed Error due to consecutiveErrors (5) > consecutiveErrorLimit (4): ';
    expect((rollout.status as { message?: string }).message).toStartWith(`${start}${why}`);
    const [run] = await runsOf(world);
    expect(run?.status?.metricResults?.[0]).toMatchObject({ error: 5, consecutiveError: 5, phase: "Error" });
    expect(JSON.stringify([rollout.status, run?.status, await world.events(name)])).not.toContain("khhirani");
    await coloursAre(world, `app=${name}`, "blue");
  },
  150_000,
);

test.concurrent(
  "traffic-management/job.yaml: each measurement is a Job that has the value of the argument",
  async () => {
    const world = await applied("job", "traffic-management/job.yaml");
    const template = await current.api.get<KubeObject & { spec: { metrics: unknown } }>(
      world.path("AnalysisTemplate", "load-test"),
    );
    await world.create({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisRun",
      metadata: { name: "load-test" },
      spec: { metrics: template.spec.metrics, args: [{ name: "namespace", value: world.namespace }] },
    });
    const isMeasured = async (): Promise<boolean> =>
      ((await runsOf(world))[0]?.status?.metricResults?.[0]?.successful ?? 0) > 1;
    await until("it is measured again and again", isMeasured, 60_000);
    const jobs = await current.api.list(`/apis/batch/v1/namespaces/${world.namespace}/jobs`);
    expect(JSON.stringify(jobs.items[0])).toContain(`http://rollout-linkerd.${world.namespace}.svc/color`);
  },
  90_000,
);

/** `Service part` for each, as a router's object has them. */
type Parts = (world: World, name: string) => Promise<readonly string[]>;

const bySplit: Parts = async ({ namespace }, name) => {
  const path = `/apis/split.smi-spec.io/v1alpha1/namespaces/${namespace}/trafficsplits/${name}-trafficsplit`;
  const { spec } = await current.api.get<
    KubeObject & { spec: { backends: readonly { service: string; weight: number | string }[] } }
  >(path);
  return spec.backends.map(({ service, weight }) => `${service} ${weight}`);
};

const byAction: Parts = async ({ namespace }, name) => {
  const path = `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses/${name}-ingress`;
  const { metadata } = await current.api.get(path);
  const action = metadata.annotations?.[`alb.ingress.kubernetes.io/actions.${name}-root`] ?? "";
  const backends = action.matchAll(/"ServiceName":"([^"]+)"[^}]*"Weight":(\d+)/g);
  return Array.from(backends, ([, service = "", weight]) => `${service} ${weight}`);
};

test.concurrent.each([
  ["smi", "rollout-smi-experiment", bySplit, ["experiment-smi 5", "canary 5", "stable 90"]],
  ["alb", "alb-rollout", byAction, ["experiment-alb 20", "canary 10", "stable 70"]],
] as const)(
  "rollout-%s-experiment-step.yaml: the Experiment gets its part of the requests as long as it runs",
  async (router, name, partsOf, [trial, canary, stable]) => {
    const world = await updated(name, `traffic-routing-experiment-step/rollout-${router}-experiment-step.yaml`);
    await experimentIs(world, "Running");
    const weights = async (): Promise<string> =>
      (await partsOf(world, name))
        .map((part) => part.replace(/-[a-z0-9]+-2-1-/, "-*-"))
        .toSorted()
        .join(", ");
    const wanted = `${name}-*-${trial}, ${name}-${canary}, ${name}-${stable}`;
    await until(wanted, async () => (await weights()) === wanted, 60_000);
    await promote(world, name);
    await done(world, name);
    expect(await weights()).toBe(`${name}-canary 0, ${name}-stable 100`);
  },
  120_000,
);
