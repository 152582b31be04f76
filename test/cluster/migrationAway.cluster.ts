/**
 * Sizes that are written to a migrated Deployment while no webhook reviews them (docs/migration.md#while-the-webhook-is-away):
 * this cluster has none.
 */
import { expect, test } from "bun:test";
import { MANAGED_BY_ROLLOUT, MIGRATE, REPLICAS_WANTED } from "../../schema/labels.ts";
import type { KubeObject } from "./harness/api.ts";
import { healthy, type World } from "./harness/clusterWorld.ts";
import { canMigrate, deployed, deploymentsOf, endpoints, migratingCluster } from "./harness/migrating.ts";
import { until } from "./harness/until.ts";

const name = "web";
const ours = test.concurrent.skipIf(!canMigrate);
const own = migratingCluster("migration-away");

interface Sized extends KubeObject {
  readonly spec: { readonly replicas: number };
  readonly status?: { readonly replicas?: number; readonly conditions?: readonly { readonly type: string }[] };
}

const stored = (world: World): Promise<Sized> => world.harness.api.get<Sized>(`${deploymentsOf(world)}/${name}`);
const sizeOfRollout = async (world: World): Promise<number> =>
  (await world.harness.api.get<Sized>(world.path("Rollout", name))).spec.replicas;

/** The manifest of `deployed`, with another size; it asks for the migration. */
const manifest = (replicas: number): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, annotations: { [MIGRATE]: "reference" } },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name, image: "argoproj/rollouts-demo:blue" }] },
    },
  },
});

async function kubectl(world: World, args: readonly string[], object: object): Promise<void> {
  const answer = await world.harness.kubectl([...args, "-n", world.namespace, "-f", "-"], JSON.stringify(object));
  expect([answer.code, answer.code === 0 ? "" : answer.stderr]).toEqual([0, ""]);
}

async function migrated(topic: string): Promise<World> {
  const world = await deployed(topic, name, own());
  await kubectl(world, ["apply", "--server-side", "--force-conflicts"], manifest(3));
  await until("the Deployment is at 0", async () => (await stored(world)).spec.replicas === 0, 30_000);
  await world.settle(name, "Healthy", healthy);
  return world;
}

/** Waits until the size is the Rollout's, and nothing else is left of it. @returns ms until the Deployment was at 0 again */
async function carried(world: World, size: number): Promise<number> {
  const ms = await until(
    `the Deployment is at 0, and ${size} goes to its Rollout`,
    async () => (await stored(world)).spec.replicas === 0 && (await sizeOfRollout(world)) === size,
    30_000,
    async () => `: ${JSON.stringify(await stored(world))}`,
  );
  await until("as many pods serve, and no others", async () => (await endpoints(world)) === size, 30_000);
  expect((await stored(world)).metadata.annotations).toMatchObject({ [REPLICAS_WANTED]: String(size) });
  return ms;
}

ours("a size that is applied goes to the Rollout, and the Deployment back to 0, however it is applied", async () => {
  const world = await migrated("away-applied");
  for (const [args, size] of [
    [["apply", "--server-side"], 5],
    [["apply", "--server-side", "--field-manager=flux"], 2],
    [["replace"], 4],
  ] as const) {
    await kubectl(world, args, manifest(size));
    const ms = await carried(world, size);
    console.log(`kubectl ${args.join(" ")} of ${size} replicas: at 0 again, and carried, after ${Math.round(ms)} ms`);
  }
  await world.settle(name, "Healthy", healthy);
  await until(
    "it tells of no update any more",
    async () => {
      const { status: { conditions = [] } = {} } = await stored(world);
      return conditions.every(({ type }) => type !== "Reconciling");
    },
    30_000,
  );
  const { annotations, resourceVersion } = (await stored(world)).metadata;
  expect(annotations).toMatchObject({ [MANAGED_BY_ROLLOUT]: name });
  // Nobody fights: it is not written any more.
  await Bun.sleep(2_000);
  expect((await stored(world)).metadata.resourceVersion).toBe(resourceVersion);
});
