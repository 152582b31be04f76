/** Runs an AnalysisRun and waits for its end (docs/behaviour/rollout-analysis.md#an-analysis-as-a-step). */
import { at, items } from "../../kube/validation/place.ts";
import { done, hold, type StepKind } from "./kind.ts";

export const analysis: StepKind = {
  isExclusive: true,
  isEndless: true,
  arguments: (step) => items(at(at(step, "analysis"), "args")),
  verdict(_, { analysisPhase }) {
    const phase = analysisPhase();
    if (phase === undefined) return hold("AnalysisNotStarted");
    // One that failed aborts the update, and an inconclusive one pauses it.
    return phase === "Successful" ? done : hold("AnalysisNotOver");
  },
  words: () => "analysis",
};
