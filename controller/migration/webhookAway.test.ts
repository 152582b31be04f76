/** What is written to a migrated Deployment while nobody reviews it (docs/migration.md#while-the-webhook-is-away). */
import { describe, expect, test } from "bun:test";
import {
  MANAGED_BY_ROLLOUT,
  MIGRATE,
  PAUSED_FOR_ROLLOUT,
  PROFILE,
  REPLICAS_LEFT,
  REPLICAS_WANTED,
} from "../../schema/labels.ts";
import { asks, DEPLOYMENT, MINUTE, ROLLOUT, stage } from "./stage/testing.ts";

type World = Awaited<ReturnType<typeof stage>>;

async function migrated(): Promise<World> {
  const world = await stage({ annotations: asks });
  await world.clock.advance(5 * MINUTE);
  return world;
}

const apply = ({ core }: World, replicas: number): void =>
  void core.modify(DEPLOYMENT, (old) => ({ ...old, spec: { ...(old["spec"] as object), replicas } }));

const sizes = (world: World) => ({
  deployment: world.deployment().spec.replicas,
  rollout: world.rollout()?.spec.replicas,
  available: world.rollout()?.status?.availableReplicas,
});

describe("a size that is applied to a migrated Deployment while the webhook is away", () => {
  test.each([Infinity, 1, 2, 3, 4, 5, 6, 7, 8])(
    "goes to its Rollout, and the Deployment back to 0, killed before write %p",
    async (write) => {
      const world = await migrated();
      world.killAt(write);
      apply(world, 5);
      await world.clock.advance(5 * MINUTE);
      expect(sizes(world)).toEqual({ deployment: 0, rollout: 5, available: 5 });
      world.killAt(write);
      apply(world, 2);
      await world.clock.advance(5 * MINUTE);
      expect(sizes(world)).toEqual({ deployment: 0, rollout: 2, available: 2 });
      expect(world.available.least).toBeGreaterThanOrEqual(2);
      world.end();
    },
  );

  test("is carried while no controller works, too", async () => {
    const world = await migrated();
    world.end();
    await world.clock.advance(MINUTE);
    apply(world, 6);
    await world.clock.advance(10 * MINUTE);
    world.begin();
    await world.clock.advance(5 * MINUTE);
    expect(sizes(world)).toEqual({ deployment: 0, rollout: 6, available: 6 });
    world.end();
  });

  test("is carried to a Rollout that has been sized to 0", async () => {
    const world = await migrated();
    world.annotate({ [REPLICAS_WANTED]: "0" });
    await world.clock.advance(MINUTE);
    expect(sizes(world)).toMatchObject({ deployment: 0, rollout: 0 });
    apply(world, 2);
    await world.clock.advance(5 * MINUTE);
    expect(sizes(world)).toEqual({ deployment: 0, rollout: 2, available: 2 });
    world.end();
  });

  test.each([7, 2])("is carried when it comes just as the Deployment has reached 0: %p", async (wanted) => {
    const world = await stage();
    let written = false;
    world.core.onChange(() => {
      if (written || world.deployment().spec.replicas !== 0) return;
      written = true;
      world.clock.after(1, () => apply(world, wanted));
    });
    world.annotate(asks);
    await world.clock.advance(10 * MINUTE);
    expect(written).toBe(true);
    expect(sizes(world)).toEqual({ deployment: 0, rollout: wanted, available: wanted });
    world.end();
  });

  test("that is the one it had overrules nobody who has scaled the Rollout since", async () => {
    const world = await migrated();
    apply(world, 5);
    await world.clock.advance(5 * MINUTE);
    world.core.modify(ROLLOUT, (old) => ({ ...old, spec: { ...(old["spec"] as object), replicas: 9 } }));
    await world.clock.advance(5 * MINUTE);
    apply(world, 5);
    await world.clock.advance(5 * MINUTE);
    expect(sizes(world)).toEqual({ deployment: 0, rollout: 9, available: 9 });
    world.end();
  });
});

describe("a migrated Deployment that is replaced without its marks while the webhook is away", () => {
  const replace = (world: World, annotations: Readonly<Record<string, string>>, replicas: number): void =>
    void world.core.modify(DEPLOYMENT, (old) => ({
      ...old,
      metadata: { ...old.metadata, annotations },
      spec: { ...(old["spec"] as object), replicas },
    }));

  test("is marked again, and its size goes to the Rollout, where it still asks", async () => {
    const world = await migrated();
    replace(world, asks, 4);
    await world.clock.advance(10 * MINUTE);
    expect(sizes(world)).toEqual({ deployment: 0, rollout: 4, available: 4 });
    expect(world.deployment().metadata.annotations).toMatchObject({ [MANAGED_BY_ROLLOUT]: "web" });
    expect(world.available.least).toBeGreaterThanOrEqual(3);
    world.end();
  });

  test("is a Deployment like others again, where it does not ask any more", async () => {
    const world = await migrated();
    replace(world, {}, 4);
    await world.clock.advance(20 * MINUTE);
    expect(world.rollout()).toBeUndefined();
    expect(world.deployment()).toMatchObject({ spec: { replicas: 4 }, status: { availableReplicas: 4 } });
    for (const mark of [MANAGED_BY_ROLLOUT, REPLICAS_WANTED, REPLICAS_LEFT])
      expect(world.deployment().metadata.annotations ?? {}).not.toHaveProperty(mark);
    expect(world.available.least).toBeGreaterThanOrEqual(3);
    world.end();
  });
});

test("a Deployment that was born with 0, and asks for nothing any more before its Rollout is made, gets its pods", async () => {
  const world = await stage({ annotations: { [REPLICAS_WANTED]: "4" }, replicas: 0 });
  await world.clock.advance(5 * MINUTE);
  expect(world.rollout()).toBeUndefined();
  expect(world.deployment()).toMatchObject({ spec: { replicas: 4 }, status: { availableReplicas: 4 } });
  expect(world.deployment().metadata.annotations ?? {}).not.toHaveProperty(REPLICAS_WANTED);
  expect(world.deployment().metadata.annotations ?? {}).not.toHaveProperty(MIGRATE);
  world.end();
});

test("a Deployment whose owner wants no pods is brought to 0 beside a Rollout that has none", async () => {
  const world = await migrated();
  world.annotate({ [REPLICAS_WANTED]: "0" });
  await world.clock.advance(MINUTE);
  world.annotate({ [REPLICAS_LEFT]: "3" });
  apply(world, 3);
  await world.clock.advance(5 * MINUTE);
  expect(sizes(world)).toMatchObject({ deployment: 0, rollout: 0 });
  world.end();
});

test("a Deployment that is held at 0 for a Rollout that cannot be made runs as it is, and is told why", async () => {
  const annotations = { ...asks, [REPLICAS_WANTED]: "2", [PAUSED_FOR_ROLLOUT]: "true", [PROFILE]: "none-such" };
  const world = await stage({ annotations, replicas: 0, spec: { paused: true } });
  await world.clock.advance(5 * MINUTE);
  expect(world.rollout()).toBeUndefined();
  expect(world.deployment()).toMatchObject({ spec: { replicas: 2 }, status: { availableReplicas: 2 } });
  expect(world.events().map(({ reason }) => reason)).toContain("MigrationBlocked");
  world.annotate({ [PROFILE]: undefined });
  await world.clock.advance(5 * MINUTE);
  expect(sizes(world)).toEqual({ deployment: 0, rollout: 2, available: 2 });
  world.end();
});

test("a size of the owner's is not written over an autoscaler's, but for 0 and what follows it", async () => {
  const world = await migrated();
  world.core.create("horizontalpodautoscalers.autoscaling", {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "web", namespace: "default" },
    spec: {
      scaleTargetRef: { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "web" },
      minReplicas: 1,
      maxReplicas: 9,
    },
  });
  for (const [wanted, size] of [
    [5, 3],
    [0, 0],
    [4, 4],
  ] as const) {
    world.annotate({ [REPLICAS_WANTED]: String(wanted) });
    await world.clock.advance(MINUTE);
    expect(sizes(world)).toMatchObject({ deployment: 0, rollout: size });
  }
  world.end();
});
