/** When a new update begins, and what it starts with (docs/behaviour/canary.md#beginning-of-an-update). */
import type { RolloutStatus } from "../../../schema/rollout.ts";
import { instant } from "../../../kube/object/time.ts";
import { stepsOf } from "../model/defaults.ts";
import { clearPausesAndAbort } from "./pauseConditions.ts";
import { currentHash, emit, roles, statusOf, type Pass } from "../actions/pass.ts";
import { hashOf } from "../model/replicaSets.ts";
import { isRollbackWithinWindow } from "./rollback.ts";

export function templateChanged(p: Pass): boolean {
  const recorded = statusOf(p).currentPodHash ?? "";
  return recorded !== "" && recorded !== currentHash(p);
}

/** The template or the canary steps differ from what the status was made for. */
export function updateBegins(p: Pass): boolean {
  return (statusOf(p).currentStepHash ?? "") !== p.snapshot.stepHash || templateChanged(p);
}

/**
 * A restart is still to happen when its time is to come, since the pods of this update will be older than that, or when
 * the update has pods from before that time: it began earlier, but its status could not be written.
 */
function isToCome(p: Pass, restartAt: string | undefined): boolean {
  const at = instant(restartAt);
  if (at === undefined) return false;
  const { newRS } = roles(p);
  return p.now <= at || (newRS !== undefined && newRS.replicas > 0 && newRS.createdAt < at);
}

/** Fields of the status at the beginning of an update. */
export function resetStatus(p: Pass, draft: RolloutStatus): RolloutStatus {
  clearPausesAndAbort(p);
  const { spec } = p.world.rollout;
  const {
    prePromotionAnalysisRunStatus: _pre,
    postPromotionAnalysisRunStatus: _post,
    ...blueGreen
  } = draft.blueGreen ?? {};
  const {
    currentStepAnalysisRunStatus: _step,
    currentBackgroundAnalysisRunStatus: _bg,
    currentExperiment: _experiment,
    stepPluginStatuses: _plugins,
    ...canary
  } = draft.canary ?? {};
  return {
    ...draft,
    restartedAt: isToCome(p, spec.restartAt) ? draft.restartedAt : spec.restartAt,
    promoteFull: false,
    blueGreen: { ...blueGreen, scaleUpPreviewCheckPoint: false },
    canary,
    currentStepIndex: stepsOf(p.world.rollout).length > 0 ? firstStep(p) : undefined,
  };
}

/**
 * Steps are skipped on a rollback to stable, or, within the rollback window, to a ReplicaSet that still has its size.
 */
function firstStep(p: Pass): number {
  const { newRS } = roles(p);
  const last = stepsOf(p.world.rollout).length;
  if (newRS === undefined) return 0;
  if (statusOf(p).stableRS === hashOf(newRS)) {
    emit(p, "status", "SkipSteps", "Rollback to stable ReplicaSets");
    return last;
  }
  if (!isRollbackWithinWindow(p) || newRS.replicas === 0) return 0;
  emit(p, "status", "SkipSteps", "Rollback to active ReplicaSets within RollbackWindow");
  return last;
}
