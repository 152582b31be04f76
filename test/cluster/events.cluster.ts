/** What people must see is told, however much else is (docs/behaviour/reconciling.md#events-that-are-always-sent). */
import { expect, test } from "bun:test";
import { observedIn } from "../kstatus.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { forEach, rollouts } from "./harness/crowd.ts";
import { harness } from "./harness/harness.ts";
import { podsOf, rolloutOf } from "./harness/plainRollout.ts";
import { healthy, newWorld, pausedAt, type World } from "./harness/clusterWorld.ts";
import type { RolloutView } from "./harness/rolloutView.ts";
import { until } from "./harness/until.ts";
import { abort } from "./harness/userActions.ts";

/** The other controller limits all events alike, as docs/differences.md says. */
const oursOnly = test.skipIf(otherController() !== undefined);
const current = await harness();

interface Told {
  readonly involvedObject: { readonly kind: string; readonly name: string };
  readonly reason: string;
  readonly message: string;
  readonly count: number;
}

/** The events about Rollouts of the namespace, once there are no new ones for some seconds. */
async function toldIn({ namespace }: World): Promise<readonly Told[]> {
  for (let before = -1; ; await Bun.sleep(3_000)) {
    const { items } = await current.api.list<Told & { metadata: { name: string } }>(
      `/api/v1/namespaces/${namespace}/events`,
    );
    const told = items.filter(({ involvedObject }) => involvedObject.kind === "Rollout");
    const count = told.reduce((sum, event) => sum + event.count, 0);
    if (count === before) return told;
    before = count;
  }
}

oursOnly("an abort is told after seventy edits of one Rollout, and what many of them have in common once", async () => {
  const world = await newWorld("seventy-edits");
  const canary = { steps: [{ setWeight: 50 }, { pause: {} }] };
  await world.create(rolloutOf("web", { canary }, { replicas: 2 }));
  await world.settle("web", "Healthy", healthy);
  for (let n = 2; n < 72; n += 1) {
    await world.patch("web", { spec: { template: podsOf("web", `web:${n}`) } });
    await Bun.sleep(50);
  }
  await world.settle("web", "pauses", pausedAt(1));
  await abort(world, "web");
  await world.settle("web", "is aborted", ({ status }) => status?.abort === true);
  const told = await toldIn(world);
  expect(told.filter(({ reason }) => reason === "RolloutAborted").map(({ message }) => message)).toEqual([
    expect.stringMatching(/^Rollout aborted update to revision \d\d$/) as string,
  ]);
  expect(told.filter(({ reason }) => reason === "RolloutUpdated").length).toBeLessThan(26);
});

oursOnly("eighty updates at once tell of each pause and each completion", async () => {
  const world = await newWorld("eighty-at-once");
  const names = Array.from({ length: 80 }, (_, n) => `web-${n}`);
  const steps = [{ setWeight: 50 }, { pause: { duration: "2s" } }];
  const allAt = (generation: number) => async (): Promise<boolean> => {
    await Bun.sleep(500);
    const { items } = await current.api.list<RolloutView>(rollouts(world.namespace));
    return items.every(({ metadata, status }) => {
      const isDone = status?.phase === "Healthy" && status.currentPodHash === status.stableRS;
      return isDone && (observedIn(status) ?? 0) >= Math.max(generation, metadata.generation ?? 0);
    });
  };
  await forEach(names, (name) => world.create(rolloutOf(name, { canary: { steps } }, { replicas: 2 })));
  await until("all are Healthy", allAt(1), 120_000);
  await forEach(names, (name) => world.patch(name, { spec: { template: podsOf(name, "web:2") } }));
  await until("all are updated", allAt(2), 120_000);
  const told = await toldIn(world);
  const countOf = (name: string, wanted: string): number =>
    told
      .filter(({ involvedObject, reason }) => involvedObject.name === name && reason === wanted)
      .reduce((sum, { count }) => sum + count, 0);
  const wanted = ["RolloutPaused", "RolloutResumed", "RolloutCompleted"];
  const counts = names.map((name) => wanted.map((reason) => countOf(name, reason)));
  expect(new Set(counts.map(String))).toEqual(new Set(["1,1,2"]));
});
