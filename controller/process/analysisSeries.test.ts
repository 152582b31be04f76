import { describe, expect, test } from "bun:test";
import { analysisSeries, type ObservedRun } from "./analysisSeries.ts";

const run: ObservedRun = {
  metadata: { namespace: "shop", name: "web-1" },
  spec: {
    metrics: [
      { name: "errors", provider: { prometheus: {} } },
      { name: "own", provider: { plugin: {} } },
    ],
  },
  status: { phase: "Failed", metricResults: [{ name: "errors", phase: "Failed", dryRun: true }] },
};

const printed = (
  series = analysisSeries(
    () => [run],
    () => [],
  ),
): string[] =>
  [...series.render()]
    .join("")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

const ones = (family: string): string[] =>
  printed().filter((line) => line.startsWith(`${family}{`) && line.endsWith(" 1"));

describe("the metrics of AnalysisRuns", () => {
  test("tell the phase of a run and of each of its metrics", () => {
    expect(ones("analysis_run_info")).toEqual(['analysis_run_info{namespace="shop",name="web-1",phase="Failed"} 1']);
    expect(ones("analysis_run_phase")).toEqual(['analysis_run_phase{namespace="shop",name="web-1",phase="Failed"} 1']);
    expect(ones("analysis_run_metric_type")).toEqual([
      'analysis_run_metric_type{namespace="shop",name="web-1",metric="errors",type="Prometheus"} 1',
      'analysis_run_metric_type{namespace="shop",name="web-1",metric="own",type="RPCPlugin"} 1',
    ]);
    expect(ones("analysis_run_metric_phase")).toEqual([
      'analysis_run_metric_phase{namespace="shop",name="web-1",metric="errors",type="Prometheus",dry_run="true",phase="Failed"} 1',
      'analysis_run_metric_phase{namespace="shop",name="web-1",metric="own",type="RPCPlugin",dry_run="false",phase="Pending"} 1',
    ]);
  });

  test("count passes by namespace and measurements by provider, never by run", () => {
    const series = analysisSeries(
      () => [],
      () => [],
    );
    series.reconciled("shop/a", 5, false);
    series.reconciled("shop/b", 200, true);
    series.measured("web", "Successful");
    series.measured("web", "Successful");
    const lines = printed(series);
    expect(lines).toContain('analysis_run_reconcile_count{namespace="shop"} 2');
    expect(lines).toContain('analysis_run_reconcile_error{namespace="shop"} 1');
    expect(lines).toContain('sluice_measurements_total{provider="Web",phase="Successful"} 2');
  });

  test("show at most twenty metrics of a run", () => {
    const metrics = Array.from({ length: 30 }, (_, n) => ({ name: `m${n}`, provider: { web: {} } }));
    const lines = printed(
      analysisSeries(
        () => [{ ...run, spec: { metrics } }],
        () => [],
      ),
    );
    expect(lines.filter((line) => line.startsWith("analysis_run_metric_type{"))).toHaveLength(20);
  });

  test("name the templates that are held, those of the cluster too, and at most twenty metrics of each", () => {
    const metric = (n: number) => ({ name: `m${n}`, provider: { plugin: { "sluice.dev/pods": {} } } });
    const templates = [
      { metadata: { namespace: "shop", name: "errors" }, spec: { metrics: [{ name: "a", provider: { job: {} } }] } },
      { metadata: { name: "all" }, spec: { metrics: Array.from({ length: 30 }, (_, n) => metric(n)) } },
      { metadata: { name: "broken" }, spec: { metrics: "none" } },
    ];
    const lines = printed(
      analysisSeries(
        () => [],
        () => templates,
      ),
    );
    expect(lines).toContain('analysis_template_info{namespace="shop",name="errors"} 1');
    expect(lines).toContain('analysis_template_info{namespace="",name="all"} 1');
    expect(lines).toContain('analysis_template_metric_info{namespace="shop",name="errors",type="Job",metric="a"} 1');
    expect(lines).toContain('analysis_template_metric_info{namespace="",name="all",type="RPCPlugin",metric="m0"} 1');
    expect(lines.filter((line) => line.startsWith("analysis_template_metric_info{"))).toHaveLength(21);
  });
});
