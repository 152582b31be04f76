/** What tools that know no Rollouts make of a Deployment whose pods one has (docs/migration.md#what-other-tools-say). */
import { describe, expect, test } from "bun:test";
import { MANAGED_BY_ROLLOUT, MIGRATE, PAUSED_FOR_ROLLOUT } from "../../schema/labels.ts";
import { argoCdHealth, kstatusOfDeployment, kubectlRolloutStatus } from "../../test/deploymentTools.ts";
import { asks, DEPLOYMENT, MINUTE, ROLLOUT, stage } from "./stage/testing.ts";

type World = Awaited<ReturnType<typeof stage>>;

const judged = ({ core }: World) => {
  const deployment = core.get(DEPLOYMENT);
  return {
    kstatus: kstatusOfDeployment(deployment),
    argoCd: argoCdHealth(deployment),
    kubectl: kubectlRolloutStatus(deployment),
  };
};

const isPaused = ({ core }: World): boolean =>
  (core.get(DEPLOYMENT)?.["spec"] as { readonly paused?: boolean } | undefined)?.paused === true;

async function setImage(world: World, image: string): Promise<void> {
  world.core.modify(DEPLOYMENT, (old) => {
    const spec = old["spec"] as { readonly template: { readonly metadata: object } };
    const template = { ...spec.template, spec: { containers: [{ name: "web", image }] } };
    return { ...old, spec: { ...spec, template } };
  });
  await world.clock.advance(MINUTE);
}

async function abort(world: World): Promise<void> {
  world.core.modify(ROLLOUT, (old) => ({ ...old, status: { ...(old["status"] as object), abort: true } }), {
    subresource: "status",
  });
  await world.clock.advance(MINUTE);
}

const SUCCESS = { kstatus: "Current", argoCd: "Healthy", kubectl: "success" } as const;

/** Migrated, and its first canary waits in a pause. */
async function updating(): Promise<World> {
  const world = await stage({ annotations: asks });
  await world.clock.advance(5 * MINUTE);
  await setImage(world, "web:2");
  return world;
}

describe("a Deployment whose pods a Rollout has is, for tools that know no Rollouts,", () => {
  test("a success when the Rollout is Healthy, and waited for while its canary is paused", async () => {
    const world = await stage({ annotations: asks });
    await world.clock.advance(5 * MINUTE);
    expect(judged(world)).toEqual(SUCCESS);
    await setImage(world, "web:2");
    expect(world.rollout()?.status?.phase).toBe("Paused");
    expect(judged(world)).toEqual({ ...SUCCESS, kstatus: "InProgress" });
    await world.clock.advance(60 * MINUTE);
    expect(world.rollout()?.status?.phase).toBe("Healthy");
    expect(judged(world)).toEqual(SUCCESS);
    world.end();
  });

  test("a failure when its canary is aborted, until another version is Healthy", async () => {
    const world = await updating();
    await abort(world);
    expect(world.rollout()?.status?.phase).toBe("Degraded");
    expect(judged(world)).toEqual({ kstatus: "Failed", argoCd: "Suspended", kubectl: "error" });
    await setImage(world, "web:3");
    expect(judged(world)).toEqual({ ...SUCCESS, kstatus: "InProgress" });
    await world.clock.advance(60 * MINUTE);
    expect(judged(world)).toEqual(SUCCESS);
    expect(world.deployment().metadata.annotations).not.toHaveProperty(PAUSED_FOR_ROLLOUT);
    world.end();
  });

  test("never a success from when it gets another version, which the webhook pauses it for, until that is done", async () => {
    const world = await stage({ annotations: asks });
    await world.clock.advance(5 * MINUTE);
    const said = new Set<string>();
    world.core.modify(DEPLOYMENT, (old) => {
      const spec = old["spec"] as { readonly template: { readonly metadata: object } };
      const template = { ...spec.template, spec: { containers: [{ name: "web", image: "web:2" }] } };
      const annotations = { ...old.metadata.annotations, [PAUSED_FOR_ROLLOUT]: "true" };
      return { ...old, metadata: { ...old.metadata, annotations }, spec: { ...spec, template, paused: true } };
    });
    world.core.onChange(() => void said.add(judged(world).kstatus));
    await world.clock.advance(MINUTE);
    expect(world.rollout()?.status?.phase).toBe("Paused");
    expect([...said]).toEqual(["InProgress"]);
    expect(isPaused(world)).toBe(false);
    await world.clock.advance(60 * MINUTE);
    expect(judged(world)).toEqual(SUCCESS);
    world.end();
  });

  test.each(Array.from({ length: 12 }, (_, index) => index + 1))(
    "told the same when the controller is killed before write %p of a failure and of what follows",
    async (write) => {
      const world = await updating();
      world.killAt(write);
      await abort(world);
      expect(judged(world).kubectl).toBe("error");
      world.killAt(write);
      world.annotate({ [MIGRATE]: undefined });
      await world.clock.advance(20 * MINUTE);
      expect(world.rollout()).toBeUndefined();
      expect(world.deployment().metadata.annotations ?? {}).not.toHaveProperty(MANAGED_BY_ROLLOUT);
      expect(isPaused(world)).toBe(false);
      expect(world.deployment()).toMatchObject({ spec: { replicas: 3 }, status: { availableReplicas: 3 } });
      expect(judged(world)).toEqual(SUCCESS);
      world.end();
    },
  );
});

describe("the pause of a Deployment whose Rollout has failed", () => {
  test("is gone when somebody deletes the Rollout: its pods are made, of its template, and so is a new Rollout", async () => {
    const world = await updating();
    await abort(world);
    world.core.delete(ROLLOUT);
    await world.clock.advance(10 * MINUTE);
    expect(isPaused(world)).toBe(false);
    expect(world.rollout()).toMatchObject({ status: { phase: "Healthy", availableReplicas: 3 } });
    expect(world.available.least).toBeGreaterThanOrEqual(3);
    world.end();
  });

  test("that its owner has set stays when the Rollout is Healthy again", async () => {
    const world = await updating();
    world.core.modify(DEPLOYMENT, (old) => ({ ...old, spec: { ...(old["spec"] as object), paused: true } }));
    await abort(world);
    expect(world.deployment().metadata.annotations).not.toHaveProperty(PAUSED_FOR_ROLLOUT);
    expect(judged(world).kubectl).toBe("error");
    await setImage(world, "web:3");
    await world.clock.advance(60 * MINUTE);
    expect(isPaused(world)).toBe(true);
    world.end();
  });

  test("is not set again where its owner has ended it", async () => {
    const world = await updating();
    await abort(world);
    world.core.modify(DEPLOYMENT, (old) => ({ ...old, spec: { ...(old["spec"] as object), paused: false } }));
    await world.clock.advance(10 * MINUTE);
    expect(isPaused(world)).toBe(false);
    expect(judged(world).kstatus).toBe("Failed");
    world.end();
  });
});
