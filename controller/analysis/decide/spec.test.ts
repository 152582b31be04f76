import { describe, expect, test } from "bun:test";
import type { AnalysisRunSpec } from "../../../schema/analysis.ts";
import { ended, metric, play } from "./testing.ts";

describe("a run that cannot be measured", () => {
  test.each<[string, Partial<AnalysisRunSpec>, string]>([
    ["has no metric", { metrics: [] }, "Analysis spec invalid: no metrics specified"],
    [
      "has two metrics of a name",
      { metrics: [metric(), metric()] },
      "Analysis spec invalid: metrics[1]: duplicate name 'm'",
    ],
    [
      "has a tag without a value",
      { metrics: [metric({ successCondition: "{{args.x}}" })] },
      "Unable to resolve metric arguments: failed to resolve {{args.x}}",
    ],
    [
      "has an argument without a value",
      { args: [{ name: "x" }] },
      'Unable to resolve metric arguments: argument "x" was not supplied',
    ],
    [
      "counts several times without an interval",
      { metrics: [metric({ count: 2 })] },
      "Analysis spec invalid: metrics[0]: interval must be specified when count > 1",
    ],
    [
      "has limits that its count cannot reach",
      { metrics: [metric({ count: "2", interval: "1s", failureLimit: 3 })] },
      "Analysis spec invalid: metrics[0]: count (2) must be >= failureLimit + consecutiveSuccessLimit (3 + 0) if both >= 0",
    ],
    [
      "has a dry-run rule that matches nothing",
      { dryRun: [{ metricName: "m" }, { metricName: "*" }] },
      "Analysis spec invalid: dryRun[1]: Rule didn't match any metric name(s)",
    ],
    [
      "has a retention rule that matches nothing",
      { measurementRetention: [{ metricName: "x", limit: 1 }] },
      "Analysis spec invalid: measurementRetention[0]: Rule didn't match any metric name(s)",
    ],
  ])("%s", (_, spec, message) => {
    const { status, events, lines } = play({ spec });
    expect(status).toEqual({ phase: "Error", message });
    expect(events).toEqual(["Warning AnalysisRunError: Analysis Completed. Result: Error"]);
    expect(lines).toEqual([]);
  });

  test("has rules that are too costly to match, none of which is left out silently", () => {
    const metrics = Array.from({ length: 500 }, (_, n) => metric({ name: `m${n}` }));
    const dryRun = Array.from({ length: 1_000 }, (_, n) => ({ metricName: `(m|n)+${n % 500}` }));
    const { status } = play({ spec: { metrics, dryRun } });
    expect(status?.message).toEndWith("Rule is too costly to match against the names of the metrics");
  });

  test("is not one whose count comes from an argument", () => {
    const metrics = [metric({ interval: "1s", count: "{{args.n}}" })];
    expect(ended(play({ spec: { metrics, args: [{ name: "n", value: "2" }] } }))).toBe("Successful");
  });
});
