/**
 * How many pods were ready and available at most since the last progress. A pod that crashes, becomes ready and crashes
 * again must not postpone the progress deadline for ever, so only more pods than ever before count as progress. While
 * counts only rise, the status itself holds the peak. Once some are lost it is kept at the end of the Progressing
 * condition's message: that write happens anyway, since the counts have changed.
 */
import type { ConditionReason } from "../../../schema/reasons.ts";
import type { RolloutCondition, RolloutStatus } from "../../../schema/rollout.ts";

export interface PodPeak {
  readonly ready: number;
  readonly available: number;
}

const NOTE = / Pods come and go: up to (\d+) were ready, (\d+) available\.$/;

/** The note that a message ends with, "" when it has none. */
export const peakNote = (message: string): string => NOTE.exec(message)?.[0] ?? "";

const withoutNote = (message: string): string => message.replace(NOTE, "");

const progressingOf = (status: RolloutStatus): RolloutCondition | undefined =>
  status.conditions?.find((c) => c.type === "Progressing");

/** The most pods that were seen up to this status. */
function peakOf(status: RolloutStatus): PodPeak {
  const noted = NOTE.exec(progressingOf(status)?.message ?? "");
  return {
    ready: Math.max(status.readyReplicas ?? 0, Number(noted?.[1] ?? 0)),
    available: Math.max(status.availableReplicas ?? 0, Number(noted?.[2] ?? 0)),
  };
}

/** More pods are ready or available than at any time since the last progress. */
export function morePodsThanEver(before: RolloutStatus, after: RolloutStatus): boolean {
  const { ready, available } = peakOf(before);
  return (after.readyReplicas ?? 0) > ready || (after.availableReplicas ?? 0) > available;
}

/** `message` with the peak noted, where pods were lost in between. */
export function withPeak(message: string, before: RolloutStatus, after: RolloutStatus): string {
  const { ready, available } = peakOf(before);
  const lost = (after.readyReplicas ?? 0) < ready || (after.availableReplicas ?? 0) < available;
  const noted = peakNote(progressingOf(before)?.message ?? "") !== "";
  const plain = withoutNote(message);
  if (!lost && !noted) return plain;
  const peak = {
    ready: Math.max(ready, after.readyReplicas ?? 0),
    available: Math.max(available, after.availableReplicas ?? 0),
  };
  return `${plain} Pods come and go: up to ${peak.ready} were ready, ${peak.available} available.`;
}

/** Reasons of a Progressing condition whose age the deadline measures, or that reports that it has passed. */
const TIMED: ReadonlySet<string> = new Set<ConditionReason>([
  "NewReplicaSetCreated",
  "FoundNewReplicaSet",
  "ReplicaSetUpdated",
  "ReplicaSetNotAvailable",
  "RolloutResumed",
  "RolloutRetry",
]);

/** The conditions after a pass without progress: pods that were lost are noted, times stay as they are. */
export function notingPeak(
  conditions: RolloutCondition[],
  before: RolloutStatus,
  after: RolloutStatus,
): RolloutCondition[] {
  const current = conditions.find((c) => c.type === "Progressing");
  if (current === undefined || !TIMED.has(current.reason)) return conditions;
  const message = withPeak(current.message, before, after);
  return message === current.message ? conditions : conditions.map((c) => (c === current ? { ...c, message } : c));
}
