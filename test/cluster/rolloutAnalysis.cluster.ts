/**
 * What the analyses of a Rollout lead to on a real API server. The results of the runs are written by these stories:
 * their metrics are not measured for an hour. SLUICE_RECORD=1 under the reference controller writes
 * golden/rolloutAnalysis.json: the runs, the status and the events that ours are compared with.
 */
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import type { AnalysisRun } from "../../schema/analysis.ts";
import type { RolloutAnalysis, RolloutStatus, RolloutStrategy } from "../../schema/rollout.ts";
import { abort, promote, retry, setImage } from "./harness/userActions.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { until } from "./harness/until.ts";
import { healthy, inPhase, newWorld, type World } from "./harness/clusterWorld.ts";
import type { RolloutView } from "./harness/rolloutView.ts";

const golden = Bun.file(join(import.meta.dir, "golden/rolloutAnalysis.json"));
const isRecording = Bun.env.SLUICE_RECORD === "1";
const oursOnly = test.skipIf(otherController() !== undefined);

const analysis: RolloutAnalysis = {
  templates: [{ templateName: "errors" }],
  args: [
    { name: "latest", valueFrom: { podTemplateHashValue: "Latest" } },
    { name: "stable", valueFrom: { podTemplateHashValue: "Stable" } },
    { name: "name", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
    { name: "team", valueFrom: { fieldRef: { fieldPath: "metadata.labels['team']" } } },
    { name: "size", valueFrom: { fieldRef: { fieldPath: "spec.replicas" } } },
    { name: "own", value: "mine" },
  ],
  dryRun: [{ metricName: "other" }],
  measurementRetention: [{ metricName: "errors", limit: 3 }],
  analysisRunMetadata: { labels: { extra: "1", app: "overwritten" }, annotations: { note: "2" } },
};

const metric = (name: string) => ({
  name,
  initialDelay: "1h",
  count: 1,
  successCondition: "result < {{args.limit}}",
  provider: { web: { url: "http://metrics.invalid/{{args.latest}}/{{args.stable}}", jsonPath: "{$.errors}" } },
});

const templates = {
  errors: {
    args: [..."latest stable name team size own".split(" ").map((name) => ({ name })), { name: "limit", value: "5" }],
    metrics: [metric("errors")],
    templates: [{ templateName: "others" }],
  },
  others: {
    metrics: [metric("other")],
    args: [{ name: "latest" }, { name: "stable" }, { name: "limit", value: "5" }],
  },
};

const rollout = (strategy: RolloutStrategy) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "web", labels: { team: "a" } },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "nginx:1" }] } },
    strategy,
  },
});

const argo = (world: World, plural: string, name = ""): string =>
  `/apis/argoproj.io/v1alpha1/namespaces/${world.namespace}/${plural}${name === "" ? "" : `/${name}`}`;

const createTemplate = (world: World, name: string, spec: object): Promise<unknown> =>
  world.harness.api.create(argo(world, "analysistemplates"), {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisTemplate",
    metadata: { name },
    spec,
  });

async function services(world: World): Promise<void> {
  for (const name of ["active", "preview"])
    await world.create({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name },
      spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
    });
}

/** `nginx:1` serves, and `nginx:2` is rolled out. */
async function updated(topic: string, strategy: RolloutStrategy): Promise<World> {
  const world = await newWorld(topic);
  for (const [name, spec] of Object.entries(templates)) await createTemplate(world, name, spec);
  await services(world);
  await world.create(rollout(strategy));
  await world.settle("web", "Healthy", healthy);
  await setImage(world, "web", "nginx:2");
  return world;
}

async function runsOf(world: World): Promise<readonly AnalysisRun[]> {
  const { items } = await world.harness.api.list<AnalysisRun & { metadata: { name: string } }>(
    argo(world, "analysisruns"),
  );
  return items.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

/** The newest run whose name ends so, once the status of the Rollout names it. */
async function run(world: World, ending: string): Promise<string> {
  let name = "";
  const isThere = async (): Promise<boolean> => {
    const { rollout: seen } = await world.scene("web");
    name = namesIn(seen).find((each) => each.endsWith(ending)) ?? "";
    return name !== "";
  };
  await until(`a run …${ending} is current`, isThere, 30_000);
  return name;
}

const partsOf = ({ status }: RolloutView): Pick<RolloutStatus, "canary" | "blueGreen"> => status ?? {};

const namesIn = (view: RolloutView): readonly string[] =>
  Object.values({ ...partsOf(view).canary, ...partsOf(view).blueGreen }).flatMap((member: unknown) => {
    const { name } = (typeof member === "object" && member !== null ? member : {}) as { name?: string };
    return name === undefined ? [] : [name];
  });

/** Writes the result of a run, as if it had been measured. */
async function end(world: World, ending: string, phase: string, message?: string): Promise<void> {
  const name = await run(world, ending);
  await Bun.sleep(500);
  const status = { phase, message: message ?? null, completedAt: new Date().toISOString().replace(/\.\d+/, "") };
  await world.harness.api.patch(argo(world, "analysisruns", name), "merge", { status });
}

/** Times, and the empty `authentication` that the reference writes into each metric. */
const LEFT_OUT = new Set(["startTime", "startedAt", "completedAt", "finishedAt", "weights", "authentication"]);

/** Without times and uids, and without what only one of the two controllers writes. */
async function seenIn(world: World): Promise<object> {
  const { rollout: seen } = await world.scene("web");
  const {
    phase,
    message,
    currentStepIndex,
    pauseConditions,
    controllerPause,
    abort: isAborted,
  } = (seen.status ?? {}) as RolloutStatus;
  const { canary, blueGreen } = partsOf(seen);
  const progressing = seen.status?.conditions?.find(({ type }) => type === "Progressing");
  const events = await world.events("web");
  const told = events.filter((line) =>
    /AnalysisRun|RolloutAborted|RolloutPaused|RolloutCompleted|StepCompleted/.test(line),
  );
  const made = (await runsOf(world)).map(({ metadata, spec, status }) => {
    const { "sluice.dev/template-generations": _, ...annotations } = metadata.annotations ?? {};
    const owners = (metadata.ownerReferences ?? []).map(({ uid: __, ...owner }) => owner);
    return { name: metadata.name, labels: metadata.labels, annotations, owners, spec, phase: status?.phase };
  });
  // A retry writes false, which Argo Rollouts leaves there; it means the same as nothing.
  const abortedIfTrue = isAborted === true ? { isAborted } : {};
  const status = {
    phase,
    message,
    currentStepIndex,
    pauseConditions,
    controllerPause,
    ...abortedIfTrue,
    canary,
    blueGreen,
  };
  const text = JSON.stringify(
    { status, progressing: [progressing?.reason, progressing?.message], told, made },
    (key, value: unknown) => (LEFT_OUT.has(key) ? undefined : value),
  );
  return JSON.parse(text) as object;
}

const steps = [{ setWeight: 50 }, { analysis }, { pause: {} }];
const inBackground: RolloutStrategy = { canary: { analysis, steps: [{ setWeight: 50 }, { pause: {} }] } };
const asStep: RolloutStrategy = { canary: { steps } };
const services2 = { activeService: "active", previewService: "preview" };
const before: RolloutStrategy = {
  blueGreen: { ...services2, prePromotionAnalysis: analysis, autoPromotionEnabled: false },
};
const after: RolloutStrategy = { blueGreen: { ...services2, postPromotionAnalysis: analysis } };

const aborted = inPhase("Degraded");
const atPause = inPhase("Paused", "CanaryPauseStep");
const inconclusive = inPhase("Paused", "InconclusiveAnalysisRun");

/** Each as a story that ends where what is seen is compared. */
const STORIES: Readonly<Record<string, () => Promise<World>>> = {
  "background-failed": async () => {
    const world = await updated("background-failed", inBackground);
    await world.settle("web", "at its pause", atPause);
    await end(world, "-2", "Failed", "too many errors");
    await world.settle("web", "aborted", aborted);
    return world;
  },
  "background-inconclusive-then-resumed": async () => {
    const world = await updated("background-inconclusive", {
      canary: { analysis, steps: [{ setWeight: 50 }, { analysis }] },
    });
    await run(world, "-2-1");
    await end(world, "-2", "Inconclusive");
    await world.settle("web", "paused", inconclusive);
    await promote(world, "web");
    await run(world, "-2.1");
    await Bun.sleep(1_500);
    return world;
  },
  "step-successful": async () => {
    const world = await updated("step-successful", asStep);
    await end(world, "-2-1", "Successful");
    await world.settle("web", "at its pause", atPause);
    return world;
  },
  "step-error": async () => {
    const world = await updated("step-error", asStep);
    await end(world, "-2-1", "Error", "no answer");
    await world.settle("web", "aborted", aborted);
    return world;
  },
  "step-inconclusive": async () => {
    const world = await updated("step-inconclusive", asStep);
    await end(world, "-2-1", "Inconclusive");
    await world.settle("web", "paused", inconclusive);
    return world;
  },
  "step-inconclusive-then-promoted": async () => {
    const world = await updated("step-promoted", asStep);
    await end(world, "-2-1", "Inconclusive");
    await world.settle("web", "paused", inconclusive);
    await promote(world, "web");
    await world.settle("web", "at its pause", atPause);
    return world;
  },
  "step-aborted-by-a-person": async () => {
    const world = await updated("step-aborted", asStep);
    await run(world, "-2-1");
    await abort(world, "web");
    await world.settle("web", "aborted", aborted);
    return world;
  },
  "step-and-a-new-version": async () => {
    const world = await updated("step-new-version", asStep);
    await run(world, "-2-1");
    await setImage(world, "web", "nginx:3");
    await run(world, "-3-1");
    await Bun.sleep(1_500);
    return world;
  },
  "step-failed-then-retried": async () => {
    const world = await updated("step-retried", asStep);
    await end(world, "-2-1", "Failed");
    await world.settle("web", "aborted", aborted);
    await retry(world, "web");
    await run(world, "-2-1.1");
    await Bun.sleep(1_500);
    return world;
  },
  "pre-promotion-failed": async () => {
    const world = await updated("pre-failed", before);
    await end(world, "-2-pre", "Failed", "too many errors");
    await world.settle("web", "aborted", aborted);
    return world;
  },
  "pre-promotion-successful": async () => {
    const world = await updated("pre-successful", before);
    await end(world, "-2-pre", "Successful");
    await world.settle("web", "waits for a person", inPhase("Paused", "BlueGreenPause"));
    await promote(world, "web");
    await world.settle("web", "Healthy", healthy);
    return world;
  },
  "pre-promotion-inconclusive": async () => {
    const world = await updated("pre-inconclusive", before);
    await end(world, "-2-pre", "Inconclusive");
    await world.settle("web", "paused", inconclusive);
    await promote(world, "web");
    await run(world, "-2-pre.1");
    await end(world, "-2-pre.1", "Successful");
    await world.settle("web", "waits for a person", inPhase("Paused", "BlueGreenPause"));
    return world;
  },
  "post-promotion-failed": async () => {
    const world = await updated("post-failed", after);
    await end(world, "-2-post", "Failed", "too many errors");
    await world.settle("web", "aborted", aborted);
    return world;
  },
  "post-promotion-successful": async () => {
    const world = await updated("post-successful", after);
    await end(world, "-2-post", "Successful");
    await world.settle("web", "Healthy", healthy);
    return world;
  },
};

const seen: Record<string, object> = {};

afterAll(async () => {
  if (isRecording) await Bun.write(golden, `${JSON.stringify(seen, undefined, 2)}\n`);
});

test.concurrent.each(Object.keys(STORIES))(
  "%s: comes to its end, and as the reference where that is recorded",
  async (name) => {
    const world = await STORIES[name]?.();
    if (world === undefined) throw new Error(`There is no story ${name}`);
    const found = (seen[name] = await seenIn(world));
    if (isRecording) return;
    expect(await runsOf(world)).not.toEqual([]);
    const recorded = (await golden.exists()) ? ((await golden.json()) as Record<string, object>)[name] : undefined;
    if (recorded !== undefined) expect(found).toEqual(recorded);
  },
  120_000,
);

oursOnly(
  "a template that is applied after its Rollout: the update waits, says so, and goes on by itself",
  async () => {
    const world = await newWorld("late-template");
    await world.create(rollout(asStep));
    await world.settle("web", "Healthy", healthy);
    await setImage(world, "web", "nginx:2");
    const { rollout: waiting } = await world.settle("web", "waits", ({ status }) => status?.currentStepIndex === 1);
    expect(waiting.status?.phase).toBe("Progressing");
    expect(waiting.status?.message).toBe(
      "AnalysisTemplateMissing: spec.strategy.canary.steps[1].analysis: AnalysisTemplate 'errors' not found; the analysis begins once it is there",
    );
    for (const [name, spec] of Object.entries(templates)) await createTemplate(world, name, spec);
    await end(world, "-2-1", "Successful");
    await world.settle("web", "at its pause", atPause);
  },
  120_000,
);

oursOnly(
  "a template that is edited before anything was measured: the run is made anew",
  async () => {
    const world = await updated("edited-template", asStep);
    await run(world, "-2-1");
    const edited = { ...templates.others, metrics: [{ ...metric("other"), count: 2, interval: "10s" }] };
    await world.harness.api.patch(argo(world, "analysistemplates", "others"), "merge", { spec: edited });
    const isNew = async (): Promise<boolean> =>
      (await runsOf(world)).some(({ spec }) => spec.metrics.some(({ count }) => count === 2));
    await until("the run has the edited metric", isNew, 30_000);
    const all = await runsOf(world);
    expect(all.map(({ metadata }) => metadata.annotations?.["sluice.dev/template-generations"])).toEqual([
      "AnalysisTemplate/errors:1,AnalysisTemplate/others:2",
    ]);
  },
  120_000,
);
