import { expect, test } from "bun:test";
import type { Metric } from "../../../schema/analysis.ts";
import { isCompleted } from "./phase.ts";
import { metric, play } from "./testing.ts";

/** Numbers that look random, the same on every run. */
function chance(seed: number) {
  let state = (seed * 7_919 + 1) % 2_147_483_647;
  const next = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
  const upTo = (most: number): number => Math.floor(next() * (most + 1));
  return { next, upTo, letters: (length: number) => Array.from({ length }, () => "SSSFIER"[upTo(6)]).join("") };
}

function randomMetric(name: string, { upTo, next }: ReturnType<typeof chance>): Metric {
  const count = 1 + upTo(5);
  return metric({
    name,
    interval: `${1 + upTo(4)}s`,
    count,
    failureLimit: upTo(count),
    inconclusiveLimit: upTo(count),
    consecutiveErrorLimit: upTo(3),
    ...(next() < 0.3 ? { initialDelay: `${upTo(9)}s` } : {}),
  });
}

const SEEDS = Array.from({ length: 300 }, (_, seed) => seed);

test("whatever sources answer, and whenever the controller crashes, a run with counts ends, and its numbers add up", () => {
  for (const seed of SEEDS) {
    const random = chance(seed);
    const names = ["a", "b", "c"].slice(0, 1 + random.upTo(2));
    const metrics = names.map((name) => randomMetric(name, random));
    const answers = Object.fromEntries(names.map((name) => [name, random.letters(8) + "S"]));
    const crashes = Array.from({ length: random.upTo(4) }, () => random.upTo(30_000));
    const terminateAt = random.next() < 0.3 ? { terminateAt: random.upTo(20_000) } : {};
    const dryRun = random.next() < 0.3 ? { dryRun: [{ metricName: "^a" }] } : {};
    const { status, writes, events } = play({ spec: { metrics, ...dryRun }, answers, crashes, ...terminateAt });
    const results = status?.metricResults ?? [];
    expect([seed, isCompleted(status?.phase)]).toEqual([seed, true]);
    for (const { count = 0, successful = 0, failed = 0, inconclusive = 0, error = 0, measurements = [] } of results) {
      expect([seed, successful + failed + inconclusive]).toEqual([seed, count]);
      // A history has no measurement that is still running once the run is over, and holds all that were counted.
      expect([seed, measurements.length]).toEqual([seed, Math.min(10, count + error)]);
      expect(measurements.every(({ finishedAt }) => finishedAt !== undefined)).toBe(true);
    }
    const taken = results.reduce((sum, { count = 0, error = 0, measurements = [] }) => {
      return sum + count + error + measurements.filter(({ resumeAt }) => resumeAt !== undefined).length * 8;
    }, 0);
    expect([seed, writes <= taken + 3]).toEqual([seed, true]);
    expect([seed, events.filter((event) => event.includes("AnalysisRun")).length]).toEqual([seed, 1]);
  }
});

test("a run without a success is never Successful, unless nothing was measured or all is a dry run", () => {
  for (const seed of SEEDS) {
    const random = chance(seed);
    const metrics = ["a", "b"].map((name) => randomMetric(name, random));
    const answers = { a: "FIEF", b: "EFI" };
    const { status } = play({ spec: { metrics }, answers, terminateAt: random.upTo(15_000) });
    const measured = (status?.metricResults ?? []).length > 0;
    if (measured) expect([seed, status?.phase]).not.toEqual([seed, "Successful"]);
  }
});
