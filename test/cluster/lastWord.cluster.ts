/** What a person has said of a version counts: until something later is said, and whatever the strategy is by then. */
import { expect, test } from "bun:test";
import { abort, promote, promoteFull, retry } from "./harness/userActions.ts";
import type { KubeObject } from "./harness/api.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { harness } from "./harness/harness.ts";
import { rolloutOf } from "./harness/plainRollout.ts";
import { healthy, inPhase, newWorld, pausedAt, type World } from "./harness/clusterWorld.ts";
import type { Scene } from "./harness/rolloutView.ts";

/** The other controller behaves otherwise here, as docs/differences.md says. */
const oursOnly = test.skipIf(otherController() !== undefined);
const current = await harness();

const template = (image: string, annotations: Readonly<Record<string, string>> = {}) => ({
  metadata: { labels: { app: "web" }, annotations },
  spec: { containers: [{ name: "web", image }] },
});

const rollout = (strategy: object, rest: object = {}): KubeObject =>
  rolloutOf("web", strategy, { replicas: 4, template: template("nginx:1"), ...rest });

const service = (name: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
});

async function deployed(topic: string, strategy: object): Promise<World> {
  const world = await newWorld(topic);
  await world.create(service("active"));
  await world.create(service("preview"));
  await world.create(rollout(strategy));
  await world.settle("web", "Healthy", healthy);
  return world;
}

const byHand = { activeService: "active", previewService: "preview", autoPromotionEnabled: false };
const activeOf = ({ services }: Scene): string | undefined =>
  services.find(({ metadata }) => metadata.name === "active")?.spec.selector?.["rollouts-pod-template-hash"];

oursOnly.each([
  ["a half of the pods", 50],
  ["all pods", 100],
])("a canary that pauses with %s becomes blue-green, and is promoted only by a promotion there", async (_, weight) => {
  const world = await deployed("canary-to-blue-green", { canary: { steps: [{ setWeight: weight }, { pause: {} }] } });
  await world.patch("web", { spec: { template: template("nginx:2") } });
  const { rollout: before } = await world.settle("web", "pauses", pausedAt(1));
  await world.patch("web", { spec: { strategy: { canary: null, blueGreen: byHand } } });
  const waiting = await world.settle("web", "waits for its promotion", inPhase("Paused", "BlueGreenPause"));
  expect(waiting.rollout.status?.stableRS).toBe(before.status?.stableRS ?? "");
  expect(activeOf(waiting)).toBe(before.status?.stableRS ?? "");
  await promote(world, "web");
  const done = await world.settle("web", "Healthy", healthy);
  expect(activeOf(done)).toBe(before.status?.currentPodHash ?? "");
});

test("a blue-green at its pause becomes a canary, which begins at its first step", async () => {
  const world = await deployed("blue-green-to-canary", { blueGreen: byHand });
  await world.patch("web", { spec: { template: template("nginx:2") } });
  const { rollout: before } = await world.settle("web", "waits", inPhase("Paused", "BlueGreenPause"));
  const canary = { steps: [{ setWeight: 50 }, { pause: {} }] };
  await world.patch("web", { spec: { strategy: { blueGreen: null, canary } } });
  const paused = await world.settle("web", "pauses", pausedAt(1));
  expect(paused.rollout.status?.stableRS).toBe(before.status?.stableRS ?? "");
  expect(paused.replicaSets.map(({ spec }) => spec.replicas)).toEqual([2, 2]);
});

oursOnly.each([
  ["a canary", { canary: { steps: [{ setWeight: 50 }, { pause: {} }] } }],
  ["blue-green", { blueGreen: { ...byHand, abortScaleDownDelaySeconds: 2 } }],
])("an abort after a full promotion of %s that is never ready takes the bad pods away", async (_, strategy) => {
  const world = await deployed("abort-after-full", strategy);
  const never = { "sim.sluice.dev/never-ready": "true" };
  await world.patch("web", { spec: { template: template("nginx:2", never) } });
  await world.waitFor("web", "the update has begun", ({ status }) => status?.currentPodHash !== status?.stableRS);
  await promoteFull(world, "web");
  await world.settle("web", "is promoted in full", ({ status }) => status?.promoteFull === true);
  await abort(world, "web");
  const gone = await world.settle(
    "web",
    "aborted, without a bad pod",
    (view, scene) => inPhase("Degraded")(view, scene) && (scene.replicaSets[1]?.status.replicas ?? 0) === 0,
  );
  expect(gone.rollout.status).toMatchObject({ abort: true });
  expect(gone.rollout.status?.promoteFull).toBeUndefined();
  expect(gone.replicaSets.map(({ status }) => status.availableReplicas ?? 0)).toEqual([4, 0]);
  // Each of these is the last word in turn, and follows at once.
  await promoteFull(world, "web");
  await abort(world, "web");
  await retry(world, "web");
  await promoteFull(world, "web");
  const full = await world.settle("web", "in full again", ({ status }) => status?.promoteFull === true);
  expect([full.rollout.status?.abort, full.rollout.status?.abortedAt]).toEqual([undefined, undefined]);
  await abort(world, "web");
  await world.settle("web", "aborted again", inPhase("Degraded"));
});

oursOnly("a promotion before autoPromotionSeconds are over promotes at once", async () => {
  const world = await deployed("promote-early", {
    blueGreen: { ...byHand, autoPromotionEnabled: true, autoPromotionSeconds: 600 },
  });
  await world.patch("web", { spec: { template: template("nginx:2") } });
  const { rollout: before } = await world.settle("web", "waits", inPhase("Paused", "BlueGreenPause"));
  await promote(world, "web");
  const done = await world.settle("web", "Healthy", healthy, 20_000);
  expect(activeOf(done)).toBe(before.status?.currentPodHash ?? "");
});

interface Pod extends KubeObject {
  readonly metadata: KubeObject["metadata"] & { readonly creationTimestamp: string };
}

test.each([
  ["a canary", { canary: { steps: [{ setWeight: 50 }, { pause: { duration: 1 } }] } }],
  ["blue-green", { blueGreen: { activeService: "active", previewService: "preview", scaleDownDelaySeconds: 3 } }],
])(
  "a restart that is set for later together with an update of %s replaces the pods at its time",
  async (_, strategy) => {
    const world = await deployed("restart-later", strategy);
    const at = Math.ceil((Date.now() + 20_000) / 1_000) * 1_000;
    const restartAt = new Date(at).toISOString().replace(".000Z", "Z");
    await world.patch("web", { spec: { restartAt, template: template("nginx:2") } });
    await world.waitFor("web", "waits for its time", inPhase("Progressing", "rollout is restarting"));
    // The time is in the spec alone: another controller waits for it as well.
    await current.controllers()[0]?.child.stop("SIGKILL");
    await current.startController();
    const done = ({ status }: Scene["rollout"]): boolean => status?.restartedAt === restartAt;
    await world.settle("web", "restarted", (view, scene) => done(view) && healthy(view, scene), 90_000);
    expect(Date.now()).toBeGreaterThan(at);
    const pods = await current.api.list<Pod>(`/api/v1/namespaces/${world.namespace}/pods`);
    const old = pods.items.filter(({ metadata }) => Date.parse(metadata.creationTimestamp) < at);
    expect([pods.items.length, old.map(({ metadata }) => metadata.name)]).toEqual([4, []]);
  },
);
