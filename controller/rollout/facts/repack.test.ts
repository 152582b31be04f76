import { expect, test } from "bun:test";
import { manualClock, type Clock } from "../../../kube/clock/clock.ts";
import type { ReplicaSet } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { repackStores } from "./repack.ts";
import { createStores } from "./stores.ts";

const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:1" }] } };

const rollout = (n: number, more: object = {}): Rollout => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: `web-${n}`, namespace: "shop", uid: `rollout-${n}`, resourceVersion: `${n + 1}`, generation: 1 },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "web" } },
    template,
    strategy: {
      canary: { stableService: "stable", canaryService: "canary", steps: [{ setWeight: 20 }, { pause: {} }] },
    },
    ...more,
  },
  status: { phase: "Paused", pauseConditions: [{ reason: "CanaryPauseStep", startTime: "2026-01-01T00:00:00Z" }] },
});

const replicaSet = (n: number): ReplicaSet => ({
  metadata: {
    name: `web-${n}-5d`,
    namespace: "shop",
    uid: `set-${n}`,
    resourceVersion: `${n + 1}`,
    creationTimestamp: "2026-01-01T00:00:00Z",
    labels: { app: "web", "rollouts-pod-template-hash": "5d" },
    annotations: { "rollout.argoproj.io/revision": "1" },
    ownerReferences: [
      { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: `web-${n}`, uid: `rollout-${n}`, controller: true },
    ],
  },
  spec: { replicas: 2, selector: { matchLabels: { app: "web" } }, template },
  status: {
    replicas: 2,
    conditions: [{ type: "ReplicaFailure", status: "True", reason: "FailedCreate", message: "quota" }],
  },
});

test("repacked caches hold copies that are equal to the member, and are no change", async () => {
  const stores = createStores();
  for (let n = 0; n < 100; n += 1) {
    stores.rollouts.upsert(rollout(n));
    stores.replicaSets.upsert(replicaSet(n));
  }
  const kinds = [stores.rollouts, stores.replicaSets] as const;
  const before = kinds.map((store) => Array.from(store.values() as Iterable<object>));
  let changes = 0;
  for (const store of kinds) store.onChange(() => void (changes += 1));
  await repackStores(stores, manualClock());
  const after = kinds.map((store) => Array.from(store.values() as Iterable<object>));
  expect(after).toStrictEqual(before);
  expect(after.flat().filter((object) => before.flat().includes(object))).toEqual([]);
  expect(changes).toBe(0);
  expect(stores.rollouts.by("service", "shop/stable")).toHaveLength(100);
  expect(stores.replicaSets.by("controller", "rollout-7")).toEqual([after[1]?.[7] as never]);
});

test("what changes or goes while caches are repacked is as it was last seen", async () => {
  const stores = createStores();
  for (let n = 0; n < 100; n += 1) stores.rollouts.upsert(rollout(n));
  let turns = 0;
  const clock: Clock = {
    ...manualClock(),
    giveWay: async () => {
      turns += 1;
      if (turns !== 2) return;
      stores.rollouts.upsert({ ...rollout(99), metadata: { ...rollout(99).metadata, resourceVersion: "500" } });
      stores.rollouts.remove(rollout(98));
    },
  };
  await repackStores(stores, clock);
  expect(stores.rollouts.get("shop/web-99")?.metadata.resourceVersion).toBe("500");
  expect(stores.rollouts.get("shop/web-98")).toBeUndefined();
});

test("a Rollout that is too large to be held whole stays as little as it is", async () => {
  const stores = createStores();
  stores.rollouts.upsert(rollout(0, { strategy: { canary: { steps: Array.from({ length: 40_000 }, () => ({})) } } }));
  const before = stores.rollouts.get("shop/web-0");
  await repackStores(stores, manualClock());
  expect(stores.rollouts.get("shop/web-0")).toBe(before);
});
