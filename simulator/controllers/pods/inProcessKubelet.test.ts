import { expect, test } from "bun:test";
import { stage, type Stage } from "../../../test/contract/stage.ts";
import type { ApiCore } from "../../model/model.ts";
import { StatusError } from "../../model/statusError.ts";
import type { Pod } from "../loop/objects.ts";

const pod = (spec: object = {}) => ({
  metadata: { name: "a" },
  spec: { containers: [{ name: "main", image: "nginx" }], ...spec },
});
const ready = ({ get }: Stage): string =>
  (get("pods", "a") as Pod | undefined)?.status?.conditions
    ?.map(({ type, status }) => `${type}=${status}`)
    .toSorted()
    .join(" ") ?? "";

test("a pod is reported as created and then as ready, its other conditions kept", () => {
  const world = stage();
  world.create("pods", pod());
  world.pass(0.5);
  expect(ready(world)).toContain("PodScheduled=True Ready=False");
  const ref = { resource: "pods", namespace: "default", name: "a" };
  const own = { type: "example.com/own", status: "True" };
  world.core.modify(
    ref,
    (stored) => ({
      ...stored,
      status: { ...(stored as Pod).status, conditions: [...((stored as Pod).status?.conditions ?? []), own] },
    }),
    { subresource: "status" },
  );
  world.pass(1);
  expect(ready(world)).toContain("PodScheduled=True Ready=True example.com/own=True");
});

test("a readiness gate holds a pod back until its condition is True", () => {
  const world = stage();
  world.create("pods", pod({ readinessGates: [{ conditionType: "example.com/ok" }] }));
  world.pass(5);
  expect(ready(world)).toContain(
    "ContainersReady=True Initialized=True PodReadyToStartContainers=True PodScheduled=True Ready=False",
  );
  const ref = { resource: "pods", namespace: "default", name: "a" };
  const open = { type: "example.com/ok", status: "True" };
  world.core.modify(
    ref,
    (stored) => ({
      ...stored,
      status: { ...(stored as Pod).status, conditions: [...((stored as Pod).status?.conditions ?? []), open] },
    }),
    { subresource: "status" },
  );
  world.pass(0);
  expect(ready(world)).toContain("Ready=True");
});

test("a report that is refused is repeated a second later", () => {
  let refuses = false;
  const through = (core: ApiCore): ApiCore => ({
    ...core,
    modify(ref, change, options) {
      if (refuses && options?.subresource === "status") throw new StatusError(500, "InternalError", "not now");
      return core.modify(ref, change, options);
    },
  });
  const world = stage({ through });
  world.create("pods", pod());
  world.pass(1);
  refuses = true;
  world.pass(1);
  expect(ready(world)).toContain("Ready=False");
  refuses = false;
  world.pass(1);
  expect(ready(world)).toContain("Ready=True");
});

test("a deleted pod is removed after its time; a pod of the same name is another one", () => {
  const world = stage({ kubelet: { goneAfterMs: 3000 } });
  world.create("pods", pod());
  world.pass(5);
  const { uid } = world.get("pods", "a")?.metadata ?? {};
  world.remove("pods", "a");
  world.pass(2.9);
  expect(world.get("pods", "a")?.metadata.deletionTimestamp).toBeDefined();
  world.pass(0.2);
  expect(world.get("pods", "a")).toBeUndefined();
  world.create("pods", pod());
  world.pass(5);
  expect(world.get("pods", "a")?.metadata.uid).not.toBe(uid);
  expect(ready(world)).toContain("Ready=True");
});

test("without a scheduler only pods that name their node run", () => {
  const first = stage({ run: ["kubelet"] });
  first.create("pods", pod({ nodeName: "sluice-node-1" }));
  first.create("pods", { ...pod(), metadata: { name: "waiting" } });
  first.pass(5);
  expect(ready(first)).toContain("Ready=True");
  expect((first.get("pods", "waiting") as Pod).spec.nodeName).toBeUndefined();
});
