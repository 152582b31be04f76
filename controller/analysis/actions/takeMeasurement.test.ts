import { describe, expect, test } from "bun:test";
import { manualClock } from "../../../kube/clock/clock.ts";
import type { Asking, MetricProviderRow, Reading } from "../../../providers/metrics/provider.ts";
import type { AnalysisRun, Measurement, Metric } from "../../../schema/analysis.ts";
import type { RunAction } from "../decide/decision.ts";
import type { Measurer } from "./measurer.ts";
import { collectMeasurements, takeMeasurement } from "./takeMeasurement.ts";

const NOW = 1_000_000;

const web: MetricProviderRow = {
  kind: "web",
  title: "Web",
  conditions: { kind: "checked", results: ["number"] },
  reaches: [],
  measure: {
    begin: () => ({ kind: "error", message: "not asked here" }),
    collect: () => [],
    metadata: (settings) => ({ query: (settings as { readonly url: string }).url }),
    secrets: () => [{ namespace: undefined, name: "web", key: "token" }],
  },
};

const metric: Metric = { name: "m", provider: { web: { url: "http://a/{{args.x}}", jsonPath: "{$}" } } };

const run: AnalysisRun = {
  metadata: { name: "r", namespace: "shop", uid: "u", labels: { a: "b" } },
  spec: { metrics: [metric], args: [{ name: "x", value: "y" }] },
};

const place = { name: "m", index: 0, intervalMs: 5_000 };

/** Takes a measurement of a source that answers so. */
async function taken(
  reading: Reading,
  action: Partial<Extract<RunAction, { readonly kind: "measure" }>> = {},
  of: AnalysisRun = run,
  row: MetricProviderRow = web,
) {
  const seen: { asking?: Asking; ended: Measurement["metadata"][]; complaints: string[] } = {
    ended: [],
    complaints: [],
  };
  const measurer: Measurer = {
    async begin(_, asking) {
      seen.asking = asking;
      return reading;
    },
    async resume(_, asking) {
      seen.asking = asking;
      return reading;
    },
    async terminate(_, __, { metadata }) {
      seen.ended.push(metadata);
      return ["the source knows token-of-ours"];
    },
    async collect(_, __, { metadata }) {
      seen.ended.push(metadata);
      return [];
    },
  };
  const ports = {
    measurer,
    clock: manualClock(NOW),
    complain: (message: string) => void seen.complaints.push(message),
    readSecret: async (namespace: string) => (namespace === "sluice" ? { token: "token-of-ours" } : undefined),
    environment: (name: string) => (name === "A" ? "a" : undefined),
    ownNamespace: "sluice",
    providers: [row],
  };
  const { signal } = new AbortController();
  const measuring = {
    kind: "measure",
    flight: "begin",
    metric: place,
    measurement: undefined,
    measured: 3,
    ...action,
  } as const;
  const outcome = await takeMeasurement(ports, of, measuring, NOW, signal);
  const collect = (measurements: readonly Measurement[]) => collectMeasurements(ports, of, place, measurements, signal);
  return { outcome, seen, collect };
}

const good: Reading = { kind: "value", value: 1 };

describe("a measurement", () => {
  test("is asked for with what is known of it, and the values of its tags", async () => {
    const { outcome, seen } = await taken(good);
    expect(seen.asking).toMatchObject({
      settings: { url: "http://a/y" },
      metric: "m",
      intervalMs: 5_000,
      run: { namespace: "shop", name: "r", uid: "u", labels: { a: "b" } },
      now: NOW,
      measured: 3,
    });
    expect(seen.asking?.environment("A")).toBe("a");
    expect(seen.asking?.secret({ namespace: undefined, name: "web", key: "token" })).toBe("token-of-ours");
    expect(seen.asking?.secret({ namespace: "shop", name: "web", key: "token" })).toBeUndefined();
    expect(seen.asking?.time?.("now()")).toEqual({ ms: NOW });
    expect(outcome).toMatchObject({ kind: "begin", metric: "m", phase: "Successful", value: "1", arrivedAt: NOW });
    expect(outcome).toMatchObject({ resultMetadata: { query: "http://a/y" } });
  });

  test("has no credential of its provider in what came of it", async () => {
    const { outcome } = await taken({
      kind: "error",
      message: "HTTP 401 for token-of-ours",
      metadata: { a: "token-of-ours" },
    });
    expect(outcome).toMatchObject({ message: "HTTP 401 for *****", metadata: { a: "*****" } });
  });

  test("of a provider that nobody knows is an error", async () => {
    const other = { ...run, spec: { metrics: [{ name: "m", provider: {} }] } };
    expect((await taken(good, {}, other)).outcome).toMatchObject({
      phase: "Error",
      message: "no valid provider in metric 'm'",
    });
  });

  test("that goes on may be asked for again at once, and then after a second at the earliest", async () => {
    const running: Reading = { kind: "running", resumeAt: NOW };
    expect((await taken(running)).outcome).toMatchObject({ phase: "Running", resumeAt: NOW });
    expect((await taken(running, { flight: "resume" })).outcome).toMatchObject({ resumeAt: NOW + 1_000 });
  });

  test("that is ended counts as undecided, and what its source keeps is a line in the log", async () => {
    const measurement = { phase: "Running", metadata: { job: "j" } };
    const { outcome, seen } = await taken(good, { flight: "terminate", measurement });
    expect(outcome).toMatchObject({ phase: "Inconclusive", message: "Metric Terminated" });
    expect(seen.ended).toEqual([{ job: "j" }]);
    expect(seen.complaints).toEqual(["the source knows *****"]);
  });

  test("that is ended is over also when it can no longer be asked for", async () => {
    const without = { ...run, spec: { metrics: [metric] } };
    expect((await taken(good, { flight: "terminate" }, without)).outcome).toMatchObject({ phase: "Inconclusive" });
  });

  test("that fails by a mistake of a provider is an error that quotes nothing", async () => {
    const { outcome } = await taken(good, {}, run, {
      ...web,
      measure: {
        begin: () => good,
        secrets() {
          throw new TypeError("token-of-ours");
        },
      },
    });
    expect(outcome).toMatchObject({
      phase: "Error",
      message: "measuring failed by a mistake in Sluice (TypeError); please report it",
    });
  });

  test("that is kept no longer is given to its provider", async () => {
    const { seen, collect } = await taken(good);
    await collect([
      { phase: "Successful", metadata: { job: "1" } },
      { phase: "Failed", metadata: { job: "2" } },
    ]);
    expect(seen.ended).toEqual([{ job: "1" }, { job: "2" }]);
  });
});
