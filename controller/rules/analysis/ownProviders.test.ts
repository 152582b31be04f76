import { describe, expect, test } from "bun:test";
import { root } from "../../../kube/validation/place.ts";
import { analysisTemplateViolations } from "./analysis.ts";
import { metricViolations } from "./metric.ts";

const metric = (plugin: object, more: object = {}): object => ({ name: "m", provider: { plugin }, ...more });

describe("a provider of Sluice's own", () => {
  test.each([
    [{ "sluice.dev/pods": {} }],
    [{ "sluice.dev/pods": null }],
    [{ "sluice.dev/resource-metrics": { tolerance: "{{args.t}}" } }],
    [{ "sluice.dev/external-metrics": { metric: "q" } }],
    [{ "argoproj-labs/other": { anything: 1 } }],
  ])("%j is admitted", (plugin) => {
    expect(metricViolations(root(metric(plugin)))).toEqual([]);
  });

  test.each([
    [{ "sluice.dev/pod": {} }, "there is no such provider"],
    [{ "sluice.dev/pods": { restarts: 1 } }, "there is no restarts"],
    [{ "sluice.dev/external-metrics": {} }, "metric is not"],
    [{ "sluice.dev/pods": {}, other: {} }, "multiple providers specified"],
  ])("%j is refused: %s", (plugin, detail) => {
    const details = metricViolations(root(metric(plugin))).map((found) => found.detail);
    expect(details.join()).toContain(detail);
  });

  test("has conditions over its own results", () => {
    const spec = (condition: string) => ({
      spec: { metrics: [metric({ "sluice.dev/pods": {} }, { successCondition: condition })] },
    });
    expect(analysisTemplateViolations(spec("result.canary.restarts < 3"))).toEqual([]);
    expect(analysisTemplateViolations(spec("result[0] > 'a' + 1"))).toHaveLength(1);
  });
});
