/**
 * The pods behind the Services that users come by, counted at every change of a pod, a ReplicaSet or a Service
 * (docs/behaviour/traffic.md#no-service-is-emptied, docs/behaviour/traffic.md#no-stable-version-is-known).
 */
import { expect, test } from "bun:test";
import { HASH_LABEL } from "../../schema/labels.ts";
import type { CanaryStrategy, RolloutStrategy } from "../../schema/rollout.ts";
import { abort, promote } from "./harness/userActions.ts";
import type { KubeObject } from "./harness/api.ts";
import { otherController } from "./harness/controllerProcess.ts";
import type { Scene } from "./harness/rolloutView.ts";
import { newWitness } from "./harness/witness.ts";
import { healthy, inPhase, newWorld, pausedAt, type World } from "./harness/clusterWorld.ts";

/** The recorded controller leaves Services empty: documented in docs/differences.md. */
const oursOnly = test.skipIf(otherController() !== undefined);

/** Long enough that a Service which waits for them is seen to. */
const SLOW = "4s";

const template = (image: string) => ({
  metadata: { labels: { app: "app" }, annotations: { "sim.sluice.dev/ready-after": image === "web:1" ? "1s" : SLOW } },
  spec: { containers: [{ name: "main", image }] },
});

const rollout = (strategy: RolloutStrategy, image = "web:1"): KubeObject => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "app" },
  spec: { replicas: 4, selector: { matchLabels: { app: "app" } }, template: template(image), strategy },
});

const service = (name: string): KubeObject => ({
  kind: "Service",
  metadata: { name },
  spec: { selector: { app: "app" }, ports: [{ port: 80 }] },
});

const ingresses = ({ namespace }: World): string => `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`;

const ingress = {
  metadata: { name: "web" },
  spec: {
    ingressClassName: "nginx",
    rules: [
      {
        host: "a.example",
        http: {
          paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "stable", port: { number: 80 } } } }],
        },
      },
    ],
  },
};

const names = ["stable", "canary"] as const;
const pair = { stableService: "stable", canaryService: "canary" };
const canary = (rest: CanaryStrategy): RolloutStrategy => ({ canary: { ...pair, ...rest } });
const nginx = { trafficRouting: { nginx: { stableIngress: "web" } } };
const half = [{ setWeight: 50 }, { pause: {} }];

/** Four pods of web:1, Services, and an Ingress that leads to the stable one. */
async function healthyWorld(topic: string, strategy: RolloutStrategy): Promise<World> {
  const world = await newWorld(topic);
  for (const name of names) await world.create(service(name));
  await world.harness.api.create(ingresses(world), ingress);
  await world.create(rollout(strategy));
  await world.settle("app", "Healthy", healthy);
  return world;
}

const selects = ({ services }: Scene, name: string): string =>
  services.find(({ metadata }) => metadata.name === name)?.spec.selector?.[HASH_LABEL] ?? "";

const sizes = ({ replicaSets }: Scene): (number | undefined)[] => replicaSets.map(({ spec }) => spec.replicas);

const update = (world: World, image: string): Promise<void> =>
  world.patch("app", { spec: { template: template(image) } });

/** `kubectl delete rollout --cascade=orphan`, and what is left of it apart from ReplicaSets. */
async function orphan(world: World): Promise<void> {
  const { api, kubectl } = world.harness;
  const gone = await kubectl(["delete", "rollout", "app", "-n", world.namespace, "--cascade=orphan"]);
  expect(gone.code, gone.stderr).toBe(0);
  // It belongs to nobody now, and another Rollout does not write it.
  await api.delete(`${ingresses(world)}/app-web-canary`).catch(() => undefined);
}

/** The Service is applied as it is in Git: it selects the pods of all versions. */
async function reset(world: World, name: string): Promise<void> {
  const body = {
    metadata: { annotations: { "argo-rollouts.argoproj.io/managed-by-rollouts": null } },
    spec: { selector: { [HASH_LABEL]: null } },
  };
  await world.harness.api.patch(world.path("Service", name), "merge", body);
}

oursOnly.each([
  ["as in Git", true],
  ["at the old version", false],
] as const)(
  "old pods serve until a Rollout that was created again with NGINX can take over: Services %s",
  async (_, asInGit) => {
    const world = await healthyWorld("orphaned", canary({ ...nginx, steps: half, scaleDownDelaySeconds: 5 }));
    await orphan(world);
    if (asInGit) for (const name of names) await reset(world, name);
    const witness = await newWitness(world);
    await world.create(rollout(canary({ ...nginx, steps: half, scaleDownDelaySeconds: 5 }), "web:2"));
    const taken = await world.waitFor("app", "the new version serves", (view, scene) =>
      names.every((name) => selects(scene, name) === (view.status?.stableRS ?? "?")),
    );
    expect(sizes(taken)).toEqual([4, 4]);
    for (const name of names) expect(witness.leastReady(name)).toBe(4);
    const end = await world.settle("app", "Healthy", (view, scene) => healthy(view, scene) && sizes(scene)[0] === 0);
    expect(sizes(end)).toEqual([0, 4]);
    for (const name of names) expect(witness.leastReady(name)).toBe(4);
    witness.stop();
  },
);

oursOnly("old pods serve until a blue-green Rollout whose status was lost can take over", async () => {
  const strategy = { blueGreen: { activeService: "stable", previewService: "canary", scaleDownDelaySeconds: 2 } };
  const world = await healthyWorld("status-lost", strategy);
  const witness = await newWitness(world);
  await orphan(world);
  for (const name of names) await reset(world, name);
  await world.create(rollout(strategy, "web:2"));
  const end = await world.settle("app", "Healthy", (view, scene) => healthy(view, scene) && sizes(scene)[0] === 0);
  expect(sizes(end)).toEqual([0, 4]);
  expect(witness.leastReady("stable")).toBe(4);
  witness.stop();
});

oursOnly(
  "with NGINX and dynamicStableScale the stable Service has pods at weight 100, and on the way back",
  async () => {
    const steps = [{ setWeight: 100 }, { pause: {} }];
    const world = await healthyWorld("all-of-it", canary({ ...nginx, steps, dynamicStableScale: true }));
    const witness = await newWitness(world);
    await update(world, "web:2");
    const paused = await world.settle("app", "paused at weight 100", pausedAt(1));
    expect(sizes(paused)).toEqual([0, 4]);
    const weights = { canary: { weight: 100 }, stable: { weight: 0 } };
    expect(paused.rollout.status).toMatchObject({ canary: { weights } });
    await abort(world, "app");
    const back = await world.settle(
      "app",
      "back on stable",
      (view, scene) => inPhase("Degraded")(view, scene) && sizes(scene)[1] === 0,
    );
    expect(sizes(back)).toEqual([4, 0]);
    for (const name of names) expect(selects(back, name)).toBe(back.rollout.status?.stableRS ?? "?");
    expect(witness.leastReady("stable")).toBeGreaterThan(0);
    witness.stop();
  },
);

oursOnly.each([{ maxSurge: 1, maxUnavailable: 0 }, { maxSurge: 0, maxUnavailable: 1 }, {}])(
  "the Services of a canary without a router have pods through a promotion: %p",
  async (limits) => {
    const world = await healthyWorld("no-router", canary({ ...limits, steps: half }));
    const witness = await newWitness(world);
    await update(world, "web:2");
    await world.settle("app", "paused", pausedAt(1));
    await promote(world, "app");
    const end = await world.settle("app", "Healthy", (view, scene) => healthy(view, scene) && sizes(scene)[0] === 0);
    for (const name of names) {
      expect(selects(end, name)).toBe(end.rollout.status?.stableRS ?? "?");
      expect(witness.leastReady(name)).toBeGreaterThan(0);
    }
    witness.stop();
  },
);
