/** How events tell of the phase of an AnalysisRun: about itself, and to its owner. */
import type { EventReason } from "../../../schema/reasons.ts";

export const RUN_REASONS = {
  Pending: "AnalysisRunPending",
  Running: "AnalysisRunRunning",
  Successful: "AnalysisRunSuccessful",
  Failed: "AnalysisRunFailed",
  Error: "AnalysisRunError",
  Inconclusive: "AnalysisRunInconclusive",
} as const satisfies Readonly<Record<string, EventReason>>;

const REASONS: ReadonlyMap<string, EventReason> = new Map(Object.entries(RUN_REASONS));

/** Undefined: of such a phase nothing is told. */
export const runReason = (phase: string): EventReason | undefined => REASONS.get(phase);
