/**
 * What to do about one Rollout, from what is known at one instant. Pure and total: the same snapshot and time give the
 * same decision, and a world in which nothing is left to do gives an empty decision.
 */
import { LIMITS, spend, tooCostly, TooCostlyError, within } from "../../../kube/object/budget.ts";
import type { Rollout, RolloutCondition, RolloutStatus } from "../../../schema/rollout.ts";
import { blueGreenPass, scaleBlueGreen } from "./blueGreen.ts";
import { canaryPass, isResized, scaleCanary } from "./canary.ts";
import {
  findCondition,
  hasReason,
  isCompleted,
  isHealthy,
  newCondition,
  progressDeadline,
  shortened,
  wasObserved,
  withCondition,
  withoutCondition,
} from "../model/rolloutConditions.ts";
import { blueGreenOf, canaryOf, trafficRoutingOf } from "../model/defaults.ts";
import { equal } from "../../../kube/object/equality.ts";
import type { Decision } from "../actions/action.ts";
import { foldActions } from "../actions/fold.ts";
import type { RolloutEvent, Snapshot } from "../model/model.ts";
import { emit, newPass, noIntent, roles, setRolloutReplicas, statusOf, type Pass } from "../actions/pass.ts";
import { inForce } from "../course/inForce.ts";
import { takeOutcomes } from "../course/plugins/stepPlugins.ts";
import { isPaused } from "../course/pauseConditions.ts";
import { pauseIsOver } from "../course/step.ts";
import { availablePods, hashOf, podsForAutoscaler, sum } from "../model/replicaSets.ts";
import { updateBegins } from "../course/reset.ts";
import { createNewReplicaSet, syncRevision } from "../revision/revision.ts";
import { forGenericTools } from "../status/kstatus.ts";
import { finishStatus, podCounts, withPhaseAndDuration } from "../status/status.ts";
import { atEndlessStep, isBeingTested } from "../status/stuck.ts";
import { STEPS } from "../../steps/stepKinds.ts";
import type { StepTable } from "../../steps/stepTable.ts";
import { noteWorkload, observeWorkload, scaleWorkload, sizeWhenMissing, syncHold } from "../revision/workload.ts";

/**
 * The limit for one decision. A step that is done at once takes a pass or two, so hundreds of them take several
 * decisions; reaching the limit without a step forward means that two rules undo each other.
 */
const MAX_PASSES = 500;
/** What every pass costs at least. */
const STEPS_A_PASS = 200;

/**
 * A Rollout that costs more than any real one is treated as invalid, with the reason.
 *
 * @param now ms since the epoch
 * @param steps the kinds of canary steps that there are
 */
export function decide(snapshot: Snapshot, now: number, steps: StepTable = STEPS): Decision {
  return decided({ snapshot, now, steps }, (_, decision) => decision);
}

interface Question {
  readonly snapshot: Snapshot;
  readonly now: number;
  readonly steps: StepTable;
}

/**
 * Decides, and returns what `look` finds in the pass that came to the decision: for those who explain it. They read the
 * pass, and do not keep it.
 */
export function decided<T>({ snapshot, now, steps }: Question, look: (p: Pass, decision: Decision) => T): T {
  const found = within(LIMITS.decision, () => decideWithin(snapshot, now, steps));
  if (!(found instanceof TooCostlyError)) return look(...found);
  const invalid = `spec: Invalid value: "…": ${tooCostly(found, LIMITS.decision, "decide about")}`;
  return look(...decideWithin({ ...snapshot, invalid, orphans: [], strays: [] }, now, steps));
}

function decideWithin(snapshot: Snapshot, now: number, steps: StepTable): readonly [Pass, Decision] {
  const before = snapshot.rollout.status ?? {};
  const rollout = inForce(snapshot.rollout, snapshot.invalid === undefined, now);
  const p = newPass(snapshot, now, steps, { ...snapshot, rollout });
  claim(p);
  if (snapshot.invalid === undefined) {
    syncHold(p);
    observeWorkload(p);
    takeOutcomes(p);
  }
  repeatPasses(p);
  if (snapshot.invalid === undefined) {
    scaleWorkload(p);
    noteWorkload(p);
  }
  return [p, conclude(p, before)];
}

/**
 * Repeats passes until one changes nothing. Actions may follow from the stored status, or from the beginning of an
 * update or the end of a pause, which every later pass would find again. What follows from any other step forward, a
 * promotion or an abort that only this decision has found waits until that is stored: a crash, or a late status, must
 * never undo what was done.
 */
function repeatPasses(p: Pass): void {
  let foundation = driving(statusOf(p));
  const stepAtFirst = statusOf(p).currentStepIndex ?? 0;
  for (let n = 0; n < MAX_PASSES; n += 1) {
    const found = p.snapshot.invalid === undefined && (updateBegins(p) || pauseIsOver(p));
    spend(STEPS_A_PASS + (p.actions.length + p.events.length) / 8, "deciding step by step");
    const before = { ...p, actions: [...p.actions], events: [...p.events], wakeAts: [...p.wakeAts] };
    const status = statusOf(p);
    const next = pass(p);
    const acted = p.actions.length > before.actions.length;
    if (acted && !equal(driving(status), foundation)) return takeBack(p, before);
    if (hidesWeight(p, status, next)) return takeBack(p, before);
    p.world = { ...p.world, rollout: { ...p.world.rollout, status: next } };
    if (found) foundation = driving(next);
    if (!acted && equal(status, next)) return;
  }
  if ((statusOf(p).currentStepIndex ?? 0) > stepAtFirst) return void (p.more = true);
  throw new Error(`Deciding on Rollout "${p.world.rollout.metadata.name}" does not settle after ${MAX_PASSES} passes`);
}

/**
 * Whether a step whose weight routers have been asked for would be over before any status has told of it: who waits for
 * that step would wait for ever (docs/behaviour/traffic.md#weights).
 */
function hidesWeight({ world, snapshot }: Pass, status: RolloutStatus, next: RolloutStatus): boolean {
  const { currentStepIndex: index = 0 } = status;
  const isLeft = next.currentStepIndex !== undefined && next.currentStepIndex !== index;
  if (!isLeft || index === (snapshot.rollout.status?.currentStepIndex ?? 0)) return false;
  const step = canaryOf(world.rollout)?.steps?.[index];
  return step?.setWeight !== undefined && trafficRoutingOf(world.rollout) !== undefined;
}

/** The fields of a status that later passes act on; all others are only for readers. */
const DRIVING = [
  "currentPodHash",
  "currentStepHash",
  "currentStepIndex",
  "stableRS",
  "pauseConditions",
  "controllerPause",
  "abort",
  "promoteFull",
  "restartedAt",
  "blueGreen",
] as const satisfies readonly (keyof RolloutStatus)[];

const driving = (status: RolloutStatus): object => ({
  ...Object.fromEntries(DRIVING.map((field) => [field, status[field]])),
  weights: status.canary?.weights,
  stablePingPong: status.canary?.stablePingPong,
  stepPluginStatuses: status.canary?.stepPluginStatuses ?? [],
});

function takeBack(p: Pass, before: Pass): void {
  p.more = true;
  p.world = before.world;
  p.finished = before.finished;
  p.wakeAts.splice(0, Infinity, ...before.wakeAts);
  p.actions.splice(0, Infinity, ...before.actions);
  p.events.splice(0, Infinity, ...before.events);
}

/**
 * Takes over ReplicaSets without a controller that our selector matches, and releases those that it no longer matches.
 */
function claim(p: Pass): void {
  const { orphans, strays } = p.snapshot;
  // Not one by one (`act`): there may be thousands.
  for (const { name, uid, resourceVersion } of strays)
    p.actions.push({ kind: "releaseReplicaSet", name, uid, resourceVersion });
  for (const { name, uid, resourceVersion } of orphans)
    p.actions.push({ kind: "adoptReplicaSet", name, uid, resourceVersion });
  if (orphans.length > 0)
    p.world = {
      ...p.world,
      replicaSets: [...p.world.replicaSets, ...orphans].toSorted((a, b) => a.createdAt - b.createdAt),
    };
}

/**
 * One pass over the world; returns the status that the Rollout should have
 * (docs/behaviour/reconciling.md#order-of-one-look).
 */
function pass(p: Pass): RolloutStatus {
  p.pause = noIntent;
  p.analyses = { kind: "unasked" };
  p.stepPlugins = { kind: "unasked" };
  p.experiment = undefined;
  p.balancers = undefined;
  p.registered = true;
  p.weights = statusOf(p).canary?.weights;
  const { snapshot } = p;
  if (snapshot.invalid !== undefined) return invalidStatus(p, snapshot.invalid);
  const isSized = p.world.rollout.spec.replicas !== undefined;
  // The size of a workload comes first: pods are made for it.
  if (roles(p).newRS === undefined && (isSized || snapshot.workload === undefined)) return missingReplicaSet(p);
  if (!isSized) {
    setRolloutReplicas(p, sizeWhenMissing(p));
    return statusOf(p);
  }
  const status = statusOf(p);
  // A completed Rollout has no update to abort.
  if (isCompleted(status) && status.abort === true) p.pause = { ...p.pause, removeAbort: true };
  const paused = pausedConditions(p);
  if (paused !== undefined) return paused;
  if (!syncRevision(p)) return statusOf(p);
  const blueGreen = blueGreenOf(p.world.rollout) !== undefined;
  // An update with a new size is reset first: scaled by the old status it would overshoot (docs/differences.md).
  if (!updateStarts(p, blueGreen) && isResized(p)) return scaledStatus(p, blueGreen);
  return blueGreen ? blueGreenPass(p) : canaryPass(p);
}

const updateStarts = (p: Pass, blueGreen: boolean): boolean =>
  blueGreen
    ? (statusOf(p).currentPodHash ?? "") !== "" && statusOf(p).currentPodHash !== hashOf(roles(p).newRS)
    : updateBegins(p);

/**
 * The condition of a Rollout that must not be driven; nothing but the counts of a routed one changes while it is set
 * (docs/behaviour/validation.md#an-invalid-rollout).
 */
function invalidStatus(p: Pass, why: string): RolloutStatus {
  const before = statusOf(p);
  const message = `The Rollout "${p.world.rollout.metadata.name}" is invalid: ${shortened(why)}`;
  const old = findCondition(before.conditions, "InvalidSpec");
  const conditions = before.conditions ?? [];
  const next =
    old?.message === message
      ? conditions
      : withCondition(
          withoutCondition(conditions, "InvalidSpec"),
          newCondition("InvalidSpec", "True", "InvalidSpec", message, p.now),
        );
  return withPhaseAndDuration(p, {
    ...before,
    ...(isCounted(p) ? podCounts(p) : {}),
    conditions: next,
    observedGeneration: String(p.world.rollout.metadata.generation ?? 0),
  });
}

/**
 * The objects of a router may be missing for long while the pods serve: their counts go on
 * (docs/behaviour/traffic.md#a-router-that-cannot-follow).
 */
const isCounted = ({ snapshot, world }: Pass): boolean =>
  snapshot.podHash !== "" && trafficRoutingOf(world.rollout) !== undefined;

/**
 * Creates the ReplicaSet of a new template, or reports why that cannot be done yet
 * (docs/behaviour/hashes-and-names.md#collisions).
 */
function missingReplicaSet(p: Pass): RolloutStatus {
  const { collision, createFailure } = p.snapshot;
  const status = statusOf(p);
  if (collision !== undefined)
    return { ...status, collisionCount: (p.snapshot.rollout.status?.collisionCount ?? 0) + 1 };
  if (createFailure === undefined) {
    createNewReplicaSet(p);
    return statusOf(p);
  }
  const message = `Failed to create new replica set "${createFailure.name}": ${createFailure.message}`;
  if (findCondition(status.conditions, "Progressing")?.message !== message)
    emit(p, "status", "ReplicaSetCreateError", message, "Warning");
  const condition = newCondition("Progressing", "False", "ReplicaSetCreateError", message, p.now);
  const failed: RolloutStatus = {
    ...status,
    // No pod has the new template: without this the phase would stay Healthy (docs/differences.md).
    updatedReplicas: 0,
    conditions: withCondition(status.conditions ?? [], condition),
    observedGeneration: String(p.world.rollout.metadata.generation ?? 0),
  };
  // An attempt that fails neither begins nor ends an update.
  return { ...withPhaseAndDuration(p, failed), duration: status.duration };
}

/**
 * Conditions that report a pause, a resume or a retry, before anything acts on it
 * (docs/behaviour/pauses-and-aborts.md#conditions-come-first).
 */
function pausedConditions(p: Pass): RolloutStatus | undefined {
  const { rollout } = p.world;
  const status = statusOf(p);
  if (!wasObserved(rollout, status)) return undefined;
  const progressing = findCondition(status.conditions, "Progressing");
  const paused = isPaused(rollout, status);
  const abortEmitted = hasReason(progressing, "RolloutAborted");
  const set: RolloutCondition[] = [];
  if (paused !== hasReason(progressing, "RolloutPaused") && !abortEmitted && !isCompleted(status)) {
    const [why, message] = paused
      ? (["RolloutPaused", "Rollout is paused"] as const)
      : (["RolloutResumed", "Rollout is resumed"] as const);
    set.push(newCondition("Progressing", "Unknown", why, message, p.now));
  }
  if (status.abort !== true && abortEmitted)
    set.push(newCondition("Progressing", "Unknown", "RolloutRetry", "Retrying Rollout after abort", p.now));
  if (paused !== (findCondition(status.conditions, "Paused")?.status === "True") && !abortEmitted) {
    set.push(newCondition("Paused", paused ? "True" : "False", "RolloutPaused", "Rollout is paused", p.now));
  }
  // Set only once: a Progressing condition with the same reason is not a change.
  const conditions = set.reduce<RolloutCondition[]>((all, c) => withCondition(all, c), status.conditions ?? []);
  return equal(conditions, status.conditions ?? []) ? undefined : withPhaseAndDuration(p, { ...status, conditions });
}

/** Sizes only; steps, Services and pauses are left for the next pass. */
function scaledStatus(p: Pass, blueGreen: boolean): RolloutStatus {
  if (blueGreen) scaleBlueGreen(p);
  else scaleCanary(p);
  const all = p.world.replicaSets;
  const active = blueGreen ? all.find((rs) => hashOf(rs) === statusOf(p).blueGreen?.activeSelector) : undefined;
  const counted = active === undefined ? all : [active];
  return finishStatus(p, {
    ...statusOf(p),
    HPAReplicas: podsForAutoscaler(p.world.rollout, counted),
    availableReplicas: sum(counted, availablePods),
  });
}

/** Events that depend on the status are emitted only when it differs from the stored one. */
function conclude(p: Pass, before: RolloutStatus): Decision {
  const after = forGenericTools(p, statusOf(p));
  const status = equal(before, after) ? undefined : after;
  wakeForDeadline(p, p.world.rollout, after);
  const { actions, events } = foldActions(p.actions, p.events);
  const emitted: RolloutEvent[] = status === undefined ? events.filter((e) => e.after !== "status") : events;
  const wakeAt = p.wakeAts.length === 0 ? undefined : Math.min(...p.wakeAts);
  return {
    actions,
    status,
    events: emitted,
    wakeAt,
    more: p.more,
    finished: status === undefined ? undefined : p.finished,
  };
}

/** Wakes up one second after the progress deadline. */
function wakeForDeadline(p: Pass, rollout: Rollout, status: RolloutStatus): void {
  const deadline = deadlineAhead(p, rollout, status);
  if (deadline !== undefined && deadline + 1000 > p.now) p.wakeAts.push(deadline + 1000);
}

/** The progress deadline; undefined while lack of progress does not count, and once it has passed. */
export function deadlineAhead(p: Pass, rollout: Rollout, status: RolloutStatus): number | undefined {
  if (p.snapshot.invalid !== undefined || isPaused(rollout, status) || status.abort === true) return undefined;
  if (atEndlessStep(rollout, p.steps) || isBeingTested({ ...rollout, status }) || isHealthy(rollout, status, status))
    return undefined;
  if (hasReason(findCondition(status.conditions, "Progressing"), "ProgressDeadlineExceeded")) return undefined;
  return progressDeadline(rollout, status);
}
