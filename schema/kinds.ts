/** The names of our kinds as other objects write them, in references and events; without the schemas. */
export const ROLLOUT_KIND = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" } as const;
