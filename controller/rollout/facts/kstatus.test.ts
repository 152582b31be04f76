import { describe, expect, test } from "bun:test";
import { KSTATUS } from "../../../schema/labels.ts";
import type { Rollout, RolloutSpec } from "../../../schema/rollout.ts";
import { decide } from "../decide/decide.ts";
import { createGatherer } from "./gather.ts";
import { createStores } from "./stores.ts";

const labels = { app: "web" };
const valid: RolloutSpec = {
  replicas: 1,
  selector: { matchLabels: labels },
  template: { metadata: { labels }, spec: { containers: [{ name: "web", image: "web:1" }] } },
  strategy: { canary: {} },
};

function snapshotOf(value: string | undefined, forAll: boolean, spec = valid) {
  const annotations = value === undefined ? {} : { [KSTATUS]: value };
  const rollout: Rollout = {
    metadata: { name: "web", namespace: "default", uid: "u", generation: 1, annotations },
    spec,
  };
  const stores = createStores();
  stores.rollouts.upsert(rollout);
  const snapshot = createGatherer(stores, forAll).gather("default/web");
  if (snapshot === undefined) throw new Error("There are no facts about the Rollout");
  return snapshot;
}

describe("conditions for generic tools", () => {
  test.each([
    [undefined, false, undefined],
    ["true", false, true],
    ["false", false, undefined],
    ["yes", false, undefined],
    [undefined, true, true],
    ["false", true, undefined],
    ["true", true, true],
  ] as const)("are asked for by the annotation %p and the flag %p: %p", (value, forAll, asked) => {
    expect(snapshotOf(value, forAll).kstatus).toBe(asked);
  });

  const blueGreen: RolloutSpec = { ...valid, strategy: { blueGreen: { activeService: "missing" } } };
  const wrong: RolloutSpec = { ...valid, strategy: { canary: { steps: [{ setWeight: 200 }] } } };

  test.each([
    ["a Service that is missing may still come", blueGreen, true, "Reconciling"],
    ["a step that is wrong stays wrong", wrong, undefined, "Stalled"],
  ] as const)("say when there is no use in waiting: %s", (_, spec, byOthers, type) => {
    const snapshot = snapshotOf("true", false, spec);
    expect(snapshot.invalidByOthers).toBe(byOthers);
    const { status, wakeAt } = decide(snapshot, Date.parse("2026-01-01"));
    expect(status?.conditions?.map((condition) => condition.type)).toEqual(["InvalidSpec", "Ready", type]);
    expect(wakeAt).toBe(byOthers === true ? Date.parse("2026-01-01T00:10:00Z") : undefined);
  });
});
