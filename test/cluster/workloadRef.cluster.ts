/** Rollouts that take their pod template from another workload, and that replace a Deployment. */
import { HASH_LABEL } from "../../schema/labels.ts";
import { expect, test } from "bun:test";
import type { KubeObject } from "./harness/api.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { scale } from "./harness/userActions.ts";
import type { ReplicaSetView } from "./harness/rolloutView.ts";
import { newStory } from "./harness/chapters.ts";
import { until } from "./harness/until.ts";
import { healthy, inPhase, newWorld, pausedAt, type World } from "./harness/clusterWorld.ts";

const name = "rollout-ref-deployment";
const ours = test.concurrent.skipIf(otherController() !== undefined);

interface Deployment extends KubeObject {
  readonly spec: { readonly replicas: number };
  readonly status?: { readonly availableReplicas?: number };
}

const deployments = (world: World): string => `/apis/apps/v1/namespaces/${world.namespace}/deployments`;
const path = (world: World): string => `${deployments(world)}/${name}`;
const deployment = (world: World) => world.harness.api.get<Deployment>(path(world));
const sizeOf = async (world: World): Promise<number> => (await deployment(world)).spec.replicas;

const containers = (image: string) => [{ name: "rollouts-demo", image }];

async function setImage(world: World, image: string): Promise<void> {
  const body = { spec: { template: { spec: { containers: containers(image) } } } };
  await world.harness.api.patch(path(world), "strategic", body);
}

async function createDeployment(world: World, replicas: number, image = "argoproj/rollouts-demo:blue"): Promise<void> {
  const template = { metadata: { labels: { app: name } }, spec: { containers: containers(image) } };
  const spec = { replicas, selector: { matchLabels: { app: name } }, template };
  await world.harness.api.create(deployments(world), { metadata: { name }, spec });
}

/** As in a Git repository that is applied again and again. */
async function applyAgain(world: World, replicas: number): Promise<void> {
  await world.harness.api.patch(path(world), "merge", { spec: { replicas } });
}

interface PodView extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function readyPods(world: World): Promise<number> {
  const { items } = await world.harness.api.list<PodView>(`/api/v1/namespaces/${world.namespace}/pods`);
  return items.filter(
    ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined &&
      status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") === true,
  ).length;
}

interface RefOptions {
  readonly scaleDown?: string;
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly selector?: object;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly strategy?: object;
}

async function createRollout(world: World, replicas: number | undefined, options: RefOptions = {}): Promise<void> {
  const { scaleDown, kind = "Deployment", apiVersion = "apps/v1", selector, annotations = {} } = options;
  await world.create({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name, annotations },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      ...(selector === undefined ? {} : { selector }),
      workloadRef: { apiVersion, kind, name, ...(scaleDown === undefined ? {} : { scaleDown }) },
      strategy: options.strategy ?? { canary: {} },
    },
  });
}

test.concurrent("a Rollout with a Deployment's template follows the Deployment's updates", async () => {
  const world = await newWorld("workload-update");
  const story = await newStory(world, "workload-update");
  await world.applyExample("workload-ref/workload-ref.yaml");
  story.chapter("installed", await world.frame(name, "Healthy", healthy));
  await setImage(world, "argoproj/rollouts-demo:yellow");
  story.chapter("yellow in the Deployment", await world.frame(name, "paused at step 1", pausedAt(1)));
  story.chapter("10 s later", await world.frame(name, "Healthy", healthy));
  const { rollout } = await world.scene(name);
  expect(rollout.status).toMatchObject({ workloadObservedGeneration: "2" });
  expect(rollout.metadata.annotations?.["rollout.argoproj.io/workload-generation"]).toBe("2");
  expect(rollout.spec).not.toHaveProperty("template");
  expect(rollout.spec).not.toHaveProperty("selector");
  expect(await sizeOf(world)).toBe(0);
  await story.end();
});

test.concurrent("a Rollout whose Deployment is missing waits for it, and stands still when it goes", async () => {
  const world = await newWorld("workload-missing");
  const story = await newStory(world, "workload-missing");
  await createRollout(world, 2);
  const missing = inPhase(
    "Degraded",
    `InvalidSpec: The Rollout "${name}" is invalid: deployments.apps "${world.namespace}/${name}" not found`,
  );
  await world.settle(name, "invalid", missing);
  await createDeployment(world, 0);
  story.chapter("the Deployment comes", await world.frame(name, "Healthy", healthy));
  await world.harness.api.delete(path(world));
  // The recorded controller notices it only with the next change.
  await scale(world, name, 3);
  await world.settle(name, "invalid again", missing);
  // Not found by their owner reference: the recorded controller removes it.
  const sets = `/apis/apps/v1/namespaces/${world.namespace}/replicasets?labelSelector=${HASH_LABEL}`;
  const { items } = await world.harness.api.list<ReplicaSetView>(sets);
  expect(items.map(({ spec, status }) => [spec.replicas, status.availableReplicas])).toEqual([[2, 2]]);
  await createDeployment(world, 0);
  story.chapter("the Deployment comes again", await world.frame(name, "Healthy", healthy));
  await story.end();
});

test.concurrent("the other example is installed and updated", async () => {
  const world = await newWorld("workload-example");
  const story = await newStory(world, "workload-example");
  await world.applyExample("rollout-template-ref.yaml");
  story.chapter("installed", await world.frame(name, "Healthy", healthy));
  await setImage(world, "argoproj/rollouts-demo:yellow");
  await world.settle(name, "yellow begins", (_, { replicaSets }) => replicaSets.length === 2);
  story.chapter("yellow", await world.frame(name, "Healthy", healthy));
  await story.end();
});

for (const [kind, apiVersion, plural] of [
  ["ReplicaSet", "apps/v1", "replicasets"],
  ["PodTemplate", "v1", "podtemplates"],
] as const) {
  test.concurrent(`a ${kind} can hold the template, too`, async () => {
    const world = await newWorld(`workload-${kind.toLowerCase()}`);
    const { api } = world.harness;
    const selector = { matchLabels: { app: name } };
    const template = { metadata: { labels: { app: name } }, spec: { containers: containers("web:1") } };
    const collection = `${apiVersion === "v1" ? "/api/v1" : "/apis/apps/v1"}/namespaces/${world.namespace}/${plural}`;
    const spec = { spec: { replicas: 0, selector, template } };
    await api.create(collection, { metadata: { name }, ...(kind === "PodTemplate" ? { template } : spec) });
    await createRollout(world, 2, { kind, apiVersion, ...(kind === "PodTemplate" ? { selector } : {}) });
    await world.settle(name, "Healthy", healthy);
    const changed = { spec: { containers: containers("web:2") } };
    const body = kind === "PodTemplate" ? { template: changed } : { spec: { template: changed } };
    await api.patch(`${collection}/${name}`, "strategic", body);
    const { replicaSets } = await world.settle(name, "web:2", (rollout, { replicaSets: sets }) => {
      return healthy(rollout, { rollout, replicaSets: [], services: [] }) && sets.length === 2;
    });
    expect(replicaSets.at(-1)?.spec.template.spec.containers[0]?.image).toBe("web:2");
  });
}

for (const [scaleDown, left] of [
  ["never", 3],
  ["onsuccess", 0],
  ["progressively", 0],
] as const) {
  ours(
    `with scaleDown ${scaleDown} the Deployment ends with ${left} of 3 pods, also when it is applied again`,
    async () => {
      const world = await newWorld(`workload-${scaleDown}`);
      await createDeployment(world, 3);
      await until(
        "the Deployment serves",
        async () => (await deployment(world)).status?.availableReplicas === 3,
        30_000,
      );
      await createRollout(world, 3, { scaleDown });
      await world.waitFor(name, "Healthy", (rollout) => rollout.status?.phase === "Healthy");
      await until("it made room", async () => (await sizeOf(world)) === left, 10_000);
      await world.settle(name, "Healthy", healthy);
      await setImage(world, "argoproj/rollouts-demo:yellow");
      await world.settle(name, "updated", healthy);
      await applyAgain(world, 3);
      await until("it is as before", async () => (await sizeOf(world)) === left, 15_000);
      await scale(world, name, 5);
      await world.settle(name, "scaled", (rollout) => rollout.status?.availableReplicas === 5);
      expect(await sizeOf(world)).toBe(left);
    },
  );
}

ours("somebody who keeps applying the Deployment is answered again and again, but not without rest", async () => {
  const world = await newWorld("workload-fight");
  await createDeployment(world, 3);
  await createRollout(world, 3, { scaleDown: "onsuccess" });
  await world.settle(name, "Healthy", healthy);
  await until("it made room", async () => (await sizeOf(world)) === 0, 10_000);
  const { metadata } = await deployment(world);
  let applied = 0;
  for (const end = Date.now() + 15_000; Date.now() < end; await Bun.sleep(50)) {
    if ((await sizeOf(world)) === 3) continue;
    await applyAgain(world, 3);
    applied += 1;
  }
  expect(applied).toBeGreaterThan(1);
  expect(applied).toBeLessThan(5);
  await until("it made room again", async () => (await sizeOf(world)) === 0, 15_000);
  expect((await deployment(world)).metadata.uid).toBe(metadata.uid);
});

ours("a Deployment gets its pods back when the Rollout is deleted", async () => {
  const world = await newWorld("workload-restore");
  await createDeployment(world, 2);
  await createRollout(world, 3, { scaleDown: "progressively" });
  await world.settle(name, "Healthy", healthy);
  await until("it made room", async () => (await sizeOf(world)) === 0, 10_000);
  await world.harness.api.delete(world.path("Rollout", name));
  await until("it has the Rollout's size", async () => (await sizeOf(world)) === 3, 5_000);
  expect((await deployment(world)).metadata.annotations).not.toHaveProperty("sluice.dev/replicas-before-rollout");
});

for (const scaleDown of ["onsuccess", "progressively"]) {
  ours(
    `a Rollout without a size takes the Deployment's, and an autoscaler can go on from there: ${scaleDown}`,
    async () => {
      const world = await newWorld(`workload-unsized-${scaleDown}`);
      const { api } = world.harness;
      await createDeployment(world, 6);
      await until("it serves", async () => (await deployment(world)).status?.availableReplicas === 6, 30_000);
      let fewest = Number.POSITIVE_INFINITY;
      let over = false;
      const watching = (async () => {
        for (; !over; await Bun.sleep(50)) fewest = Math.min(fewest, await readyPods(world));
      })();
      await createRollout(world, undefined, { scaleDown });
      await world.settle(name, "Healthy with 6", (seen, scene) => healthy(seen, scene) && seen.status?.replicas === 6);
      await until("the Deployment made room", async () => (await sizeOf(world)) === 0, 10_000);
      over = true;
      await watching;
      expect(fewest).toBeGreaterThanOrEqual(6);
      const { spec } = await api.get(`${world.path("Rollout", name)}/scale`);
      expect(spec).toEqual({ replicas: 6 });
      await scale(world, name, 8);
      await world.settle(name, "8 pods", (seen, scene) => healthy(seen, scene) && seen.status?.availableReplicas === 8);
    },
  );
}

ours("a deletion that is to wait for the Deployment's pods leaves no gap", async () => {
  const world = await newWorld("workload-wait");
  const { api } = world.harness;
  await createDeployment(world, 3);
  const annotations = { "sluice.dev/restore-workload": "true" };
  await createRollout(world, 3, { scaleDown: "onsuccess", annotations });
  await world.settle(name, "Healthy", healthy);
  await until("it made room", async () => (await sizeOf(world)) === 0, 10_000);
  await api.delete(world.path("Rollout", name));
  let fewest = Number.POSITIVE_INFINITY;
  await until(
    "the Rollout is gone",
    async () => {
      fewest = Math.min(fewest, await readyPods(world));
      return (await api.get(world.path("Rollout", name)).catch(() => undefined)) === undefined;
    },
    30_000,
  );
  expect(fewest).toBeGreaterThanOrEqual(3);
  expect((await deployment(world)).status?.availableReplicas).toBe(3);
});
