/** The objects around Rollouts and Experiments, by the uid of what they belong to. */
import type { AnalysisRun } from "../../schema/analysis.ts";
import type { Experiment } from "../../schema/experiment.ts";
import type { ReplicaSet } from "../../schema/kube.ts";
import type { SeenPod } from "./pod.ts";

/** Objects as the API server sent them, in no particular order. */
export interface Owned {
  replicaSets(owner: string): readonly ReplicaSet[];
  pods(owner: string): readonly SeenPod[];
  experiments(owner: string): readonly Experiment[];
  analysisRuns(owner: string): readonly AnalysisRun[];
}
