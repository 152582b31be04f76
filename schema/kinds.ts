/** The names of our kinds as other objects write them, in references and events; without the schemas. */

/** It owns what Sluice creates for it (docs/behaviour/revisions.md#owner). */
export const ROLLOUT_KIND = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" } as const;

export const ANALYSIS_RUN_KIND = { apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun" } as const;

/** It owns the ReplicaSets, Services and AnalysisRuns of an Experiment. */
export const EXPERIMENT_KIND = { apiVersion: "argoproj.io/v1alpha1", kind: "Experiment" } as const;
