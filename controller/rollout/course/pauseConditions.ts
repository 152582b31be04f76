/**
 * Pause conditions and the abort flag: reading them, and settling what a pass asked for
 * (docs/behaviour/pauses-and-aborts.md#pause-conditions).
 */
import type { PauseReason } from "../../../schema/reasons.ts";
import type { PauseCondition, Rollout, RolloutStatus } from "../../../schema/rollout.ts";
import { blueGreenOf, currentStepOf } from "../model/defaults.ts";
import { prePromotionDone } from "./analysisWishes.ts";
import { isAborted, statusOf, type Pass } from "../actions/pass.ts";
import { instant, timestamp } from "../../../kube/object/time.ts";
import { kindOf, type StepTable } from "../../steps/stepTable.ts";

export const pauseCondition = (status: RolloutStatus | undefined, reason: PauseReason): PauseCondition | undefined =>
  status?.pauseConditions?.find((c) => c.reason === reason);

export const isPaused = (rollout: Rollout, status: RolloutStatus | undefined): boolean =>
  rollout.spec.paused === true || (status?.pauseConditions ?? []).length > 0;

/** Why neither sizes nor Services may change, or undefined (docs/behaviour/pauses-and-aborts.md#what-a-pause-stops). */
export function haltReason(p: Pass): string | undefined {
  if (p.world.rollout.spec.paused === true && !isAborted(p)) return "user paused";
  return pauseCondition(statusOf(p), "InconclusiveAnalysisRun") === undefined ? undefined : "inconclusive analysis";
}

export function addPause(p: Pass, reason: PauseReason): void {
  p.pause = { ...p.pause, add: [...p.pause.add, reason] };
}

export function removePause(p: Pass, reason: PauseReason): void {
  p.pause = { ...p.pause, remove: [...p.pause.remove, reason] };
}

/** A rollback within its window needs no pause; an abort of it counts like any other. */
export function clearPauses(p: Pass): void {
  p.pause = { ...p.pause, clear: true };
}

export function clearPausesAndAbort(p: Pass): void {
  p.pause = { ...p.pause, clear: true, removeAbort: true };
}

/** When a pause that began at the condition's start ends; undefined while there is no condition. */
export function pauseEnd(condition: PauseCondition | undefined, seconds: number): number | undefined {
  const start = instant(condition?.startTime);
  return start === undefined ? undefined : start + seconds * 1000;
}

/**
 * The controller paused and no condition is left: a user has resumed. As long as an analysis pauses the Rollout, nobody
 * has: a pause that comes to be due then begins beside that one.
 */
export const wasResumed = (status: RolloutStatus): boolean =>
  status.controllerPause === true && (status.pauseConditions ?? []).length === 0;

/**
 * Abort and pause fields of the status of this pass. An abort wins over pauses, keeps its first time, and is the end of
 * a full promotion.
 */
export function settlePauses(
  p: Pass,
): Pick<RolloutStatus, "abort" | "abortedAt" | "controllerPause" | "pauseConditions" | "promoteFull"> {
  const before = statusOf(p);
  const aborted = p.pause.abort !== undefined || (!p.pause.removeAbort && before.abort === true);
  if (aborted) return { abort: true, abortedAt: before.abortedAt ?? timestamp(p.now), promoteFull: false };
  if (p.pause.clear) return {};
  const old = before.pauseConditions ?? [];
  const kept = old.filter((c) => !p.pause.remove.includes(c.reason));
  const fresh = p.pause.add.filter((reason) => !old.some((c) => c.reason === reason));
  const pauseConditions = [...kept, ...fresh.map((reason) => ({ reason, startTime: timestamp(p.now) }))];
  if (pauseConditions.length === 0) return old.length === 0 && keepsResumption(p) ? { controllerPause: true } : {};
  return { pauseConditions, controllerPause: fresh.length > 0 || before.controllerPause === true };
}

/**
 * Somebody has resumed, and nothing could follow from it yet: a pod is not ready, or the user's own pause or a new size
 * came first. Without the flag the same pause would begin once more.
 */
function keepsResumption(p: Pass): boolean {
  const { rollout } = p.world;
  if (statusOf(p).controllerPause !== true || p.pause.remove.length > 0) return false;
  // The pause before the cutover begins after the analysis: one that was resumed before was the analysis's own.
  if (blueGreenOf(rollout) !== undefined) return prePromotionDone(p);
  const step = currentStepOf(rollout);
  return step !== undefined && kindOf(p.steps, step)?.waitsForPerson !== undefined;
}

/** A pause that ends only when a person acts (docs/behaviour/conditions-and-phases.md#duration). */
export function needsPerson(rollout: Rollout, reason: string, steps: StepTable): boolean {
  // A condition that another controller has written may have a reason that is not in the list.
  switch (reason as PauseReason) {
    case "InconclusiveAnalysisRun":
    case "InconclusiveExperiment":
      return true;
    case "CanaryPauseStep": {
      const step = currentStepOf(rollout);
      return step !== undefined && kindOf(steps, step)?.waitsForPerson?.(step) === true;
    }
    case "BlueGreenPause":
      return blueGreenOf(rollout)?.autoPromotionEnabled === false;
    default:
      return false;
  }
}
