/** Deployments that a Rollout takes over as they run (docs/migration.md#mode-adopt). */
import { expect, test } from "bun:test";
import { runConvert } from "../../cli/convert/command.ts";
import { HASH_LABEL, INSTANCE_LABEL, MIGRATE, PROFILE, SCALE_TARGET_BEFORE } from "../../schema/labels.ts";
import type { KubeObject } from "./harness/api.ts";
import { healthy, newWorld, type World } from "./harness/clusterWorld.ts";
import {
  canMigrate,
  deployed,
  deploymentsOf,
  endpoints,
  migratingCluster,
  said,
  watched,
} from "./harness/migrating.ts";
import { until as waitUntil } from "./harness/until.ts";

const name = "web";
const ours = test.concurrent.skipIf(!canMigrate);

const own = migratingCluster("migration-adopt");

const until = (what: string, holds: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<number> =>
  waitUntil(what, holds, timeoutMs);

const listed = async (world: World, path: string): Promise<readonly KubeObject[]> =>
  (await world.harness.api.list(path.replace("NS", world.namespace))).items;
const pods = (world: World) => listed(world, "/api/v1/namespaces/NS/pods");
const replicaSets = (world: World) => listed(world, "/apis/apps/v1/namespaces/NS/replicasets");
const uids = (objects: readonly KubeObject[]): readonly string[] =>
  objects.map(({ metadata }) => metadata.uid ?? "").toSorted((a, b) => a.localeCompare(b));

const annotate = (world: World, annotations: Readonly<Record<string, string | null>>): Promise<unknown> =>
  world.harness.api.patch(`${deploymentsOf(world)}/${name}`, "merge", { metadata: { annotations } });

/** The Rollout is driven, and Healthy with its one ReplicaSet. */
async function adopted(world: World): Promise<void> {
  await until(
    "the Rollout is Healthy",
    async () => {
      const scene = await world.scene(name).catch(() => undefined);
      const isHeld = scene?.rollout.metadata.labels?.[INSTANCE_LABEL] !== undefined;
      return scene !== undefined && !isHeld && scene.replicaSets.length === 1 && healthy(scene.rollout, scene);
    },
    30_000,
  );
  expect(await listed(world, "/apis/apps/v1/namespaces/NS/deployments")).toEqual([]);
}

ours("a running Deployment is adopted without a new pod, a lost pod or an empty Service", async () => {
  const world = await deployed("migration-adopt", name, own());
  const before = uids(await pods(world));
  const seen = watched(world, name);
  await annotate(world, { [MIGRATE]: "adopt" });
  await adopted(world);
  await world.settle(name, "Healthy", healthy);
  expect(await seen()).toEqual({ fewest: 3, most: 3 });
  expect(uids(await pods(world))).toEqual(before);
  const { rollout } = await world.scene(name);
  for (const { metadata } of await pods(world))
    expect(metadata.labels?.[HASH_LABEL]).toBe(rollout.status?.stableRS ?? "");
  await until("it is said", async () => (await said(world, "Rollout")).length > 0);
  expect(await said(world, "Deployment")).toEqual([
    expect.stringContaining("Normal MigrationStarted A Rollout of its name takes over") as string,
    'Normal MigrationFollowUp Go on with the pods as they are: Service "NS/web"'.replace("NS", world.namespace),
  ]);
  expect(await said(world, "Rollout")).toEqual([
    "Normal MigrationCompleted It has taken over 1 ReplicaSet and 3 pods of the Deployment of its name, as they run",
  ]);
  const changed = [{ name, image: "argoproj/rollouts-demo:yellow" }];
  await world.patch(name, { spec: { template: { spec: { containers: changed } } } });
  await world.waitFor(name, "a canary beside the adopted pods", (_, scene) => scene.replicaSets.length === 2);
  const now = uids(await pods(world));
  expect(before.some((uid) => now.includes(uid))).toBe(true);
});

const blueGreen = "blueGreen: { activeService: $(name), previewService: $(name)-preview }";

interface Way {
  readonly replicas?: number;
  /** Makes it ask. */
  readonly ask: (world: World) => Promise<unknown>;
  readonly after?: (world: World) => Promise<void>;
}

const ways: Readonly<Record<string, Way>> = {
  "one of a Namespace that asks": {
    ask: ({ harness: { api }, namespace }) =>
      api.patch(`/api/v1/namespaces/${namespace}`, "merge", { metadata: { labels: { [MIGRATE]: "adopt" } } }),
  },
  "one without pods": { replicas: 0, ask: (world) => annotate(world, { [MIGRATE]: "adopt" }) },
  "one with a blue-green profile": {
    async ask(world) {
      const { api } = world.harness;
      const of = `/api/v1/namespaces/${world.namespace}`;
      await api.create(`${of}/services`, {
        metadata: { name: `${name}-preview` },
        spec: { selector: { app: name }, ports: [{ port: 80 }] },
      });
      await api.create(`${of}/configmaps`, {
        metadata: { name: "profiles", labels: { "sluice.dev/profiles": "true" } },
        data: { blue: blueGreen },
      });
      await annotate(world, { [MIGRATE]: "adopt", [PROFILE]: "blue" });
    },
    async after(world) {
      const { rollout } = await world.scene(name);
      const service = await world.harness.api.get<KubeObject & { readonly spec: object }>(
        `/api/v1/namespaces/${world.namespace}/services/${name}`,
      );
      expect(service.spec).toMatchObject({ selector: { [HASH_LABEL]: rollout.status?.stableRS } });
    },
  },
  "one that an autoscaler scales": {
    async ask(world) {
      await world.harness.api.create(`/apis/autoscaling/v2/namespaces/${world.namespace}/horizontalpodautoscalers`, {
        metadata: { name },
        spec: {
          scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
          minReplicas: 3,
          maxReplicas: 5,
          metrics: [
            { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } },
          ],
        },
      });
      await annotate(world, { [MIGRATE]: "adopt" });
    },
    async after(world) {
      const path = `/apis/autoscaling/v2/namespaces/${world.namespace}/horizontalpodautoscalers/${name}`;
      const { metadata, spec } = await world.harness.api.get<KubeObject & { readonly spec: object }>(path);
      expect(spec).toMatchObject({ scaleTargetRef: { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name } });
      expect(metadata.annotations?.[SCALE_TARGET_BEFORE]).toContain('"kind":"Deployment"');
      const text = `Normal MigrationFollowUp HorizontalPodAutoscaler "${name}" scales this Rollout now`;
      await until("it is said", async () => (await said(world, "Rollout")).some((one) => one.startsWith(text)));
    },
  },
};

for (const [what, { replicas = 3, ask, after }] of Object.entries(ways))
  ours(`${what} is adopted without a restart`, async () => {
    const world = await deployed("migration-adopt-way", name, own(), { replicas });
    const before = { pods: uids(await pods(world)), sets: uids(await replicaSets(world)) };
    const seen = watched(world, name);
    await ask(world);
    await adopted(world);
    await world.settle(name, "Healthy", healthy);
    expect(await seen()).toEqual({ fewest: replicas, most: replicas });
    expect({ pods: uids(await pods(world)), sets: uids(await replicaSets(world)) }).toEqual(before);
    await after?.(world);
  });

ours("a new Deployment that asks is adopted once it is available", async () => {
  const world = await newWorld("migration-adopt-new", own());
  const labels = { app: name };
  await world.harness.api.create(deploymentsOf(world), {
    metadata: { name, annotations: { [MIGRATE]: "adopt" } },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name, image: "argoproj/rollouts-demo:blue" }] } },
    },
  });
  const seen = watched(world, name);
  await adopted(world);
  await world.settle(name, "Healthy", healthy);
  expect((await seen()).most).toBe(3);
});

ours("a Deployment that is made again beside the adopted Rollout is reported, and neither fights", async () => {
  const world = await deployed("migration-adopt-again", name, own());
  const before = uids(await pods(world));
  await annotate(world, { [MIGRATE]: "adopt" });
  await adopted(world);
  const labels = { app: name };
  await world.harness.api.create(deploymentsOf(world), {
    metadata: { name, annotations: { [MIGRATE]: "none" } },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name, image: "argoproj/rollouts-demo:blue" }] } },
    },
  });
  await until("both have their pods", async () => (await endpoints(world)) === 5, 30_000);
  const found = (kind: "Deployment" | "Rollout", text: string) => async () =>
    (await said(world, kind)).some((one) => one.includes(text));
  await until("the Deployment is told", found("Deployment", `MigrationBlocked Rollout "${name}" has taken over`));
  await until("the Rollout is told", found("Rollout", `MigrationBlocked Deployment "${name}" was made again`));
  const scene = await world.settle(name, "Healthy", healthy);
  expect(scene.replicaSets).toHaveLength(1);
  const now = uids(await pods(world));
  expect(now).toHaveLength(5);
  expect(now.filter((uid) => before.includes(uid))).toEqual([...before]);
  await world.harness.api.delete(`${deploymentsOf(world)}/${name}`, { propagationPolicy: "Background" });
  await until("only the Rollout's are left", async () => (await pods(world)).length === 3, 30_000);
  expect(uids(await pods(world))).toEqual(before);
});

ours("a ReplicaSet of somebody else with the same labels is not taken", async () => {
  const world = await deployed("migration-adopt-foreign", name, own());
  const labels = { app: name, of: "somebody" };
  const sets = `/apis/apps/v1/namespaces/${world.namespace}/replicasets`;
  // It belongs to nobody, and is not the Deployment's while it has another label; that changes when the Deployment goes.
  const foreign = await world.harness.api.create(sets, {
    metadata: { name: "foreign", labels: { of: "somebody" } },
    spec: {
      replicas: 1,
      selector: { matchLabels: { of: "somebody" } },
      template: { metadata: { labels }, spec: { containers: [{ name, image: "argoproj/rollouts-demo:blue" }] } },
    },
  });
  await annotate(world, { [MIGRATE]: "adopt" });
  await until("the Deployment is gone", async () => {
    const { items } = await world.harness.api.list(deploymentsOf(world));
    return items.length === 0;
  });
  await world.harness.api.patch(`${sets}/foreign`, "merge", { metadata: { labels } });
  await adopted(world);
  await world.settle(name, "Healthy", healthy);
  const left = (await replicaSets(world)).find(({ metadata }) => metadata.name === "foreign");
  expect(left?.metadata.uid).toBe(foreign.metadata.uid ?? "");
  expect(left?.metadata.ownerReferences).toBeUndefined();
});

async function converted(object: unknown): Promise<{ readonly object: KubeObject; readonly report: string }> {
  let out = "";
  let report = "";
  const ports = {
    stdin: () => Promise.resolve(JSON.stringify(object)),
    out: (text: string) => void (out += text),
    err: (line: string) => void (report += `${line}\n`),
  };
  expect(await runConvert(["-f", "-", "--to", "deployment"], ports), report).toBe(0);
  return { object: JSON.parse(out) as KubeObject, report };
}

ours("an adopted Rollout is a Deployment again without a restart, as convert says beforehand", async () => {
  const world = await deployed("migration-adopt-back", name, own());
  const { api } = world.harness;
  const before = uids(await pods(world));
  await ways["one of a Namespace that asks"]?.ask(world);
  await adopted(world);
  const { object, report } = await converted(await api.get(world.path("Rollout", name)));
  expect(report).toContain("changed: no pod restarts");
  expect(object.metadata.annotations).toEqual({ [MIGRATE]: "none" });
  const seen = watched(world, name);
  await api.delete(world.path("Rollout", name), { propagationPolicy: "Orphan" });
  await until(
    "the Rollout is gone",
    async () => (await world.scene(name).catch(() => undefined)) === undefined,
    90_000,
  );
  await api.create(deploymentsOf(world), object);
  const status = async () =>
    (
      await api.get<KubeObject & { readonly status?: { readonly availableReplicas?: number } }>(
        `${deploymentsOf(world)}/${name}`,
      )
    ).status;
  await until("the Deployment has them", async () => (await status())?.availableReplicas === 3, 30_000);
  await Bun.sleep(2_000);
  expect(await seen()).toEqual({ fewest: 3, most: 3 });
  expect(uids(await pods(world))).toEqual(before);
  expect((await listed(world, "/apis/argoproj.io/v1alpha1/namespaces/NS/rollouts")).length).toBe(0);
});
