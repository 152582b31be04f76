import { expect, test } from "bun:test";
import type { AnalysisRun, AnalysisRunStatus } from "../../schema/analysis.ts";
import type { Experiment } from "../../schema/experiment.ts";
import type { Rollout, RolloutStatus } from "../../schema/rollout.ts";
import { manualClock } from "../../kube/clock/clock.ts";
import { createStores } from "../rollout/facts/stores.ts";
import type { Exporter } from "./exporter.ts";
import type { Span } from "./spans/span.ts";
import { createTracing } from "./tracing.ts";

const SECOND = 1_000;
const START = Date.UTC(2026, 0, 1);
const at = (second: number): string => new Date(START + second * SECOND).toISOString().replace(/\.\d+Z$/, "Z");

/** A process that follows Rollouts, and what it sends. */
function stage(isLeader: () => boolean = () => true) {
  const clock = manualClock(START);
  const stores = createStores();
  const spans: Span[] = [];
  const exporter: Exporter = {
    add: (more) => void spans.push(...more),
    stop: async () => {},
    *render() {},
  };
  const tracing = createTracing(exporter, clock);
  tracing.follow(stores, isLeader);
  let version = 0;
  const put = (status: RolloutStatus, uid = "web-uid"): void => {
    version += 1;
    const rollout: Rollout = {
      metadata: { name: "web", namespace: "shop", uid, resourceVersion: String(version) },
      spec: { strategy: { canary: { steps: [{ setWeight: 20 }, { pause: {} }] } } },
      status,
    };
    stores.rollouts.upsert(rollout);
  };
  const names = (): string[] => spans.map(({ name }) => name);
  return { clock, stores, tracing, spans, put, names };
}

const owned = (kind: string, uid: string) => [
  { apiVersion: "argoproj.io/v1alpha1", kind, name: "x", uid, controller: true },
];

const runOf = (owner: { kind: string; uid: string }, second: number, step?: number): AnalysisRun => ({
  metadata: {
    name: "web-run",
    namespace: "shop",
    uid: `run-${second}`,
    creationTimestamp: at(second),
    ownerReferences: owned(owner.kind, owner.uid),
    labels: step === undefined ? {} : { "step-index": String(step) },
  },
  spec: { metrics: [] },
});

const withStatus = (run: AnalysisRun, status: AnalysisRunStatus): AnalysisRun => ({ ...run, status });
const ended = (run: AnalysisRun): AnalysisRun => withStatus(run, { phase: "Successful", completedAt: at(30) });

const begun = (second: number): RolloutStatus => ({ currentStepIndex: 0, duration: { rolloutStartedAt: at(second) } });

const parentOf = ({ spans }: ReturnType<typeof stage>, name: string): string | undefined => {
  const parent = spans.find((span) => span.name === name)?.parentSpanId;
  return spans.find(({ spanId }) => spanId === parent)?.name;
};

const finish = async (world: ReturnType<typeof stage>): Promise<void> => {
  await world.clock.advance(40 * SECOND);
  world.put({ ...begun(0), currentStepIndex: 1 });
  world.put({
    currentStepIndex: 2,
    duration: { rolloutStartedAt: at(0), finishedAt: at(40), completionStatus: "Promoted" },
  });
};

test("a process that does not lead sends nothing, and goes on where the leader was once it leads", async () => {
  const leads = { now: false };
  const world = stage(() => leads.now);
  world.put(begun(0));
  await world.clock.advance(10 * SECOND);
  world.put({ ...begun(0), currentStepIndex: 1 });
  expect(world.names()).toEqual([]);
  leads.now = true;
  world.tracing.begin();
  await finish(world);
  expect(world.names()).toEqual(["pause", "release web"]);
  const alone = stage();
  alone.tracing.begin();
  alone.put(begun(0));
  await finish(alone);
  expect(world.spans.map(({ spanId }) => spanId)).toEqual(alone.spans.slice(1).map(({ spanId }) => spanId));
});

test("a run hangs at the step that it is part of, and without one at the release", async () => {
  const world = stage();
  world.tracing.begin();
  world.put(begun(0));
  const ofStep = runOf({ kind: "Rollout", uid: "web-uid" }, 5, 0);
  const background = { ...runOf({ kind: "Rollout", uid: "web-uid" }, 6) };
  background.metadata.labels = { "rollout-type": "Background" };
  for (const run of [ofStep, background]) world.tracing.runWritten(run, ended(run));
  await finish(world);
  expect([parentOf(world, "analysis"), parentOf(world, "Background analysis")]).toEqual([
    "setWeight 20",
    "release web",
  ]);
});

test("a run of an Experiment hangs at the step of the Rollout that has made the Experiment", async () => {
  const world = stage();
  const experiment: Experiment = {
    metadata: { name: "trial", namespace: "shop", uid: "trial-uid", ownerReferences: owned("Rollout", "web-uid") },
    spec: { templates: [] },
  };
  world.stores.experiments.upsert(experiment);
  world.tracing.begin();
  world.put(begun(0));
  const run = runOf({ kind: "Experiment", uid: "trial-uid" }, 5);
  world.tracing.runWritten(run, ended(run));
  await finish(world);
  expect(parentOf(world, "analysis")).toBe("setWeight 20");
});

test("a run of the release before is part of that one's trace, though it ends later", async () => {
  const world = stage();
  world.tracing.begin();
  world.put(begun(0));
  const run = runOf({ kind: "Rollout", uid: "web-uid" }, 5, 0);
  await world.clock.advance(10 * SECOND);
  world.put(begun(10));
  world.tracing.runWritten(run, ended(run));
  const root = world.spans.find(({ name }) => name === "release web");
  const analysis = world.spans.find(({ name }) => name === "analysis");
  expect(analysis?.traceId).toBe(root?.traceId ?? "");
  expect(root?.attributes["sluice.release.completion"]).toBe("Superseded");
});

test("runs that belong to no release are no part of a trace", () => {
  const world = stage();
  world.tracing.begin();
  const alone = runOf({ kind: "Deployment", uid: "other" }, 1);
  world.tracing.runWritten(alone, ended(alone));
  expect(world.names()).toEqual([]);
});

test("what is remembered of a Rollout goes with it", async () => {
  const world = stage();
  world.tracing.begin();
  world.put(begun(0));
  world.stores.rollouts.deleted("shop/web", "web-uid");
  expect(world.names()).toEqual(["setWeight 20", "release web"]);
  world.put(begun(20), "another-uid");
  expect(world.names()).toHaveLength(2);
});
