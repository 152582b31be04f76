import { describe, expect, test } from "bun:test";
import { experimentSeries, type ObservedExperiment } from "./experimentSeries.ts";

const experiment = (name: string, phase?: string): ObservedExperiment => ({
  metadata: { namespace: "shop", name },
  ...(phase === undefined ? {} : { status: { phase } }),
});

const printed = (series: ReturnType<typeof experimentSeries>): string[] =>
  [...series.render()]
    .join("")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

describe("the metrics of Experiments", () => {
  test("tell the phase of each, which is Pending before it has one", () => {
    const lines = printed(experimentSeries(() => [experiment("a", "Failed"), experiment("b")]));
    expect(lines.filter((line) => line.startsWith("experiment_info"))).toEqual([
      'experiment_info{namespace="shop",name="a",phase="Failed"} 1',
      'experiment_info{namespace="shop",name="b",phase=""} 1',
    ]);
    expect(lines.filter((line) => line.startsWith("experiment_phase") && line.endsWith(" 1"))).toEqual([
      'experiment_phase{namespace="shop",name="a",phase="Failed"} 1',
      'experiment_phase{namespace="shop",name="b",phase="Pending"} 1',
    ]);
    expect(lines.filter((line) => line.startsWith("experiment_phase"))).toHaveLength(12);
  });

  test("count passes by namespace, never by Experiment", () => {
    const series = experimentSeries(() => []);
    series.reconciled("shop/a", 5, false);
    series.reconciled("shop/b", 200, true);
    const lines = printed(series);
    expect(lines).toContain('experiment_reconcile_bucket{namespace="shop",le="0.01"} 1');
    expect(lines).toContain('experiment_reconcile_count{namespace="shop"} 2');
    expect(lines).toContain('experiment_reconcile_error{namespace="shop"} 1');
    expect(lines.join("")).not.toContain('name="');
  });
});
