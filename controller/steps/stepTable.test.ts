import { describe, expect, test } from "bun:test";
import { CanaryStep } from "../../schema/rollout.ts";
import { stepTypes } from "../rollout/hash/stepTypes.ts";
import { done, hold, type StepFacts, undriven } from "./kind.ts";
import { STEPS, stepKinds } from "./stepKinds.ts";
import {
  isEndless,
  routesAfter,
  sizeAfter,
  stepTable,
  textOf,
  verdictOf,
  weightAfter,
  weightsOf,
} from "./stepTable.ts";

const facts: StepFacts = {
  now: 0,
  pause: undefined,
  isResumed: false,
  sizesLack: () => undefined,
  isWeightVerified: undefined,
  analysisPhase: () => undefined,
  pluginEntries: () => [],
  experimentPhase: () => undefined,
};

describe("the table of steps", () => {
  test("has the kinds that the schema has, and that the step hash counts", () => {
    const members = Object.keys(stepKinds).toSorted();
    expect(Object.keys(CanaryStep.entries).toSorted()).toEqual(members);
    const hashed = stepTypes.split("CanaryStep ")[1]?.split("\nPluginStep")[0]?.trim().split(/\s+/) ?? [];
    expect(hashed.map((member) => member.replace(/\??:.*/, "")).toSorted()).toEqual(members);
  });

  test.each<[string, CanaryStep]>([
    ["setWeight: 20", { setWeight: 20 }],
    ["setWeight: 0", { setWeight: 0, setCanaryScale: { replicas: 1 } }],
    ["pause", { pause: {} }],
    ["pause: 10m", { pause: { duration: "10m" } }],
    ["pause: 30", { pause: { duration: 30 } }],
    ["experiment", { experiment: { templates: [] } }],
    ["analysis", { analysis: {}, setCanaryScale: {} }],
    ["setCanaryScale{weight: 5}", { setCanaryScale: { weight: 5, replicas: 1 } }],
    ["setCanaryScale{matchTrafficWeight: true}", { setCanaryScale: { matchTrafficWeight: true, replicas: 1 } }],
    ["setCanaryScale{replicas: 1}", { setCanaryScale: { replicas: 1 }, plugin: { name: "x" } }],
    ["plugin: x", { plugin: { name: "x" }, setHeaderRoute: { name: "h" } }],
    ["setHeaderRoute: h", { setHeaderRoute: { name: "h" }, setMirrorRoute: { name: "m" } }],
    ["setMirrorRoute: m", { setMirrorRoute: { name: "m" } }],
    ["invalid", { setCanaryScale: {} }],
    ["invalid", {}],
  ])("writes %s as the command line does", (words, step) => {
    expect(textOf(STEPS, step)).toBe(words);
  });
});

describe("a verdict", () => {
  test("of weight and scale waits for the sizes, and says what they lack", () => {
    for (const step of [{ setWeight: 20 }, { setCanaryScale: { replicas: 1 } }]) {
      expect(verdictOf(STEPS, step, { ...facts, sizesLack: () => "OldPodsLeft" })).toEqual(hold("OldPodsLeft"));
      expect(verdictOf(STEPS, step, facts)).toEqual(done);
    }
  });

  test("of a weight waits for a router that is not there yet, that of a scale alone does not", () => {
    const unverified: StepFacts = { ...facts, isWeightVerified: false };
    expect(verdictOf(STEPS, { setWeight: 20 }, unverified)).toEqual(hold("WeightNotVerified"));
    expect(verdictOf(STEPS, { setWeight: 20, setCanaryScale: {} }, unverified)).toEqual(hold("WeightNotVerified"));
    expect(verdictOf(STEPS, { setCanaryScale: { replicas: 1 } }, unverified)).toEqual(done);
    expect(verdictOf(STEPS, { setWeight: 20 }, { ...facts, isWeightVerified: true })).toEqual(done);
  });

  test("of a route is done at once: the routers get it before the step is judged", () => {
    for (const step of [{ setHeaderRoute: { name: "h" } }, { setMirrorRoute: { name: "m" } }])
      expect(verdictOf(STEPS, step, { ...facts, sizesLack: () => "OldPodsLeft" })).toEqual(done);
  });

  test("of what is not driven, or not known, is never done", () => {
    const table = stepTable({ ...stepKinds, setMirrorRoute: { ...stepKinds.setMirrorRoute, ...undriven("mirrors") } });
    expect(verdictOf(table, { setMirrorRoute: { name: "m" } }, facts)).toEqual(hold("NotDriven"));
    expect(verdictOf(STEPS, {}, facts)).toEqual(hold("UnknownKind"));
  });
});

describe("what steps ask for", () => {
  const steps: CanaryStep[] = [
    { setCanaryScale: { replicas: 2 } },
    { setWeight: 20 },
    { pause: {} },
    { setWeight: 0 },
    { setCanaryScale: { matchTrafficWeight: true } },
  ];

  test("is the weight of the nearest step that has one, 0 before the first", () => {
    expect([0, 1, 2, 3, 4, 5, 9].map((count) => weightAfter(STEPS, steps, count))).toEqual([0, 0, 20, 20, 0, 0, 0]);
    expect(weightsOf(STEPS, steps)).toEqual([20, 0]);
  });

  test("is the size of the nearest step that has one", () => {
    expect([0, 1, 4, 5].map((count) => sizeAfter(STEPS, steps, count))).toEqual([
      undefined,
      { replicas: 2 },
      { replicas: 2 },
      { matchTrafficWeight: true },
    ]);
  });

  test("is each managed route that the last step which names it makes", () => {
    const match = [{ headerName: "x", headerValue: { exact: "y" } }];
    const path = [{ path: { prefix: "/" } }];
    const routed: CanaryStep[] = [
      { setHeaderRoute: { name: "h", match }, setMirrorRoute: { name: "m", match: path } },
      { pause: {} },
      { setMirrorRoute: { name: "m", match: path, percentage: 0 } },
      { setHeaderRoute: { name: "h" } },
      { setHeaderRoute: { name: "m", match: [] } },
    ];
    const after = (count: number) => [...routesAfter(STEPS, routed, count).values()];
    const headers = { kind: "header", name: "h", match } as const;
    expect(after(0)).toEqual([]);
    expect(after(2)).toEqual([headers, { kind: "mirror", name: "m", match: path, percentage: 100 }]);
    expect(after(3)).toEqual([headers, { kind: "mirror", name: "m", match: path, percentage: 0 }]);
    expect(after(4)).toEqual([{ kind: "mirror", name: "m", match: path, percentage: 0 }]);
    expect(after(9)).toEqual([]);
  });

  test("may take any time for pauses, analyses and experiments", () => {
    const endless = STEPS.kinds.filter(({ member }) => isEndless(STEPS, { [member]: {} })).map(({ member }) => member);
    expect(endless).toEqual(["pause", "analysis", "experiment"]);
  });
});
