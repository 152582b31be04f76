/**
 * What a Rollout's spec demands, derived from the API's documentation independently of the code under test, so that
 * a mistake there is not repeated here.
 */
import { stepSucceeded } from "./analyses.ts";
import { trialSucceeded } from "./experiments.ts";
import type { Experiment } from "../../../schema/experiment.ts";
import type { AnalysisRun } from "../../../schema/analysis.ts";
import { observedIn } from "../../kstatus.ts";
import { namesSizes } from "../script/trafficWorlds.ts";
import type { CanaryStep, Rollout, RolloutStatus } from "../../../schema/rollout.ts";

export const wantedOf = ({ spec }: Rollout): number => spec.replicas ?? 1;

const percentOf = (value: number | string, total: number, round: (n: number) => number): number =>
  typeof value === "number" ? value : round((Number.parseInt(value, 10) * total) / 100);

/** Pods that a canary update leaves available: replicas - maxUnavailable, which rounds down; one at least may go. */
export function floorOf(rollout: Rollout): number {
  const total = wantedOf(rollout);
  const { maxSurge = "25%", maxUnavailable = "25%" } = rollout.spec.strategy?.canary ?? {};
  const surge = percentOf(maxSurge, total, Math.ceil);
  const unavailable = percentOf(maxUnavailable, total, Math.floor);
  return Math.max(0, total - (surge === 0 && unavailable === 0 ? 1 : unavailable));
}

/**
 * A Rollout at rest asks for as many pods as its size, also while it is paused or its new version hangs, and without a
 * router for no more than its surge on top. One that was paused before its first pods has none. `sizes`: of all its
 * ReplicaSets.
 */
export function sizeProblem(rollout: Rollout, sizes: readonly number[]): string | undefined {
  const { spec, status } = rollout;
  const isInvalid =
    status?.conditions?.some(({ type, status: is }) => type === "InvalidSpec" && is === "True") === true;
  const asked = sizes.reduce((sum, size) => sum + size, 0);
  if (isInvalid || namesSizes(rollout) || (spec.paused === true && asked === 0)) return undefined;
  const total = wantedOf(rollout);
  if (asked < total) return `${asked} pods are asked for, not ${total}`;
  const { canary } = spec.strategy ?? {};
  if (canary === undefined || canary.trafficRouting !== undefined) return undefined;
  const most = total + percentOf(canary.maxSurge ?? "25%", total, Math.ceil);
  return asked > most ? `${asked} pods are asked for, no more than ${most} may be` : undefined;
}

interface Advance {
  /** As the controller knew it. */
  readonly rollout: Rollout;
  readonly before: RolloutStatus;
  readonly after: RolloutStatus;
  /** Number of canary pods that serve. */
  readonly serving: number;
  readonly nowMs: number;
  readonly runs: readonly AnalysisRun[];
  readonly trials: readonly Experiment[];
}

/**
 * One step at a time, and none before it is done. Steps that a person, a full promotion or a rollback may skip do not
 * count.
 */
export function stepProblem({ rollout, before, after, serving, nowMs, runs, trials }: Advance): string | undefined {
  const steps = rollout.spec.strategy?.canary?.steps ?? [];
  const begins = before.currentPodHash !== after.currentPodHash || before.currentStepHash !== after.currentStepHash;
  const [from, to] = [begins ? 0 : (before.currentStepIndex ?? 0), after.currentStepIndex ?? 0];
  if (steps.length === 0 || to <= from) return undefined;
  if (to > steps.length) return `goes to step ${to} of ${steps.length}`;
  const skips =
    before.promoteFull === true ||
    after.stableRS === after.currentPodHash ||
    before.stableRS === after.currentPodHash ||
    rollout.spec.rollbackWindow !== undefined;
  if (skips) return undefined;
  for (let index = from; index < to; index += 1) {
    const step = steps[index];
    const undone =
      step === undefined
        ? "which is none"
        : (undoneOf(step, index === from && !begins, { before, rollout, serving, nowMs, runs, trials }) ??
          unanalysed(step, { runs, trials }, after.currentPodHash ?? "", index) ??
          unasked(step, after, index));
    if (undone !== undefined) return `goes from step ${from} to ${to} past step ${index}, ${undone}`;
  }
  return undefined;
}

/** What a status must not carry over: from another strategy, an earlier word, or a time that has not come. */
export function leftoverProblem({
  rollout,
  before,
  after,
  nowMs,
}: Omit<Advance, "serving" | "runs" | "trials">): string | undefined {
  const restartedAt = Date.parse(after.restartedAt ?? "");
  if (after.restartedAt !== before.restartedAt && restartedAt >= nowMs)
    return `calls a restart done ${restartedAt - nowMs} ms before its time`;
  if (after.abort === true && after.promoteFull === true && before.abortedAt === undefined)
    return "takes note of an abort, and keeps the full promotion that it ends";
  const isInvalid = after.conditions?.some(({ type }) => type === "InvalidSpec") === true;
  if (isInvalid || observedIn(after) !== (rollout.metadata.generation ?? 0)) return undefined;
  const isBlueGreen = rollout.spec.strategy?.blueGreen !== undefined;
  const hasSteps = (after.currentStepHash ?? "") !== "";
  const foreign = isBlueGreen ? "CanaryPauseStep" : "BlueGreenPause";
  const isPausedByIt = after.pauseConditions?.some(({ reason }) => reason === foreign) === true;
  if (isBlueGreen) return hasSteps || isPausedByIt ? "keeps a canary's steps or pause in blue-green" : undefined;
  return hasSteps && (isPausedByIt || after.blueGreen?.activeSelector !== undefined)
    ? "keeps the pause or the Services of blue-green in a canary"
    : undefined;
}

function unanalysed(
  step: CanaryStep,
  { runs, trials }: Pick<Advance, "runs" | "trials">,
  hash: string,
  index: number,
): string | undefined {
  if (step.analysis !== undefined && !stepSucceeded(runs, hash, index)) return "an analysis that has not succeeded";
  if (step.experiment !== undefined && !trialSucceeded(trials, hash, index))
    return "an Experiment that has not succeeded";
  return undefined;
}

function unasked(step: CanaryStep, { canary }: RolloutStatus, index: number): string | undefined {
  const isDone = canary?.stepPluginStatuses?.some(
    (entry) => entry.index === index && entry.operation === "Run" && entry.phase === "Successful",
  );
  return step.plugin === undefined || isDone === true ? undefined : "a plugin that has not succeeded";
}

function undoneOf(
  step: CanaryStep,
  isFirst: boolean,
  { before, rollout, serving, nowMs }: Omit<Advance, "after">,
): string | undefined {
  const { setWeight, pause } = step;
  if (setWeight !== undefined) {
    const { trafficRouting } = rollout.spec.strategy?.canary ?? {};
    if (namesSizes(rollout)) return undefined;
    const total = wantedOf(rollout);
    const weight = (setWeight * 100) / (trafficRouting?.maxTrafficWeight ?? 100);
    // For a weight between two sizes the smaller one is enough, and at a tie without surge no pod.
    const least = (total * weight) % 100 === 50 ? 0 : Math.floor((total * weight) / 100);
    return serving >= least ? undefined : `a weight of ${setWeight} with ${serving} available pods`;
  }
  if (pause === undefined) return undefined;
  const condition = before.pauseConditions?.find(({ reason }) => reason === "CanaryPauseStep");
  const resumed = before.controllerPause === true && condition === undefined;
  if (isFirst && resumed) return undefined;
  if (pause.duration !== undefined && secondsOf(pause.duration) === 0) return undefined;
  if (!isFirst || condition === undefined) return "a pause that has not begun";
  if (pause.duration === undefined) return "a pause that nobody ended";
  const ended = Date.parse(condition.startTime) + secondsOf(pause.duration) * 1_000;
  return nowMs > ended ? undefined : `a pause that lasts ${ended - nowMs} ms longer`;
}

const secondsOf = (duration: number | string): number =>
  typeof duration === "number" ? duration : Number.parseInt(duration, 10);
