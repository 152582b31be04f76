/** The names of the Leases of an instance, in the order in which they are taken. */
export const locks = (instanceId: string): [string, string] => {
  const suffix = instanceId === "" ? "" : `-${instanceId}`;
  return [`sluice-controller-lock${suffix}`, `argo-rollouts-controller-lock${suffix}`];
};
