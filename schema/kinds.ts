/** The names of our kinds as other objects write them, in references and events; without the schemas. */

/** It owns what Sluice creates for it (docs/behaviour/revisions.md#owner). */
export const ROLLOUT_KIND = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" } as const;

export const ANALYSIS_RUN_KIND = { apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun" } as const;
