/** What goes wrong around a controller. These tests run one after another: they disturb what all tests share. */
import { expect, test } from "bun:test";
import { promote, setImage } from "./harness/userActions.ts";
import type { KubeObject } from "./harness/api.ts";
import { auditMark, isLease, writesSince } from "./harness/auditLog.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { controllerUser, type Harness, harness } from "./harness/harness.ts";
import type { RolloutView } from "./harness/rolloutView.ts";
import { healthy, inPhase, newWorld, pausedAt, type World } from "./harness/clusterWorld.ts";
import { until } from "./harness/until.ts";

const current = await harness();
/** These need a control plane of ours: they stop the API server and read its audit log. */
const needsPlane = test.skipIf(current.plane === undefined);
/** What the recorded controller does not do, or does late: documented in docs/differences.md. */
const oursOnly = test.skipIf(otherController() !== undefined);
const oursWithPlane = test.skipIf(otherController() !== undefined || current.plane === undefined);

const canary = "rollout-canary";
const yellow = "argoproj/rollouts-demo:yellow";

const planeOf = ({ plane }: Harness) => {
  if (plane === undefined) throw new Error("This test needs a control plane of its own");
  return plane;
};

const theController = () => {
  const [controller] = current.controllers();
  if (controller === undefined) throw new Error("No controller runs");
  return controller;
};

async function pausedCanary(topic: string): Promise<World> {
  const world = await newWorld(topic);
  await world.applyExample("rollout-canary.yaml");
  await world.settle(canary, "Healthy", healthy);
  await setImage(world, canary, yellow);
  await world.settle(canary, "paused at step 1", pausedAt(1));
  return world;
}

const sizes = async (world: World): Promise<(number | undefined)[][]> =>
  (await world.scene(canary)).replicaSets.map(({ spec, status }) => [spec.replicas, status.availableReplicas]);

const service = (name: string, app: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { selector: { app }, ports: [{ port: 80, targetPort: 8080 }] },
});

/** A blue-green Rollout of one replica whose Services do not exist. */
const withoutServices = (name: string): KubeObject => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: "main", image: "argoproj/rollouts-demo:blue" }] },
    },
    strategy: { blueGreen: { activeService: `${name}-active` } },
  },
});

test("a Rollout whose Service is missing says so and goes on by itself once the Service is there", async () => {
  const world = await newWorld("missing-service");
  await world.create(withoutServices("web"));
  const { rollout } = await world.settle("web", "held as invalid", inPhase("Degraded"));
  const problem =
    'The Rollout "web" is invalid: spec.strategy.blueGreen.activeService: Invalid value: "web-active": service "web-active" not found';
  expect(rollout.status?.message).toBe(`InvalidSpec: ${problem}`);
  expect(
    rollout.status?.conditions
      ?.filter(({ type }) => type === "InvalidSpec")
      .map(({ status, reason, message }) => [status, reason, message]),
  ).toEqual([["True", "InvalidSpec", problem]]);
  await world.create(service("web-active", "web"));
  const { rollout: cured } = await world.settle("web", "Healthy", healthy);
  expect(cured.status?.conditions?.some(({ type }) => type === "InvalidSpec")).toBe(false);
});

oursOnly("a value that is not a quantity is taken out of the template, and its author is warned", async () => {
  const world = await newWorld("no-quantity");
  const main = { name: "main", image: "argoproj/rollouts-demo:blue" };
  const resources = { limits: { cpu: "1" }, requests: { memory: "lots" } };
  const { spec, ...rest } = withoutServices("web") as RolloutView;
  const template = { ...spec.template, spec: { containers: [{ ...main, resources }] } };
  await world.create({ ...rest, spec: { ...spec, template, strategy: { canary: {} } } });
  const { rollout } = await world.settle("web", "Healthy", healthy);
  const left = { ...main, resources: { limits: { cpu: "1" }, requests: {} } };
  expect(rollout.spec.template?.spec).toEqual({ containers: [left] });
  const warnings = (await world.events("web")).filter((event) => event.includes("MalformedTemplate"));
  expect(warnings).toEqual([expect.stringContaining('containers[0].resources.requests.memory: "lots"') as string]);
});

oursOnly("fields that we do not know stay in the Rollout and in its pod template", async () => {
  const world = await newWorld("unknown-fields");
  const { spec, ...rest } = withoutServices("web") as RolloutView;
  const strange = {
    ...rest,
    metadata: {
      name: "web",
      labels: { team: "a" },
      annotations: { "example.com/note": "kept" },
      finalizers: ["example.com/hold"],
    },
    spec: {
      ...spec,
      // The controller writes the default into the object, together with the other defaults.
      replicas: undefined,
      template: {
        ...spec.template,
        spec: {
          containers: [{ name: "main", image: "argoproj/rollouts-demo:blue", futureProbe: { every: "5s" } }],
          futureScheduling: [{ spread: "wide" }],
        },
      },
      strategy: { canary: {} },
    },
  };
  await world.create(strange);
  const { rollout, replicaSets } = await world.settle("web", "Healthy", healthy);
  const stored = rollout.spec.template.spec as unknown as Record<string, unknown>;
  expect(stored.futureScheduling).toEqual([{ spread: "wide" }]);
  expect(stored.containers).toMatchObject([{ futureProbe: { every: "5s" } }]);
  expect(rollout.spec.replicas).toBe(1);
  expect(rollout.metadata).toMatchObject({
    labels: { team: "a" },
    annotations: { "example.com/note": "kept" },
    finalizers: ["example.com/hold"],
  });
  expect(replicaSets).toHaveLength(1);
  // A member of newer Kubernetes that the reference's types do not have (controller/rollout/hash/podTypes.ts).
  await world.patch("web", { spec: { template: { spec: { schedulingGroup: { podGroupName: "a" } } } } });
  await world.settle(
    "web",
    "a newer field is a new revision",
    (now, scene) => healthy(now, scene) && scene.replicaSets.length === 2,
  );
  await world.patch("web", { metadata: { finalizers: null } });
});

oursOnly("a namespace that is deleted in the middle of updates is no error", async () => {
  const world = await newWorld("going");
  const names = ["one", "two", "three", "four"];
  for (const name of names) {
    const { spec, ...rest } = withoutServices(name) as RolloutView;
    const strategy = { canary: { steps: [{ setWeight: 50 }, { pause: {} }] } };
    // A foreign finalizer keeps the namespace Terminating for a while, in which objects cannot be created.
    const metadata = { name, finalizers: ["example.com/hold"] };
    await world.create({ ...rest, metadata, spec: { ...spec, replicas: 2, strategy } });
  }
  for (const name of names) await world.settle(name, "Healthy", healthy);
  const { logFile } = theController().child;
  const before = Bun.file(logFile).size;
  for (const name of names)
    await world.patch(name, { spec: { template: { spec: { containers: [{ name: "main", image: yellow }] } } } });
  await current.api.delete(`/api/v1/namespaces/${world.namespace}`);
  await Bun.sleep(10_000);
  const lines = (await Bun.file(logFile).slice(before).text()).split("\n");
  expect(lines.filter((line) => line.includes("level=error"))).toEqual([]);
  expect(lines.filter((line) => line.includes("the namespace is being deleted")).length).toBeLessThan(8);
  for (const name of names) await world.patch(name, { metadata: { finalizers: null } });
  await until(
    "its lines tell of the deletion",
    async () => {
      const text = await Bun.file(logFile).slice(before).text();
      return names.every((name) => text.includes(`msg="Rollout deleted" namespace=${world.namespace} rollout=${name}`));
    },
    20_000,
  );
});

needsPlane("nothing is written while nothing changes", async () => {
  const world = await pausedCanary("idle");
  const { auditLog } = planeOf(current);
  const mark = auditMark(auditLog);
  await Bun.sleep(15_000);
  const writes = (await writesSince(auditLog, mark)).filter(
    (write) => write.user === controllerUser && !isLease(write),
  );
  expect(writes.map(({ verb, resource, namespace, name }) => `${verb} ${resource} ${namespace}/${name}`)).toEqual([]);
  await promote(world, canary);
  await world.waitFor(canary, "goes on afterwards", pausedAt(3));
});

oursWithPlane(
  "while the API server is away, the controller is not ready, and afterwards it goes on where it was",
  async () => {
    const world = await pausedCanary("outage");
    const before = await sizes(world);
    const controller = theController();
    expect(await controller.health("/readyz")).toBe(200);
    const { apiServer } = planeOf(current);
    await apiServer.stop();
    await until("readiness is false", async () => ((await controller.health("/readyz")) ?? 0) >= 500, 20_000);
    expect(await controller.health("/healthz")).toBe(200);
    await Bun.sleep(3000);
    await apiServer.start();
    await until("readiness is back", async () => (await controller.health("/readyz")) === 200, 30_000);
    expect(controller.child.running()).toBe(true);
    expect(await sizes(world)).toEqual(before);
    await promote(world, canary);
    await world.waitFor(canary, "the update goes on", pausedAt(3));
  },
);

test("a controller that is killed in the middle of an update is replaced, and the update goes on", async () => {
  const world = await newWorld("killed");
  await world.applyExample("rollout-canary.yaml");
  await world.settle(canary, "Healthy", healthy);
  await setImage(world, canary, yellow);
  await world.waitFor(canary, "the new ReplicaSet is there", (_, scene) => scene.replicaSets.length === 2);
  await theController().child.stop("SIGKILL");
  await current.startController();
  await world.settle(canary, "paused at step 1", pausedAt(1));
  expect(await sizes(world)).toEqual([
    [4, 4],
    [1, 1],
  ]);
});

oursOnly("a controller that is told to end hands over to a waiting one within 2 s", async () => {
  const world = await newWorld("handover");
  await world.applyExample("rollout-canary.yaml");
  await world.settle(canary, "Healthy", healthy);
  const first = theController();
  const second = await current.startController();
  await until("the second is ready", async () => (await second.health("/readyz")) === 200, 20_000);
  const asked = performance.now();
  const ended = first.child.stop("SIGTERM", 15_000);
  // The first controller must not begin this update; the second can only after it has taken over.
  await Bun.sleep(100);
  await setImage(world, canary, yellow);
  await until(
    "the new revision's ReplicaSet is there",
    async () => (await world.scene(canary)).replicaSets.length === 2,
    10_000,
  );
  const tookMs = performance.now() - asked;
  await ended;
  expect(await first.child.exited).toBe(0);
  expect(tookMs).toBeLessThan(2500);
  await world.settle(canary, "paused at step 1", pausedAt(1));
});
