/**
 * Conditions of a Rollout: how they are set, and the predicates that they depend on
 * (docs/behaviour/conditions-and-phases.md#conditions).
 */
import type { ConditionReason } from "../../../schema/reasons.ts";
import type { Rollout, RolloutCondition, RolloutStatus } from "../../../schema/rollout.ts";
import { blueGreenOf, canaryOf, desiredReplicas, progressDeadlineSeconds, stepsOf } from "./defaults.ts";
import { morePodsThanEver } from "./podPeak.ts";
import { instant, timestamp } from "../../../kube/object/time.ts";

type Conditions = readonly RolloutCondition[];
type Status = Pick<RolloutCondition, "status">["status"];

export const findCondition = (conditions: Conditions | undefined, type: string): RolloutCondition | undefined =>
  conditions?.find((c) => c.type === type);

/** Typed, so that comparing with a reason that is not in the list (schema/reasons.ts) does not compile. */
export const hasReason = (condition: RolloutCondition | undefined, reason: ConditionReason): boolean =>
  condition?.reason === reason;

export const withoutCondition = (conditions: Conditions, type: string): RolloutCondition[] =>
  conditions.filter((c) => c.type !== type);

export function newCondition(
  type: string,
  status: Status,
  reason: ConditionReason,
  message: string,
  now: number,
): RolloutCondition {
  const at = timestamp(now);
  return { type, status, reason, message, lastUpdateTime: at, lastTransitionTime: at };
}

/**
 * UTF-16 units. Kubernetes' own conditions have at most 32,768 bytes; the message is in the status more than once.
 */
const LONGEST_REASON = 6_000;

/**
 * A reason quotes the wrong value, and the API server refuses a status that quotes a megabyte: the end of the text,
 * which names the fault, is kept.
 */
export function shortened(why: string): string {
  if (why.length <= LONGEST_REASON) return why;
  return `${why.slice(0, LONGEST_REASON / 2).toWellFormed()}…${why.slice(-LONGEST_REASON / 2).toWellFormed()}`;
}

/**
 * Sets a condition. An equal status and reason is no change, whatever the message; otherwise it moves to the end of the
 * list and keeps its lastTransitionTime while the status value stays the same.
 */
export function withCondition(conditions: Conditions, next: RolloutCondition): RolloutCondition[] {
  const current = findCondition(conditions, next.type);
  if (current?.status === next.status && current.reason === next.reason) return conditions as RolloutCondition[];
  const kept = current?.status === next.status ? { ...next, lastTransitionTime: current.lastTransitionTime } : next;
  return [...withoutCondition(conditions, next.type), kept];
}

export const isCompleted = (status: RolloutStatus): boolean =>
  (status.stableRS ?? "") !== "" && status.stableRS === status.currentPodHash;

/** Pods moved to the new ReplicaSet or became ready, a step was finished or a Service switched between the two statuses. */
export const madeProgress = (rollout: Rollout, before: RolloutStatus, after: RolloutStatus): boolean =>
  movedForward(rollout, before, after) || morePodsThanEver(before, after);

/** Progress that cannot come from a pod that keeps crashing and becoming ready. */
export function movedForward(rollout: Rollout, before: RolloutStatus, after: RolloutStatus): boolean {
  const old = (s: RolloutStatus): number => (s.replicas ?? 0) - (s.updatedReplicas ?? 0);
  if ((after.updatedReplicas ?? 0) !== (before.updatedReplicas ?? 0) || old(after) < old(before)) return true;
  if (blueGreenOf(rollout) !== undefined) {
    const selectors = (s: RolloutStatus): string =>
      `${s.blueGreen?.activeSelector ?? ""}/${s.blueGreen?.previewSelector ?? ""}`;
    return selectors(before) !== selectors(after);
  }
  const bothIndexed = after.currentStepIndex !== undefined && before.currentStepIndex !== undefined;
  return (
    (after.stableRS ?? "") !== (before.stableRS ?? "") ||
    (after.currentStepHash ?? "") !== (before.currentStepHash ?? "") ||
    (bothIndexed && after.currentStepIndex !== before.currentStepIndex)
  );
}

/**
 * Whether a pass has taken this generation of the spec into account. Where `observedGeneration` is left out the condition
 * Ready has it; a CRD of Argo Rollouts does not store it there, and then it cannot be told apart.
 */
export function wasObserved(rollout: Rollout, status: RolloutStatus): boolean {
  const ready = findCondition(status.conditions, "Ready");
  const observed = status.observedGeneration ?? ready?.observedGeneration;
  return observed === undefined ? ready !== undefined : String(observed) === String(rollout.metadata.generation ?? 0);
}

/** All desired pods are updated and available, the strategy is done and the spec was observed before. */
export function isHealthy(rollout: Rollout, before: RolloutStatus, after: RolloutStatus): boolean {
  const wanted = desiredReplicas(rollout);
  const counts = (after.updatedReplicas ?? 0) === wanted && (after.availableReplicas ?? 0) === wanted;
  return counts && wasObserved(rollout, before) && strategyDone(rollout, after, wanted);
}

function strategyDone(rollout: Rollout, status: RolloutStatus, wanted: number): boolean {
  const blueGreen = blueGreenOf(rollout);
  if (blueGreen !== undefined) {
    const previewDone =
      (blueGreen.previewService ?? "") === "" || status.blueGreen?.previewSelector === status.currentPodHash;
    return status.blueGreen?.activeSelector === status.currentPodHash && previewDone;
  }
  if (canaryOf(rollout) === undefined) return true;
  const steps = stepsOf(rollout).length;
  const stepsDone = steps === 0 || status.currentStepIndex === undefined || status.currentStepIndex === steps;
  return stepsDone && isCompleted(status) && (status.replicas ?? 0) === wanted;
}

/** Instant at which lack of progress becomes a timeout; undefined when nothing is being timed. */
export function progressDeadline(rollout: Rollout, status: RolloutStatus): number | undefined {
  const progressing = findCondition(status.conditions, "Progressing");
  if (progressing === undefined || hasReason(progressing, "RolloutAborted") || hasReason(progressing, "RolloutPaused"))
    return undefined;
  const since = instant(progressing.lastUpdateTime);
  return since === undefined ? undefined : since + progressDeadlineSeconds(rollout) * 1000;
}

/** Whether the rollout has made no progress for longer than its deadline, or was found so before. */
export function timedOut(rollout: Rollout, status: RolloutStatus, now: number): boolean {
  if (hasReason(findCondition(status.conditions, "Progressing"), "ProgressDeadlineExceeded")) return true;
  const deadline = progressDeadline(rollout, status);
  return deadline !== undefined && deadline < now;
}
