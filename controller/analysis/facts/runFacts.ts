/** What a decision about one AnalysisRun is made from. */
import type { AnalysisRun } from "../../../schema/analysis.ts";
import type { RunMeasurements } from "./measurements.ts";

export interface RunFacts {
  readonly run: AnalysisRun;
  /** Why the run is not held whole; undefined: it is. */
  readonly heldBack: string | undefined;
  readonly measuring: RunMeasurements;
}
