/**
 * Pause conditions and the abort flag: reading them, and settling what a pass asked for
 * (docs/behaviour/pauses-and-aborts.md#pause-conditions).
 */
import type { PauseCondition, Rollout, RolloutStatus } from "../../../schema/rollout.ts";
import { blueGreenOf, currentStepOf, pauseSeconds } from "../model/defaults.ts";
import { isAborted, statusOf, type Pass } from "../actions/pass.ts";
import { instant, timestamp } from "../../../kube/object/time.ts";

export const CANARY_PAUSE = "CanaryPauseStep";
export const BLUE_GREEN_PAUSE = "BlueGreenPause";
const INCONCLUSIVE_ANALYSIS = "InconclusiveAnalysisRun";
const INCONCLUSIVE_EXPERIMENT = "InconclusiveExperiment";

export const pauseCondition = (status: RolloutStatus | undefined, reason: string): PauseCondition | undefined =>
  status?.pauseConditions?.find((c) => c.reason === reason);

export const isPaused = (rollout: Rollout, status: RolloutStatus | undefined): boolean =>
  rollout.spec.paused === true || (status?.pauseConditions ?? []).length > 0;

/** Why neither sizes nor Services may change, or undefined (docs/behaviour/pauses-and-aborts.md#what-a-pause-stops). */
export function haltReason(p: Pass): string | undefined {
  if (p.world.rollout.spec.paused === true) return "user paused";
  return pauseCondition(statusOf(p), INCONCLUSIVE_ANALYSIS) === undefined ? undefined : "inconclusive analysis";
}

export function addPause(p: Pass, reason: string): void {
  p.pause = { ...p.pause, add: [...p.pause.add, reason] };
}

export function removePause(p: Pass, reason: string): void {
  p.pause = { ...p.pause, remove: [...p.pause.remove, reason] };
}

export function clearPausesAndAbort(p: Pass): void {
  p.pause = { ...p.pause, clear: true, removeAbort: true };
}

/** When a pause that began at the condition's start ends; undefined while there is no condition. */
export function pauseEnd(condition: PauseCondition | undefined, seconds: number): number | undefined {
  const start = instant(condition?.startTime);
  return start === undefined ? undefined : start + seconds * 1000;
}

/** The controller paused and the condition is gone: somebody resumed. */
export const wasResumed = (status: RolloutStatus, reason: string): boolean =>
  status.controllerPause === true && pauseCondition(status, reason) === undefined;

/** A pause step is over once it was resumed or its duration, if it has one, has passed. */
export function pauseStepDone(p: Pass): boolean {
  const seconds = pauseSeconds(currentStepOf(p.world.rollout)?.pause?.duration);
  if (wasResumed(statusOf(p), CANARY_PAUSE)) return true;
  const end = pauseEnd(pauseCondition(statusOf(p), CANARY_PAUSE), seconds ?? 0);
  return seconds !== undefined && end !== undefined && end < p.now;
}

/**
 * The current step is a pause that lies behind us. Sizes do not matter to it, so the next step may begin at once: nothing
 * is resized by the weight of a pause that is over.
 */
export function pauseIsOver(p: Pass): boolean {
  const { rollout } = p.world;
  const held = rollout.spec.paused === true || isAborted(p) || statusOf(p).promoteFull === true;
  return !held && currentStepOf(rollout)?.pause !== undefined && pauseStepDone(p);
}

/** Abort and pause fields of the status of this pass. An abort wins over pauses and keeps its first time. */
export function settlePauses(
  p: Pass,
): Pick<RolloutStatus, "abort" | "abortedAt" | "controllerPause" | "pauseConditions"> {
  const before = statusOf(p);
  const aborted = p.pause.abort !== undefined || (!p.pause.removeAbort && before.abort === true);
  if (aborted) return { abort: true, abortedAt: before.abortedAt ?? timestamp(p.now) };
  if (p.pause.clear) return {};
  const old = before.pauseConditions ?? [];
  const kept = old.filter((c) => !p.pause.remove.includes(c.reason));
  const fresh = p.pause.add.filter((reason) => !old.some((c) => c.reason === reason));
  const pauseConditions = [...kept, ...fresh.map((reason) => ({ reason, startTime: timestamp(p.now) }))];
  if (pauseConditions.length === 0) return {};
  return { pauseConditions, controllerPause: fresh.length > 0 || before.controllerPause === true };
}

/** A pause that ends only when a person acts (docs/behaviour/conditions-and-phases.md#duration). */
export function needsPerson(rollout: Rollout, reason: string): boolean {
  if (reason === INCONCLUSIVE_ANALYSIS || reason === INCONCLUSIVE_EXPERIMENT) return true;
  if (reason === CANARY_PAUSE) {
    const pause = currentStepOf(rollout)?.pause;
    return pause !== undefined && pause.duration === undefined;
  }
  return reason === BLUE_GREEN_PAUSE && blueGreenOf(rollout)?.autoPromotionEnabled === false;
}
