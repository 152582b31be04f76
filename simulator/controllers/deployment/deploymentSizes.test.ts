import { describe, expect, test } from "bun:test";
import { desiredAnnotation, maxAnnotation, newSetSize, oldSetSizes, resized, wasResized } from "./deploymentSizes.ts";
import type { Deployment, IntOrPercent, ReplicaSet } from "../loop/objects.ts";

const metadata = (name: string, age = 0) => ({
  name,
  uid: name,
  resourceVersion: "1",
  creationTimestamp: `2030-01-01T00:00:${String(59 - age).padStart(2, "0")}Z`,
});
const selector = {};
const template = { spec: {} };

const deployment = (replicas: number, surge: IntOrPercent, unavailable: IntOrPercent): Deployment => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: metadata("web"),
  spec: {
    replicas,
    selector,
    template,
    strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable } },
  },
});

interface Annotated {
  readonly desired: number;
  readonly max: number;
}

const set = (name: string, replicas: number, available = replicas, age = 0, annotated?: Annotated): ReplicaSet => ({
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  metadata: {
    ...metadata(name, age),
    ...(annotated === undefined
      ? {}
      : { annotations: { [desiredAnnotation]: `${annotated.desired}`, [maxAnnotation]: `${annotated.max}` } }),
  },
  spec: { replicas, selector, template },
  status: { replicas, availableReplicas: available },
});

describe("the new ReplicaSet grows", () => {
  test.each([
    ["by the surge", deployment(10, 3, 2), 0, 10, 3],
    ["to the whole when nothing else is there", deployment(10, 3, 2), 0, 0, 10],
    ["not at all without room", deployment(10, 0, 2), 0, 10, 0],
    ["by a surge rounded up", deployment(10, "25%", "25%"), 0, 10, 3],
    ["not beyond the whole", deployment(10, "100%", 0), 9, 5, 10],
    ["or shrinks to the whole", deployment(2, 1, 0), 5, 0, 2],
  ])("%s", (_, d, current, others, size) => expect(newSetSize(d, current, others)).toBe(size));
});

describe("old ReplicaSets shrink", () => {
  const sizes = (d: Deployment, newRS: ReplicaSet, ...old: ReplicaSet[]) =>
    oldSetSizes(d, newRS, old).map(({ rs, replicas }) => `${rs.metadata.name} ${replicas}`);

  test.each([
    ["by what may be missing", sizes(deployment(10, 3, 2), set("new", 3, 0), set("old", 10)), ["old 8"]],
    ["by what is new and available", sizes(deployment(10, 3, 2), set("new", 5, 3), set("old", 8)), ["old 5"]],
    ["not while the new pods are not available", sizes(deployment(3, 1, 0), set("new", 1, 0), set("old", 3)), []],
    [
      "one may be missing when both limits come to 0",
      sizes(deployment(1, 0, "1%"), set("new", 0), set("old", 1)),
      ["old 0"],
    ],
    ["first by pods that are not available", sizes(deployment(4, 1, 1), set("new", 0, 0), set("old", 4, 3)), ["old 3"]],
    [
      "the oldest first",
      sizes(deployment(4, 2, 0), set("new", 2, 2), set("young", 2, 2, 1), set("old", 2, 2, 9)),
      ["old 0"],
    ],
  ])("%s", (_, seen, expected) => expect(seen).toEqual(expected));
});

describe("a resize", () => {
  const sizes = (d: Deployment, newRS: ReplicaSet | undefined, ...old: ReplicaSet[]) =>
    resized(d, newRS, old).sizes.map(({ rs, replicas }) => `${rs.metadata.name} ${replicas}`);
  const annotated = { desired: 10, max: 12 };

  test("goes to the only ReplicaSet that has pods", () => {
    expect(sizes(deployment(7, 2, 0), set("new", 3), set("old", 0))).toEqual(["new 7"]);
  });
  test("goes to the newest when none has pods", () => {
    expect(sizes(deployment(7, 2, 0), undefined, set("older", 0, 0, 9), set("newer", 0, 0, 1))).toEqual(["newer 7"]);
  });
  test("is divided in proportion, what is left going to the largest", () => {
    const seen = sizes(deployment(15, 2, 0), set("new", 4, 0, 0, annotated), set("old", 8, 8, 9, annotated));
    expect(seen).toEqual(["old 11", "new 6"]);
  });
  test("takes from all in proportion", () => {
    const seen = sizes(deployment(5, 2, 0), set("new", 4, 0, 0, annotated), set("old", 8, 8, 9, annotated));
    expect(seen).toEqual(["old 5", "new 2"]);
  });
  test("to nothing empties all", () => {
    const seen = sizes(deployment(0, 2, 0), set("new", 4, 0, 0, annotated), set("old", 8, 8, 9, annotated));
    expect(seen).toEqual(["old 0", "new 0"]);
  });
  test("empties the old ones when the new one is complete", () => {
    const seen = sizes(
      deployment(4, 2, 0),
      set("new", 4, 4, 0, { desired: 4, max: 6 }),
      set("old", 1, 1, 9, annotated),
    );
    expect(seen).toEqual(["old 0"]);
  });
  test("is noticed by what the ReplicaSets were told", () => {
    expect(wasResized(deployment(10, 2, 0), [set("new", 4, 4, 0, annotated)])).toBe(false);
    expect(wasResized(deployment(9, 2, 0), [set("new", 4, 4, 0, annotated)])).toBe(true);
    expect(wasResized(deployment(9, 2, 0), [set("new", 0, 0, 0, annotated)])).toBe(false);
  });
});
