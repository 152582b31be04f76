/**
 * More of what the analyses of a Rollout lead to on a real API server: what people do meanwhile, and which runs are kept.
 * golden/rolloutAnalysisLife.json was recorded under the reference controller (SLUICE_RECORD=1).
 */
import type { RolloutStrategy } from "../../schema/rollout.ts";
import { analysis, end, run, runsOf, seenIn, updated } from "./harness/analysisStory.ts";
import { healthyAt, inPhase, pausedAt, type World } from "./harness/clusterWorld.ts";
import { goldenStories, leftOut, without } from "./harness/goldenStories.ts";
import { until } from "./harness/until.ts";
import { abort, promote, promoteFull, retry, setImage } from "./harness/userActions.ts";

const steps = [{ setWeight: 50 }, { analysis }, { pause: {} }];
const asStep: RolloutStrategy = { canary: { steps } };
const inBackground: RolloutStrategy = { canary: { analysis, steps: [{ setWeight: 50 }, { pause: {} }] } };
const services = { activeService: "active", previewService: "preview" };
const before: RolloutStrategy = { blueGreen: { ...services, prePromotionAnalysis: analysis } };
const after: RolloutStrategy = { blueGreen: { ...services, postPromotionAnalysis: analysis } };
const both: RolloutStrategy = {
  blueGreen: { ...services, prePromotionAnalysis: analysis, postPromotionAnalysis: analysis },
};

const aborted = inPhase("Degraded");
const atPause = inPhase("Paused", "CanaryPauseStep");
const done = (world: World, revision = 2): Promise<unknown> =>
  world.settle("web", `Healthy at revision ${revision}`, healthyAt(revision));

/** Until all runs but `going` are over. */
const runsOver = (world: World, going = 0): Promise<unknown> =>
  until(
    "the runs are over",
    async () => {
      const phases = (await runsOf(world)).map(({ status }) => status?.phase ?? "");
      return phases.length > 0 && phases.filter((phase) => ["", "Pending", "Running"].includes(phase)).length === going;
    },
    30_000,
  );

type Act = (world: World) => Promise<unknown>;

/** What is compared; the metrics are those of rolloutAnalysis.cluster.ts. */
const seen = async (world: World): Promise<object> => leftOut(await seenIn(world), new Set(["metrics"]));

/** `nginx:2` is rolled out with this strategy; then these acts follow each other. */
const story =
  (topic: string, strategy: RolloutStrategy, ...acts: readonly Act[]) =>
  async (): Promise<object> => {
    const world = await updated(topic, strategy);
    for (const act of acts) await act(world);
    return seen(world);
  };

const ends =
  (name: string, phase: string, message?: string): Act =>
  (world) =>
    end(world, name, phase, message);
const begins =
  (name: string): Act =>
  (world) =>
    run(world, name);
const is =
  (what: string, holds: Parameters<World["settle"]>[2]): Act =>
  (world) =>
    world.settle("web", what, holds);
const isAborted = is("aborted", aborted);
const isPaused = is("at its pause", atPause);
const promoted: Act = (world) => promote(world, "web");
const promotedInFull: Act = (world) => promoteFull(world, "web");
const abortedByHand: Act = (world) => abort(world, "web");
const retried: Act = (world) => retry(world, "web");
const image =
  (name: string): Act =>
  (world) =>
    setImage(world, "web", name);
const isDone: Act = (world) => done(world);
const isOver: Act = (world) => runsOver(world);
const patched =
  (body: object): Act =>
  (world) =>
    world.patch("web", body);

/** Without the events, which the reference writes late where it has many to write. */
const quiet = (play: () => Promise<object>) => without("told", play);

/** Updates of one analysis each, with these ends, one after the other. */
const history = (topic: string, spec: object, phases: readonly string[]) =>
  quiet(async () => {
    const world = await updated(topic, { canary: { steps: [{ analysis }] } });
    await world.patch("web", { spec });
    for (const [index, phase] of phases.entries()) {
      const revision = index + 2;
      if (index > 0) await setImage(world, "web", `nginx:${revision}`);
      await end(world, `-${revision}-0`, phase);
      await (phase === "Successful" ? done(world, revision) : world.settle("web", "aborted", aborted));
    }
    return seen(world);
  });

const twoSteps: RolloutStrategy = {
  canary: { steps: [{ setWeight: 50 }, { analysis }, { analysis }, { pause: {} }] },
};
const late: RolloutStrategy = {
  canary: {
    analysis: { ...analysis, startingStep: 2 },
    steps: [{ setWeight: 20 }, { pause: {} }, { setWeight: 50 }, { pause: {} }],
  },
};
const twice: RolloutStrategy = { canary: { analysis, steps: [{ setWeight: 50 }, { analysis }, { pause: {} }] } };

goldenStories("%s: the runs, the status and the events are the reference's", "rolloutAnalysisLife.json", {
  "background that succeeds": story("bg-good", inBackground, isPaused, ends("-2", "Successful"), promoted, isDone),
  "background that goes on until the update is done": story("bg-on", inBackground, isPaused, promoted, isDone, isOver),
  "background with an error": story("bg-error", inBackground, isPaused, ends("-2", "Error", "no answer"), isAborted),
  "background aborted by a person": story("bg-abort", inBackground, isPaused, abortedByHand, isAborted, isOver),
  "background promoted in full": story("bg-full", inBackground, isPaused, promotedInFull, isDone, isOver),
  "background and a new version": story("bg-new", inBackground, isPaused, image("nginx:3"), begins("-3"), isPaused),
  "background and the old version again": story("bg-back", inBackground, isPaused, image("nginx:1"), async (world) =>
    done(world, 3),
  ),
  "background before its starting step": quiet(story("bg-early", late, is("at its first pause", pausedAt(1)))),
  "background from its starting step": story(
    "bg-late",
    late,
    is("at its first pause", pausedAt(1)),
    promoted,
    is("at its second pause", pausedAt(3)),
    begins("-2"),
  ),
  "background that fails beside a step": story(
    "bg-beside",
    twice,
    begins("-2-1"),
    ends("-2", "Failed"),
    isAborted,
    isOver,
  ),
  "background taken out of the Rollout": story(
    "bg-out",
    inBackground,
    isPaused,
    patched({ spec: { strategy: { canary: { analysis: null } } } }),
    isOver,
    isPaused,
  ),
  "step that is skipped": story("step-skip", asStep, begins("-2-1"), promoted, isPaused, isOver),
  "step promoted in full": story("step-full", asStep, begins("-2-1"), promotedInFull, isDone, isOver),
  "step and the old version again": story("step-back", asStep, begins("-2-1"), image("nginx:1"), async (world) => {
    await done(world, 3);
    await runsOver(world);
  }),
  "step after a step": story("step-two", twoSteps, ends("-2-1", "Successful"), ends("-2-2", "Failed"), isAborted),
  "step beside a background that goes on": story("step-bg", twice, ends("-2-1", "Successful"), isPaused),
  "step that fails while the Rollout is held": quiet(
    story(
      "step-held",
      asStep,
      begins("-2-1"),
      patched({ spec: { paused: true } }),
      ends("-2-1", "Failed", "too many errors"),
      isAborted,
    ),
  ),
  "pre-promotion with an error": story("pre-error", before, ends("-2-pre", "Error", "no answer"), isAborted),
  "pre-promotion aborted by a person": story("pre-abort", before, begins("-2-pre"), abortedByHand, isAborted, isOver),
  "pre-promotion promoted in full": story("pre-full", before, begins("-2-pre"), promotedInFull, isDone, isOver),
  "pre-promotion and a new version": story("pre-new", before, begins("-2-pre"), image("nginx:3"), begins("-3-pre")),
  "pre-promotion that fails and is retried": story(
    "pre-retry",
    before,
    ends("-2-pre", "Failed"),
    isAborted,
    retried,
    ends("-2-pre.1", "Successful"),
    isDone,
  ),
  "post-promotion with an error": story("post-error", after, ends("-2-post", "Error", "no answer"), isAborted),
  "post-promotion aborted by a person": story("post-abort", after, begins("-2-post"), abortedByHand, isAborted, isOver),
  "post-promotion promoted in full": story("post-full", after, begins("-2-post"), promotedInFull, isDone, isOver),
  "post-promotion and a new version": story("post-new", after, begins("-2-post"), image("nginx:3"), begins("-3-post")),
  "pre- and post-promotion": story("both", both, ends("-2-pre", "Successful"), ends("-2-post", "Successful"), isDone),
  "pre-promotion succeeds, post-promotion fails": story(
    "both-fail",
    both,
    ends("-2-pre", "Successful"),
    ends("-2-post", "Failed", "too many errors"),
    isAborted,
  ),
  "history of successful runs": history("history-good", { analysis: { successfulRunHistoryLimit: 1 } }, [
    "Successful",
    "Successful",
    "Successful",
  ]),
  "history of other runs": history(
    "history-bad",
    { analysis: { unsuccessfulRunHistoryLimit: 1, successfulRunHistoryLimit: 1 } },
    ["Successful", "Failed", "Error", "Failed"],
  ),
  "history of versions": history("history-sets", { revisionHistoryLimit: 0 }, [
    "Successful",
    "Successful",
    "Successful",
  ]),
});
