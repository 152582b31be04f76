/** Rollouts that ask for the conditions of kstatus: what a tool that only knows its rules reads from the API server. */
import { expect, test } from "bun:test";
import { kstatus } from "../kstatus.ts";
import { abort, promote, setImage } from "./harness/userActions.ts";
import type { KubeObject } from "./harness/api.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { rolloutOf } from "./harness/plainRollout.ts";
import { until } from "./harness/until.ts";
import { newWorld, type World } from "./harness/clusterWorld.ts";

const name = "web";
const ours = test.concurrent.skipIf(otherController() !== undefined);

interface View extends KubeObject {
  readonly status?: {
    readonly observedGeneration?: unknown;
    readonly conditions?: readonly { readonly type: string; readonly observedGeneration?: unknown }[];
  };
}

const stored = (world: World): Promise<View> => world.harness.api.get<View>(world.path("Rollout", name));

const judgedAs = (world: World, status: string): Promise<number> =>
  until(
    `kstatus says ${status}`,
    async () => {
      const rollout = await stored(world);
      return rollout.status?.conditions !== undefined && kstatus(rollout).status === status;
    },
    30_000,
    async () => `: ${JSON.stringify((await stored(world)).status)}`,
  );

async function create(world: World, annotations: Readonly<Record<string, string>>): Promise<void> {
  const steps = [{ setWeight: 50 }, { pause: {} }];
  await world.create({ ...rolloutOf(name, { canary: { steps } }, { replicas: 2 }), metadata: { name, annotations } });
}

ours("a Rollout with the annotation is waited for until it is promoted, and fails when it is aborted", async () => {
  const world = await newWorld("kstatus-asked");
  await create(world, { "sluice.dev/kstatus": "true" });
  await judgedAs(world, "Current");
  await setImage(world, name, "web:2");
  await judgedAs(world, "InProgress");
  await world.settle(name, "paused", (rollout) => rollout.status?.phase === "Paused");
  const { metadata, status } = await stored(world);
  expect(kstatus({ metadata, status })).toEqual({ status: "InProgress", message: "CanaryPauseStep" });
  expect(status).not.toHaveProperty("observedGeneration");
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  expect(ready?.observedGeneration).toBe((metadata as { readonly generation?: number }).generation);
  await abort(world, name);
  await judgedAs(world, "Failed");
  await setImage(world, name, "web:3");
  await world.settle(name, "paused again", (rollout) => rollout.status?.phase === "Paused");
  await promote(world, name);
  await judgedAs(world, "Current");
});

ours(
  "a Rollout without the annotation is an error to kstatus, as it is with Argo Rollouts, until it gets it",
  async () => {
    const world = await newWorld("kstatus-unasked");
    await create(world, {});
    await world.settle(name, "Healthy", (rollout) => rollout.status?.phase === "Healthy");
    const before = await stored(world);
    expect(() => kstatus(before)).toThrow("expected int64");
    const annotate = (value: string | null): Promise<unknown> =>
      world.harness.api.patch(world.path("Rollout", name), "merge", {
        metadata: { annotations: { "sluice.dev/kstatus": value } },
      });
    await annotate("true");
    await until("it is judged", async () => (await stored(world)).status?.observedGeneration === undefined, 10_000);
    await judgedAs(world, "Current");
    await annotate(null);
    await until("it is as before", async () => (await stored(world)).status?.observedGeneration !== undefined, 10_000);
    expect((await stored(world)).status).toEqual(before.status);
  },
);
