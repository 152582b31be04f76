/**
 * What stories about the analyses of a Rollout do and see on a real API server. The results of the runs are written by the
 * stories: their metrics are not measured for an hour.
 */
import type { AnalysisRun } from "../../../schema/analysis.ts";
import type { RolloutAnalysis, RolloutStatus, RolloutStrategy } from "../../../schema/rollout.ts";
import type { KubeObject } from "./api.ts";
import { healthy, newWorld, type World } from "./clusterWorld.ts";
import { leftOut } from "./goldenStories.ts";
import { podsOf, rolloutOf } from "./plainRollout.ts";
import type { RolloutView } from "./rolloutView.ts";
import { until } from "./until.ts";
import { setImage } from "./userActions.ts";

export const analysis: RolloutAnalysis = {
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

export const metric = (name: string) => ({
  name,
  initialDelay: "1h",
  count: 1,
  successCondition: "result < {{args.limit}}",
  provider: { web: { url: "http://metrics.invalid/{{args.latest}}/{{args.stable}}", jsonPath: "{$.errors}" } },
});

export const templates = {
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

export const rollout = (strategy: RolloutStrategy) => ({
  ...rolloutOf("web", strategy, { replicas: 2, template: podsOf("web", "nginx:1") }),
  metadata: { name: "web", labels: { team: "a" } },
});

export const createTemplate = (world: World, name: string, spec: object): Promise<void> =>
  world.create({
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
export async function updated(topic: string, strategy: RolloutStrategy): Promise<World> {
  const world = await newWorld(topic);
  for (const [name, spec] of Object.entries(templates)) await createTemplate(world, name, spec);
  await services(world);
  await world.create(rollout(strategy));
  await world.settle("web", "Healthy", healthy);
  await setImage(world, "web", "nginx:2");
  return world;
}

/** All of a kind, by their names. */
export async function listed<T>(world: World, kind: string): Promise<readonly T[]> {
  const { items } = await world.harness.api.list<T & KubeObject>(world.path(kind));
  return items.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

export const runsOf = (world: World): Promise<readonly AnalysisRun[]> => listed<AnalysisRun>(world, "AnalysisRun");

/** The newest run whose name ends so, once the status of the Rollout names it. */
export async function run(world: World, ending: string): Promise<string> {
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
export async function end(world: World, ending: string, phase: string, message?: string): Promise<void> {
  const name = await run(world, ending);
  await Bun.sleep(500);
  const status = { phase, message: message ?? null, completedAt: new Date().toISOString().replace(/\.\d+/, "") };
  await world.harness.api.patch(world.path("AnalysisRun", name), "merge", { status });
}

/** Times, and the empty `authentication` that the reference writes into each metric. */
const LEFT_OUT = new Set(["startTime", "startedAt", "completedAt", "finishedAt", "weights", "authentication"]);

/** Without times and uids, and without what only one of the two controllers writes. */
export async function seenIn(world: World): Promise<object> {
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
  return leftOut({ status, progressing: [progressing?.reason, progressing?.message], told, made }, LEFT_OUT);
}
