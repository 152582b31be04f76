/** How events tell of the phase of an AnalysisRun to its owner. */
import type { EventReason } from "../../../schema/reasons.ts";

const REASONS: ReadonlyMap<string, EventReason> = new Map([
  ["Pending", "AnalysisRunPending"],
  ["Running", "AnalysisRunRunning"],
  ["Successful", "AnalysisRunSuccessful"],
  ["Failed", "AnalysisRunFailed"],
  ["Error", "AnalysisRunError"],
  ["Inconclusive", "AnalysisRunInconclusive"],
]);

/** Undefined: of such a phase nothing is told. */
export const runReason = (phase: string): EventReason | undefined => REASONS.get(phase);
