/**
 * One pass of the canary strategy (docs/behaviour/canary.md#order-of-a-pass). Analysis and experiments have their own
 * folders.
 */
import type { CanaryStep, RolloutStatus, TrafficWeights } from "../../../schema/rollout.ts";
import { delaysScaleDown, holdAborted, removeScaleDownDeadlines } from "../course/abort.ts";
import { currentStepOf, pauseSeconds, stepIndexOf, stepsOf, trafficRoutingOf } from "../model/defaults.ts";
import { pruneHistory, scaleDownForCanary } from "../sizes/oldReplicaSets.ts";
import { emit, isAborted, roles, scaleReplicaSet, statusOf, wake, type Pass } from "../actions/pass.ts";
import {
  addPause,
  CANARY_PAUSE,
  clearPausesAndAbort,
  haltReason,
  pauseCondition,
  pauseEnd,
  pauseIsOver,
  pauseStepDone,
  removePause,
} from "../course/pause.ts";
import { syncPodMetadata } from "../revision/podMetadata.ts";
import { promoteStable, promotionReason } from "../course/promote.ts";
import { atBasicSizes, basicCanarySizes, type Split } from "../sizes/replicas.ts";
import { resetStatus, updateBegins } from "../course/reset.ts";
import { restartPods } from "../revision/restart.ts";
import { isRollbackWithinWindow } from "../course/rollback.ts";
import { atRoutedSizes, routedCanarySizes } from "../sizes/routedReplicas.ts";
import { formatSelector } from "../../../kube/object/selector.ts";
import { baseStatus, finishStatus } from "../status/status.ts";
import { pointPingPong, pointServices, routeTraffic } from "../sizes/traffic.ts";

/** Looks at everything once, in the order in which later parts rely on earlier ones, and returns the status. */
export function canaryPass(p: Pass): RolloutStatus {
  if (updateBegins(p)) return canaryStatus(p);
  const restart = restartPods(p);
  // Counts do not know yet of pods that were just evicted: scaling by them could take too many away.
  if (restart === "evicted") return statusOf(p);
  syncPodMetadata(p);
  pruneHistory(p);
  pointPingPong(p);
  pointServices(p);
  // A router that cannot follow holds up everything behind it: sizes and steps rest on the traffic.
  if (!routeTraffic(p)) return statusOf(p);
  if (!pauseIsOver(p) && !scaleCanary(p)) waitAtPauseStep(p);
  return canaryStatus(p, restart === "done" ? p.world.rollout.spec.restartAt : undefined);
}

/** Sizes of stable, new and past ReplicaSets; the first that changes ends the pass. Returns whether one did. */
export function scaleCanary(p: Pass): boolean {
  if (haltReason(p) !== undefined) return false;
  removeScaleDownDeadlines(p);
  return scaleStable(p) || scaleNew(p) || scaleDownForCanary(p);
}

const AT_ONCE = { keepDeadline: false } as const;

/**
 * Sizes by the steps, and by the weights that the routers were told before, or without a router by the pods that serve
 * (docs/behaviour/canary.md#sizes-with-a-router).
 */
function sizesOf(p: Pass, weights: TrafficWeights | undefined): Split {
  const { rollout } = p.world;
  const routed = trafficRoutingOf(rollout) !== undefined;
  return routed ? routedCanarySizes(rollout, roles(p), weights) : basicCanarySizes(rollout, roles(p));
}

/**
 * Stable loses pods only for traffic that had gone before this pass, since what is asked for now comes to the routers
 * later, and keeps those that traffic needs which comes back now.
 */
function scaleStable(p: Pass): boolean {
  const { newRS, stableRS } = roles(p);
  if (stableRS === undefined || stableRS.name === newRS?.name) return false;
  const [before, now] = [statusOf(p).canary?.weights, p.weights];
  const more = (now?.stable.weight ?? 0) > (before?.stable.weight ?? 0) ? now : before;
  return scaleReplicaSet(p, stableRS, sizesOf(p, more).stable, AT_ONCE);
}

function scaleNew(p: Pass): boolean {
  const { newRS } = roles(p);
  if (newRS === undefined) return false;
  if (delaysScaleDown(p)) return holdAborted(p, newRS);
  return scaleReplicaSet(p, newRS, sizesOf(p, p.weights).canary, AT_ONCE);
}

/**
 * Adds the pause of a pause step once, and looks again when its time is up
 * (docs/behaviour/pauses-and-aborts.md#pause-steps).
 */
function waitAtPauseStep(p: Pass): void {
  const status = statusOf(p);
  const pause = currentStepOf(p.world.rollout)?.pause;
  if (pause === undefined || p.world.rollout.spec.paused === true || status.promoteFull === true) return;
  const condition = pauseCondition(status, CANARY_PAUSE);
  if (condition === undefined) {
    if (status.controllerPause !== true) addPause(p, CANARY_PAUSE);
    return;
  }
  const seconds = pauseSeconds(pause.duration);
  const end = seconds === undefined ? undefined : pauseEnd(condition, seconds);
  wake(p, end === undefined ? undefined : end + 1);
}

/**
 * The status after a pass: a reset, a promotion, an abort, or at most one step forward
 * (docs/behaviour/canary.md#one-step-at-a-time).
 */
function canaryStatus(p: Pass, restartedAt = statusOf(p).restartedAt): RolloutStatus {
  const before = statusOf(p);
  const { rollout } = p.world;
  const draft: RolloutStatus = {
    ...baseStatus(p),
    restartedAt,
    selector: formatSelector(rollout.spec.selector),
    currentStepHash: p.snapshot.stepHash,
    canary: {
      ...baseStatus(p).canary,
      stablePingPong: before.canary?.stablePingPong,
      stepPluginStatuses: before.canary?.stepPluginStatuses,
    },
  };
  if (updateBegins(p)) return finishStatus(p, resetStatus(p, draft));

  let index = stepIndexOf(rollout);
  if (before.promoteFull === true || isRollbackWithinWindow(p)) {
    clearPausesAndAbort(p);
    if (index !== undefined) index = stepsOf(rollout).length;
  }
  const reason = promotionReason(p, draft);
  if (reason !== undefined) {
    syncPodMetadata(p, true);
    return finishStatus(p, promoteStable(p, draft, reason));
  }
  if (isAborted(p)) return finishStatus(p, { ...draft, currentStepIndex: abortedIndex(p, draft) });
  return finishStatus(p, { ...draft, currentStepIndex: nextIndex(p, index) });
}

function abortedIndex(p: Pass, draft: RolloutStatus): number | undefined {
  const steps = stepsOf(p.world.rollout).length;
  if (steps === 0) return undefined;
  return draft.stableRS === draft.currentPodHash ? steps : 0;
}

function nextIndex(p: Pass, index: number | undefined): number | undefined {
  const step = currentStepOf(p.world.rollout);
  if (index === undefined || step === undefined || !stepDone(p, step)) return index;
  const next = index + 1;
  emit(
    p,
    "status",
    "RolloutStepCompleted",
    `Rollout step ${next}/${stepsOf(p.world.rollout).length} completed (${stepText(step)})`,
  );
  removePause(p, CANARY_PAUSE);
  return next;
}

/**
 * Whether the current step has been reached; never while the user holds the Rollout
 * (docs/behaviour/canary.md#when-a-step-is-complete).
 */
function stepDone(p: Pass, step: CanaryStep): boolean {
  if (p.world.rollout.spec.paused === true) return false;
  if (step.pause !== undefined) return pauseStepDone(p);
  // Steps of other kinds are held before they get here (controller/rules/rollout/support.ts).
  if (step.setWeight === undefined && step.setCanaryScale === undefined) return false;
  const { rollout } = p.world;
  if (trafficRoutingOf(rollout) === undefined) return atBasicSizes(rollout, roles(p));
  const verified = step.setWeight === undefined || p.weights?.verified !== false;
  return verified && atRoutedSizes(rollout, roles(p), p.weights);
}

/** A step in the words of events and of the command line (docs/behaviour/canary.md#how-a-step-is-written). */
export function stepText(step: CanaryStep): string {
  if (step.setWeight !== undefined) return `setWeight: ${step.setWeight}`;
  if (step.pause !== undefined) return step.pause.duration === undefined ? "pause" : `pause: ${step.pause.duration}`;
  if (step.experiment !== undefined) return "experiment";
  if (step.analysis !== undefined) return "analysis";
  if (step.setCanaryScale !== undefined) return canaryScaleText(step.setCanaryScale);
  if (step.plugin !== undefined) return `plugin: ${step.plugin.name}`;
  if (step.setHeaderRoute !== undefined) return `setHeaderRoute: ${step.setHeaderRoute.name}`;
  return step.setMirrorRoute === undefined ? "invalid" : `setMirrorRoute: ${step.setMirrorRoute.name}`;
}

function canaryScaleText(scale: NonNullable<CanaryStep["setCanaryScale"]>): string {
  if (scale.weight !== undefined) return `setCanaryScale{weight: ${scale.weight}}`;
  if (scale.matchTrafficWeight === true) return "setCanaryScale{matchTrafficWeight: true}";
  return scale.replicas === undefined ? "invalid" : `setCanaryScale{replicas: ${scale.replicas}}`;
}
