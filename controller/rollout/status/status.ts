/**
 * Making the status of a pass: the common fields first, then what depends on all others
 * (docs/behaviour/conditions-and-phases.md#how-a-status-is-made).
 */
import type { ConditionReason } from "../../../schema/reasons.ts";
import { spend } from "../../../kube/object/budget.ts";
import type { RolloutCondition, RolloutStatus } from "../../../schema/rollout.ts";
import {
  findCondition,
  hasReason,
  isCompleted,
  isHealthy,
  madeProgress,
  movedForward,
  newCondition,
  progressDeadline,
  shortened,
  timedOut,
  wasObserved,
  withCondition,
  withoutCondition,
} from "../model/rolloutConditions.ts";
import { blueGreenOf, canaryOf, desiredReplicas } from "../model/defaults.ts";
import { durationOf, finishedDuration } from "./duration.ts";
import type { ReplicaSetFacts } from "../model/model.ts";
import { currentHash, emit, isAborted, revisionText, roles, statusOf, type Pass } from "../actions/pass.ts";
import { blockedConditions, blockingFault } from "./blocked.ts";
import { isPaused, settlePauses } from "../course/pauseConditions.ts";
import { notingPeak, withPeak } from "../model/podPeak.ts";
import { phaseOf } from "./phase.ts";
import { restartAdvanced } from "../revision/restart.ts";
import { isIndefinite, whyStuck, withNews } from "./stuck.ts";
import {
  availablePods,
  createdPods,
  hasDeadline,
  hashOf,
  isSaturated,
  podsForAutoscaler,
  readyPods,
  sum,
} from "../model/replicaSets.ts";
import { workloadObservedGeneration } from "../revision/workload.ts";

/** The pods of all ReplicaSets, and of the new one. */
export function podCounts(p: Pass) {
  const all = p.world.replicaSets;
  return {
    replicas: sum(all, createdPods),
    updatedReplicas: sum([roles(p).newRS], createdPods),
    readyReplicas: sum(all, readyPods),
    availableReplicas: sum(all, availablePods),
    HPAReplicas: podsForAutoscaler(p.world.rollout, all),
  };
}

/**
 * Fields that every strategy shares. A field that is not carried over here is dropped unless the pass sets it again.
 */
export function baseStatus(p: Pass): RolloutStatus {
  const before = statusOf(p);
  return {
    currentPodHash: currentHash(p),
    ...podCounts(p),
    collisionCount: before.collisionCount,
    conditions: withoutCondition(before.conditions ?? [], "InvalidSpec"),
    restartedAt: before.restartedAt,
    promoteFull: before.promoteFull,
    stableRS: before.stableRS,
    duration: before.duration,
    alb: p.balancers?.at(-1) ?? before.alb,
    albs: p.balancers === undefined ? before.albs : [...p.balancers],
    canary: p.weights === undefined ? {} : { weights: p.weights },
    blueGreen: {},
  };
}

/**
 * The Rollout was invalid until now: that time does not count, and the deadline begins anew. One that had passed before
 * has passed.
 */
function wasHeld(p: Pass): boolean {
  const { conditions = [] } = statusOf(p);
  if (findCondition(conditions, "InvalidSpec") === undefined) return false;
  const isTimed = progressDeadline(p.world.rollout, statusOf(p)) !== undefined;
  return isTimed && !hasReason(findCondition(conditions, "Progressing"), "ProgressDeadlineExceeded");
}

/**
 * No progress for longer than the deadline, where lack of progress counts
 * (docs/behaviour/conditions-and-phases.md#progress-deadline).
 */
function stuck(p: Pass, status: RolloutStatus): boolean {
  return (
    !wasHeld(p) &&
    !isIndefinite(p.world.rollout, p.steps) &&
    !roles(p).others.some(hasDeadline) &&
    timedOut(p.world.rollout, status, p.now)
  );
}

const subject = (p: Pass): string => {
  const name = roles(p).newRS?.name;
  return name === undefined ? `Rollout "${p.world.rollout.metadata.name}"` : `ReplicaSet "${name}"`;
};

/** The reference's message, followed by what a router cannot do, or what the pods wait for. */
function timedOutText(p: Pass): string {
  const fault = blockingFault(p);
  return `${subject(p)} has timed out progressing.${fault === undefined ? whyStuck(p) : ` ${shortened(fault.message)}`}`;
}

function abortWhenStuck(p: Pass, draft: RolloutStatus): void {
  const { rollout } = p.world;
  if (rollout.spec.progressDeadlineAbort !== true || isAborted(p) || isCompleted(draft)) return;
  if (madeProgress(rollout, statusOf(p), draft) || restartAdvanced(p) || !stuck(p, statusOf(p))) return;
  const message = timedOutText(p);
  p.pause = { ...p.pause, abort: message, removeAbort: false };
  emit(p, "status", "RolloutAborted", message, "Warning");
}

/** True when all desired pods are available to the users: by the active Service, or in total for a canary. */
function isAvailable(p: Pass, draft: RolloutStatus): boolean {
  const { rollout, replicaSets } = p.world;
  if (blueGreenOf(rollout) !== undefined) {
    const active = draft.blueGreen?.activeSelector ?? "";
    return (
      active !== "" &&
      isSaturated(
        rollout,
        replicaSets.find((rs) => hashOf(rs) === active),
      )
    );
  }
  return canaryOf(rollout) !== undefined && sum(replicaSets, availablePods) >= desiredReplicas(rollout);
}

function healthyCondition(p: Pass, draft: RolloutStatus): RolloutCondition[] {
  const { rollout } = p.world;
  const conditions = draft.conditions ?? [];
  if (!isPaused(rollout, draft) && isHealthy(rollout, statusOf(p), draft)) {
    return withCondition(conditions, newCondition("Healthy", "True", "RolloutHealthy", "Rollout is healthy", p.now));
  }
  if (findCondition(statusOf(p).conditions, "Healthy") === undefined) return conditions;
  return withCondition(conditions, newCondition("Healthy", "False", "RolloutHealthy", "Rollout is not healthy", p.now));
}

function progressingCondition(
  p: Pass,
  draft: RolloutStatus,
  conditions: RolloutCondition[],
  becameUnhealthy: boolean,
): RolloutCondition[] {
  const { rollout } = p.world;
  const before = statusOf(p);
  const name = roles(p).newRS?.name ?? "";
  const set = (status: RolloutCondition["status"], reason: ConditionReason, message: string): RolloutCondition =>
    newCondition("Progressing", status, reason, message, p.now);
  // One that is paused while it is being tested has all its pods, and is not done.
  const isHeld = isPaused(rollout, draft) && !isCompleted(draft);
  if (!isHeld && isHealthy(rollout, before, draft)) {
    return withCondition(
      conditions,
      set("True", "NewReplicaSetAvailable", `ReplicaSet "${name}" has successfully progressed.`),
    );
  }
  if (madeProgress(rollout, before, draft) || becameUnhealthy || restartAdvanced(p) || wasHeld(p)) {
    const lost = becameUnhealthy && draft.stableRS === draft.currentPodHash;
    const text = `${subject(p)} is progressing.`;
    const moved = becameUnhealthy || movedForward(rollout, before, draft);
    const next = lost
      ? set("True", "ReplicaSetNotAvailable", "Rollout does not have minimum availability")
      : set("True", "ReplicaSetUpdated", moved ? text : withPeak(text, before, draft));
    const current = findCondition(before.conditions, "Progressing");
    const kept = current?.status === "True" ? { ...next, lastTransitionTime: current.lastTransitionTime } : next;
    return [...withoutCondition(conditions, "Progressing"), kept];
  }
  if (!stuck(p, { ...draft, conditions })) return notingPeak(conditions, before, draft);
  const exceeded = set("False", "ProgressDeadlineExceeded", withPeak(timedOutText(p), before, draft));
  return withNews(p, withCondition(conditions, exceeded), exceeded);
}

function abortedCondition(p: Pass, conditions: RolloutCondition[]): RolloutCondition[] {
  const cause = p.pause.abort === undefined ? "" : `: ${p.pause.abort}`;
  const message = `Rollout aborted update to revision ${revisionText(p)}${cause}`;
  const next = withCondition(conditions, newCondition("Progressing", "False", "RolloutAborted", message, p.now));
  if (next !== conditions) emit(p, "status", "RolloutAborted", message, "Warning");
  return next;
}

function availableCondition(p: Pass, draft: RolloutStatus): RolloutCondition {
  return isAvailable(p, draft)
    ? newCondition("Available", "True", "AvailableReason", "Rollout has minimum availability", p.now)
    : newCondition("Available", "False", "AvailableReason", "Rollout does not have minimum availability", p.now);
}

function failureCondition(p: Pass, conditions: RolloutCondition[]): RolloutCondition[] {
  const newRS = roles(p).newRS;
  const failing: ReplicaSetFacts | undefined =
    newRS?.failure === undefined ? p.world.replicaSets.find((rs) => rs.failure !== undefined) : newRS;
  if (failing?.failure === undefined) return withoutCondition(conditions, "ReplicaFailure");
  const { status, reason, message, lastTransitionTime } = failing.failure;
  return withCondition(conditions, {
    type: "ReplicaFailure",
    status,
    reason,
    message,
    lastTransitionTime,
    lastUpdateTime: lastTransitionTime,
  });
}

function completedCondition(p: Pass, draft: RolloutStatus, conditions: RolloutCondition[]): RolloutCondition[] {
  const done = isCompleted(draft);
  const next = withCondition(
    conditions,
    newCondition("Completed", done ? "True" : "False", "RolloutCompleted", "RolloutCompleted", p.now),
  );
  if (!done && next !== conditions) {
    const message = `Rollout not completed, started update to revision ${revisionText(p)} (${draft.currentPodHash ?? ""})`;
    emit(p, "status", "RolloutNotCompleted", message);
  }
  return next;
}

function conditionsOf(p: Pass, draft: RolloutStatus): RolloutCondition[] {
  const healthy = healthyCondition(p, draft);
  const becameUnhealthy = healthy !== draft.conditions && findCondition(healthy, "Healthy")?.status === "False";
  const progressing = isAborted(p)
    ? abortedCondition(p, healthy)
    : progressingCondition(p, draft, healthy, becameUnhealthy);
  const available = withCondition(progressing, availableCondition(p, draft));
  const failing = blockedConditions(p, failureCondition(p, available));
  return completedCondition(p, draft, failing);
}

/**
 * RolloutPaused and RolloutResumed report pauses that the controller itself begins and ends
 * (docs/behaviour/conditions-and-phases.md#events-of-pauses).
 */
function emitPauseEvents(p: Pass, after: RolloutStatus): void {
  const was = (statusOf(p).pauseConditions ?? []).length > 0;
  const first = after.pauseConditions?.[0];
  if (first !== undefined && !was) emit(p, "status", "RolloutPaused", `Rollout is paused (${first.reason})`);
  if (first === undefined && was && after.abortedAt === undefined)
    emit(p, "status", "RolloutResumed", "Rollout is resumed");
}

/**
 * Warns once for every generation with values that are not quantities. A write of the Rollout takes them out: then no
 * later pass sees them, and the status, which may wait for a later one, would come without the event.
 */
function warnOfDropped(p: Pass): void {
  const { dropped = [] } = p.snapshot;
  if (dropped.length === 0 || wasObserved(p.world.rollout, statusOf(p))) return;
  const takesOut = p.actions.findIndex(({ kind }) => kind === "updateRollout");
  const after = takesOut < 0 ? "status" : takesOut + 1;
  emit(
    p,
    after,
    "MalformedTemplate",
    `Pods run without parts of their template that are not valid quantities: ${dropped.join(", ")}`,
    "Warning",
  );
}

/** Completes a drafted status: abort, pauses, conditions, phase and duration, in the order in which they build on each other. */
export function finishStatus(p: Pass, draft: RolloutStatus): RolloutStatus {
  const { rollout } = p.world;
  const observed = {
    ...draft,
    observedGeneration: String(rollout.metadata.generation ?? 0),
    workloadObservedGeneration: workloadObservedGeneration(p),
  };
  warnOfDropped(p);
  abortWhenStuck(p, observed);
  const paused = { ...observed, ...settlePauses(p) };
  const conditioned = { ...paused, conditions: conditionsOf(p, paused) };
  const after = withPhaseAndDuration(p, conditioned);
  emitPauseEvents(p, after);
  return after;
}

/** Phase, message and duration of a status whose conditions are final. */
export function withPhaseAndDuration(p: Pass, status: RolloutStatus): RolloutStatus {
  const phased = { ...status, ...phaseOf(p.world.rollout, status) };
  const duration = durationOf(p, phased);
  p.finished = finishedDuration(p, duration) ?? p.finished;
  return tidy(p, { ...phased, duration });
}

/**
 * Fields whose zero means something; all others are left out when empty, as the reference's encoding does
 * (docs/behaviour/objects.md#empty-fields).
 */
const MEANINGFUL_ZERO: ReadonlySet<string> = new Set([
  "currentStepIndex",
  "collisionCount",
  "totalManualPauseDurationSeconds",
]);

const isEmpty = (key: string, value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (!MEANINGFUL_ZERO.has(key) &&
    (value === 0 || value === false || value === "" || (Array.isArray(value) && value.length === 0)));

function withoutEmpty(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const key of Object.keys(object)) if (!isEmpty(key, object[key])) kept[key] = object[key];
  return kept;
}

/** All members of the status, checked against the schema's type. The schema itself stays out of the controller's memory. */
const KNOWN: Readonly<Record<KnownMember, true>> = {
  abort: true,
  abortedAt: true,
  pauseConditions: true,
  controllerPause: true,
  currentPodHash: true,
  currentStepHash: true,
  currentStepIndex: true,
  replicas: true,
  updatedReplicas: true,
  readyReplicas: true,
  availableReplicas: true,
  collisionCount: true,
  observedGeneration: true,
  conditions: true,
  canary: true,
  blueGreen: true,
  HPAReplicas: true,
  selector: true,
  stableRS: true,
  restartedAt: true,
  promoteFull: true,
  phase: true,
  message: true,
  workloadObservedGeneration: true,
  alb: true,
  albs: true,
  duration: true,
};

type KnownMember = keyof { [K in keyof RolloutStatus as string extends K ? never : K]: true };

/** Drops empty fields and keeps members that only a newer API knows. */
function tidy(p: Pass, status: RolloutStatus): RolloutStatus {
  const old: Readonly<Record<string, unknown>> = statusOf(p);
  spend(Object.keys(old).length / 2, "copying its status");
  const unknown: Record<string, unknown> = {};
  for (const key of Object.keys(old)) if (!Object.hasOwn(KNOWN, key)) unknown[key] = old[key];
  return {
    ...unknown,
    ...withoutEmpty(status),
    canary: withoutEmpty(status.canary ?? {}),
    blueGreen: withoutEmpty(status.blueGreen ?? {}),
  };
}
