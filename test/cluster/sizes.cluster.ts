/** Sizes that go on being right while an update is paused, or one of the two versions cannot have its pods. */
import { expect, test } from "bun:test";
import { pause, resume, scale, setImage } from "./harness/userActions.ts";
import type { KubeObject } from "./harness/api.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { podsOf, rolloutOf } from "./harness/plainRollout.ts";
import type { Scene } from "./harness/rolloutView.ts";
import { healthy, newWorld, pausedAt, type World } from "./harness/clusterWorld.ts";

/** The recorded controller holds sizes, and stands still: documented in docs/differences.md. */
const ours = test.concurrent.skipIf(otherController() !== undefined);

const broken = "nonexistent-image:1";

const rollout = (strategy: object, spec: object = {}): KubeObject =>
  rolloutOf("web", strategy, { replicas: 4, template: podsOf("web", "nginx:1"), ...spec });

const service = (name: string): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
});

/** "available/asked" of each ReplicaSet, in the order of their revisions. */
const sizesOf = ({ replicaSets }: Scene): string =>
  replicaSets.map(({ spec, status }) => `${status?.availableReplicas ?? 0}/${spec.replicas}`).join(" ");

const settled = (world: World, sizes: string): Promise<Scene> =>
  world.settle("web", sizes, (_, scene) => sizesOf(scene) === sizes);

async function installed(topic: string, manifest: KubeObject, services: readonly string[] = []): Promise<World> {
  const world = await newWorld(topic);
  for (const name of services) await world.create(service(name));
  await world.create(manifest);
  await world.settle("web", "Healthy", healthy);
  return world;
}

async function scaled(world: World, replicas: number, sizes: string): Promise<Scene> {
  await scale(world, "web", replicas);
  return settled(world, sizes);
}

ours("a canary that the user has paused follows its size, and keeps its weight and its step", async () => {
  const steps = [{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: {} }];
  const world = await installed("held-canary", rollout({ canary: { steps } }, { replicas: 3 }));
  await pause(world, "web");
  await scaled(world, 6, "6/6");
  await scaled(world, 0, "0/0");
  await scaled(world, 4, "4/4");
  await setImage(world, "web", "nginx:2");
  await scaled(world, 8, "8/8 0/0");
  await resume(world, "web");
  await world.settle("web", "at the first pause", pausedAt(1));
  await pause(world, "web");
  await scaled(world, 4, "3/3 1/1");
  const { rollout: seen } = await scaled(world, 12, "9/9 3/3");
  expect(seen.status).toMatchObject({
    phase: "Paused",
    message: "manually paused",
    currentStepIndex: 1,
    HPAReplicas: 12,
  });
});

ours("blue-green that the user has paused follows its size", async () => {
  const strategy = { blueGreen: { activeService: "active", autoPromotionEnabled: false } };
  const world = await installed("held-blue-green", rollout(strategy), ["active"]);
  await setImage(world, "web", "nginx:2");
  await settled(world, "4/4 4/4");
  await pause(world, "web");
  await scaled(world, 6, "6/6 6/6");
  const { rollout: seen } = await scaled(world, 2, "2/2 2/2");
  expect(seen.status).toMatchObject({ phase: "Paused", HPAReplicas: 2 });
});

ours("a size that grows while the new version hangs is shared with the one that works", async () => {
  const world = await installed("grow-broken", rollout({ canary: { maxSurge: 2, maxUnavailable: 0 } }));
  await setImage(world, "web", broken);
  await settled(world, "4/4 0/2");
  await scaled(world, 8, "7/7 0/3");
  await scaled(world, 4, "4/4 0/2");
  await setImage(world, "web", "nginx:2");
  await world.settle("web", "Healthy", healthy);
});

const routed = {
  canaryService: "canary",
  stableService: "stable",
  trafficRouting: { nginx: { stableIngress: "web" } },
};

/** Services and, for the router, an Ingress. */
async function surround(world: World, services: readonly string[]): Promise<void> {
  for (const name of services) await world.create(service(name));
  if (!services.includes("stable")) return;
  const backend = { service: { name: "stable", port: { number: 80 } } };
  const rules = [{ http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }];
  const spec = { ingressClassName: "nginx", rules };
  const ingresses = `/apis/networking.k8s.io/v1/namespaces/${world.namespace}/ingresses`;
  await world.harness.api.create(ingresses, { metadata: { name: "web" }, spec });
}

const steps = [{ setWeight: 25 }, { setWeight: 50 }];

const strategies = [
  ["a canary without steps", { canary: { maxSurge: 0, maxUnavailable: 1 } }, []],
  ["a canary with steps", { canary: { maxSurge: 0, maxUnavailable: 1, steps } }, []],
  ["a routed canary", { canary: { ...routed, steps } }, ["canary", "stable"]],
  ["blue-green", { blueGreen: { activeService: "active", scaleDownDelaySeconds: 1 } }, ["active"]],
] as const;

const template = (container: object) => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image: "nginx:1", ...container }] },
});

const done = (_: unknown, { rollout: { status }, replicaSets }: Scene): boolean =>
  status?.phase === "Healthy" && sizesOf({ replicaSets } as Scene) === "0/0 4/4";

for (const [name, strategy, services] of strategies) {
  ours(`a stable version whose image is gone is replaced by ${name}`, async () => {
    const world = await newWorld("image-gone");
    await surround(world, services);
    await world.create(rollout(strategy, { template: template({ image: broken }) }));
    await settled(world, "0/4");
    await setImage(world, "web", "nginx:2");
    await world.waitFor("web", "it is replaced", done);
  });

  ours(`a stable version whose pods a quota refuses is replaced by ${name}`, async () => {
    const world = await newWorld("quota");
    await surround(world, services);
    const hard = { "requests.memory": "3Gi" };
    const quotas = `/api/v1/namespaces/${world.namespace}/resourcequotas`;
    await world.harness.api.create(quotas, { metadata: { name: "memory" }, spec: { hard } });
    // No controller counts here: what is used is told once, and the API server adds to it.
    await world.harness.api.patch(`${quotas}/memory/status`, "merge", {
      status: { hard, used: { "requests.memory": "0" } },
    });
    const asking = (memory: string) => template({ resources: { requests: { memory } } });
    await world.create(rollout(strategy, { template: asking("2Gi") }));
    const short = await settled(world, "1/4");
    expect(short.replicaSets[0]?.status?.conditions?.[0]).toMatchObject({ type: "ReplicaFailure", status: "True" });
    await world.patch("web", { spec: { template: asking("10Mi") } });
    await world.waitFor("web", "it is replaced", done);
  });
}
