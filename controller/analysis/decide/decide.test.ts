import { describe, expect, test } from "bun:test";
import type { AnalysisRunSpec, Metric } from "../../../schema/analysis.ts";
import { ended, metric, play } from "./testing.ts";

const of = (more: Partial<Metric>, answers: string): string =>
  ended(play({ spec: { metrics: [metric({ interval: "10s", ...more })] }, answers: { m: answers } }));

describe("a metric ends", () => {
  test.each<[string, Partial<Metric>, string, string]>([
    ["Successful after one measurement without interval and count", { interval: "" }, "S", "Successful"],
    ["Successful after its count", { count: 3 }, "SSS", "Successful"],
    ["Successful after a count that is a text", { count: "3" }, "SSS", "Successful"],
    ["Successful when failures stay within the limit", { count: 5, failureLimit: 2 }, "FSFSS", "Successful"],
    [
      "Failed at the first failure beyond the limit",
      { count: 5, failureLimit: 2 },
      "FFF",
      'Failed: Metric "m" assessed Failed due to failed (3) > failureLimit (2)',
    ],
    [
      "Failed at the first failure without a limit",
      { count: 5 },
      "SF",
      'Failed: Metric "m" assessed Failed due to failed (1) > failureLimit (0)',
    ],
    [
      "Inconclusive at the first undecided measurement",
      { count: 5 },
      "SI",
      'Inconclusive: Metric "m" assessed Inconclusive due to inconclusive (1) > inconclusiveLimit (0)',
    ],
    ["Successful when undecided ones stay within the limit", { count: 3, inconclusiveLimit: 2 }, "IIS", "Successful"],
    [
      "Error at the fifth error in a row",
      { count: 5 },
      "E",
      'Error: Metric "m" assessed Error due to consecutiveErrors (5) > consecutiveErrorLimit (4): "Error Message: no answer"',
    ],
    ["Successful with errors that are not in a row", { count: 2, consecutiveErrorLimit: 1 }, "ESES", "Successful"],
    [
      "Error at the first error with a limit of 0",
      { count: 2, consecutiveErrorLimit: 0 },
      "SE",
      'Error: Metric "m" assessed Error due to consecutiveErrors (1) > consecutiveErrorLimit (0): "Error Message: no answer"',
    ],
    [
      "Successful at so many successes in a row, whatever fails",
      { count: 10, failureLimit: -1, consecutiveSuccessLimit: 3 },
      "FFSSFSSS",
      "Successful",
    ],
    [
      "Failed when the row of successes does not come within the count, and failures have no limit",
      { count: 4, failureLimit: -1, consecutiveSuccessLimit: 3 },
      "SFSS",
      "Failed",
    ],
    [
      "Inconclusive when neither limit is reached within the count",
      { count: 10, failureLimit: 3, consecutiveSuccessLimit: 3 },
      "SSFSSFSSFS",
      "Inconclusive",
    ],
    [
      "Failed by the limit of failures before the row of successes",
      { count: 10, failureLimit: 3, consecutiveSuccessLimit: 3 },
      "FFFFSSS",
      'Failed: Metric "m" assessed Failed due to failed (4) > failureLimit (3)',
    ],
    ["Successful without a count, by its row of successes", { consecutiveSuccessLimit: 2 }, "SS", "Successful"],
    ["never without a count", {}, "S", "Running still"],
    [
      "Successful with a limit that is no number, which counts as 0",
      { count: 2, failureLimit: "x" },
      "SS",
      "Successful",
    ],
  ])("%s", (_, more, answers, expected) => {
    expect(of(more, answers)).toBe(expected);
  });

  test("as the order of outcomes says: an error in a row goes before undecided, undecided before failed", () => {
    const limits = { failureLimit: 0, inconclusiveLimit: 0, consecutiveErrorLimit: 0 };
    expect(of({ ...limits, count: 3 }, "E")).toStartWith("Error");
    expect(of({ ...limits, count: 3 }, "I")).toStartWith("Inconclusive");
    expect(of({ ...limits, count: 3 }, "F")).toStartWith("Failed");
  });

  test("by limits that arguments give", () => {
    const metrics = [metric({ interval: "{{args.every}}", count: "{{args.count}}", failureLimit: "{{ args.limit }}" })];
    const args = [
      { name: "every", value: "2s" },
      { name: "count", value: "3" },
      { name: "limit", value: "1" },
    ];
    const played = play({ spec: { metrics, args }, answers: { m: "FSF" } });
    expect(ended(played)).toBe('Failed: Metric "m" assessed Failed due to failed (2) > failureLimit (1)');
    expect(played.lines).toEqual(["0 begin m", "2100 begin m", "4200 begin m"]);
  });
});

describe("a run that shows nothing good is not Successful", () => {
  const nothing = (counts: string): string => `No measurement was successful: ${counts}`;

  test.each<[string, Partial<Metric>, string, string]>([
    [
      "when its limits allow that all fail",
      { count: 3, failureLimit: 3 },
      "F",
      `Failed: ${nothing("failed (3), inconclusive (0), error (0)")}`,
    ],
    [
      "when its limits allow that all are undecided",
      { count: 2, inconclusiveLimit: 2 },
      "I",
      `Inconclusive: ${nothing("failed (0), inconclusive (2), error (0)")}`,
    ],
  ])("%s", (_, more, answers, expected) => {
    expect(of(more, answers)).toBe(expected);
  });

  test.each<[string, Partial<Metric>, string, string]>([
    ["when all failed before somebody terminated it", { failureLimit: 9 }, "F", "Failed"],
    ["when all were errors before somebody terminated it", {}, "E", "Error"],
    ["when its only measurement was cut off", { inconclusiveLimit: 1, interval: "" }, "R", "Inconclusive"],
  ])("%s", (_, more, answers, phase) => {
    const metrics = [metric({ interval: "10s", ...more })];
    const played = play({ spec: { metrics }, answers: { m: answers }, terminateAt: 12_000 });
    expect(played.status?.phase).toBe(phase);
    expect(played.status?.message).toStartWith("No measurement was successful");
  });

  test("but one good measurement of another metric is enough", () => {
    const metrics = [metric({ name: "bad", failureLimit: 1 }), metric({ name: "good" })];
    expect(ended(play({ spec: { metrics }, answers: { bad: "F" } }))).toBe("Successful");
  });

  test("and a dry run neither saves nor spoils it", () => {
    const metrics = [metric({ name: "bad", failureLimit: 1 }), metric({ name: "good" })];
    const spec = { metrics, dryRun: [{ metricName: "good" }] };
    expect(ended(play({ spec, answers: { bad: "F" } }))).toStartWith("Failed: No measurement");
    const onlyDry = { metrics: [metric({ failureLimit: 1 })], dryRun: [{ metricName: ".*" }] };
    expect(ended(play({ spec: onlyDry, answers: { m: "F" } }))).toBe("Successful");
  });
});

describe("measurements are taken", () => {
  const times = (more: Partial<Metric>, answers: string, takes = 100): readonly string[] =>
    play({ spec: { metrics: [metric(more)] }, answers: { m: answers }, takes, until: 60_000 }).lines;

  test("an interval after the one before has ended", () => {
    expect(times({ interval: "10s", count: 3 }, "S", 1_500)).toEqual(["0 begin m", "11500 begin m", "23000 begin m"]);
  });

  test("to the millisecond, though a status has whole seconds", () => {
    expect(times({ interval: "1500ms", count: 3 }, "S", 700)).toEqual(["0 begin m", "2200 begin m", "4400 begin m"]);
  });

  test("at most once a second", () => {
    expect(times({ interval: "1ms", count: 3 }, "S")).toEqual(["0 begin m", "1100 begin m", "2200 begin m"]);
    expect(times({ interval: "-5s", count: 2 }, "S")).toEqual(["0 begin m", "1100 begin m"]);
  });

  test("again ten seconds after an error, whatever the interval is", () => {
    expect(times({ interval: "1s", count: 2 }, "ESS")).toEqual(["0 begin m", "10100 begin m", "11200 begin m"]);
    expect(times({}, "ES")).toEqual(["0 begin m", "10100 begin m"]);
    expect(times({ interval: "1h", count: 1 }, "ES")).toEqual(["0 begin m", "10100 begin m"]);
  });

  test("after the initial delay, counted from the beginning of the run", () => {
    const metrics = [metric({ name: "now" }), metric({ name: "later", initialDelay: "20s" })];
    const played = play({ spec: { metrics } });
    expect(played.lines).toEqual(["0 begin now", "20000 begin later"]);
    expect(played.status?.phase).toBe("Successful");
  });

  test("on when a source is not ready yet", () => {
    expect(times({}, "RRS")).toEqual(["0 begin m", "5000 resume m", "10000 resume m"]);
  });

  test("by at most sixteen at once", () => {
    const metrics = Array.from({ length: 40 }, (_, n) => metric({ name: `m${n}` }));
    const { lines } = play({ spec: { metrics } });
    expect(lines.filter((line) => line.startsWith("0 "))).toHaveLength(16);
    expect(lines).toHaveLength(40);
  });

  test("no more once the metric is over", () => {
    expect(times({ interval: "10s" }, "F")).toEqual(["0 begin m"]);
  });
});

describe("a metric that fails ends the others", () => {
  test("at once where they are between two measurements", () => {
    const metrics = [metric({ name: "bad" }), metric({ name: "good", interval: "10s" })];
    const { status } = play({ spec: { metrics }, answers: { bad: "F" } });
    expect(status?.phase).toBe("Failed");
    expect(status?.metricResults?.map(({ name, phase }) => [name, phase])).toEqual([
      ["bad", "Failed"],
      ["good", "Successful"],
    ]);
  });

  test("after what they are measuring is ended", () => {
    const metrics = [metric({ name: "bad", initialDelay: "2s" }), metric({ name: "job" })];
    const played = play({ spec: { metrics }, answers: { bad: "F", job: "R" } });
    expect(played.lines).toEqual(["0 begin job", "2000 begin bad", "2100 terminate job"]);
    expect(played.status?.phase).toBe("Failed");
    expect(played.status?.metricResults?.[0]?.measurements?.[0]?.message).toBe("Metric Terminated");
  });

  test("but a dry run ends nothing", () => {
    const metrics = [metric({ name: "bad" }), metric({ name: "good", interval: "10s", count: 2 })];
    const played = play({ spec: { metrics, dryRun: [{ metricName: "^b" }] }, answers: { bad: "F" } });
    expect(ended(played)).toBe("Successful");
    expect(played.status?.metricResults?.[0]).toMatchObject({
      dryRun: true,
      phase: "Failed",
      message: "Metric assessed Failed due to failed (1) > failureLimit (0)",
    });
    expect(played.status?.runSummary).toEqual({ count: 1, successful: 1 });
    expect(played.status?.dryRunSummary).toEqual({ count: 1, failed: 1 });
  });
});

describe("a run that somebody terminates", () => {
  test("is Successful by what it has measured", () => {
    const metrics = [metric({ interval: "10s" })];
    expect(ended(play({ spec: { metrics }, terminateAt: 25_000 }))).toBe("Successful: Run Terminated");
  });

  test("is Successful before anything was measured", () => {
    const metrics = [metric({ initialDelay: "1m" })];
    const { status } = play({ spec: { metrics }, terminateAt: 5_000 });
    expect(status).toEqual({
      phase: "Successful",
      message: "Run Terminated",
      startedAt: "2026-01-01T00:00:00Z",
      completedAt: "2026-01-01T00:00:05Z",
      runSummary: { count: 1 },
      dryRunSummary: {},
    });
  });

  test("waits for a measurement that is under way", () => {
    const played = play({ spec: { metrics: [metric()] }, terminateAt: 1_000, takes: 3_000 });
    expect(played.status?.phase).toBe("Successful");
    expect(played.status?.completedAt).toBe("2026-01-01T00:00:03Z");
  });

  test("ends a measurement that goes on, which counts as undecided", () => {
    const played = play({ spec: { metrics: [metric()] }, answers: { m: "R" }, terminateAt: 2_000 });
    expect(played.lines).toEqual(["0 begin m", "2000 terminate m"]);
    expect(ended(played)).toBe(
      'Inconclusive: Metric "m" assessed Inconclusive due to inconclusive (1) > inconclusiveLimit (0): "Error Message: Metric Terminated"',
    );
  });
});

describe("a status", () => {
  test("is what the reference writes", () => {
    const { status, events, writes } = play({
      spec: { metrics: [metric({ interval: "10s", count: 2, failureLimit: 1 })] },
      answers: { m: "FES" },
    });
    expect(status).toEqual({
      phase: "Successful",
      startedAt: "2026-01-01T00:00:00Z",
      completedAt: "2026-01-01T00:00:20Z",
      runSummary: { count: 1, successful: 1 },
      dryRunSummary: {},
      metricResults: [
        {
          name: "m",
          phase: "Successful",
          count: 2,
          successful: 1,
          failed: 1,
          error: 1,
          consecutiveSuccess: 1,
          measurements: [
            { phase: "Failed", value: "F", startedAt: "2026-01-01T00:00:00Z", finishedAt: "2026-01-01T00:00:00Z" },
            {
              phase: "Error",
              message: "no answer",
              startedAt: "2026-01-01T00:00:10Z",
              finishedAt: "2026-01-01T00:00:10Z",
            },
            { phase: "Successful", value: "S", startedAt: "2026-01-01T00:00:20Z", finishedAt: "2026-01-01T00:00:20Z" },
          ],
        },
      ],
    });
    expect(events).toEqual([
      "Normal MetricSuccessful: Metric 'm' Completed. Result: Successful",
      "Normal AnalysisRunSuccessful: Analysis Completed. Result: Successful",
    ]);
    expect(writes).toBe(3);
  });

  test("is written once for several metrics that end together", () => {
    const metrics = ["a", "b", "c"].map((name) => metric({ name, interval: "10s", count: 2 }));
    expect(play({ spec: { metrics } }).writes).toBe(2);
  });

  test("says that the run goes on when the first measurement takes more than a second", () => {
    const slow = play({ spec: { metrics: [metric()] }, takes: 30_000, until: 20_000 });
    expect(slow.status).toMatchObject({ phase: "Running", startedAt: "2026-01-01T00:00:00Z" });
    expect(slow.status?.metricResults).toBeUndefined();
    expect(slow.writes).toBe(1);
  });

  test("says so at once when the first measurement is to come later", () => {
    const { status } = play({ spec: { metrics: [metric({ initialDelay: "1m" })] }, until: 10_000 });
    expect(status).toMatchObject({ phase: "Running", runSummary: { count: 1 }, dryRunSummary: {} });
  });

  test("keeps the last ten measurements, or as many as the last rule says", () => {
    const measurements = (spec: Partial<AnalysisRunSpec>): number | undefined =>
      play({ spec: { metrics: [metric({ interval: "1s", count: 15 })], ...spec } }).status?.metricResults?.[0]
        ?.measurements?.length;
    const rules = (...limits: number[]) => ({
      measurementRetention: limits.map((limit, n) => ({ metricName: n === 0 ? "m" : "m.*", limit })),
    });
    expect(measurements({})).toBe(10);
    expect(measurements(rules(3))).toBe(3);
    expect(measurements(rules(3, 12))).toBe(12);
    expect(measurements(rules(0))).toBe(10);
  });

  test("gives what is kept no longer to its provider", () => {
    const { lines } = play({
      spec: {
        metrics: [metric({ interval: "1s", count: 3 })],
        measurementRetention: [{ metricName: "m", limit: 1 }],
      },
    });
    expect(lines.filter((line) => line.includes("collect"))).toEqual(["1200 collect 1 of m", "2300 collect 1 of m"]);
  });

  test("has no summary of deciding metrics where there are none, and one of dry runs always", () => {
    const { status } = play({ spec: { metrics: [metric()], dryRun: [{ metricName: "m" }] } });
    expect(status).not.toHaveProperty("runSummary");
    expect(status?.dryRunSummary).toEqual({ count: 1, successful: 1 });
    expect(play({ spec: { metrics: [metric()] } }).status?.dryRunSummary).toEqual({});
  });

  test("names a failed metric by a warning", () => {
    const { events } = play({ spec: { metrics: [metric()] }, answers: { m: "F" } });
    expect(events).toEqual([
      "Warning MetricFailed: Metric 'm' Completed. Result: Failed",
      "Warning AnalysisRunFailed: Analysis Completed. Result: Failed",
    ]);
  });
});
