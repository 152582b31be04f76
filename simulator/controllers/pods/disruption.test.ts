import { expect, test } from "bun:test";
import { stage, workload } from "../../../test/contract/stage.ts";

const budget = (spec: object) => ({ metadata: { name: "web" }, spec });
const all = { matchLabels: { app: "web" } };

test("a granted eviction that is not carried out counts for two minutes", () => {
  const world = stage();
  world.create("poddisruptionbudgets.policy", budget({ minAvailable: 1, selector: all }));
  world.create("replicasets.apps", workload("web", 3));
  world.pass(10);
  const pod = world.core.list("pods")[0]?.metadata.name ?? "";
  const ref = { resource: "poddisruptionbudgets.policy", namespace: "default", name: "web" };
  const granted = { [pod]: new Date(world.now()).toISOString() };
  world.core.modify(ref, (stored) => ({ ...stored, status: { ...Object(stored["status"]), disruptedPods: granted } }), {
    subresource: "status",
  });
  world.pass(100);
  expect(world.core.get(ref)?.["status"]).toMatchObject({ currentHealthy: 2, disruptionsAllowed: 1 });
  world.pass(30);
  expect(world.core.get(ref)?.["status"]).toMatchObject({ currentHealthy: 3, disruptionsAllowed: 2 });
  expect(world.core.get(ref)?.["status"]).not.toHaveProperty("disruptedPods");
});

test("an empty selector selects all pods, none selects none", () => {
  const world = stage();
  world.create("poddisruptionbudgets.policy", budget({ minAvailable: 0, selector: {} }));
  world.create("poddisruptionbudgets.policy", { metadata: { name: "none" }, spec: { minAvailable: 0 } });
  world.create("replicasets.apps", workload("web", 2));
  world.pass(10);
  const healthy = (name: string) => world.get("poddisruptionbudgets.policy", name)?.["status"];
  expect(healthy("web")).toMatchObject({ currentHealthy: 2 });
  expect(healthy("none")).toMatchObject({ currentHealthy: 0 });
});

test("a percentage of pods whose controller is unknown allows nothing", () => {
  const world = stage();
  world.create("poddisruptionbudgets.policy", budget({ minAvailable: "50%", selector: all }));
  const owner = { apiVersion: "example.com/v1", kind: "Thing", name: "x", uid: "x", controller: true };
  const spec = { containers: [{ name: "main", image: "nginx" }] };
  world.create("pods", { metadata: { name: "a", labels: { app: "web" }, ownerReferences: [owner] }, spec });
  world.pass(0.5);
  expect(world.get("poddisruptionbudgets.policy", "web")?.["status"]).toMatchObject({
    disruptionsAllowed: 0,
    conditions: [{ type: "DisruptionAllowed", status: "False", reason: "SyncFailed" }],
  });
});
