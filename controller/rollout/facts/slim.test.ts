/** What is held of objects that are too large, or too many; counted in bytes. */
import { expect, test } from "bun:test";
import type { Rollout } from "../../../schema/rollout.ts";
import { decide } from "../decide/decide.ts";
import { mergePatch } from "../../../kube/object/mergePatch.ts";
import { whyHeldBack } from "../../../kube/validation/size.ts";
import { createGatherer } from "./gather.ts";
import { createRoom, weightOf } from "./room.ts";
import { slimTemplate } from "./slim.ts";
import { createStores, servicesOf, type Stores } from "./stores.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");
const mebibyte = 2 ** 20;

const rollout = (
  name: string,
  bytes: number,
  more: { status?: object; metadata?: object } = {},
  version = 1,
): Rollout => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name, namespace: "ns", uid: name, generation: 1, resourceVersion: `${version}`, ...more.metadata },
  spec: {
    replicas: 5,
    selector: { matchLabels: { app: "web" } },
    workloadRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
    template: { spec: { containers: [{ name: "c", image: "i", env: [{ name: "E", value: "x".repeat(bytes) }] }] } },
    strategy: {
      canary: {
        stableService: "stable",
        canaryService: "canary",
        trafficRouting: { nginx: { stableIngress: "web" } },
        steps: [{ setWeight: 20 }],
      },
    },
  },
  ...(more.status === undefined ? {} : { status: more.status }),
});

const held = (stores: Stores): number => [...stores.rollouts.values()].reduce((sum, each) => sum + weightOf(each), 0);

test("of a Rollout that is too large no more is held than what it names, and its status", () => {
  const stores = createStores();
  const available = {
    type: "Available",
    status: "True",
    reason: "",
    message: "",
    lastUpdateTime: "",
    lastTransitionTime: "",
  };
  const status = { stableRS: "abc", currentPodHash: "abc", conditions: [available] };
  const annotations = { team: "x".repeat(200_000) };
  stores.rollouts.upsert(rollout("web", 1_400_000, { status, metadata: { annotations, finalizers: ["a/b"] } }));
  const [kept] = stores.rollouts.values();
  if (kept === undefined) throw new Error("nothing is held");
  expect(whyHeldBack(kept)).toBe("too large to judge: it has 1400229 bytes of names and texts, 524288 are allowed");
  expect(weightOf(kept)).toBeLessThan(3_000);
  expect(servicesOf(kept)).toEqual(["stable", "canary"]);
  expect(kept.spec.workloadRef?.name).toBe("web");
  expect(kept.spec.strategy?.canary?.trafficRouting?.nginx?.stableIngress).toBe("web");
  expect(kept.metadata.finalizers).toEqual(["a/b"]);
  expect(kept.status).toEqual(status);
});

test("it is told once that it is invalid, whichever part of it is too large", () => {
  for (const object of [
    rollout("web", 1_400_000),
    rollout("web", 10, {
      metadata: { finalizers: Array.from({ length: 10_000 }, (_, i) => `${i}/${"f".repeat(90)}`) },
    }),
  ]) {
    const stores = createStores();
    const decideNow = () => {
      const snapshot = createGatherer(stores).gather("ns/web");
      if (snapshot === undefined) throw new Error("nothing was gathered");
      const { actions, status } = decide(snapshot, NOW);
      return { actions, status, patch: status && mergePatch(snapshot.rollout.status ?? {}, status) };
    };
    stores.rollouts.upsert(object);
    const first = decideNow();
    expect(first.actions).toEqual([]);
    expect(first.patch).toMatchObject({ conditions: [{ type: "InvalidSpec", reason: "InvalidSpec" }] });
    expect(weightOf(first.patch)).toBeLessThan(3_000);
    const stored = { ...object.status, ...first.status };
    stores.rollouts.upsert({ ...object, status: stored, metadata: { ...object.metadata, resourceVersion: "2" } });
    expect(decideNow().patch).toBeUndefined();
  }
});

test("what is too large in a status is written anew, and then it is held whole", () => {
  const stores = createStores();
  const object = rollout("web", 10, { status: { message: "x".repeat(800_000), stableRS: "abc" } });
  stores.rollouts.upsert(object);
  const snapshot = createGatherer(stores).gather("ns/web");
  expect(snapshot?.invalid).toContain("its metadata and status have more than 524288 bytes");
  const status = snapshot && { ...object.status, ...decide(snapshot, NOW).status };
  expect(status?.stableRS).toBe("abc");
  stores.rollouts.upsert({ ...object, metadata: { ...object.metadata, resourceVersion: "2" }, status });
  expect(whyHeldBack(stores.rollouts.get("ns/web"))).toBeUndefined();
});

test("one that is made smaller is held whole again, and one that has become too large is not", () => {
  const stores = createStores();
  stores.rollouts.upsert(rollout("web", 1_400_000));
  stores.rollouts.upsert(rollout("web", 100, {}, 2));
  expect(whyHeldBack(stores.rollouts.get("ns/web"))).toBeUndefined();
  stores.rollouts.upsert(rollout("web", 1_400_000, {}, 3));
  expect(held(stores)).toBeLessThan(3_000);
});

test("labels of a Rollout, which nothing reads, are not held", () => {
  const stores = createStores();
  stores.rollouts.upsert(rollout("web", 10, { metadata: { labels: { a: "x".repeat(100_000) } } }));
  expect(held(stores)).toBeLessThan(3_000);
});

test("a thousand Rollouts of half a megabyte take no more than their namespace may, and say so", () => {
  const stores = createStores();
  for (let i = 0; i < 1_000; i++) stores.rollouts.upsert(rollout(`r${i}`, 500_000));
  expect(held(stores)).toBeLessThan(24 * mebibyte + 1_000 * 2_000);
  expect(stores.rollouts.by("need", "deployments.apps").length).toBe(50);
  expect(createGatherer(stores).gather("ns/r999")?.invalid).toBe(
    'spec: Invalid value: "…": not held in memory: the objects of namespace "ns" would take more than 24 MiB; ' +
      "delete some, or make them smaller",
  );
});

test("of a template that is too large only that it is there is held", () => {
  const metadata = { name: "t", namespace: "ns", uid: "t", resourceVersion: "1" };
  const kept = slimTemplate({ metadata, spec: { metrics: "x".repeat(600_000) } }, createRoom());
  expect(whyHeldBack(kept.spec)).toContain("too large to judge");
  expect(weightOf(kept)).toBeLessThan(1_000);
});

test("a workload that is too large is named as what is wrong with the Rollout", () => {
  const stores = createStores();
  const template = { metadata: { labels: { a: "x".repeat(600_000) } } };
  const object = rollout("web", 10, {});
  const { template: _, ...spec } = object.spec;
  stores.rollouts.upsert({ ...object, spec });
  const metadata = { name: "web", namespace: "ns", uid: "d", resourceVersion: "1", generation: 1 };
  stores.workloads.Deployment.objects.upsert({ metadata, spec: { template } });
  const snapshot = createGatherer(stores).gather("ns/web");
  expect(snapshot?.invalid).toStartWith('deployments.apps "ns/web" is too large to judge: it has more than');
  expect(weightOf([...stores.workloads.Deployment.objects.values()])).toBeLessThan(1_000);
});
