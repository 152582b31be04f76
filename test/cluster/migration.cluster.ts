/** Deployments that stay the source of truth while a Rollout has their pods (docs/migration.md#mode-reference). */
import { expect, test } from "bun:test";
import { MANAGED_BY_ROLLOUT, MIGRATE, REPLICAS_BEFORE, REPLICAS_WANTED } from "../../schema/labels.ts";
import type { KubeObject } from "./harness/api.ts";
import { healthy, pausedAt, type World } from "./harness/clusterWorld.ts";
import { canMigrate, deployed, deploymentsOf, endpoints, migratingCluster } from "./harness/migrating.ts";
import { until } from "./harness/until.ts";

const name = "web";
const ours = test.concurrent.skipIf(!canMigrate);

const own = migratingCluster("migration");

interface Deployment extends KubeObject {
  readonly spec: { readonly replicas: number };
  readonly status?: { readonly availableReplicas?: number };
}

const stored = (world: World): Promise<Deployment> =>
  world.harness.api.get<Deployment>(`${deploymentsOf(world)}/${name}`);
const annotate = (world: World, annotations: Readonly<Record<string, string | null>>): Promise<unknown> =>
  world.harness.api.patch(`${deploymentsOf(world)}/${name}`, "merge", { metadata: { annotations } });

/** Looks at the Service all the while. @returns ends it, with the fewest endpoints that were seen */
function witness(world: World): () => Promise<number> {
  const seen = { least: Infinity, on: true };
  const looking = (async () => {
    while (seen.on) {
      seen.least = Math.min(seen.least, await endpoints(world));
      await Bun.sleep(50);
    }
  })();
  return async () => {
    seen.on = false;
    await looking;
    return seen.least;
  };
}

ours(
  "a Deployment becomes a Rollout, is updated by it, sized by its owner, and becomes a Deployment again",
  async () => {
    const world = await deployed("migration-reference", name, own());
    const least = witness(world);
    await annotate(world, { [MIGRATE]: "reference" });
    await until("the Deployment is at 0", async () => (await stored(world)).spec.replicas === 0, 30_000);
    await world.settle(name, "Healthy", healthy);
    expect((await stored(world)).metadata.annotations).toMatchObject({ [MANAGED_BY_ROLLOUT]: name });

    await annotate(world, { [REPLICAS_WANTED]: "5" });
    await until("five pods serve", async () => (await endpoints(world)) === 5, 30_000);

    const containers = [{ name, image: "argoproj/rollouts-demo:green" }];
    await world.harness.api.patch(`${deploymentsOf(world)}/${name}`, "strategic", {
      spec: { template: { spec: { containers } } },
    });
    await world.settle(name, "the first pause", pausedAt(1));
    expect((await stored(world)).spec.replicas).toBe(0);

    await annotate(world, { [MIGRATE]: null });
    await until(
      "it is a Deployment like others",
      async () => (await stored(world)).metadata.annotations?.[MANAGED_BY_ROLLOUT] === undefined,
      60_000,
    );
    const { spec, status, metadata } = await stored(world);
    expect({ size: spec.replicas, available: status?.availableReplicas }).toEqual({ size: 5, available: 5 });
    for (const mark of [REPLICAS_WANTED, REPLICAS_BEFORE]) expect(metadata.annotations).not.toHaveProperty(mark);
    // The garbage collector learns of a new kind within half a minute.
    await until("only its own pods are left", async () => (await endpoints(world)) === 5, 120_000);
    expect(await least()).toBeGreaterThanOrEqual(3);
  },
);

ours("a Rollout that somebody deletes gives the Deployment its pods back before it goes", async () => {
  const world = await deployed("migration-deleted", name, own());
  await annotate(world, { [MIGRATE]: "reference" });
  await until("the Deployment is at 0", async () => (await stored(world)).spec.replicas === 0, 30_000);
  await world.settle(name, "Healthy", healthy);
  const least = witness(world);
  // Not asked for any more, and gone, in one moment: the order is the same.
  await annotate(world, { [MIGRATE]: null });
  await world.harness.api.delete(world.path("Rollout", name));
  await until(
    "it is a Deployment like others",
    async () => (await stored(world)).metadata.annotations?.[MANAGED_BY_ROLLOUT] === undefined,
    60_000,
  );
  expect((await stored(world)).spec.replicas).toBe(3);
  expect(await least()).toBeGreaterThanOrEqual(3);
});
