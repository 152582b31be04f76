import { expect, test } from "bun:test";
import { stage } from "../../../test/contract/stage.ts";
import type { Pod } from "../loop/objects.ts";

const pod = (name: string, requests: Readonly<Record<string, string>> = {}, spec: object = {}) => ({
  metadata: { name },
  spec: { containers: [{ name: "main", image: "nginx", resources: { requests } }], ...spec },
});
const nodeOf = (object: unknown): string | undefined => (object as Pod | undefined)?.spec.nodeName;
const scheduled = (object: unknown): string => {
  const { status, reason, message } =
    (object as Pod).status?.conditions?.find(({ type }) => type === "PodScheduled") ?? {};
  return `${status} ${reason ?? ""} ${(message ?? "").split(". ")[0]}`.trim();
};

test("pods are spread, and get the zone of their node", () => {
  const world = stage({ nodes: 3 });
  for (const name of ["a", "b", "c", "d"]) world.create("pods", pod(name));
  world.pass(5);
  expect(["a", "b", "c", "d"].map((name) => nodeOf(world.get("pods", name)))).toEqual([
    "sluice-node-0",
    "sluice-node-1",
    "sluice-node-2",
    "sluice-node-0",
  ]);
  expect(world.get("pods", "b")?.metadata.labels).toEqual({ "topology.kubernetes.io/zone": "zone-b" });
  expect(scheduled(world.get("pods", "a"))).toBe("True");
});

test("a pod that fits nowhere says so, and is scheduled when another one makes room", () => {
  const world = stage({ nodes: 1 });
  world.create("pods", pod("large", { cpu: "800" }));
  world.pass(5);
  world.create("pods", pod("larger", { cpu: "200500m", memory: "5000Gi" }));
  world.create("pods", pod("second", { cpu: "300" }));
  world.pass(5);
  expect(scheduled(world.get("pods", "second"))).toBe(
    "False Unschedulable 0/1 nodes are available: 1 Insufficient cpu",
  );
  expect(scheduled(world.get("pods", "larger"))).toBe(
    "False Unschedulable 0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory",
  );
  world.remove("pods", "large");
  world.pass(5);
  expect(scheduled(world.get("pods", "second"))).toBe("True");
  expect(nodeOf(world.get("pods", "larger"))).toBeUndefined();
  expect(world.events("larger")).toHaveLength(2);
});

test("a node takes as many pods as it has room for", () => {
  const world = stage({ nodes: 1, podsPerNode: 2 });
  for (const name of ["a", "b", "c"]) world.create("pods", pod(name));
  world.pass(5);
  expect(scheduled(world.get("pods", "c"))).toBe("False Unschedulable 0/1 nodes are available: 1 Too many pods");
});

test("a cordoned node gets no pods, one that is not any more does", () => {
  const world = stage({ nodes: 1 });
  const cordon = (unschedulable: boolean): void => {
    const ref = { resource: "nodes", name: "sluice-node-0" };
    world.core.modify(ref, (node) => ({ ...node, spec: { unschedulable } }));
  };
  cordon(true);
  world.create("pods", pod("a"));
  world.pass(5);
  expect(scheduled(world.get("pods", "a"))).toContain("1 node(s) were unschedulable");
  cordon(false);
  world.pass(5);
  expect(nodeOf(world.get("pods", "a"))).toBe("sluice-node-0");
});

test("pods with gates, or for another scheduler, are left alone", () => {
  const world = stage();
  world.create("pods", pod("gated", {}, { schedulingGates: [{ name: "wait" }] }));
  world.create("pods", pod("other", {}, { schedulerName: "mine" }));
  world.pass(5);
  expect([nodeOf(world.get("pods", "gated")), nodeOf(world.get("pods", "other"))]).toEqual([undefined, undefined]);
});
