/**
 * One pass of the canary strategy (docs/behaviour/canary.md#order-of-a-pass). Analyses have their own folder
 * (../course/analysis/).
 */
import type { RolloutStatus } from "../../../schema/rollout.ts";
import { delaysScaleDown, holdAborted, removeScaleDownDeadlines } from "../course/afterAbort.ts";
import { blueGreenOf, canaryOf, currentStepOf, desiredReplicas, stepIndexOf, stepsOf } from "../model/defaults.ts";
import type { ReplicaSetFacts } from "../model/model.ts";
import { lastingPods, sum } from "../model/replicaSets.ts";
import { pruneHistory, scaleDownForCanary } from "../sizes/oldReplicaSets.ts";
import { emit, isAborted, roles, scaleReplicaSet, statusOf, wake, type Pass } from "../actions/pass.ts";
import { canaryRecords, syncAnalyses } from "../course/analysis/analyses.ts";
import { experimentRecord, syncExperiments } from "../course/experiment/experiments.ts";
import { addPause, clearPauses, clearPausesAndAbort, haltReason, removePause } from "../course/pauseConditions.ts";
import { pauseIsOver, stepVerdict } from "../course/step.ts";
import type { Verdict } from "../../steps/kind.ts";
import { textOf } from "../../steps/stepTable.ts";
import { endSuperseded, stepPluginEntries, syncStepPlugins } from "../course/plugins/stepPlugins.ts";
import { syncPodMetadata } from "../revision/podMetadata.ts";
import { promoteStable, promotionReason } from "../course/promotion.ts";
import { canarySizes } from "../sizes/canarySizes.ts";
import { heldSizes, isHeldAtOldSize } from "../sizes/heldSizes.ts";
import { isOutgrown, leastAvailable } from "../sizes/newSize.ts";
import { resetStatus, updateBegins } from "../course/reset.ts";
import { restartPods } from "../revision/restart.ts";
import { isRollbackWithinWindow } from "../course/rollback.ts";
import { formatSelector } from "../../../kube/object/selector.ts";
import { baseStatus, finishStatus } from "../status/status.ts";
import { pointPingPong, pointServices } from "../sizes/services.ts";
import { routeTraffic } from "../sizes/traffic.ts";

/** Makes one pass, in the order in which later parts rely on earlier ones, and returns the status. */
export function canaryPass(p: Pass): RolloutStatus {
  if (updateBegins(p)) {
    endSuperseded(p);
    return canaryStatus(p);
  }
  const restart = restartPods(p);
  // Counts do not include the evictions of this pass yet: scaling by them could remove too many pods.
  if (restart === "evicted") return statusOf(p);
  syncPodMetadata(p);
  pruneHistory(p);
  pointPingPong(p);
  pointServices(p);
  // A router that cannot follow blocks everything after it: sizes and steps depend on the traffic.
  if (!routeTraffic(p)) return heldStatus(p);
  const restartedAt = restart === "done" ? p.world.rollout.spec.restartAt : undefined;
  // A pause or an abort is stored before anything follows from it.
  if ([syncExperiments(p), syncAnalyses(p)].includes(true)) return canaryStatus(p, restartedAt);
  if (pauseIsOver(p) || scaleCanary(p)) return canaryStatus(p, restartedAt);
  syncStepPlugins(p);
  return canaryStatus(p, restartedAt, waitAtStep(p));
}

/** Sizes of stable, new and past ReplicaSets; the first that changes ends the pass. Returns whether one did. */
export function scaleCanary(p: Pass): boolean {
  if (haltReason(p) !== undefined) return isResized(p) && scaleHeld(p);
  removeScaleDownDeadlines(p);
  return scaleStable(p) || scaleNew(p) || scaleDownForCanary(p);
}

/** The Rollout's size differs from the one for which the new or the stable ReplicaSet was last sized. */
export function isResized(p: Pass): boolean {
  const { rollout } = p.world;
  const { newRS, stableRS } = roles(p);
  const isHeld = blueGreenOf(rollout) === undefined && haltReason(p) !== undefined;
  return [newRS, stableRS].some((rs) => {
    if (rs === undefined) return false;
    return isHeld ? isHeldAtOldSize(rollout, rs) : isOutgrown(rollout, rs) && rs.replicas > 0;
  });
}

/** Sizes follow the Rollout's even while nothing else goes on: an autoscaler relies on it. */
function scaleHeld(p: Pass): boolean {
  const keepsAborted = delaysScaleDown(p);
  const held = { rollout: p.world.rollout, weights: p.weights, steps: p.steps, keepsAborted };
  const sizes = heldSizes(held, roles(p));
  return [...sizes]
    .map(([name, size]) => {
      const rs = p.world.replicaSets.find((one) => one.name === name);
      return rs !== undefined && scaleReplicaSet(p, rs, size, { keepDeadline: keepsAborted });
    })
    .some(Boolean);
}

const AT_ONCE = { keepDeadline: false } as const;

/**
 * Stable loses pods only for traffic that had moved away before this pass, since the routers get the new weights later,
 * and keeps the pods that are needed for traffic that comes back now.
 */
function scaleStable(p: Pass): boolean {
  const { newRS, stableRS } = roles(p);
  if (stableRS === undefined || stableRS.name === newRS?.name) return false;
  const [before, now] = [statusOf(p).canary?.weights, p.weights];
  const more = (now?.stable.weight ?? 0) > (before?.stable.weight ?? 0) ? now : before;
  const held = Math.max(heldForCanary(p, stableRS), heldForRouter(p, stableRS));
  return scaleReplicaSet(p, stableRS, Math.max(canarySizes(p, more).stable, held), AT_ONCE);
}

/** Traffic that is not seen to have moved away may still come to the pods that it came to before. */
function heldForRouter(p: Pass, stableRS: ReplicaSetFacts): number {
  const { rollout } = p.world;
  const isHeld = canaryOf(rollout)?.dynamicStableScale === true && p.weights?.verified === false;
  return isHeld ? Math.min(stableRS.replicas, desiredReplicas(rollout)) : 0;
}

/**
 * Pods that stable keeps with dynamicStableScale where the canary has fewer than its traffic asks for, since a step had
 * set its size: until enough of the others serve.
 */
function heldForCanary(p: Pass, stableRS: ReplicaSetFacts): number {
  const { rollout } = p.world;
  const { newRS, others } = roles(p);
  if (canaryOf(rollout)?.dynamicStableScale !== true || newRS === undefined) return 0;
  return Math.min(stableRS.replicas, leastAvailable(rollout) - sum([newRS, ...others], lastingPods));
}

function scaleNew(p: Pass): boolean {
  const { newRS } = roles(p);
  if (newRS === undefined) return false;
  if (delaysScaleDown(p)) return holdAborted(p, newRS);
  const [before, now] = [statusOf(p).canary?.weights, p.weights];
  // How far an aborted canary has come back is told by its pods: they stay until the lower weight is stored.
  const isReturning = isAborted(p) && canaryOf(p.world.rollout)?.dynamicStableScale === true;
  const isLowered = isReturning && (before?.canary.weight ?? 0) > (now?.canary.weight ?? 0);
  return scaleReplicaSet(p, newRS, canarySizes(p, isLowered ? before : now).canary, AT_ONCE);
}

/**
 * Adds the pause of a pause step once, and wakes up when time alone ends the step
 * (docs/behaviour/pauses-and-aborts.md#pause-steps). Returns the verdict on the step, if there is one.
 */
function waitAtStep(p: Pass): Verdict | undefined {
  const status = statusOf(p);
  const step = currentStepOf(p.world.rollout);
  if (step === undefined || p.world.rollout.spec.paused === true || status.promoteFull === true) return undefined;
  const verdict = stepVerdict(p, step);
  if (verdict.kind === "done") return verdict;
  if (verdict.beginsPause === true) addPause(p, "CanaryPauseStep");
  wake(p, verdict.wakeAt);
  return verdict;
}

const recordOf = (entries: ReturnType<typeof stepPluginEntries>): RolloutStatus["canary"] =>
  entries.length === 0 ? {} : { stepPluginStatuses: [...entries] };

/** What every status of a canary has, whatever the pass has led to. */
function draftOf(p: Pass, restartedAt: string | undefined): RolloutStatus {
  const { canary } = statusOf(p);
  const base = baseStatus(p);
  return {
    ...base,
    restartedAt,
    selector: formatSelector(p.world.rollout.spec.selector),
    currentStepHash: p.snapshot.stepHash,
    canary: {
      ...base.canary,
      stablePingPong: canary?.stablePingPong,
      ...recordOf(stepPluginEntries(p)),
      ...canaryRecords(p),
      ...experimentRecord(p),
    },
  };
}

/**
 * The status while a router cannot follow: counts, conditions and phase, but no step and no promotion
 * (docs/behaviour/traffic.md#a-router-that-cannot-follow).
 */
function heldStatus(p: Pass): RolloutStatus {
  const { restartedAt, currentStepIndex, controllerPause } = statusOf(p);
  const status = finishStatus(p, { ...draftOf(p, restartedAt), currentStepIndex });
  // A pause that a user has ended is over only once its step is.
  return status.abort === true || controllerPause === undefined ? status : { ...status, controllerPause };
}

/**
 * The status after a pass: a reset, a promotion, an abort, or at most one step forward
 * (docs/behaviour/canary.md#one-step-at-a-time).
 */
function canaryStatus(p: Pass, restartedAt = statusOf(p).restartedAt, verdict?: Verdict): RolloutStatus {
  const before = statusOf(p);
  const { rollout } = p.world;
  const draft = draftOf(p, restartedAt);
  if (updateBegins(p)) return finishStatus(p, resetStatus(p, draft));

  let index = stepIndexOf(rollout);
  const skips = before.promoteFull === true || (isRollbackWithinWindow(p) && !isAborted(p));
  if (before.promoteFull === true) clearPausesAndAbort(p);
  else if (skips) clearPauses(p);
  if (skips && index !== undefined) index = stepsOf(rollout).length;
  const reason = promotionReason(p, draft);
  if (reason !== undefined) {
    syncPodMetadata(p, true);
    return finishStatus(p, promoteStable(p, draft, reason));
  }
  if (isAborted(p)) return finishStatus(p, { ...draft, currentStepIndex: abortedIndex(p, draft) });
  // The step that was skipped may be complete as well: it is not counted a second time.
  const next = skips ? index : nextIndex(p, index, verdict);
  const none = { currentStepAnalysisRunStatus: undefined, currentExperiment: undefined };
  const canary = next === index ? draft.canary : { ...draft.canary, ...none };
  return finishStatus(p, { ...draft, canary, currentStepIndex: next });
}

function abortedIndex(p: Pass, draft: RolloutStatus): number | undefined {
  const steps = stepsOf(p.world.rollout).length;
  if (steps === 0) return undefined;
  return draft.stableRS === draft.currentPodHash ? steps : 0;
}

/** `verdict`: on the current step, if known already; to compute it costs as much as the sizes do. */
function nextIndex(p: Pass, index: number | undefined, verdict: Verdict | undefined): number | undefined {
  const step = currentStepOf(p.world.rollout);
  if (index === undefined || step === undefined) return index;
  if ((verdict ?? stepVerdict(p, step)).kind === "hold") return index;
  const next = index + 1;
  emit(
    p,
    "status",
    "RolloutStepCompleted",
    `Rollout step ${next}/${stepsOf(p.world.rollout).length} completed (${textOf(p.steps, step)})`,
  );
  removePause(p, "CanaryPauseStep");
  return next;
}
