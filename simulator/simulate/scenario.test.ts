import { describe, expect, test } from "bun:test";
import { outcomeAt, readScenario, type Scenario } from "./scenario.ts";

function scenarioOf(yaml: string): Scenario {
  const read = readScenario(Bun.YAML.parse(yaml));
  if (read.kind === "refused") throw new Error(read.problem);
  return read.scenario;
}

describe("a scenario", () => {
  test("says what a metric measures from which time on, in whatever order it is written", () => {
    const scenario = scenarioOf(
      "metrics: { ok: [{ at: 10m, value: 0.7 }, { at: 0s, value: 0.99 }, { at: 1h30m, hang: true }] }",
    );
    const at = (minutes: number) => outcomeAt(scenario, "ok", minutes * 60_000);
    expect([at(0), at(9.9), at(10), at(90)]).toEqual([
      { kind: "value", value: 0.99 },
      { kind: "value", value: 0.99 },
      { kind: "value", value: 0.7 },
      { kind: "hang" },
    ]);
  });

  test("says nothing about other metrics, and nothing before the first time", () => {
    const scenario = scenarioOf("metrics: { ok: [{ at: 1m, value: 1 }] }");
    expect([outcomeAt(scenario, "ok", 59_999), outcomeAt(scenario, "other", 60_000)]).toEqual([undefined, undefined]);
  });

  test.each([
    ["3", { kind: "value", value: 3 }],
    ["text", { kind: "value", value: "text" }],
    ["[0.9, 0.8]", { kind: "value", value: [0.9, 0.8] }],
    ["NaN", { kind: "value", value: Number.NaN }],
    ["{ value: { errors: 3 } }", { kind: "value", value: { errors: 3 } }],
    ["{ error: refused }", { kind: "error", message: "refused" }],
    ["{ noData: true }", { kind: "noData" }],
    ["{ phase: Inconclusive }", { kind: "phase", phase: "Inconclusive" }],
    ["[{ at: 0, value: 1 }]", { kind: "value", value: 1 }],
  ])("takes %s for what is measured from the start on", (yaml, outcome) => {
    expect(outcomeAt(scenarioOf(`metrics: { m: ${yaml} }`), "m", 0)).toEqual(outcome as never);
  });

  test.each([
    ["[]", "it is to be an object with `metrics`"],
    ["{ metric: {} }", "metric is not known"],
    ["{ metrics: 3 }", "metrics is to be an object, by the names of the metrics"],
    ["{ metrics: { m: [{ at: 10min, value: 1 }] } }", 'metrics.m[0].at is no time since the update began: "10min"'],
    ["{ metrics: { m: [{ at: -1m, value: 1 }] } }", "metrics.m[0].at is no time"],
    ["{ metrics: { m: [{ at: 1m }] } }", "metrics.m[0] is to have one of value, error, noData, hang or phase"],
    ["{ metrics: { m: [{ at: 1m, value: 1, error: x }] } }", "metrics.m[0] is to have one of"],
    ["{ metrics: { m: [{ at: 1m, values: 1 }] } }", "metrics.m[0].values is not known"],
    [
      "{ metrics: { m: [{ at: 1m, phase: failed }] } }",
      "metrics.m[0].phase is one of Successful, Failed, Inconclusive",
    ],
    ["{ metrics: { m: [{ at: 1m, value: 1 }, 3] } }", "metrics.m[1] is to be an object such as"],
  ])("%s is refused with the place", (yaml, problem) => {
    const read = readScenario(Bun.YAML.parse(yaml));
    expect(read.kind === "refused" ? read.problem : "").toContain(problem);
  });
});
