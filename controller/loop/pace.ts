/**
 * When a status may wait. Counters of pods move many times while an update runs; told one by one they would be most of
 * all writes. A status that differs in nothing else is held back for a moment after the last one, and is usually
 * overtaken by one that matters.
 */
import type { RolloutCondition, RolloutStatus } from "../../schema/rollout.ts";
import { equal } from "../rollout/equal.ts";

/** Shortest time between two statuses that differ only in counters. */
export const COUNTERS_EVERY_MS = 2_000;

type Counter = "replicas" | "updatedReplicas" | "readyReplicas" | "availableReplicas" | "HPAReplicas" | "message";

function withoutCounters(status: RolloutStatus): Omit<RolloutStatus, Counter | "conditions"> & { conditions: unknown } {
  const { replicas: _r, updatedReplicas: _u, readyReplicas: _y, availableReplicas: _a, HPAReplicas: _h, message: _m, ...rest } = status;
  return { ...rest, conditions: (status.conditions ?? []).map(essence).toSorted() };
}

/** Progress within progress is no news; neither are the times. */
function essence({ type, status, reason, message }: RolloutCondition): string {
  const progress = type === "Progressing" && status === "True" && (reason === "NewReplicaSetCreated" || reason === "ReplicaSetUpdated");
  return progress ? type : `${type}/${status}/${reason}/${message}`;
}

/** True when `after` tells nothing but moved pods that `before` did not. */
export const onlyCounters = (before: RolloutStatus, after: RolloutStatus): boolean => equal(withoutCounters(before), withoutCounters(after));
