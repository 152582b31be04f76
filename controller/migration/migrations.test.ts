/** Mode reference by the controller as a whole, on a cluster in memory (docs/migration.md#mode-reference). */
import { describe, expect, test } from "bun:test";
import {
  MANAGED_BY_ROLLOUT,
  MIGRATE,
  MIGRATED,
  REPLICAS_BEFORE,
  REPLICAS_WANTED,
  RESTORE_WORKLOAD,
} from "../../schema/labels.ts";
import { asks, type Given, MINUTE, ROLLOUT, stage } from "./stage/testing.ts";

describe("a Deployment that asks for mode reference", () => {
  test.each([Infinity, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])(
    "is replaced by a Rollout without a pod less, and comes back so, killed before write %p",
    async (write) => {
      const world = await stage();
      world.killAt(write);
      world.annotate(asks);
      await world.clock.advance(10 * MINUTE);
      expect(world.deployment().spec.replicas).toBe(0);
      expect(world.deployment().metadata.annotations).toMatchObject({ [MANAGED_BY_ROLLOUT]: "web" });
      expect(world.rollout()).toMatchObject({
        metadata: { annotations: { [MIGRATED]: "reference" }, finalizers: [RESTORE_WORKLOAD] },
        spec: { replicas: 3 },
        status: { phase: "Healthy", availableReplicas: 3 },
      });
      expect(world.rollout()?.metadata.ownerReferences).toMatchObject([{ kind: "Deployment", name: "web" }]);
      expect(world.available.least).toBeGreaterThanOrEqual(3);

      world.killAt(write);
      world.annotate({ [MIGRATE]: undefined });
      await world.clock.advance(20 * MINUTE);
      expect(world.rollout()).toBeUndefined();
      expect(world.deployment()).toMatchObject({ spec: { replicas: 3 }, status: { availableReplicas: 3 } });
      for (const mark of [MANAGED_BY_ROLLOUT, REPLICAS_WANTED, REPLICAS_BEFORE])
        expect(world.deployment().metadata.annotations ?? {}).not.toHaveProperty(mark);
      expect(world.available.least).toBeGreaterThanOrEqual(3);
      world.end();
    },
  );

  test("gives the Rollout the size that its owner wants, each time it is another", async () => {
    const world = await stage({ annotations: asks });
    await world.clock.advance(5 * MINUTE);
    world.annotate({ [REPLICAS_WANTED]: "5" });
    await world.clock.advance(MINUTE);
    expect(world.rollout()).toMatchObject({ spec: { replicas: 5 }, status: { availableReplicas: 5 } });
    // Who scales the Rollout itself is not overruled by what was carried before.
    world.core.modify(ROLLOUT, (old) => ({ ...old, spec: { ...(old["spec"] as object), replicas: 2 } }));
    await world.clock.advance(20 * MINUTE);
    expect(world.rollout()?.spec.replicas).toBe(2);
    world.annotate({ [REPLICAS_WANTED]: "0" });
    await world.clock.advance(MINUTE);
    expect(world.rollout()?.spec.replicas).toBe(0);
    world.end();
  });

  test("is born with 0 by the webhook, and has its pods back when that ends", async () => {
    const world = await stage({ annotations: { ...asks, [REPLICAS_WANTED]: "4" }, replicas: 0 });
    await world.clock.advance(5 * MINUTE);
    expect(world.rollout()).toMatchObject({
      spec: { replicas: 4 },
      status: { phase: "Healthy", availableReplicas: 4 },
    });
    expect(world.deployment().spec.replicas).toBe(0);
    world.available.least = Infinity;
    world.annotate({ [MIGRATE]: undefined });
    await world.clock.advance(10 * MINUTE);
    expect(world.rollout()).toBeUndefined();
    expect(world.deployment()).toMatchObject({ spec: { replicas: 4 }, status: { availableReplicas: 4 } });
    expect(world.available.least).toBeGreaterThanOrEqual(4);
    world.end();
  });

  test("asks once more by being there when somebody deletes the Rollout: no pod is lost", async () => {
    const world = await stage({ annotations: asks });
    await world.clock.advance(5 * MINUTE);
    world.core.delete(ROLLOUT);
    await world.clock.advance(10 * MINUTE);
    expect(world.rollout()).toMatchObject({ status: { phase: "Healthy", availableReplicas: 3 } });
    expect(world.available.least).toBeGreaterThanOrEqual(3);
    world.end();
  });

  test.each([
    ["has another Rollout of its name", {}, "a Rollout of its name that no migration made"],
    ["is paused", { spec: { paused: true } }, "it is paused"],
    ["names a profile that is not there", { annotations: { ...asks, "sluice.dev/profile": "no" } }, 'no profile "no"'],
    ["asks for no mode", { annotations: { [MIGRATE]: "both" } }, 'has to be "reference", "adopt" or "none"'],
    [
      "belongs to another controller",
      { owners: [{ apiVersion: "example.com/v1", kind: "Website", name: "shop", uid: "1", controller: true }] },
      'Website "shop" makes it',
    ],
  ])("stays as it is, and says why, where it %s", async (why, given: Given, message) => {
    const world = await stage(given);
    if (why.includes("another Rollout"))
      world.core.create("rollouts.argoproj.io", {
        apiVersion: "argoproj.io/v1alpha1",
        kind: "Rollout",
        metadata: { name: "web", namespace: "default" },
        spec: { replicas: 0, paused: true, selector: { matchLabels: { app: "other" } }, strategy: { canary: {} } },
      });
    world.annotate({ ...asks, ...given.annotations });
    await world.clock.advance(5 * MINUTE);
    expect(world.deployment().spec.replicas).toBe(3);
    expect(world.deployment().metadata.annotations).not.toHaveProperty(MANAGED_BY_ROLLOUT);
    const told = world.events().filter(({ reason }) => reason === "MigrationBlocked");
    expect(told.map((event) => event.message).join()).toContain(message);
    world.end();
  });

  test.each([
    ["it asks not to, in a Namespace that does", { annotations: { [MIGRATE]: "none" } }],
    ["nobody asks", {}],
  ])("is left alone where %s", async (_, given: Given) => {
    const world = await stage(given);
    await world.clock.advance(5 * MINUTE);
    expect(world.rollout()).toBeUndefined();
    expect(world.deployment().spec.replicas).toBe(3);
    world.end();
  });
});
