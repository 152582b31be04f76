import { expect, test } from "bun:test";
import type { Answer } from "../../providers/metrics/provider.ts";
import type { AnalysisRun, Metric } from "../../schema/analysis.ts";
import { testApi } from "../../test/apiServer.ts";
import { unobserved } from "../controller.ts";
import { wireController } from "../wiring.ts";

const RUNS = "analysisruns.argoproj.io";
const MINUTE = 60_000;

const answered = (status: number, body: string): Answer => ({ kind: "answered", status, headers: {}, body });

/** By the last letter of the address, in turn: successes, failures, undecided ones, errors. */
const answers: Readonly<Record<string, Answer>> = {
  s: answered(200, '{"v":1}'),
  f: answered(200, '{"v":0}'),
  i: answered(200, '{"v":0.5}'),
  e: answered(500, "broken"),
};

const web = (name: string, letters: string, more: Partial<Metric> = {}): Metric => ({
  name,
  interval: "10s",
  successCondition: "result >= 1",
  failureCondition: "result <= 0",
  provider: { web: { url: `http://metrics.test/${letters}`, jsonPath: "{$.v}" } },
  ...more,
});

const endless = { failureLimit: 10_000, inconclusiveLimit: 10_000, consecutiveErrorLimit: 10_000 };

/** Of each some, which begin at different times. */
const specs: readonly Pick<AnalysisRun["spec"], "metrics" | "dryRun">[] = [
  { metrics: [web("good", "s")] },
  { metrics: [web("counted", "s", { count: 10 })] },
  { metrics: [web("mixed", "sfie", endless)] },
  { metrics: [web("failing", "sf", { failureLimit: 3 })] },
  { metrics: [web("broken", "e", { interval: "30s" })] },
  {
    metrics: [web("first", "s"), web("second", "si", endless), web("third", "f", endless)],
    dryRun: [{ metricName: "third" }],
  },
  { metrics: [web("often", "sf", { ...endless, interval: "1s" }), web("late", "s", { initialDelay: "1m" })] },
];

test("AnalysisRuns cost the API server one write a measurement at most", async () => {
  const { core, clock, client, requests } = testApi({ installed: true });
  const [asked, until] = [new Map<string, number>(), new AbortController()];
  let measured = 0;
  const { lead } = wireController(
    {
      client,
      clock,
      log: { debug() {}, info() {}, warn() {}, error() {} },
      observer: { ...unobserved, measured: () => void (measured += 1) },
      measuring: {
        http: ({ url }) => {
          const letters = url.slice(url.lastIndexOf("/") + 1);
          const before = asked.get(url) ?? 0;
          asked.set(url, before + 1);
          const answer = answers[letters[before % letters.length] ?? ""] as Answer;
          return new Promise((resolve) => void clock.after(30 * (before % 20), () => resolve(answer)));
        },
        environment: () => undefined,
        ownNamespace: "sluice",
      },
    },
    { namespace: undefined, instanceId: "", resyncMs: 15 * MINUTE, concurrency: 5 },
  );
  void lead({ election: undefined, until: until.signal });
  for (let n = 0; n < 3 * specs.length; n++) {
    core.create(RUNS, { metadata: { name: `run-${n}`, namespace: "default" }, spec: specs[n % specs.length] });
    await clock.advance(177);
  }
  await clock.advance(2 * MINUTE);
  until.abort();
  const writes = requests.filter(({ method, path }) => method !== "GET" && !path.includes("/events"));
  expect(measured).toBeGreaterThan(500);
  expect(writes.length).toBeLessThanOrEqual(measured);
  const phases = new Set(core.list(RUNS).map((run) => (run as unknown as AnalysisRun).status?.phase));
  expect(phases).toEqual(new Set(["Running", "Successful", "Failed", "Error"]));
});
