/** What is asked before a Deployment becomes a Rollout: its profile, what is in the way, who goes on with the pods. */
import { beforeAll, expect, test } from "bun:test";
import { MANAGED_BY_ROLLOUT, MIGRATE, PROFILE } from "../../schema/labels.ts";
import type { KubeObject } from "./harness/api.ts";
import { healthy, type World } from "./harness/clusterWorld.ts";
import { createFollowers, wordsAboutFollowers } from "./harness/followers.ts";
import { applyForeignKinds } from "./harness/foreignKinds.ts";
import { canMigrate, deployed, deploymentsOf, migratingCluster, said } from "./harness/migrating.ts";
import { until as waitUntil } from "./harness/until.ts";

const name = "web";
const ours = test.concurrent.skipIf(!canMigrate);

const own = migratingCluster("migration-profiles");
beforeAll(async () => {
  const current = own();
  if (current !== undefined) await applyForeignKinds(current);
}, 60_000);

const until = (what: string, holds: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<number> =>
  waitUntil(what, holds, timeoutMs);

const annotate = (world: World, annotations: Readonly<Record<string, string | null>>): Promise<unknown> =>
  world.harness.api.patch(`${deploymentsOf(world)}/${name}`, "merge", { metadata: { annotations } });

const configMaps = ({ namespace }: World): string => `/api/v1/namespaces/${namespace}/configmaps`;
const profilesOf = (data: object) => ({
  metadata: { name: "profiles", labels: { "sluice.dev/profiles": "true" } },
  data,
});

const isTold = (world: World, text: string) => async () =>
  (await said(world, "Deployment")).some((one) => one.includes(text));

/** Nothing of it was touched. */
async function untouched(world: World): Promise<void> {
  const { metadata } = await world.harness.api.get(`${deploymentsOf(world)}/${name}`);
  expect(metadata.annotations).not.toHaveProperty(MANAGED_BY_ROLLOUT);
  expect((await world.harness.api.list(world.path("Rollout"))).items).toEqual([]);
}

interface WithSteps extends KubeObject {
  readonly spec: { readonly strategy: { readonly canary: object } };
}

/** The Rollout has its pods, and the one step of the profile that the stories use. */
async function migratedBy(world: World, setWeight: number): Promise<void> {
  await until("there is a Rollout", async () => (await world.scene(name).catch(() => undefined)) !== undefined);
  await world.settle(name, "Healthy", healthy);
  const { spec } = await world.harness.api.get<WithSteps>(world.path("Rollout", name));
  expect(spec.strategy.canary).toMatchObject({ steps: [{ setWeight }, { pause: {} }] });
}

const canary = (setWeight: number): string => `canary: { steps: [{ setWeight: ${setWeight} }, { pause: {} }] }`;

for (const mode of ["adopt", "reference"]) {
  ours(`a profile that appears after the opt-in is waited for, in mode ${mode}`, async () => {
    const world = await deployed("migration-profile-late", name, own());
    await annotate(world, { [MIGRATE]: mode, [PROFILE]: "careful" });
    await until("it is told", isTold(world, 'MigrationBlocked Not migrated: there is no profile "careful": there is'));
    await untouched(world);
    await world.harness.api.create(configMaps(world), profilesOf({ careful: canary(5) }));
    await migratedBy(world, 5);
  });

  ours(`a wrong profile holds the migration up until it is edited, in mode ${mode}`, async () => {
    const world = await deployed("migration-profile-wrong", name, own());
    const { api } = world.harness;
    await api.create(configMaps(world), profilesOf({ careful: canary(150) }));
    await annotate(world, { [MIGRATE]: mode, [PROFILE]: "careful" });
    const wrong = `profile "careful" of ConfigMap "${world.namespace}/profiles" is wrong: data[careful].canary.steps[0]`;
    await until("it is told", isTold(world, wrong));
    await untouched(world);
    await api.patch(`${configMaps(world)}/profiles`, "merge", { data: { careful: canary(15) } });
    await migratedBy(world, 15);
  });

  ours(`what looks at the pods of a Deployment is reported when it begins, in mode ${mode}`, async () => {
    const world = await deployed("migration-followers", name, own());
    await createFollowers(world, name);
    await annotate(world, { [MIGRATE]: mode });
    await until("there is a Rollout", async () => (await world.scene(name).catch(() => undefined)) !== undefined);
    await until("all is said", async () => (await said(world, "Deployment")).length >= 4);
    const words = (await said(world, "Deployment")).filter((one) => one.includes("FollowUp"));
    expect(words).toEqual([...wordsAboutFollowers(world, name)]);
    await world.settle(name, "Healthy", healthy);
    // KEDA would write its target back at once.
    const path = `/apis/autoscaling/v2/namespaces/${world.namespace}/horizontalpodautoscalers/keda-hpa-${name}`;
    expect((await world.harness.api.get<KubeObject & { spec: object }>(path)).spec).toMatchObject({
      scaleTargetRef: { kind: "Deployment" },
    });
    const budget = `/apis/policy/v1/namespaces/${world.namespace}/poddisruptionbudgets/${name}`;
    await until("the budget counts the Rollout's pods", async () => {
      const { status } = await world.harness.api.get<KubeObject & { status?: { expectedPods?: number } }>(budget);
      return status?.expectedPods === 3;
    });
  });
}

ours("what stands in the way is reported, and nothing is done until it is gone", async () => {
  const world = await deployed("migration-obstacle", name, own());
  const { api } = world.harness;
  const quotas = `/api/v1/namespaces/${world.namespace}/resourcequotas`;
  await api.create(quotas, { metadata: { name: "small" }, spec: { hard: { pods: "5" } } });
  await until("it is counted", async () => {
    const { status } = await api.get<KubeObject & { status?: { used?: { pods?: string } } }>(`${quotas}/small`);
    return status?.used?.pods === "3";
  });
  const labels = { app: name, of: "other" };
  await api.create(deploymentsOf(world), {
    metadata: { name: "other" },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name, image: "argoproj/rollouts-demo:blue" }] } },
    },
  });
  await annotate(world, { [MIGRATE]: "reference" });
  const quota = `ResourceQuota "${world.namespace}/small" is too small: pods: 3 more is needed, and 2 of 5 is left`;
  await until("the quota is told", isTold(world, `Warning MigrationBlocked Not migrated: ${quota}`));
  await until("the other is told", isTold(world, `Deployment "${world.namespace}/other" may have the same pods`));
  await untouched(world);
  await api.delete(`${quotas}/small`);
  await api.delete(`${deploymentsOf(world)}/other`);
  // Neither is watched: it looks again every minute.
  await until("there is a Rollout", async () => (await world.scene(name).catch(() => undefined)) !== undefined, 90_000);
  await world.settle(name, "Healthy", healthy);
});
