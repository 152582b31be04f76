/** Deployments that a Rollout takes over as they run (docs/migration.md#mode-adopt). */
import { expect, test } from "bun:test";
import { HASH_LABEL, MIGRATE } from "../../schema/labels.ts";
import { healthy } from "./harness/clusterWorld.ts";
import { canMigrate, deployed, deploymentsOf, endpoints, migratingCluster } from "./harness/migrating.ts";
import { until } from "./harness/until.ts";

const name = "web";
const ours = test.concurrent.skipIf(!canMigrate);

const own = migratingCluster("migration-adopt");

ours("a running Deployment is adopted without a new pod, a lost pod or an empty Service", async () => {
  const world = await deployed("migration-adopt", name, own());
  const { api } = world.harness;
  const deployments = deploymentsOf(world);
  const pods = async () => (await api.list(`/api/v1/namespaces/${world.namespace}/pods`)).items;
  const uids = async () =>
    (await pods()).map(({ metadata }) => metadata.uid ?? "").toSorted((a, b) => a.localeCompare(b));
  const before = await uids();
  await api.patch(`${deployments}/${name}`, "merge", { metadata: { annotations: { [MIGRATE]: "adopt" } } });
  const seen = { fewest: 3, most: 3 };
  await until(
    "the Rollout is Healthy",
    async () => {
      seen.fewest = Math.min(seen.fewest, await endpoints(world));
      seen.most = Math.max(seen.most, (await pods()).length);
      const scene = await world.scene(name).catch(() => undefined);
      return scene !== undefined && scene.replicaSets.length === 1 && healthy(scene.rollout, scene);
    },
    30_000,
  );
  await world.settle(name, "Healthy", healthy);
  expect(seen).toEqual({ fewest: 3, most: 3 });
  expect(await uids()).toEqual(before);
  const { rollout } = await world.scene(name);
  for (const { metadata } of await pods()) expect(metadata.labels?.[HASH_LABEL]).toBe(rollout.status?.stableRS ?? "");
  expect((await api.list(deployments)).items).toEqual([]);
  const changed = [{ name, image: "argoproj/rollouts-demo:yellow" }];
  await world.patch(name, { spec: { template: { spec: { containers: changed } } } });
  await world.waitFor(name, "a canary beside the adopted pods", (_, { replicaSets }) => replicaSets.length === 2);
  const now = await uids();
  expect(before.some((uid) => now.includes(uid))).toBe(true);
});
