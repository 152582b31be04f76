import { describe, expect, test } from "bun:test";
import type { MetricProviderRow, Reading } from "../../../providers/metrics/provider.ts";
import { judgedReading } from "./reading.ts";

const numbers: Pick<MetricProviderRow, "conditions"> = {
  conditions: { kind: "checked", results: ["numbers", "number"] },
};
const json: Pick<MetricProviderRow, "conditions"> = { conditions: { kind: "checked", results: ["map", "list"] } };

const judged = (value: unknown, success?: string, failure?: string, row = numbers) =>
  judgedReading(
    { kind: "value", value },
    {
      ...(success === undefined ? {} : { successCondition: success }),
      ...(failure === undefined ? {} : { failureCondition: failure }),
    },
    row,
    0,
  );

describe("a value is judged", () => {
  test.each<[string, string | undefined, string | undefined, string]>([
    ["without conditions", undefined, undefined, "Successful"],
    ["by success that holds", "result[0] > 1", undefined, "Successful"],
    ["by success that does not hold", "result[0] > 9", undefined, "Failed"],
    ["by failure that holds", undefined, "result[0] > 1", "Failed"],
    ["by failure that does not hold", undefined, "result[0] > 9", "Successful"],
    ["by both that hold", "result[0] > 1", "result[0] > 1", "Failed"],
    ["by success alone that holds", "result[0] > 1", "result[0] > 9", "Successful"],
    ["by neither that holds", "result[0] > 9", "result[0] > 9", "Inconclusive"],
  ])("%s", (_, success, failure, phase) => {
    expect(judged([2], success, failure)).toMatchObject({ phase });
  });

  test("as Go's list of floats where the source gives numbers alone", () => {
    expect(judged([2], "result[0] % 2 == 0")).toMatchObject({ phase: "Error" });
    expect(judged({ ok: true, rate: 0.95 }, "result.ok && result.rate > 0.9", undefined, json)).toMatchObject({
      phase: "Successful",
      value: '{"ok":true,"rate":0.95}',
    });
  });

  test("as NaN where it is that", () => {
    expect(judged([Number.NaN], "isNaN(result[0])")).toEqual({ phase: "Successful", value: '["NaN"]' });
    expect(judged([Number.NaN], "result[0] >= 0.95")).toMatchObject({ phase: "Failed" });
  });
});

describe("an error", () => {
  test.each<[string, unknown, string, string]>([
    [
      "names the condition and why, without the place",
      [2],
      'result[0] > "a"',
      'could not evaluate successCondition "result[0] > "a"": > does not take a float64 and a string',
    ],
    [
      "says that nothing came",
      [],
      "result[0] > 1",
      'could not evaluate successCondition "result[0] > 1": metric result is nil or empty: no data returned from the metric provider',
    ],
    [
      "says so of null as well",
      null,
      "result > 1",
      'could not evaluate successCondition "result > 1": metric result is nil or empty: no data returned from the metric provider',
    ],
  ])("%s", (_, value, condition, message) => {
    expect(judged(value, condition)).toEqual({ phase: "Error", message });
  });

  test("of the second condition counts though the first one holds", () => {
    expect(judged([2], "result[0] > 1", "result[0]")).toEqual({
      phase: "Error",
      message: 'could not evaluate failureCondition "result[0]": it gives a float64, and a condition is true or false',
    });
  });
});

describe("a reading", () => {
  const metadata = { job: "a" };
  const condition = { successCondition: "false" };

  test.each<[string, Reading, object]>([
    [
      "that decides itself reads no condition",
      { kind: "decided", phase: "Failed", text: "7", message: "m" },
      { phase: "Failed", value: "7", message: "m" },
    ],
    ["that goes on says when", { kind: "running", resumeAt: 5, metadata }, { phase: "Running", resumeAt: 5, metadata }],
    ["without data is an error", { kind: "noData", message: "m" }, { phase: "Error", message: "m" }],
    ["of an error is one", { kind: "error", message: "m", metadata }, { phase: "Error", message: "m", metadata }],
    ["has its own text as the value", { kind: "value", value: 1, text: "one" }, { phase: "Failed", value: "one" }],
  ])("%s", (_, reading, expected) => {
    expect(judgedReading(reading, condition, numbers, 0)).toEqual(expected as never);
  });
});
