/** What a new status tells that the stored one does not: by that it may wait, or may not (pace.ts). Pure. */
import { equal } from "../../../kube/object/equality.ts";
import type { RolloutCondition, RolloutStatus } from "../../../schema/rollout.ts";

type Counter = "replicas" | "updatedReplicas" | "readyReplicas" | "availableReplicas" | "HPAReplicas" | "message";

function withoutCounters(status: RolloutStatus): Omit<RolloutStatus, Counter | "conditions"> & { conditions: unknown } {
  const {
    replicas: _r,
    updatedReplicas: _u,
    readyReplicas: _y,
    availableReplicas: _a,
    HPAReplicas: _h,
    message: _m,
    ...rest
  } = status;
  return { ...rest, conditions: (status.conditions ?? []).map(essence).toSorted() };
}

/** A Progressing condition that stays progressing does not count as a change; neither do times. */
function essence({ type, status, reason, message }: RolloutCondition): string {
  const progress =
    type === "Progressing" &&
    status === "True" &&
    (reason === "NewReplicaSetCreated" || reason === "ReplicaSetUpdated");
  return progress ? type : `${type}/${status}/${reason}/${message}`;
}

/** True when `after` differs from `before` only in the counters of pods. */
export const onlyCounters = (before: RolloutStatus, after: RolloutStatus): boolean =>
  equal(withoutCounters(before), withoutCounters(after));

/** An abort or a full promotion has been heard, or is over (docs/behaviour/pauses-and-aborts.md#the-last-word-counts). */
export const settlesWord = (before: RolloutStatus, after: RolloutStatus): boolean =>
  before.abortedAt !== after.abortedAt || (before.promoteFull ?? false) !== (after.promoteFull ?? false);

/** Conditions that differ between a Rollout that is paused and one that goes on. */
const TELLING_OF_PAUSES: readonly string[] = ["Paused", "Progressing", "Ready", "Reconciling"];

/** Without what differs between a Rollout that waits in a pause step and one that has gone on from it. */
function apartFromPause(status: RolloutStatus): object {
  const {
    phase: _p,
    pauseConditions: _c,
    controllerPause: _f,
    currentStepIndex: _i,
    conditions = [],
    ...rest
  } = status;
  return withoutCounters({ ...rest, conditions: conditions.filter(({ type }) => !TELLING_OF_PAUSES.includes(type)) });
}

/**
 * True when `after` tells, beside counters, only that the time of a pause step is over. Where a person has ended it, the
 * stored status has no pause condition any more: that is told at once.
 */
export function endsTimedPause(before: RolloutStatus, after: RolloutStatus): boolean {
  const wasPaused = before.phase === "Paused" && (before.pauseConditions ?? []).length > 0;
  const goesOn = after.phase === "Progressing" && (after.pauseConditions ?? []).length === 0;
  // With a router, a step that gives a weight is stored before it is over: what follows could not be told with this.
  if (after.canary?.weights !== undefined) return false;
  if (!wasPaused || !goesOn || after.currentStepIndex !== (before.currentStepIndex ?? 0) + 1) return false;
  return equal(apartFromPause(before), apartFromPause(after));
}
