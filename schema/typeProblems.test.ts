import { expect, test } from "bun:test";
import { RolloutStrategy } from "./rollout.ts";
import { typeProblems } from "./typeProblems.ts";

test.each([
  [{ canary: "yes" }, ['spec.strategy.canary: expected Object but got "yes"']],
  ["canary", ['spec.strategy: expected Object but got "canary"']],
  [{ canary: { steps: [{}, 1] } }, ["spec.strategy.canary.steps[1]: expected Object but got 1"]],
  [{ canary: { steps: null }, blueGreen: null }, []],
  [{ canary: { steps: [{ setWeight: 20 }, { pause: { duration: "5m" } }, { pause: { duration: 30 } }] } }, []],
])("the types of a strategy are checked, and null is left out: %j", (strategy, problems) => {
  const found = typeProblems(RolloutStrategy, strategy, "spec.strategy");
  expect(found.map(({ path, detail }) => `${path}: ${detail}`)).toEqual(problems);
});
