/** Runs an AnalysisRun and waits for its end. Not driven yet. */
import { at, items } from "../../kube/validation/place.ts";
import { type StepKind, undriven } from "./kind.ts";

export const analysis: StepKind = {
  ...undriven("analysis steps"),
  isExclusive: true,
  isEndless: true,
  arguments: (step) => items(at(at(step, "analysis"), "args")),
  words: () => "analysis",
};
