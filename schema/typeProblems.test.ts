import { expect, test } from "bun:test";
import { RolloutStrategy } from "./rollout.ts";
import { typeProblems } from "./typeProblems.ts";

test.each([
  [{ canary: "yes" }, ['spec.strategy.canary: Invalid type: Expected Object but received "yes"']],
  ["canary", ['spec.strategy: Invalid type: Expected Object but received "canary"']],
  [{ canary: { steps: null }, blueGreen: null }, []],
  [{ canary: { steps: [{ setWeight: 20 }, { pause: { duration: "5m" } }, { pause: { duration: 30 } }] } }, []],
])("the types of a strategy are checked, and null is left out: %j", (strategy, problems) => {
  expect(typeProblems(RolloutStrategy, strategy, "spec.strategy")).toEqual(problems);
});
