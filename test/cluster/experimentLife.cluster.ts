/**
 * More Experiments on a real API server: pods that do not come, refusals, several analyses, and what people do meanwhile.
 * golden/experimentsLife.json was recorded under the reference controller (SLUICE_RECORD=1).
 */
import type { RolloutStrategy } from "../../schema/rollout.ts";
import { healthy, inPhase } from "./harness/clusterWorld.ts";
import { clusterStory, type StoryWorld } from "./harness/experimentStory.ts";
import { goldenStories, leftOut, without } from "./harness/goldenStories.ts";
import { rolloutOf } from "./harness/plainRollout.ts";
import { until } from "./harness/until.ts";
import { abort, promote, promoteFull, setImage } from "./harness/userActions.ts";

const pod = (app: string, image = "nginx:1", annotations = {}) => ({
  metadata: { labels: { app }, annotations },
  spec: { containers: [{ name: "web", image, ports: [{ containerPort: 80 }] }] },
});
const template = (name: string, more: object = {}) => ({
  name,
  selector: { matchLabels: { app: name } },
  template: pod(name),
  ...more,
});
const never = { template: pod("one", "nginx:1", { "sim.sluice.dev/never-ready": "true" }) };
const check = (name: string, more: object = {}) => ({ name, templateName: "errors", ...more });
const required = { requiredForCompletion: true };
const NO_SETS = { "count/replicasets.apps": "0" };

type Act = (world: StoryWorld) => Promise<unknown>;

/** What is compared after the acts; pod templates are as in experiment.cluster.ts. */
async function seen(world: StoryWorld): Promise<object> {
  world.keep("in the end", await world.seen());
  return leftOut(world.kept, new Set(["template"]));
}

/** @param first what is in the namespace before the Experiment. @param spec of it, over a usual one. */
const playAfter =
  (
    first: Act,
    topic: string,
    spec: Readonly<Record<string, unknown>> | ((world: StoryWorld) => object),
    ...acts: readonly Act[]
  ) =>
  async (): Promise<object> => {
    const world = await clusterStory(topic);
    await first(world);
    const given: object = typeof spec === "function" ? spec(world) : spec;
    await world.create({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Experiment",
      metadata: { name: "exp" },
      spec: { scaleDownDelaySeconds: 0, templates: [template("one")], ...given },
    });
    for (const act of acts) await act(world);
    return seen(world);
  };
/** Without the events, which the reference writes late where it has many to write. */
const quiet = (story: () => Promise<object>) => without("events", story);

const play = (topic: string, spec: Readonly<Record<string, unknown>>, ...acts: readonly Act[]) =>
  playAfter(() => Promise.resolve(), topic, spec, ...acts);

const is =
  (phase: string): Act =>
  (world) =>
    world.experimentIs(phase);
const isGone: Act = (world) => world.podsGone();
const begins =
  (name: string | RegExp): Act =>
  (world) =>
    world.runIs(name);
const ends =
  (name: string | RegExp, phase: string, message?: string): Act =>
  (world) =>
    world.endRun(name, phase, message);
const terminated: Act = (world) => world.patchExperiment({ spec: { terminate: true } });
const core = ({ namespace }: StoryWorld, plural: string): string => `/api/v1/namespaces/${namespace}/${plural}`;

/** A template of the whole cluster that includes another: its name is the namespace's. */
async function clusterTemplates(world: StoryWorld): Promise<void> {
  const metric = (name: string) => ({
    name,
    initialDelay: "1h",
    count: 1,
    provider: { web: { url: "http://metrics.invalid", jsonPath: "{$.errors}" } },
  });
  const inner = `${world.namespace}-inner`;
  for (const [name, spec] of Object.entries({
    [inner]: { metrics: [metric("inner")], dryRun: [{ metricName: "inner" }] },
    [world.namespace]: { metrics: [metric("outer")], templates: [{ templateName: inner, clusterScope: true }] },
  }))
    await world.harness.api.create("/apis/argoproj.io/v1alpha1/clusteranalysistemplates", {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "ClusterAnalysisTemplate",
      metadata: { name },
      spec,
    });
}

const ALONE = {
  "pods that do not come in time": play(
    "late",
    { progressDeadlineSeconds: 2, templates: [template("one", never), template("two")] },
    is("Failed"),
    isGone,
  ),
  "the usual delay of its end": play("delay", { scaleDownDelaySeconds: null, duration: "2s" }, is("Successful")),
  "terminated before its pods are there": play(
    "early",
    { templates: [template("one", never)] },
    is("Pending"),
    terminated,
    is("Successful"),
    isGone,
  ),
  "terminated while an analysis runs": play(
    "ended",
    { analyses: [check("a")] },
    begins("exp-a"),
    terminated,
    is("Successful"),
    ends("exp-a", "Successful", "Run Terminated"),
    isGone,
  ),
  "its time is over while an analysis runs": play(
    "over",
    { duration: "3s", analyses: [check("a")] },
    begins("exp-a"),
    is("Successful"),
    isGone,
  ),
  "its time is over before a required analysis": play(
    "waits",
    { duration: "2s", analyses: [check("a", required)] },
    begins("exp-a"),
    () => Bun.sleep(4_000),
    ends("exp-a", "Successful"),
    is("Successful"),
    isGone,
  ),
  "two required analyses": play(
    "two",
    { analyses: [check("a", required), check("b", required)] },
    begins("exp-b"),
    ends("exp-a", "Successful"),
    () => Bun.sleep(1_500),
    async (world) => world.keep("after the first", await world.seen()),
    ends("exp-b", "Successful"),
    is("Successful"),
    isGone,
  ),
  "analyses that succeed and are not required": play(
    "goes-on",
    { analyses: [check("a")] },
    ends("exp-a", "Successful"),
    () => Bun.sleep(2_000),
  ),
  "an analysis with an error": quiet(
    play("error", { analyses: [check("a")] }, ends("exp-a", "Error", "no answer"), is("Error"), isGone),
  ),
  "a required analysis that fails": play(
    "required-fails",
    { analyses: [check("a", required)] },
    ends("exp-a", "Failed", "too many errors"),
    is("Failed"),
    isGone,
  ),
  "an analysis whose value cannot be resolved": play(
    "no-value",
    { analyses: [check("a", { args: [{ name: "trial", value: "{{templates.other.podTemplateHash}}" }] })] },
    is("Error"),
    isGone,
  ),
  "a Service that is somebody else's": playAfter(
    (world) =>
      world.create({
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "taken" },
        spec: { selector: { app: "other" }, ports: [{ port: 80 }] },
      }),
    "service",
    { templates: [template("one", { service: { name: "taken" } })] },
    is("Error"),
    isGone,
  ),
  "a quota without room for its ReplicaSet": playAfter(
    async (world) => {
      const quotas = core(world, "resourcequotas");
      await world.harness.api.create(quotas, { metadata: { name: "none" }, spec: { hard: NO_SETS } });
      const isCounted = async (): Promise<boolean> =>
        JSON.stringify(await world.harness.api.get(`${quotas}/none`)).includes('"used"');
      await until("the quota is in force", isCounted, 20_000);
    },
    "quota",
    {},
    is("Error"),
  ),
  "templates of the cluster that include another": quiet(
    playAfter(
      clusterTemplates,
      "cluster",
      (world) => ({ analyses: [{ name: "a", templateName: world.namespace, clusterScope: true, ...required }] }),
      ends("exp-a", "Successful"),
      is("Successful"),
      isGone,
    ),
  ),
};

const trial = (more: object = {}) => ({
  experiment: {
    scaleDownDelaySeconds: 0,
    templates: [{ name: "canary", specRef: "canary" as const }],
    analyses: [{ name: "check", templateName: "errors" }],
    ...more,
  },
});
const pausing = { canary: { steps: [{ setWeight: 50 }, trial(), { pause: {} }] } };

const roll =
  (topic: string, strategy: RolloutStrategy, ...acts: readonly Act[]) =>
  async (): Promise<object> => {
    const world = await clusterStory(topic);
    await world.create({
      ...rolloutOf("web", strategy, { replicas: 2, template: pod("web") }),
      metadata: { name: "web", labels: { team: "a" } },
    });
    await world.settle("web", "Healthy", healthy);
    await setImage(world, "web", "nginx:2");
    for (const act of acts) await act(world);
    const { rollout } = await world.scene("web");
    const { phase, message, currentStepIndex } = rollout.status ?? {};
    world.keep("the Rollout", { phase, message, currentStepIndex });
    return seen(world);
  };

const settles =
  (what: string, holds: Parameters<StoryWorld["settle"]>[2]): Act =>
  (world) =>
    world.settle("web", what, holds);
const isAborted = settles("aborted", inPhase("Degraded"));
const isPaused = settles("at its pause", inPhase("Paused", "CanaryPauseStep"));
const isDone = settles("Healthy", healthy);
const experimentsAre =
  (phases: string): Act =>
  (world) =>
    until(
      `the Experiments are ${phases}`,
      async () =>
        (await world.experiments())
          .map(({ status }) => status?.phase ?? "")
          .toSorted()
          .join(" ") === phases,
      60_000,
    );

const STEPS = {
  "a step that ends with its time": roll(
    "timed",
    { canary: { steps: [trial({ duration: "2s", analyses: undefined }), { pause: {} }] } },
    isPaused,
    isGone,
  ),
  "a step with an error": roll("step-error", pausing, ends(/check$/, "Error", "no answer"), isAborted, isGone),
  "a step that is aborted by a person": roll(
    "step-abort",
    pausing,
    begins(/check$/),
    (world) => abort(world, "web"),
    isAborted,
    experimentsAre("Successful"),
    isGone,
  ),
  "a step that is skipped": roll(
    "step-skip",
    pausing,
    begins(/check$/),
    (world) => promote(world, "web"),
    isPaused,
    experimentsAre("Successful"),
    isGone,
  ),
  "a step that is promoted in full": roll(
    "step-full",
    pausing,
    begins(/check$/),
    (world) => promoteFull(world, "web"),
    isDone,
    experimentsAre("Successful"),
    isGone,
  ),
  "a step and a new version": roll(
    "step-new",
    pausing,
    begins(/-2-1-check$/),
    (world) => setImage(world, "web", "nginx:3"),
    begins(/-3-1-check$/),
    experimentsAre("Running Successful"),
  ),
};

goldenStories("%s: all that is made and written is the reference's", "experimentsLife.json", { ...ALONE, ...STEPS });
