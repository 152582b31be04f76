/** Traces of releases on a real API server, as a collector receives them (docs/tracing.md). */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { attribute, startTraceCollector, type TracedSpan, treeOf } from "../traceCollector.ts";
import { createTemplate } from "./harness/analysisStory.ts";
import { healthy, newWorld, pausedAt, type World } from "./harness/clusterWorld.ts";
import { type Controller, otherController, ownController } from "./harness/controllerProcess.ts";
import { type StartedHarness, startHarness } from "./harness/harness.ts";
import { startMetricSource } from "./harness/metricSource.ts";
import { podsOf, rolloutOf } from "./harness/plainRollout.ts";
import { until } from "./harness/until.ts";
import { abort, promote, setImage } from "./harness/userActions.ts";

const ours = test.skipIf(otherController() !== undefined);
const collector = startTraceCollector();
const source = startMetricSource();
const command = `${ownController} --analysis-allow-address 127.0.0.0/8 --otlp-endpoint ${collector.url}`;
let cluster: StartedHarness;

beforeAll(async () => {
  if (otherController() === undefined) cluster = await startHarness({ controller: command });
}, 120_000);

afterAll(async () => {
  await cluster?.stop();
  source.stop();
  await collector.stop();
});

const steps = [
  { setWeight: 50 },
  { analysis: { templates: [{ templateName: "good" }] } },
  { pause: {} },
  { setWeight: 100 },
];

async function deployed(topic: string, letters = "SS"): Promise<World> {
  const world = await newWorld(topic, cluster);
  await createTemplate(world, "good", {
    metrics: [
      {
        name: "answers",
        count: 2,
        interval: "1s",
        successCondition: "result == 1",
        provider: { web: { url: `${source.url}/${world.namespace}/${letters}`, jsonPath: "{$.v}" } },
      },
    ],
  });
  await world.create(rolloutOf("web", { canary: { steps } }, { replicas: 2, template: podsOf("web", "nginx:1") }));
  await world.settle("web", "Healthy", healthy);
  return world;
}

const uidOf = async (world: World): Promise<string> => (await world.scene("web")).rollout.metadata.uid ?? "";

/** The spans of the trace whose release ended so, once its root is there. */
async function traceOf(world: World, completion: string): Promise<readonly TracedSpan[]> {
  const uid = await uidOf(world);
  const root = (): TracedSpan | undefined =>
    collector.spans.find(
      (span) =>
        attribute(span, "sluice.rollout.uid") === uid &&
        attribute(span, "sluice.rollout.revision") === "2" &&
        attribute(span, "sluice.release.completion") === completion,
    );
  await until(`a release that is ${completion} is sent`, () => root() !== undefined, 30_000);
  await Bun.sleep(1_500);
  return collector.spans.filter(({ traceId }) => traceId === root()?.traceId);
}

const completed = [
  "release web",
  "  setWeight 50",
  "  analysis",
  "    Step analysis",
  "      metric answers",
  "        measurement",
  "        measurement",
  "  pause",
  "    paused CanaryPauseStep",
  "  setWeight 100",
];

ours(
  "a release that is completed is one trace: its steps, the pause, the analysis and each measurement",
  async () => {
    const world = await deployed("trace-completed");
    await setImage(world, "web", "nginx:2");
    await world.settle("web", "pauses", pausedAt(2));
    await promote(world, "web");
    await world.settle("web", "Healthy", healthy);
    const spans = await traceOf(world, "Promoted");
    expect(treeOf(spans)).toEqual(completed);
    const root = spans.find(({ parentSpanId }) => parentSpanId === undefined);
    if (root === undefined) throw new Error("There is no root");
    expect(
      ["k8s.namespace.name", "deployment.status", "sluice.rollout.revision"].map((key) => attribute(root, key)),
    ).toEqual([world.namespace, "succeeded", "2"]);
    const bounds = spans.map((span) => [BigInt(span.startTimeUnixNano), BigInt(span.endTimeUnixNano)] as const);
    expect(bounds.filter(([start, end]) => end < start)).toEqual([]);
  },
  120_000,
);

ours(
  "an analysis that fails shows which measurement did, and the step and the release that it has aborted",
  async () => {
    const world = await deployed("trace-failed", "SF");
    await setImage(world, "web", "nginx:2");
    await world.waitFor("web", "is aborted", ({ status }) => status?.phase === "Degraded");
    const failed = (await traceOf(world, "Aborted")).filter(({ status }) => status.code === 2);
    expect(failed.map(({ name }) => name).toSorted()).toEqual(
      ["Step analysis", "analysis", "measurement", "metric answers", "release web"].toSorted(),
    );
    expect(failed.find(({ name }) => name === "release web")?.status.message).toContain("assessed Failed");
  },
  120_000,
);

/** The one that drives Rollouts; others wait for its Lease. */
async function leader(controllers: readonly Controller[]): Promise<Controller> {
  for (const controller of controllers) {
    const text = await (await fetch(controller.metricsUrl)).text();
    if (/^sluice_leader 1$/m.test(text)) return controller;
  }
  throw new Error("No controller leads");
}

ours(
  "the next leader goes on with the trace of a leader that was killed, and tells nothing a second time",
  async () => {
    const world = await deployed("trace-leader");
    await cluster.startController();
    await setImage(world, "web", "nginx:2");
    await world.settle("web", "pauses", pausedAt(2));
    const first = await leader(cluster.controllers());
    await Bun.sleep(2_000);
    await first.child.stop("SIGKILL");
    await until(
      "another one leads",
      async () => (await leader(cluster.controllers()).catch(() => first)) !== first,
      60_000,
    );
    await promote(world, "web");
    await world.settle("web", "Healthy", healthy);
    const uid = await uidOf(world);
    const ended = (): TracedSpan | undefined =>
      collector.spans.find(
        (span) => attribute(span, "sluice.rollout.uid") === uid && attribute(span, "sluice.rollout.revision") === "2",
      );
    await until("the release has ended", () => ended() !== undefined, 30_000);
    const spans = collector.spans.filter(({ traceId }) => traceId === ended()?.traceId);
    expect(treeOf(spans)).toEqual(completed);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
  },
  180_000,
);

ours(
  "a collector that is busy holds nobody up, and gets everything later",
  async () => {
    const world = await deployed("trace-busy");
    collector.isBusy = true;
    await setImage(world, "web", "nginx:2");
    await world.settle("web", "pauses", pausedAt(2));
    await abort(world, "web");
    await world.settle("web", "Degraded", ({ status }) => status?.phase === "Degraded");
    collector.isBusy = false;
    const spans = await traceOf(world, "Aborted");
    expect(treeOf(spans)).toEqual(completed.slice(0, -1));
    expect(spans.find(({ name }) => name === "pause")?.status).toMatchObject({ code: 2 });
    const [controller] = cluster.controllers();
    const text = await (await fetch(controller?.metricsUrl ?? "")).text();
    expect(text).toMatch(/^sluice_trace_spans_sent_total \d+$/m);
    expect(text).not.toMatch(/^sluice_trace_spans_dropped_total\{.* [1-9]/m);
  },
  120_000,
);
