/** Which runs a Rollout wants at this moment (docs/behaviour/rollout-analysis.md#analyses-of-a-rollout). */
import type { PauseReason } from "../../../schema/reasons.ts";
import type { RolloutAnalysisRunStatus } from "../../../schema/rollout.ts";
import { isAborted, roles, statusOf, type Pass } from "../actions/pass.ts";
import { blueGreenOf, canaryOf, stepIndexOf } from "../model/defaults.ts";
import type { AnalysisKind, AnalysisRunFacts } from "../model/model.ts";
import { hashOf, isSaturated, rolloutRevision } from "../model/replicaSets.ts";
import { isCompleted } from "../model/rolloutConditions.ts";
import { isFastRollback } from "./rollback.ts";
import { KINDS } from "./analysisKinds.ts";

export type Wish =
  /** It runs, or is to begin; what it finds counts. */
  | "wanted"
  /** The current one goes on, and what it finds is looked at later. */
  | "kept"
  /** None is to run; the status keeps what the current one has found. */
  | "ended"
  /** None is to run, and none is current. */
  | "none";

/** `<rollout>-<hash>-<revision>`, and what the run is for. */
export function baseNameOf(p: Pass, kind: AnalysisKind): string {
  const { rollout } = p.world;
  const parts = [rollout.metadata.name, hashOf(roles(p).newRS), rolloutRevision(rollout), KINDS[kind].infix(rollout)];
  return parts.filter((part) => part !== undefined).join("-");
}

export const recordedRun = (p: Pass, kind: AnalysisKind): RolloutAnalysisRunStatus | undefined =>
  KINDS[kind].recordedIn(statusOf(p));

/** The run that the status names, while it exists. One of another step is not the current one. */
export function currentRun(p: Pass, kind: AnalysisKind): AnalysisRunFacts | undefined {
  const name = recordedRun(p, kind)?.name;
  if (name === undefined) return undefined;
  const base = baseNameOf(p, kind);
  if (kind === "Step" && name !== base && !name.startsWith(`${base}.`)) return undefined;
  return p.world.analysisRuns?.find((run) => run.name === name && !run.deleting);
}

/** Nothing is to be found out: there is no update, or it goes on, or back, whatever would be found. */
function isPointless(p: Pass): boolean {
  const status = statusOf(p);
  return (
    isCompleted(status) ||
    isAborted(p) ||
    status.promoteFull === true ||
    (status.stableRS ?? "") === "" ||
    (status.currentPodHash ?? "") === "" ||
    isFastRollback(p)
  );
}

const PAUSED_BY_RUN: PauseReason = "InconclusiveAnalysisRun";

const isInconclusive = (p: Pass): boolean =>
  (statusOf(p).pauseConditions ?? []).some(({ reason }) => reason === PAUSED_BY_RUN);

export function wishOf(p: Pass, kind: AnalysisKind): Wish {
  const isBlueGreen = blueGreenOf(p.world.rollout) !== undefined;
  if (isPointless(p)) return isBlueGreen ? "ended" : "none";
  if (KINDS[kind].analysisOf(p.world.rollout) === undefined) return "none";
  switch (kind) {
    case "Step":
      return (statusOf(p).pauseConditions ?? []).length > 0 ? "kept" : "wanted";
    case "Background":
      return isBeforeStart(p) ? "none" : isInconclusive(p) ? "kept" : "wanted";
    case "PrePromotion":
      return isBeforeCutover(p) ? ofPromotion(p, kind) : "ended";
    case "PostPromotion":
      return isAfterCutover(p) ? ofPromotion(p, kind) : "ended";
    default:
      return kind satisfies never;
  }
}

/** One that has begun goes on though pods come and go; it begins once they are all there. */
function ofPromotion(p: Pass, kind: AnalysisKind): Wish {
  if (isInconclusive(p)) return "kept";
  return currentRun(p, kind) !== undefined || hasPodsFor(p, kind) ? "wanted" : "none";
}

function isBeforeStart(p: Pass): boolean {
  const start = canaryOf(p.world.rollout)?.analysis?.startingStep;
  const index = stepIndexOf(p.world.rollout);
  return start !== undefined && index !== undefined && index < start;
}

const activeHash = (p: Pass): string => statusOf(p).blueGreen?.activeSelector ?? "";

function isBeforeCutover(p: Pass): boolean {
  const hash = hashOf(roles(p).newRS);
  return hash !== "" && statusOf(p).stableRS !== hash && activeHash(p) !== "" && activeHash(p) !== hash;
}

function isAfterCutover(p: Pass): boolean {
  const hash = hashOf(roles(p).newRS);
  return hash !== "" && statusOf(p).stableRS !== hash && activeHash(p) === hash;
}

function hasPodsFor(p: Pass, kind: AnalysisKind): boolean {
  const { rollout } = p.world;
  const { newRS } = roles(p);
  const preview = blueGreenOf(rollout)?.previewReplicaCount;
  if (kind === "PostPromotion" && !p.registered) return false;
  if (kind !== "PrePromotion" || preview === undefined) return isSaturated(rollout, newRS);
  return newRS !== undefined && newRS.replicas === preview && newRS.status.availableReplicas === preview;
}

/**
 * No run is current, or the current one has found nothing out and somebody has resumed the Rollout since: the status
 * says so in the same write that begins the pause.
 */
export const needsNew = (p: Pass, kind: AnalysisKind): boolean =>
  currentRun(p, kind) === undefined || (recordedRun(p, kind)?.status === "Inconclusive" && !isInconclusive(p));

/** The canary's background analysis is to run and does not yet: no step may be completed without it. */
export const lacksBackground = (p: Pass): boolean => wishOf(p, "Background") === "wanted" && needsNew(p, "Background");

/** No analysis before the promotion is asked for, or it has succeeded. */
export function prePromotionDone(p: Pass): boolean {
  if (blueGreenOf(p.world.rollout)?.prePromotionAnalysis === undefined) return true;
  return currentRun(p, "PrePromotion")?.phase === "Successful";
}

export function postPromotionDone(p: Pass): boolean {
  if (blueGreenOf(p.world.rollout)?.postPromotionAnalysis === undefined) return true;
  return currentRun(p, "PostPromotion")?.phase === "Successful";
}

/** Past versions keep their pods while the new one is being tested, where no delay is set. */
export function keepsPastVersions(p: Pass): boolean {
  const strategy = blueGreenOf(p.world.rollout);
  if (isInconclusive(p)) return true;
  if (strategy?.postPromotionAnalysis === undefined || strategy.scaleDownDelaySeconds !== undefined) return false;
  const isTested =
    isAfterCutover(p) && (currentRun(p, "PostPromotion") !== undefined || hasPodsFor(p, "PostPromotion"));
  return isTested && !postPromotionDone(p);
}
