import { expect, test } from "bun:test";
import type { Pod } from "../loop/objects.ts";
import { firstToGo } from "./podOrder.ts";

const nowMs = Date.UTC(2030, 0, 2);
const ago = (seconds: number): string => new Date(nowMs - seconds * 1000).toISOString();

interface Traits {
  readonly node?: string;
  readonly phase?: string;
  readonly readyFor?: number;
  readonly cost?: string;
  readonly restarts?: number;
  readonly age?: number;
  readonly uid?: string;
}

const pod = (name: string, traits: Traits): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name,
    uid: traits.uid ?? name,
    resourceVersion: "1",
    creationTimestamp: ago(traits.age ?? 1000),
    ...(traits.cost === undefined
      ? {}
      : { annotations: { "controller.kubernetes.io/pod-deletion-cost": traits.cost } }),
  },
  spec: { nodeName: traits.node ?? "a", containers: [] },
  status: {
    phase: traits.phase ?? "Running",
    conditions:
      traits.readyFor === undefined
        ? [{ type: "Ready", status: "False" }]
        : [{ type: "Ready", status: "True", lastTransitionTime: ago(traits.readyFor) }],
    containerStatuses: [{ name: "main", restartCount: traits.restarts ?? 0 }],
  },
});

const ready = { readyFor: 900 };

test.each<[string, Traits, Traits]>([
  ["one without a node before one with a node", { node: "", phase: "Pending" }, { phase: "Pending" }],
  ["a pending one before a running one", { phase: "Pending" }, {}],
  ["one of unknown phase before a running one", { phase: "Unknown" }, {}],
  ["one that is not ready before a ready one", {}, ready],
  ["the cheaper before the dearer", { ...ready, cost: "-1" }, { ...ready }],
  ["a cost that is no number is none", { ...ready, cost: "-1" }, { ...ready, cost: "+5" }],
  ["one ready for shorter before one ready for longer", { readyFor: 10 }, { readyFor: 500 }],
  ["the one with more restarts", { ...ready, restarts: 2 }, { ...ready, restarts: 1 }],
  ["the younger before the older", { ...ready, age: 1_000 }, { ...ready, age: 80_000 }],
  ["by uid when the ages are about the same", { readyFor: 900, uid: "1" }, { readyFor: 700, uid: "2" }],
])("%s goes first", (_, first, second) => {
  const pods = [pod("second", second), pod("first", first)];
  for (const order of [pods, pods.toReversed()]) {
    expect(firstToGo(order, 1, [], nowMs).map(({ metadata }) => metadata.name)).toEqual(["first"]);
  }
});

test("one with neighbours on its node goes before one that is alone on its node", () => {
  const pods = [pod("alone", { ...ready, node: "b" }), pod("crowded", ready)];
  const related = [...pods, pod("neighbour", ready)];
  expect(firstToGo(pods, 1, related, nowMs).map(({ metadata }) => metadata.name)).toEqual(["crowded"]);
});

test("all go as they come when none stays", () => {
  const pods = [pod("a", ready), pod("b", {})];
  expect(firstToGo(pods, 2, [], nowMs)).toBe(pods);
});
