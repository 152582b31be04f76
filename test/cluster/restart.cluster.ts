/** restartAt: pods are replaced a few at a time, by evictions that disruption budgets may refuse. */
import { expect, test } from "bun:test";
import { promote, restart as askRestart, setImage } from "./harness/userActions.ts";
import type { KubeObject } from "./harness/api.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { harness } from "./harness/harness.ts";
import type { RolloutView } from "./harness/rolloutView.ts";
import { healthy, newWorld, pausedAt, type World } from "./harness/clusterWorld.ts";

const current = await harness();
const oursOnly = test.skipIf(otherController() !== undefined);

/** Pods take a second to start and one to end, so that several are unavailable at a time. */
const hook = { exec: { command: ["sleep", "1"] } };
const containers = [{ name: "web", image: "nginx:1", lifecycle: { postStart: hook, preStop: hook } }];

const rollout = (replicas: number, strategy: object, rest: object = {}): KubeObject => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "web" },
  spec: {
    replicas,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers } },
    strategy,
    ...rest,
  },
});

const service: KubeObject = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "active" },
  spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
};

async function restart(world: World): Promise<(view: RolloutView) => boolean> {
  // restartAt has whole seconds: pods are older than it only when that second has passed.
  await Bun.sleep(1_100);
  await askRestart(world, "web");
  return ({ spec, status }) => spec.restartAt !== undefined && status?.restartedAt === spec.restartAt;
}

/** The members of a Rollout and of a ReplicaSet that are checked. */
interface Watched extends KubeObject {
  readonly status?: { readonly availableReplicas?: number; readonly phase?: string };
}

/** Watches the pods while `act` runs. */
async function witness(world: World, act: () => Promise<unknown>) {
  const aborter = new AbortController();
  const seen = { least: Number.POSITIVE_INFINITY, phases: new Set<string>() };
  const follow = async (path: string, take: (object: Watched) => void): Promise<void> => {
    const { resourceVersion } = await current.api.list<Watched>(path);
    for await (const { type, object } of current.api.watch<Watched>(path, resourceVersion, aborter.signal))
      if (type === "MODIFIED") take(object);
  };
  const sets = follow(world.path("ReplicaSet"), ({ status }) => {
    seen.least = Math.min(seen.least, status?.availableReplicas ?? 0);
  });
  const rollouts = follow(world.path("Rollout"), ({ status }) => void seen.phases.add(status?.phase ?? ""));
  for (const watching of [sets, rollouts]) watching.catch(() => undefined);
  await Bun.sleep(200);
  await act();
  aborter.abort();
  return seen;
}

async function budget(world: World, minAvailable: number): Promise<string> {
  const path = `/apis/policy/v1/namespaces/${world.namespace}/poddisruptionbudgets`;
  await current.api.create(path, {
    metadata: { name: "web" },
    spec: { minAvailable, selector: { matchLabels: { app: "web" } } },
  });
  return `${path}/web`;
}

test.each([
  ["canary pods, a quarter at a time by default", { canary: {} }, 3],
  ["canary pods, as many as a percentage allows", { canary: { maxUnavailable: "50%" } }, 2],
  ["blue-green pods, a quarter at a time by default", { blueGreen: { activeService: "active" } }, 3],
  [
    "blue-green pods, as many as a percentage allows",
    { blueGreen: { activeService: "active", maxUnavailable: "75%" } },
    1,
  ],
])("a restart replaces %s", async (_, strategy, least) => {
  const world = await newWorld("restart");
  await world.create(service);
  await world.create(rollout(4, strategy));
  await world.settle("web", "Healthy", healthy);
  const seen = await witness(world, async () => {
    const restarted = await restart(world);
    await world.settle("web", "restarted", (view, scene) => restarted(view) && healthy(view, scene), 120_000);
  });
  expect(seen.least).toBe(least);
});

test("a restart that takes longer than the progress deadline is not stuck: each new pod is progress", async () => {
  const world = await newWorld("restart-long");
  await world.create(
    rollout(6, { canary: { maxUnavailable: 1 } }, { progressDeadlineSeconds: 8, progressDeadlineAbort: true }),
  );
  await world.settle("web", "Healthy", healthy);
  const seen = await witness(world, async () => {
    const restarted = await restart(world);
    await world.settle("web", "restarted", (view, scene) => restarted(view) && healthy(view, scene), 120_000);
  });
  expect([...seen.phases].toSorted()).toEqual(["Healthy", "Progressing"]);
});

/** The recorded controller asks for the evictions again at every event, ours after 30 s (docs/differences.md). */
oursOnly("a disruption budget holds up the restart, and nothing else", async () => {
  const world = await newWorld("restart-budget");
  await world.create(
    rollout(4, { canary: { steps: [{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: {} }] } }),
  );
  await world.settle("web", "Healthy", healthy);
  await setImage(world, "web", "nginx:2");
  await world.settle("web", "pauses at 25 %", pausedAt(1));
  const path = await budget(world, 4);
  // The budget counts before it judges.
  await world.settle("web", "still pauses", pausedAt(1));
  const restarted = await restart(world);
  await promote(world, "web");
  const next = await world.settle("web", "pauses at 50 %", pausedAt(3));
  expect(restarted(next.rollout)).toBe(false);
  await current.api.delete(path);
  await world.settle("web", "restarted", (view, scene) => restarted(view) && pausedAt(3)(view, scene), 120_000);
});
