import { describe, expect, test } from "bun:test";
import type { ConditionLine, MetricView } from "../../../model.ts";
import { failingSide, seriesOf, tally } from "./limits.ts";

const line = (of: ConditionLine["of"], op: ConditionLine["op"], name = "value"): ConditionLine => ({
  of,
  op,
  name,
  value: 1,
});

describe("the failing side of a line", () => {
  test.each<[ConditionLine, "above" | "below" | undefined]>([
    [line("success", ">="), "below"],
    [line("success", "<"), "above"],
    [line("failure", ">"), "above"],
    [line("failure", "<="), "below"],
    [line("success", "=="), undefined],
  ])("of %p is %p", (given, side) => {
    expect(failingSide(given)).toBe(side);
  });
});

const metric: MetricView = {
  name: "rate",
  provider: "web",
  query: "",
  phase: "Running",
  dryRun: false,
  message: "",
  successCondition: "",
  failureCondition: "",
  lines: [],
  interval: "",
  taken: 3,
  successful: 3,
  failed: 0,
  failureLimit: 0,
  inconclusive: 0,
  inconclusiveLimit: 0,
  errors: 0,
  consecutiveErrors: 0,
  errorLimit: 4,
  measurements: [],
};

describe("a metric", () => {
  test("is counted in words, without what does not matter", () => {
    expect(tally(metric)).toBe("3 measurements: 3 successful");
    expect(tally({ ...metric, count: 5, failed: 1, failureLimit: 2, errors: 1 })).toBe(
      "3 of 5 measurements: 3 successful, 1 failed (may fail 2), 1 error (4 in a row are let pass)",
    );
  });

  test("is drawn by the numbers that its conditions speak of, or else by the first three", () => {
    const numbers = { a: 1, b: 2, c: 3, d: 4 };
    const measurements = [{ startedAt: "", finishedAt: "", phase: "", value: "", numbers, message: "", metadata: {} }];
    expect(seriesOf({ ...metric, measurements })).toEqual(["a", "b", "c"]);
    expect(seriesOf({ ...metric, measurements, lines: [line("success", ">", "d")] })).toEqual(["d"]);
    expect(seriesOf({ ...metric, measurements, lines: [line("success", ">", "gone")] })).toEqual(["a", "b", "c"]);
  });
});
