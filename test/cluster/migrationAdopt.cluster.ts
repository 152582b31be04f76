/** Deployments that a Rollout takes over as they run (docs/migration.md#mode-adopt). */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { HASH_LABEL, MIGRATE } from "../../schema/labels.ts";
import { healthy, newWorld } from "./harness/clusterWorld.ts";
import type { StartedHarness } from "./harness/harness.ts";
import { canMigrate, startMigrating } from "./harness/migrating.ts";
import type { KubeObject } from "./harness/api.ts";
import { until } from "./harness/until.ts";

const name = "web";
const ours = test.concurrent.skipIf(!canMigrate);

let own: StartedHarness | undefined;

beforeAll(async () => {
  if (canMigrate) own = await startMigrating("migration-adopt");
}, 120_000);

afterAll(() => own?.stop());

interface Slice extends KubeObject {
  readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[] | null;
}

ours("a running Deployment is adopted without a new pod, a lost pod or an empty Service", async () => {
  const world = await newWorld("migration-adopt", own);
  const { api } = world.harness;
  const labels = { app: name };
  const containers = [{ name, image: "argoproj/rollouts-demo:blue" }];
  const template = { metadata: { labels }, spec: { containers } };
  await world.create({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { selector: labels, ports: [{ port: 80 }] },
  });
  const deployments = `/apis/apps/v1/namespaces/${world.namespace}/deployments`;
  await api.create(deployments, {
    metadata: { name },
    spec: { replicas: 3, selector: { matchLabels: labels }, template },
  });
  const pods = async () => (await api.list(`/api/v1/namespaces/${world.namespace}/pods`)).items;
  const ready = async (): Promise<number> => {
    const path = `/apis/discovery.k8s.io/v1/namespaces/${world.namespace}/endpointslices`;
    const { items } = await api.list<Slice>(path);
    return items.flatMap(({ endpoints }) => endpoints ?? []).filter(({ conditions }) => conditions?.ready === true)
      .length;
  };
  await until("the Service has three endpoints", async () => (await ready()) === 3, 30_000);
  const uids = async () =>
    (await pods()).map(({ metadata }) => metadata.uid ?? "").toSorted((a, b) => a.localeCompare(b));
  const before = await uids();
  await api.patch(`${deployments}/${name}`, "merge", { metadata: { annotations: { [MIGRATE]: "adopt" } } });
  const seen = { fewest: 3, most: 3 };
  await until(
    "the Rollout is Healthy",
    async () => {
      seen.fewest = Math.min(seen.fewest, await ready());
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
