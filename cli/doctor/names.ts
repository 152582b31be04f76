/** Where Sluice is installed unless somebody chose another namespace (docs/install.md). */
export const namespace = "argo-rollouts";
