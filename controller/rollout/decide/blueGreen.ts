/** One pass of the blue-green strategy (docs/behaviour/blue-green.md#order-of-a-pass). */
import type { RolloutStatus } from "../../../schema/rollout.ts";
import { delaysScaleDown, holdAborted, removeScaleDownDeadlines } from "../course/afterAbort.ts";
import { blueGreenOf, desiredReplicas } from "../model/defaults.ts";
import type { ReplicaSetFacts, ServiceFacts } from "../model/model.ts";
import { HASH_LABEL } from "../../../schema/labels.ts";
import { pruneHistory, scaleDownForBlueGreen } from "../sizes/oldReplicaSets.ts";
import { roles, scaleReplicaSet, statusOf, switchService, wake, type Pass } from "../actions/pass.ts";
import { syncExperiments } from "../course/experiment/experiments.ts";
import { blueGreenRecords, postPromotionFault, syncAnalyses } from "../course/analysis/analyses.ts";
import { keepsPastVersions, prePromotionDone } from "../course/analysisWishes.ts";
import {
  addPause,
  clearPauses,
  clearPausesAndAbort,
  haltReason,
  isPaused,
  pauseCondition,
  pauseEnd,
  removePause,
  wasResumed,
} from "../course/pauseConditions.ts";
import { syncPodMetadata } from "../revision/podMetadata.ts";
import { promoteStable, promotionReason, servingWithoutService } from "../course/promotion.ts";
import { availablePods, hashOf, isSaturated, podsForAutoscaler, sum } from "../model/replicaSets.ts";
import { resetStatus, templateChanged } from "../course/reset.ts";
import { restartPods } from "../revision/restart.ts";
import { isCutoverRegistered } from "../balancers/inquiries.ts";
import { isFastRollback, isRollbackWithinWindow } from "../course/rollback.ts";
import { formatSelector } from "../../../kube/object/selector.ts";
import { baseStatus, finishStatus } from "../status/status.ts";
import { routeNothing } from "../sizes/traffic.ts";

export const activeService = (p: Pass): ServiceFacts | undefined =>
  p.world.services.get(blueGreenOf(p.world.rollout)?.activeService ?? "");
const previewService = (p: Pass): ServiceFacts | undefined =>
  p.world.services.get(blueGreenOf(p.world.rollout)?.previewService ?? "");
const selectedHash = (service: ServiceFacts | undefined): string => service?.selector[HASH_LABEL] ?? "";

/** Makes one pass and returns the status. Both Services are known to exist (controller/rules). */
export function blueGreenPass(p: Pass): RolloutStatus {
  routeNothing(p);
  pointPreview(p);
  if (templateChanged(p)) return blueGreenStatus(p);
  const restart = restartPods(p);
  scaleBlueGreen(p);
  pruneHistory(p);
  restoreActive(p);
  managePause(p);
  pointActive(p);
  p.registered = isCutoverRegistered(p);
  // Those of a canary that this Rollout was before.
  syncExperiments(p);
  syncAnalyses(p);
  syncPodMetadata(p);
  return blueGreenStatus(p, restart === "done" ? p.world.rollout.spec.restartAt : undefined);
}

/** The preview Service selects the new ReplicaSet from the start. */
function pointPreview(p: Pass): void {
  const preview = previewService(p);
  const { newRS } = roles(p);
  if (preview !== undefined && newRS !== undefined && haltReason(p) === undefined)
    switchService(p, preview, hashOf(newRS));
}

/** Sizes of stable, new and past ReplicaSets. A user's pause does not stop them. */
export function scaleBlueGreen(p: Pass): void {
  removeScaleDownDeadlines(p);
  const { stableRS } = roles(p);
  if (stableRS !== undefined)
    scaleReplicaSet(p, stableRS, desiredReplicas(p.world.rollout), { keepDeadline: delaysScaleDown(p) });
  const { newRS } = roles(p);
  if (newRS !== undefined) {
    if (delaysScaleDown(p)) holdAborted(p, newRS);
    else scaleReplicaSet(p, newRS, newSize(p, newRS), { keepDeadline: false });
  }
  if (!keepsPastVersions(p)) scaleDownForBlueGreen(p);
}

/**
 * previewReplicaCount holds until the pause is over; a ReplicaSet that serves, or is about to, has full size
 * (docs/behaviour/blue-green.md#sizes).
 */
function newSize(p: Pass, newRS: ReplicaSetFacts): number {
  const { rollout } = p.world;
  const status = statusOf(p);
  const full = desiredReplicas(rollout);
  const preview = blueGreenOf(rollout)?.previewReplicaCount;
  const active = p.world.replicaSets.find((rs) => hashOf(rs) === (status.blueGreen?.activeSelector ?? ""));
  if (preview === undefined || active === undefined || active.name === newRS.name) return full;
  if (status.promoteFull === true || isFastRollback(p)) return full;
  if (hashOf(newRS) !== status.currentPodHash) return preview;
  return !isPaused(rollout, status) && status.blueGreen?.scaleUpPreviewCheckPoint === true ? full : preview;
}

/** The new ReplicaSet has the size of this phase and all its pods. */
export function readyForPause(p: Pass): boolean {
  const { newRS } = roles(p);
  if (newRS === undefined) return false;
  const size = newSize(p, newRS);
  return newRS.replicas === size && newRS.status.availableReplicas === size;
}

/** Nothing to test: a fast rollback, a full promotion, a Service that has selected no revision yet, or this one. */
function isFastTracked(p: Pass): boolean {
  const active = activeService(p);
  if (isFastRollback(p) || statusOf(p).promoteFull === true) return true;
  if (servingWithoutService(p, selectedHash(active)) !== undefined) return false;
  return active?.selector[HASH_LABEL] === undefined || selectedHash(active) === hashOf(roles(p).newRS);
}

/**
 * The active Service has lost its revision in the middle of an update (it was recreated, or the strategy is new): it
 * gets stable's again, once that is complete. Until then it selects all pods.
 */
function restoreActive(p: Pass): void {
  const active = activeService(p);
  const stable = servingWithoutService(p, selectedHash(active));
  if (active === undefined || haltReason(p) !== undefined || !isSaturated(p.world.rollout, stable)) return;
  switchService(p, active, hashOf(stable));
}

/** Adds the pause before the cutover, or ends it when its time is up (docs/behaviour/blue-green.md#the-pause). */
function managePause(p: Pass): void {
  const status = statusOf(p);
  const strategy = blueGreenOf(p.world.rollout);
  if (status.abort === true || !readyForPause(p) || haltReason(p) !== undefined) return;
  const seconds = strategy?.autoPromotionSeconds ?? 0;
  const wanted = strategy?.autoPromotionEnabled === false || seconds > 0;
  if (isFastTracked(p) || status.blueGreen?.scaleUpPreviewCheckPoint === true || !wanted)
    return removePause(p, "BlueGreenPause");
  if (!prePromotionDone(p)) return;
  const condition = pauseCondition(status, "BlueGreenPause");
  if (condition === undefined) {
    if (status.controllerPause !== true) addPause(p, "BlueGreenPause");
    return;
  }
  if (pauseCompleted(p)) return removePause(p, "BlueGreenPause");
  const timed = seconds > 0 && strategy?.autoPromotionEnabled !== false;
  const end = timed ? pauseEnd(condition, seconds) : undefined;
  wake(p, end === undefined ? undefined : end + 1);
}

/** Whether the pause before the cutover is over, by time or ended by a person. */
function pauseCompleted(p: Pass): boolean {
  const status = statusOf(p);
  const strategy = blueGreenOf(p.world.rollout);
  if (p.pause.add.length > 0) return false;
  if (status.blueGreen?.scaleUpPreviewCheckPoint === true) return true;
  if (wasResumed(status)) return true;
  if (strategy?.autoPromotionEnabled === false) return false;
  const seconds = strategy?.autoPromotionSeconds ?? 0;
  const end = pauseEnd(pauseCondition(status, "BlueGreenPause"), seconds);
  return seconds === 0 || (end !== undefined && end < p.now);
}

/** Moves the active Service once the new ReplicaSet is complete and the pause is over; back to stable when aborted. */
function pointActive(p: Pass): void {
  const active = activeService(p);
  const { newRS } = roles(p);
  if (active === undefined || haltReason(p) !== undefined || !readyForPause(p) || !isSaturated(p.world.rollout, newRS))
    return;
  const tested = prePromotionDone(p) && pauseCompleted(p) && postPromotionFault(p) === undefined;
  const go = isFastTracked(p) || tested;
  const target = statusOf(p).abort === true ? (statusOf(p).stableRS ?? "") : go ? hashOf(newRS) : selectedHash(active);
  // An empty hash is one that no pod has.
  if (target !== "") switchService(p, active, target);
}

/**
 * Counts and selector are those of the ReplicaSet that users reach, once there is one
 * (docs/behaviour/blue-green.md#counts-in-the-status).
 */
function blueGreenStatus(p: Pass, restartedAt = statusOf(p).restartedAt): RolloutStatus {
  const { rollout, replicaSets } = p.world;
  const base: RolloutStatus = {
    ...baseStatus(p),
    restartedAt,
    blueGreen: {
      previewSelector: selectedHash(previewService(p)),
      activeSelector: selectedHash(activeService(p)),
      ...blueGreenRecords(p),
    },
  };
  const begins = templateChanged(p);
  const draft = begins ? resetStatus(p, base) : base;
  if (statusOf(p).promoteFull === true) clearPausesAndAbort(p);
  else if (isRollbackWithinWindow(p)) clearPauses(p);
  // The active Service may be ahead of a status that could not be written: even then the update begins before it ends.
  const ahead = begins && selectedHash(activeService(p)) !== "";
  const reason = ahead ? undefined : promotionReason(p, draft);
  if (reason !== undefined) syncPodMetadata(p, true);
  const next = reason === undefined ? withCheckPoint(p, draft, begins) : promoteStable(p, draft, reason);
  const active = replicaSets.find((rs) => hashOf(rs) === (base.blueGreen?.activeSelector ?? ""));
  return finishStatus(p, {
    ...next,
    ...(active === undefined
      ? {
          selector: formatSelector(rollout.spec.selector),
          HPAReplicas: podsForAutoscaler(rollout, replicaSets),
          availableReplicas: sum(replicaSets, availablePods),
        }
      : {
          selector: active.selector,
          HPAReplicas: podsForAutoscaler(rollout, [active]),
          availableReplicas: active.status.availableReplicas,
          readyReplicas: active.status.readyReplicas,
        }),
  });
}

/** Sets the checkpoint of previewReplicaCount once the preview is complete and the pause is over. */
function withCheckPoint(p: Pass, draft: RolloutStatus, begins: boolean): RolloutStatus {
  const preview = blueGreenOf(p.world.rollout)?.previewReplicaCount;
  // At its beginning the checkpoint and the analysis are those of the update before.
  if (preview === undefined || begins) return draft;
  const passed = statusOf(p).blueGreen?.scaleUpPreviewCheckPoint === true;
  const reached =
    !passed &&
    haltReason(p) === undefined &&
    prePromotionDone(p) &&
    pauseCompleted(p) &&
    roles(p).newRS?.status.availableReplicas === preview;
  // From here on the checkpoint says that the pause is over.
  if (reached) removePause(p, "BlueGreenPause");
  return { ...draft, blueGreen: { ...draft.blueGreen, scaleUpPreviewCheckPoint: passed || reached } };
}
