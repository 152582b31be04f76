/** The phases of runs, metrics and measurements. */

export const COMPLETED = ["Successful", "Failed", "Error", "Inconclusive"] as const;
export type CompletedPhase = (typeof COMPLETED)[number];

export const isCompleted = (phase: string | undefined): phase is CompletedPhase =>
  COMPLETED.some((completed) => completed === phase);

/** From the best to the worst. */
const ORDER = ["Successful", "Running", "Pending", "Inconclusive", "Error", "Failed"];

export const isWorse = (phase: string, than: string): boolean =>
  ORDER.indexOf(phase) > Math.max(0, ORDER.indexOf(than));
