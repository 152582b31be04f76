/** What the current canary step of a Rollout reports (docs/behaviour/canary.md#when-a-step-is-complete). */
import type { CanaryStep } from "../../../schema/rollout.ts";
import { instant } from "../../../kube/object/time.ts";
import { hold, type StepFacts, type Verdict } from "../../steps/kind.ts";
import { kindOf, verdictOf } from "../../steps/stepTable.ts";
import { currentStepOf, stepIndexOf, trafficRoutingOf } from "../model/defaults.ts";
import { isAborted, roles, statusOf, type Pass } from "../actions/pass.ts";
import { currentExperiment } from "../model/experiments.ts";
import { basicSizesLack } from "../sizes/replicas.ts";
import { routedSizesLack } from "../sizes/routedReplicas.ts";
import { currentRun, lacksBackground } from "./analysisWishes.ts";
import { stepPluginEntries } from "./plugins/stepPlugins.ts";
import { pauseCondition, wasResumed } from "./pauseConditions.ts";

function factsOf(p: Pass): StepFacts {
  const { rollout } = p.world;
  const isRouted = trafficRoutingOf(rollout) !== undefined;
  const begun = pauseCondition(statusOf(p), "CanaryPauseStep");
  return {
    now: p.now,
    pause: begun === undefined ? undefined : { startedAt: instant(begun.startTime) },
    isResumed: wasResumed(statusOf(p)),
    sizesLack: () =>
      isRouted ? routedSizesLack(rollout, roles(p), p.weights, p.steps) : basicSizesLack(rollout, roles(p), p.steps),
    isWeightVerified: isRouted ? p.weights?.verified : undefined,
    analysisPhase: () => currentRun(p, "Step")?.phase,
    pluginEntries: () => stepPluginEntries(p).filter(({ index }) => index === stepIndexOf(rollout)),
    experimentPhase: () => currentExperiment(p.world, roles(p).newRS)?.phase,
  };
}

/** Whether the step is complete; never while the user has paused the Rollout. */
export function stepVerdict(p: Pass, step: CanaryStep): Verdict {
  if (p.world.rollout.spec.paused === true) return hold("PausedByUser");
  const verdict = verdictOf(p.steps, step, factsOf(p));
  // Nobody would notice that the next step does harm.
  return verdict.kind === "done" && lacksBackground(p) ? hold("AnalysisNotStarted") : verdict;
}

/**
 * The current step is a pause, or another one that does not set sizes, and is over: the next step may begin at once,
 * and nothing is resized by the weight of a pause that is over.
 */
export function pauseIsOver(p: Pass): boolean {
  const { rollout } = p.world;
  const step = currentStepOf(rollout);
  if (step === undefined || kindOf(p.steps, step)?.isApartFromSizes !== true) return false;
  if (isAborted(p) || statusOf(p).promoteFull === true) return false;
  return stepVerdict(p, step).kind === "done";
}
