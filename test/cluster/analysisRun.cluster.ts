/**
 * AnalysisRuns on a real API server, each measured from an HTTP server of this test. The statuses in
 * golden/analysisRuns.json were recorded under the reference controller (SLUICE_RECORD=1): ours writes the same, but for
 * times.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { AnalysisRun } from "../../schema/analysis.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { endings, goldenStories } from "./harness/goldenStories.ts";
import { every, metric, newRunWorld, type RunSpec, type RunWorld, timeless } from "./harness/runStory.ts";
import { until } from "./harness/until.ts";

let world: RunWorld;

const oursOnly = test.skipIf(otherController() !== undefined);

const SECRET = "geheim-4711";

/** Each row of what the reference does, as a run that ends by it. */
const CASES: Readonly<Record<string, RunSpec>> = {
  "one-measurement": { metrics: [metric("a", "S")] },
  "one-that-fails": { metrics: [metric("a", "F")] },
  "one-that-is-neither": { metrics: [metric("a", "I")] },
  "no-conditions": { metrics: [{ name: "a", provider: { web: { url: "SOURCE/RUN-a/F", jsonPath: "{$.v}" } } }] },
  "a-count": { metrics: [metric("a", "SSS", every("1s", 3))] },
  "a-count-that-is-a-text": { metrics: [metric("a", "SS", { interval: "1s", count: "2" })] },
  "failures-within-the-limit": { metrics: [metric("a", "FSF", every("1s", 3, { failureLimit: 2 }))] },
  "failures-beyond-the-limit": { metrics: [metric("a", "FSF", every("1s", 9, { failureLimit: 1 }))] },
  "undecided-within-the-limit": { metrics: [metric("a", "IS", every("1s", 2, { inconclusiveLimit: 1 }))] },
  "undecided-beyond-the-limit": { metrics: [metric("a", "ISI", every("1s", 9, { inconclusiveLimit: 1 }))] },
  "an-error-that-ends-it": { metrics: [metric("a", "E", { consecutiveErrorLimit: 0 })] },
  "errors-beyond-the-limit": { metrics: [metric("a", "SE", every("1s", 9, { consecutiveErrorLimit: 1 }))] },
  "an-error-and-a-success": { metrics: [metric("a", "ES")] },
  "an-empty-list": { metrics: [metric("a", "N", { consecutiveErrorLimit: 0, successCondition: "result[0] == 1" })] },
  "successes-in-a-row": {
    metrics: [metric("a", "FSS", every("1s", 5, { failureLimit: -1, consecutiveSuccessLimit: 2 }))],
  },
  "successes-in-a-row-without-a-count": {
    metrics: [metric("a", "SS", { interval: "1s", consecutiveSuccessLimit: 2 })],
  },
  "no-successes-in-a-row": {
    metrics: [metric("a", "SFS", every("1s", 3, { failureLimit: -1, consecutiveSuccessLimit: 2 }))],
  },
  "neither-limit-is-reached": {
    metrics: [metric("a", "SFS", every("1s", 3, { failureLimit: 1, consecutiveSuccessLimit: 2 }))],
  },
  "a-dry-run-that-fails": {
    metrics: [metric("bad", "F"), metric("good", "S")],
    dryRun: [{ metricName: "^b" }],
  },
  "only-dry-runs": { metrics: [metric("a", "F"), metric("b", "I")], dryRun: [{ metricName: ".*" }] },
  "the-worst-of-three": {
    metrics: [metric("a", "S"), metric("b", "I", { initialDelay: "1s" }), metric("c", "S", every("1s", 1))],
  },
  "a-failure-that-ends-another": {
    metrics: [metric("bad", "F", { initialDelay: "2s" }), metric("good", "S", { interval: "1m" })],
  },
  "measurements-that-are-kept": {
    metrics: [metric("a", "SFSF", every("1s", 4, { failureLimit: 3 }))],
    measurementRetention: [{ metricName: "a", limit: 2 }],
  },
  arguments: {
    metrics: [metric("a-{{args.x}}", "{{ args.letters }}", { interval: "{{args.every}}", count: "{{args.count}}" })],
    args: [
      { name: "x", value: "y" },
      { name: "letters", value: "SS" },
      { name: "every", value: "1s" },
      { name: "count", value: "2" },
    ],
  },
  "a-secret": {
    metrics: [metric("a", "S", { successCondition: "result == 1 && '{{args.secret}}' == 'geheim-4711'" })],
    args: [{ name: "secret", valueFrom: { secretKeyRef: { name: "credentials", key: "token" } } }],
  },
  "a-secret-that-is-missing": {
    metrics: [metric("a", "S")],
    args: [{ name: "secret", valueFrom: { secretKeyRef: { name: "nowhere", key: "token" } } }],
  },
  "a-key-that-is-missing": {
    metrics: [metric("a", "S")],
    args: [{ name: "secret", valueFrom: { secretKeyRef: { name: "credentials", key: "other" } } }],
  },
  "a-tag-without-a-value": { metrics: [metric("a", "S", { successCondition: "result == {{args.none}}" })] },
  "an-argument-without-a-value": { metrics: [metric("a", "S")], args: [{ name: "x" }] },
  "several-without-an-interval": { metrics: [metric("a", "S", { count: 2 })] },
  "limits-that-cannot-be-reached": { metrics: [metric("a", "S", every("1s", 2, { failureLimit: 3 }))] },
  "no-limit-at-all": { metrics: [metric("a", "S", every("1s", 2, { failureLimit: -1 }))] },
  "an-interval-that-is-none": { metrics: [metric("a", "S", every("1d", 2))] },
  "a-rule-that-matches-nothing": { metrics: [metric("a", "S")], dryRun: [{ metricName: "a" }, { metricName: "x" }] },
  "a-retention-rule-that-matches-nothing": {
    metrics: [metric("a", "S")],
    measurementRetention: [{ metricName: "x", limit: 1 }],
  },
};

/** Runs that somebody terminates once they are Running. */
const TERMINATED: Readonly<Record<string, RunSpec>> = {
  "terminated-with-a-success": { metrics: [metric("a", "S", { interval: "1m" })] },
  "terminated-with-a-failure-among-two": {
    metrics: [metric("a", "F", { interval: "1m", failureLimit: 2 }), metric("b", "S", { interval: "1m" })],
  },
  "terminated-before-anything": { metrics: [metric("a", "S", { initialDelay: "1h" })] },
};

const read = (name: string): Promise<AnalysisRun> => world.readRun(name);

async function ended(name: string): Promise<object> {
  await world.runOver(name, 60_000);
  // The reference ends some runs by two writes.
  await Bun.sleep(300);
  return timeless((await read(name)).status ?? { phase: "" });
}

const isNotOver = async (name: string): Promise<boolean> => ((await read(name)).status?.phase ?? "") === "Running";

async function terminated(name: string): Promise<object> {
  await until(`AnalysisRun ${name} is running`, () => isNotOver(name), 30_000);
  await world.terminateRun(name);
  return ended(name);
}

beforeAll(async () => {
  world = await newRunWorld("analysis-run", SECRET);
  for (const [name, spec] of Object.entries({ ...CASES, ...TERMINATED })) await world.createRun(name, spec);
}, 120_000);

afterAll(() => world?.stop());

goldenStories(
  "%s: the run ends with the status that the reference writes",
  "analysisRuns.json",
  {
    ...endings(CASES, (_, name) => ended(name)),
    ...endings(TERMINATED, (_, name) => terminated(name)),
  },
  90_000,
);

test("the events of a run are the reference's", async () => {
  await world.createRun("with-events", { metrics: [metric("good", "S"), metric("bad", "F")] });
  await ended("with-events");
  const lines = (): Promise<string[]> => world.eventsOfRun("with-events");
  await until("there are three events", async () => (await lines()).length === 3, 20_000);
  expect(await lines()).toEqual([
    "Normal MetricSuccessful: Metric 'good' Completed. Result: Successful",
    "Warning AnalysisRunFailed: Analysis Completed. Result: Failed",
    "Warning MetricFailed: Metric 'bad' Completed. Result: Failed",
  ]);
}, 60_000);

oursOnly(
  "runs whose source never answers hold up no other",
  async () => {
    const hanging = Array.from({ length: 30 }, (_, n) => `hangs-${n}`);
    for (const name of hanging) await world.createRun(name, { metrics: [metric("a", "H")] });
    await Bun.sleep(1_500);
    expect(await isNotOver("hangs-0")).toBe(true);
    await world.createRun("beside-them", { metrics: [metric("a", "S", every("1s", 2))] });
    expect(await ended("beside-them")).toMatchObject({ phase: "Successful" });
    for (const name of hanging) await world.harness.api.delete(world.path("AnalysisRun", name));
  },
  60_000,
);

oursOnly(
  "a run is not Successful when its limits allow that all measurements fail",
  async () => {
    await world.createRun("all-fail", { metrics: [metric("a", "F", every("1s", 2, { failureLimit: 2 }))] });
    expect(await ended("all-fail")).toMatchObject({ phase: "Failed" });
  },
  60_000,
);

oursOnly(
  "a run is deleted when its time to live is over",
  async () => {
    await world.createRun("short-lived", { metrics: [metric("a", "S")], ttlStrategy: { secondsAfterCompletion: 2 } });
    await ended("short-lived");
    await until("it is gone", async () => (await read("short-lived").catch(() => undefined)) === undefined, 10_000);
  },
  60_000,
);

oursOnly(
  "a controller that is started again goes on with a run that it left",
  async () => {
    await world.createRun("left", { metrics: [metric("a", "S", every("2s", 4))] });
    await until("it has been measured", async () => world.source.asked("/left-a/S") > 0, 10_000);
    const [controller] = world.harness.controllers();
    await controller?.child.stop();
    await world.harness.startController();
    expect(await ended("left")).toMatchObject({ phase: "Successful", metricResults: [{ count: 4, successful: 4 }] });
  },
  90_000,
);

oursOnly(
  "no secret is in anything that can be read",
  async () => {
    const { api } = world.harness;
    const objects = await api.list(world.path("AnalysisRun"));
    const events = await api.list(`/api/v1/namespaces/${world.namespace}/events`);
    expect(JSON.stringify([objects, events]).replaceAll(`'${SECRET}'`, "")).not.toContain(SECRET);
    for (const { child } of world.harness.controllers())
      expect(await Bun.file(child.logFile).text()).not.toContain(SECRET);
  },
  30_000,
);
