/** What every pod of ours is denied, and its containers. */

export const confinedPod = {
  automountServiceAccountToken: true,
  enableServiceLinks: false,
  nodeSelector: { "kubernetes.io/os": "linux" },
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 65_532,
    runAsGroup: 65_532,
    seccompProfile: { type: "RuntimeDefault" },
  },
};

export const confinedContainer = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  readOnlyRootFilesystem: true,
};

/**
 * Empty, so that the environment cannot turn the program into something else. (With an empty text as the value every
 * `kubectl apply` would be a change, since the API server does not keep it.)
 */
export const ownProgram = [{ name: "BUN_OPTIONS" }, { name: "BUN_BE_BUN" }];
