import { describe, expect, test } from "bun:test";
import { sha256, traceText } from "../../../test/golden/traceStory.ts";
import type { AnalysisRun, AnalysisRunStatus, Measurement, MetricResult } from "../../../schema/analysis.ts";
import { runSpans } from "./analyses.ts";

const PARENT = { traceId: "a".repeat(32), spanId: "b".repeat(16), digest: sha256 };
const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, "0")}Z`;

const run = (status: Partial<AnalysisRunStatus>): AnalysisRun => ({
  metadata: {
    name: "web-2-1",
    namespace: "shop",
    uid: "run-uid",
    creationTimestamp: at(0),
    labels: { "rollout-type": "Step", "step-index": "1" },
  },
  spec: { metrics: [] },
  status: { phase: "Running", startedAt: at(1), ...status },
});

const measured = (second: number, phase: string, more: Partial<Measurement> = {}): Measurement => ({
  phase,
  startedAt: at(second),
  finishedAt: at(second + 1),
  value: String(second),
  ...more,
});

const errors = (
  phase: string,
  measurements: readonly Measurement[],
  more: Partial<MetricResult> = {},
): MetricResult => ({
  name: "errors",
  phase,
  measurements: [...measurements],
  successful: measurements.filter((each) => each.phase === "Successful").length,
  failed: measurements.filter((each) => each.phase === "Failed").length,
  ...more,
});

/** The lines of the spans that each version adds. */
function told(...versions: readonly AnalysisRun[]): string {
  let before: AnalysisRun | undefined;
  const spans = versions.flatMap((version) => {
    const made = runSpans(before, version, PARENT, 0);
    before = version;
    return made;
  });
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
  return traceText(spans);
}

describe("the spans of an AnalysisRun", () => {
  test("are its measurements as they end, then the metric, then the run, which names why it failed", () => {
    const first = measured(2, "Successful");
    const second = measured(5, "Failed", { message: "too many" });
    const message = 'Metric "errors" assessed Failed';
    const versions = [
      run({}),
      run({ metricResults: [errors("Running", [first])] }),
      run({ metricResults: [errors("Running", [first, { phase: "Running", startedAt: at(5) }])] }),
      run({ phase: "Failed", message, completedAt: at(6), metricResults: [errors("Failed", [first, second])] }),
    ];
    expect(told(...versions).split("\n")).toEqual([
      `Step analysis  +1s to +6s  ERROR ${message}`,
      `  trace ${"a".repeat(32)} span ${sha256("run-uid\0run").slice(0, 16)}`,
      "  namespace.name=shop analysis_run.name=web-2-1 analysis_run.uid=run-uid analysis_run.type=Step analysis_run.phase=Failed step.index=1",
      "  metric errors  +1s to +6s  ERROR Failed",
      "    metric.name=errors metric.phase=Failed metric.measurements=2",
      "    measurement  +2s to +3s",
      "      metric.name=errors measurement.number=1 measurement.phase=Successful measurement.value=2",
      "    measurement  +5s to +6s  ERROR too many",
      "      metric.name=errors measurement.number=2 measurement.phase=Failed measurement.value=5",
      "",
    ]);
  });

  test("are complete and once, though only the last measurements are kept", () => {
    const all = Array.from({ length: 6 }, (_, n) => measured(n * 2, "Successful"));
    const versions = all.map((_, n) =>
      run({ metricResults: [errors("Running", all.slice(Math.max(0, n - 1), n + 1), { successful: n + 1 })] }),
    );
    const numbers = [...told(...versions).matchAll(/measurement\.number=(\d+)/g)].map(([, number]) => Number(number));
    expect(numbers).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("are no errors where a dry run fails, and where the run was only terminated", () => {
    const text = told(
      run({}),
      run({
        phase: "Successful",
        message: "Run Terminated",
        metricResults: [errors("Failed", [measured(2, "Successful")], { dryRun: true })],
      }),
    );
    expect(text).not.toContain("ERROR");
    expect(text).toContain("metric.dry_run=true");
  });

  test("leave out what ended before this process could see it", () => {
    const seen = run({ metricResults: [errors("Running", [measured(2, "Successful"), measured(40, "Successful")])] });
    const spans = runSpans(undefined, seen, PARENT, Date.parse(at(30)));
    expect(spans.map(({ attributes }) => attributes["sluice.measurement.number"])).toEqual([2]);
  });

  test("can be made of whatever is stored", () => {
    const odd = { phase: "Failed", metricResults: ["x", { name: "a", phase: "Failed", measurements: "none" }] };
    expect(told(run(odd as never))).toContain("metric a");
  });
});
