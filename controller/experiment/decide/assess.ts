/** What an Experiment as a whole has come to (docs/behaviour/experiments.md#phases). */
import type { ExperimentSpec, ExperimentStatus } from "../../../schema/experiment.ts";
import { isCompleted, isWorse } from "../../analysis/decide/phase.ts";
import { named, requiredSucceeded } from "./draft.ts";

export interface Outcome {
  readonly phase: string;
  readonly message: string;
}

/** From the best to the worst. */
const TEMPLATES = ["Successful", "Running", "Progressing", "Error", "Failed"];

/** The worst of all templates. */
export function assessTemplates(spec: ExperimentSpec, { templateStatuses }: ExperimentStatus): Outcome {
  let worst = 0;
  let message = "";
  for (const { name } of spec.templates) {
    const known = named(templateStatuses, name);
    const rank = TEMPLATES.indexOf(known?.status ?? "Progressing");
    if (rank > worst) {
      worst = rank;
      message = known?.message ?? "";
    }
  }
  const status = TEMPLATES[worst] ?? "";
  return { phase: status === "Progressing" ? "Pending" : status, message };
}

/** The worst of all analyses; Successful where there are none. */
export function assessAnalyses(spec: ExperimentSpec, status: ExperimentStatus): Outcome {
  let phase = "Successful";
  let message = "";
  for (const { name } of spec.analyses ?? []) {
    const run = named(status.analysisRuns, name);
    if (run === undefined || !isWorse(run.phase, phase)) continue;
    phase = run.phase;
    message = run.message ?? "";
  }
  // Those that are not required and not over do not matter any more.
  if (requiredSucceeded({ spec, status }) && (phase === "Successful" || !isCompleted(phase)))
    return { phase: "Successful", message: "Required AnalysisRuns completed" };
  return { phase: phase === "Pending" ? "Running" : phase, message };
}
