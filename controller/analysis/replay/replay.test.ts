import { describe, expect, test } from "bun:test";
import type { AnalysisRun, Metric } from "../../../schema/analysis.ts";
import type { MeasuringOutcome } from "../facts/measurements.ts";
import { replayed, type Take } from "./replay.ts";

const START = Date.parse("2026-03-01T12:00:00Z");

const runOf = (...metrics: readonly Partial<Metric>[]): AnalysisRun => ({
  metadata: { name: "run", namespace: "default" },
  spec: { metrics: metrics.map((one) => ({ name: "m", provider: { prometheus: {} }, ...one })) },
});

/** What is measured by the minutes since the start: a phase, or a reason why nothing is. */
const taking =
  (
    phaseAt: (
      minutes: number,
      metric: string,
    ) => "Successful" | "Failed" | "Inconclusive" | "Error" | { readonly unresolvable: string },
  ): Take =>
  async (_, { flight, metric }, atMs): Promise<MeasuringOutcome> => {
    const common = { kind: flight, metric: metric.name, startedAt: atMs };
    if (flight === "terminate") return { ...common, kind: flight, arrivedAt: atMs, phase: "Inconclusive" };
    const phase = phaseAt((atMs - START) / 60_000, metric.name);
    if (typeof phase === "object") return { ...common, kind: "unresolvable", message: phase.unresolvable };
    return { ...common, kind: flight, arrivedAt: atMs, phase, value: phase };
  };

const replay = (run: AnalysisRun, take: Take, longestMs = 3_600_000) =>
  replayed({ run, startMs: START, terminateMs: START + longestMs, take, signal: new AbortController().signal });

describe("a run that is replayed", () => {
  test("measures at its own times, from its start on", async () => {
    const { phase, measurements, endMs } = await replay(
      runOf({ interval: "5m", count: 3, initialDelay: "1m" }),
      taking(() => "Successful"),
    );
    expect(phase).toBe("Successful");
    expect(measurements.map(({ startedAt }) => (startedAt - START) / 60_000)).toEqual([1, 6, 11]);
    expect(endMs - START).toBe(660_000);
  });

  test("fails as the controller lets it fail: by its limits, and at once for all metrics", async () => {
    const run = runOf({ name: "a", interval: "1m", failureLimit: 1 }, { name: "b", interval: "1m" });
    const { phase, message, metrics, isTerminated } = await replay(
      run,
      taking((minutes, metric) => (metric === "a" && minutes >= 3 ? "Failed" : "Successful")),
    );
    expect([phase, isTerminated]).toEqual(["Failed", false]);
    expect(message).toBe('Metric "a" assessed Failed due to failed (2) > failureLimit (1)');
    expect(metrics.map(({ name, count }) => [name, count])).toEqual([
      ["a", 5],
      ["b", 5],
    ]);
  });

  test("that would go on for ever is ended as that of an update that is over", async () => {
    const { phase, isTerminated, measurements } = await replay(
      runOf({ interval: "10m" }),
      taking(() => "Successful"),
      1_800_000,
    );
    expect([phase, isTerminated, measurements.length]).toEqual(["Successful", true, 3]);
  });

  test("asks again soon after an error, and gives up after five in a row", async () => {
    const { phase, endMs } = await replay(
      runOf({ interval: "10m" }),
      taking(() => "Error"),
    );
    expect([phase, endMs - START]).toEqual(["Error", 40_000]);
  });

  test("whose arguments have no values is an error", async () => {
    const { phase, message } = await replay(
      runOf({}),
      taking(() => ({ unresolvable: "args.a was not resolved" })),
    );
    expect([phase, message]).toEqual(["Error", "Unable to resolve metric arguments: args.a was not resolved"]);
  });

  test("keeps all measurements, where the run itself keeps ten", async () => {
    const { measurements, metrics } = await replay(
      runOf({ interval: "1m", count: 30 }),
      taking(() => "Successful"),
    );
    expect([measurements.length, metrics[0]?.measurements?.length]).toEqual([30, 10]);
  });

  test("ends when nobody wants it any more", async () => {
    const stopping = new AbortController();
    const take: Take = (...asked) => {
      stopping.abort();
      return taking(() => "Successful")(...asked);
    };
    const { phase } = await replayed({
      run: runOf({ interval: "1m" }),
      startMs: START,
      terminateMs: START + 1,
      take,
      signal: stopping.signal,
    });
    expect(phase).toBe("Running");
  });
});
