/**
 * The analyses of a pass: runs begin and end, and what they have found pauses or aborts the update
 * (docs/behaviour/rollout-analysis.md#what-a-result-does).
 */
import { runReason } from "../../../rules/analysis/runReasons.ts";
import type { RolloutAnalysisRunStatus, RolloutStatus } from "../../../../schema/rollout.ts";
import { emit, roles, statusOf, type Pass } from "../../actions/pass.ts";
import { blueGreenOf } from "../../model/defaults.ts";
import type { AnalysisFault, AnalysisKind, AnalysisRunFacts } from "../../model/model.ts";
import { isSaturated } from "../../model/replicaSets.ts";
import { addPause } from "../pauseConditions.ts";
import { isFastRollback } from "../rollback.ts";
import { begin, isOutdated, runOf } from "./begin.ts";
import { isRunning, letGo, remove, terminate } from "./history.ts";
import { KINDS, kindsOf } from "../analysisKinds.ts";
import { currentRun, needsNew, prePromotionDone, recordedRun, wishOf } from "../analysisWishes.ts";

/** Looks after all analyses. True where one of them has just paused or aborted the update: nothing else may follow. */
export function syncAnalyses(p: Pass): boolean {
  const runs = new Map<AnalysisKind, AnalysisRunFacts>();
  const kinds = kindsOf(p.world.rollout);
  // What one of them finds does not change what the others are to do before that is stored.
  const wishes = kinds.map((kind) => [kind, wishOf(p, kind)] as const);
  let fault: AnalysisFault | undefined;
  for (const [kind, wish] of wishes) {
    const found = settle(p, kind, wish);
    if (found.run !== undefined) runs.set(kind, found.run);
    fault ??= found.fault;
  }
  fault ??= postPromotionFault(p);
  p.analyses = { kind: "asked", runs, fault };
  letGo(p, new Set([...runs.values()].map(({ name }) => name)));
  for (const kind of kinds.toReversed()) report(p, kind, runs.get(kind));
  return p.pause.abort !== undefined || p.pause.add.includes("InconclusiveAnalysisRun");
}

interface Settled {
  readonly run?: AnalysisRunFacts | undefined;
  readonly fault?: AnalysisFault | undefined;
}

function settle(p: Pass, kind: AnalysisKind, wish: ReturnType<typeof wishOf>): Settled {
  const run = currentRun(p, kind);
  switch (wish) {
    case "none":
      return {};
    case "kept":
      return { run };
    case "ended":
      if (run !== undefined && isRunning(run)) terminate(p, run);
      return { run: run && currentRun(p, kind) };
    case "wanted":
      return run === undefined || needsNew(p, kind) ? begun(p, kind, run) : followed(p, kind, run);
    default:
      return wish satisfies never;
  }
}

/** `old`: the run so far, which stays the current one as long as no other can begin. */
function begun(p: Pass, kind: AnalysisKind, old: AnalysisRunFacts | undefined): Settled {
  const next = begin(p, kind);
  return "reason" in next ? { run: old, fault: next } : { run: next };
}

function followed(p: Pass, kind: AnalysisKind, run: AnalysisRunFacts): Settled {
  if (isOutdated(p, kind, run)) {
    remove(p, run);
    return begun(p, kind, undefined);
  }
  if (run.phase === "Inconclusive") addPause(p, "InconclusiveAnalysisRun");
  if (run.phase === "Failed" || run.phase === "Error") {
    const { failure } = KINDS[kind];
    const abort = run.message === "" ? failure : `${failure}: ${run.message}`;
    p.pause = { ...p.pause, abort: p.pause.abort ?? abort, removeAbort: false };
  }
  return { run };
}

/**
 * Why the analysis after the cutover could not begin: then there is no cutover, since nobody would notice that the new
 * version fails.
 */
export function postPromotionFault(p: Pass): AnalysisFault | undefined {
  const { rollout } = p.world;
  if (blueGreenOf(rollout)?.postPromotionAnalysis === undefined || !prePromotionDone(p)) return undefined;
  const { stableRS, newRS } = roles(p);
  const status = statusOf(p);
  const isUpdate = stableRS !== undefined && newRS !== undefined && stableRS.name !== newRS.name;
  if (!isUpdate || status.abort === true || status.promoteFull === true || isFastRollback(p)) return undefined;
  if (!isSaturated(rollout, newRS) || currentRun(p, "PostPromotion") !== undefined) return undefined;
  const made = runOf(p, "PostPromotion");
  return made.kind === "fault" ? made.fault : undefined;
}

/** An event for each change of the phase that the status has not told yet. */
function report(p: Pass, kind: AnalysisKind, run: AnalysisRunFacts | undefined): void {
  const reason = run === undefined ? undefined : runReason(run.phase);
  if (run === undefined || reason === undefined) return;
  const before = recordedRun(p, kind);
  if (before !== undefined && (before.name !== run.name || before.status === run.phase)) return;
  const previous = before === undefined ? "NoPreviousStatus" : before.status;
  const message = `${kind} Analysis Run '${run.name}' Status New: '${run.phase}' Previous: '${previous}'`;
  emit(p, "status", reason, message, run.phase === "Failed" || run.phase === "Error" ? "Warning" : "Normal");
}

const recordOf = (run: AnalysisRunFacts | undefined): RolloutAnalysisRunStatus | undefined =>
  run && { name: run.name, status: run.phase, ...(run.message === "" ? {} : { message: run.message }) };

/** What the status of this pass has of a kind; as it was where the pass did not come so far. */
const recordIn = (p: Pass, kind: AnalysisKind): RolloutAnalysisRunStatus | undefined =>
  p.analyses.kind === "unasked" ? recordedRun(p, kind) : recordOf(p.analyses.runs.get(kind));

export const canaryRecords = (p: Pass): RolloutStatus["canary"] => ({
  currentStepAnalysisRunStatus: recordIn(p, "Step"),
  currentBackgroundAnalysisRunStatus: recordIn(p, "Background"),
});

export const blueGreenRecords = (p: Pass): RolloutStatus["blueGreen"] => ({
  prePromotionAnalysisRunStatus: recordIn(p, "PrePromotion"),
  postPromotionAnalysisRunStatus: recordIn(p, "PostPromotion"),
});
