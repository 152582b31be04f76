/** The kinds that admission and the linter judge. */
export type AdmittedKind = "Rollout" | "AnalysisTemplate" | "ClusterAnalysisTemplate" | "AnalysisRun" | "Experiment";
