/**
 * Argo CD's own scripts on a real API server: what it shows of a Rollout in an update, and its buttons, whose patches are
 * sent as Argo CD sends them (docs/argo-cd.md).
 */
import { expect, test } from "bun:test";
import { enabledActions, healthOf, patchesOf } from "../argocd/argoScripts.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { KubeObject } from "./harness/api.ts";
import { healthy, inPhase, newWorld, pausedAt, type World } from "./harness/clusterWorld.ts";
import { rolloutOf } from "./harness/plainRollout.ts";
import { until } from "./harness/until.ts";
import { setImage } from "./harness/userActions.ts";

const steps = [{ setWeight: 50 }, { pause: {} }, { setWeight: 75 }, { pause: {} }];

const stored = (world: World): Promise<KubeObject> => world.harness.api.get(world.path("Rollout", "web"));

const health = async (world: World) => healthOf("Rollout", await stored(world));

/** The status first, by its subresource, then the rest: as Argo CD's server does. */
async function press(world: World, action: string): Promise<void> {
  const rollout = await stored(world);
  expect(enabledActions("Rollout", rollout)).toContain(action);
  const { status, rest } = patchesOf("Rollout", action, rollout);
  const path = world.path("Rollout", "web");
  if (status !== undefined) await world.harness.api.patch(`${path}/status`, "merge", status);
  if (rest !== undefined) await world.harness.api.patch(path, "merge", rest);
}

async function paused(topic: string): Promise<World> {
  const world = await newWorld(topic);
  await world.create(rolloutOf("web", { canary: { steps } }, { replicas: 4 }));
  await world.settle("web", "Healthy", healthy);
  expect(await health(world)).toMatchObject({ status: "Healthy" });
  await setImage(world, "web", "web:2");
  await world.settle("web", "pauses", pausedAt(1));
  expect(await health(world)).toEqual({ status: "Suspended", message: "CanaryPauseStep" });
  return world;
}

test.concurrent(
  "Argo CD aborts, retries, resumes, skips a step and promotes",
  async () => {
    const world = await paused("argocd");
    await press(world, "abort");
    await world.settle("web", "Degraded", inPhase("Degraded"));
    expect(await health(world)).toMatchObject({ status: "Degraded" });
    await press(world, "retry");
    await world.settle("web", "pauses again", pausedAt(1));
    await press(world, "resume");
    await world.settle("web", "pauses at the second pause", pausedAt(3));
    await press(world, "skip-current-step");
    await world.settle("web", "Healthy", healthy);
    expect(await health(world)).toMatchObject({ status: "Healthy" });
    await setImage(world, "web", "web:3");
    await world.settle("web", "pauses", pausedAt(1));
    await press(world, "promote-full");
    await world.settle("web", "Healthy", healthy);
  },
  180_000,
);

test.concurrent(
  "Argo CD pauses an update and lets it go on, and restarts pods",
  async () => {
    const world = await paused("argocd-pause");
    await press(world, "pause");
    await world.settle("web", "is paused by hand", inPhase("Paused", "manually paused"));
    await press(world, "resume");
    await world.settle("web", "pauses at the second pause", pausedAt(3));
    await press(world, "promote-full");
    await world.settle("web", "Healthy", healthy);
    // Times have whole seconds: pods of the same second are not older.
    await Bun.sleep(1_500);
    await press(world, "restart");
    const isRestarted = async (): Promise<boolean> => {
      const { spec, status } = (await stored(world)) as unknown as Rollout;
      return spec.restartAt !== undefined && spec.restartAt === status?.restartedAt;
    };
    await until("pods are restarted", isRestarted, 90_000);
    await world.settle("web", "Healthy", healthy);
  },
  240_000,
);
