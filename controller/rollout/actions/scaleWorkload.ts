/**
 * Gives the Deployment of `workloadRef` another size, and records the one that it had at first
 * (docs/behaviour/workload-reference.md#scaling-the-deployment-down).
 */
import { REPLICAS_BEFORE, REPLICAS_LEFT, REPLICAS_WANTED } from "../../../schema/labels.ts";
import { DEPLOYMENTS } from "../../../kube/client/resources.ts";

import type { ActionRow } from "./row.ts";

export interface ScaleWorkload {
  readonly kind: "scaleWorkload";
  readonly name: string;
  readonly resourceVersion: string;
  readonly replicas: number;
  readonly replicasBefore: number;
  /** Of a Deployment that has become a Rollout: also note the size, and what its owner has written over the last one. */
  readonly migrated?: { readonly wanted: number | undefined };
}

export const scaleWorkload = {
  // What follows from the new size is decided once the Deployment has it.
  effect: (world) => world,
  requests: (action) => {
    const { name, resourceVersion, replicas } = action;
    const body = { metadata: { annotations: annotationsOf(action) }, spec: { replicas } };
    return [{ verb: "patch", resource: DEPLOYMENTS, name, resourceVersion, body }];
  },
  words: ({ name, replicas, replicasBefore }) =>
    `scale Deployment "${name}" to ${replicas}, and note that it had ${replicasBefore} at first`,
  target: () => "workload",
} as const satisfies ActionRow<ScaleWorkload>;

function annotationsOf({ replicas, replicasBefore, migrated }: ScaleWorkload): Readonly<Record<string, string>> {
  const before = { [REPLICAS_BEFORE]: String(replicasBefore) };
  if (migrated === undefined) return before;
  const wanted = migrated.wanted === undefined ? {} : { [REPLICAS_WANTED]: String(migrated.wanted) };
  return { ...before, [REPLICAS_LEFT]: String(replicas), ...wanted };
}
