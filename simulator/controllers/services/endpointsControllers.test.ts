import { expect, test } from "bun:test";
import { stage, type Stage, workload } from "../../../test/contract/stage.ts";
import type { EndpointSlice } from "../loop/objects.ts";

const service = (selector: Readonly<Record<string, string>>) => ({
  metadata: { name: "web" },
  spec: { selector, ports: [{ port: 80, targetPort: 8080 }] },
});
const slices = ({ core }: Stage) => core.list("endpointslices.discovery.k8s.io") as readonly EndpointSlice[];
const sizes = (world: Stage): number[] => slices(world).map(({ endpoints }) => endpoints?.length ?? 0);

test("a slice holds at most 100 endpoints, and goes when it is not needed", () => {
  const world = stage({ events: false });
  world.create("services", service({ app: "web" }));
  world.create("replicasets.apps", workload("web", 230));
  world.pass(10);
  expect(sizes(world).toSorted((a, b) => a - b)).toEqual([30, 100, 100]);
  world.patch("replicasets.apps", "web", { spec: { replicas: 1 } });
  world.pass(10);
  expect(sizes(world)).toEqual([1]);
  world.patch("replicasets.apps", "web", { spec: { replicas: 0 } });
  world.pass(10);
  expect(slices(world).map(({ endpoints, ports }) => [endpoints, ports])).toEqual([[null, null]]);
});

test("a Service that selects other pods serves them, as Rollouts have it", () => {
  const world = stage();
  world.create("services", service({ app: "web", color: "blue" }));
  for (const color of ["blue", "green"]) {
    const labels = { app: "web", color };
    const spec = { containers: [{ name: "main", image: "nginx" }] };
    world.create("pods", { metadata: { name: color, labels }, spec });
  }
  world.pass(5);
  const served = () => JSON.stringify(slices(world)[0]?.endpoints).match(/"name":"\w+"/g);
  expect(served()).toEqual(['"name":"blue"']);
  world.patch("services", "web", { spec: { selector: { color: "green" } } });
  world.pass(0);
  expect(served()).toEqual(['"name":"green"']);
  world.patch("pods", "blue", { metadata: { labels: { color: "green" } } });
  world.pass(0);
  expect(served()?.toSorted()).toEqual(['"name":"blue"', '"name":"green"']);
});

test("what others delete is made again", () => {
  const world = stage();
  world.create("services", service({ app: "web" }));
  world.create("replicasets.apps", workload("web", 2));
  world.pass(5);
  const name = slices(world)[0]?.metadata.name ?? "";
  world.remove("endpointslices.discovery.k8s.io", name);
  world.remove("endpoints", "web");
  world.pass(1);
  expect(sizes(world)).toEqual([2]);
  expect(world.get("endpoints", "web")?.["subsets"]).toHaveLength(1);
});
