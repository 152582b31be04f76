/**
 * Names that the reference gives to objects, so that both controllers find each other's
 * (docs/behaviour/hashes-and-names.md#names).
 */

/** The ReplicaSet of a Rollout's revision: `web-6d4b9f8d5c`. `hash` is podTemplateHash of the template. */
export const replicaSetName = (rollout: string, hash: string): string => `${rollout}-${hash}`;
