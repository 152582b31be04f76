/**
 * Deployments that get their pods back in one go before Sluice is taken away (docs/uninstall.md#deployments-that-have-become-rollouts),
 * and two installations that share the Deployments of a cluster. Tests build on each other, in order.
 */
import { afterAll, expect, test } from "bun:test";
import { INSTANCE_LABEL, MANAGED_BY_ROLLOUT, MIGRATE } from "../../schema/labels.ts";
import type { KubeObject } from "./harness/api.ts";
import { healthy, pausedAt, type World } from "./harness/clusterWorld.ts";
import { ownController, startController } from "./harness/controllerProcess.ts";
import { canMigrate, deployed, deploymentsOf, endpoints, migratingCluster } from "./harness/migrating.ts";
import { newNursery } from "./harness/processes.ts";
import { abort } from "./harness/userActions.ts";
import { until } from "./harness/until.ts";

const name = "web";
const ours = test.skipIf(!canMigrate);
const own = migratingCluster("migration-restore");
const nursery = newNursery();
afterAll(() => nursery.release());

interface Deployment extends KubeObject {
  readonly spec: { readonly replicas: number; readonly paused?: boolean };
  readonly status?: { readonly availableReplicas?: number };
}

const stored = (world: World): Promise<Deployment> =>
  world.harness.api.get<Deployment>(`${deploymentsOf(world)}/${name}`);
const edit = (world: World, body: object): Promise<unknown> =>
  world.harness.api.patch(`${deploymentsOf(world)}/${name}`, "strategic", body);
const isMarked = async (world: World): Promise<boolean> =>
  (await stored(world)).metadata.annotations?.[MANAGED_BY_ROLLOUT] !== undefined;

/** Another controller in the cluster of this file, with these flags. */
async function another(flag: string): Promise<void> {
  const harness = own();
  if (harness?.plane === undefined) throw new Error("This needs a cluster of its own");
  const controller = startController({
    nursery,
    name: `controller${flag}`,
    kubeconfig: await harness.plane.identity("another-controller"),
    logs: harness.logs,
    command: `${ownController} ${flag}`,
  });
  await until("it is ready", async () => (await controller.health("/readyz")) === 200, 60_000);
}

async function migrated(topic: string): Promise<World> {
  const world = await deployed(topic, name, own());
  await edit(world, { metadata: { annotations: { [MIGRATE]: "reference" } } });
  await until("the Deployment is at 0", async () => (await stored(world)).spec.replicas === 0, 30_000);
  await world.settle(name, "Healthy", healthy);
  return world;
}

ours("a Deployment is migrated by the installation whose label it has, and by no other", async () => {
  const world = await deployed("migration-instance", name, own());
  const both = { labels: { [INSTANCE_LABEL]: "b" }, annotations: { [MIGRATE]: "reference" } };
  await edit(world, { metadata: both });
  const first = await migrated("migration-first");
  expect(await isMarked(world)).toBe(false);
  expect((await stored(world)).spec.replicas).toBe(3);
  await another("--migrate-deployments --instance-id=b");
  await until("the Deployment is at 0", async () => (await stored(world)).spec.replicas === 0, 30_000);
  await world.settle(name, "Healthy", healthy);
  const rollout = await world.harness.api.get(world.path("Rollout", name));
  expect(rollout.metadata.labels).toMatchObject({ [INSTANCE_LABEL]: "b" });
  expect(await isMarked(first)).toBe(true);
});

ours("--restore-deployments gives all Deployments their pods back, also in the middle of a failure", async () => {
  const [one, other] = await Promise.all([migrated("restore-healthy"), migrated("restore-failed")]);
  const containers = [{ name, image: "argoproj/rollouts-demo:green" }];
  await edit(other, { spec: { template: { spec: { containers } } } });
  await other.settle(name, "the first pause", pausedAt(1));
  await abort(other, name);
  await until("it is paused", async () => (await stored(other)).spec.paused === true, 30_000);

  const worlds = [one, other];
  let least = Infinity;
  let isOver = false;
  const looking = (async () => {
    while (!isOver) {
      least = Math.min(least, ...(await Promise.all(worlds.map((world) => endpoints(world)))));
      await Bun.sleep(50);
    }
  })();
  for (const controller of one.harness.controllers()) await controller.child.stop();
  await another("--restore-deployments");
  for (const world of worlds) {
    await until("nothing of it is left", async () => !(await isMarked(world)), 90_000);
    const { spec, status } = await stored(world);
    expect([spec.replicas, status?.availableReplicas, spec.paused ?? false]).toEqual([3, 3, false]);
    expect((await world.harness.api.list(world.path("Rollout"))).items).toEqual([]);
  }
  // They still ask for it; nobody acts on that any more.
  const late = await deployed("restore-late", name, own());
  await edit(late, { metadata: { annotations: { [MIGRATE]: "reference" } } });
  await Bun.sleep(3_000);
  expect(await Promise.all([...worlds, late].map((world) => isMarked(world)))).toEqual([false, false, false]);
  isOver = true;
  await looking;
  expect(least).toBeGreaterThanOrEqual(3);
});
