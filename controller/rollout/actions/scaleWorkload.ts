/**
 * Gives the Deployment of `workloadRef` another size, and records the one that it had at first
 * (docs/behaviour/workload-reference.md#scaling-the-deployment-down).
 */
import { REPLICAS_BEFORE } from "../../../schema/labels.ts";
import { DEPLOYMENTS } from "../../../kube/client/resources.ts";

import type { ActionRow } from "./row.ts";

export interface ScaleWorkload {
  readonly kind: "scaleWorkload";
  readonly name: string;
  readonly resourceVersion: string;
  readonly replicas: number;
  readonly replicasBefore: number;
}

export const scaleWorkload = {
  // What follows from the new size is decided once the Deployment has it.
  effect: (world) => world,
  requests: ({ name, resourceVersion, replicas, replicasBefore }) => [
    {
      verb: "patch",
      resource: DEPLOYMENTS,
      name,
      resourceVersion,
      body: { metadata: { annotations: { [REPLICAS_BEFORE]: String(replicasBefore) } }, spec: { replicas } },
    },
  ],
  words: ({ name, replicas, replicasBefore }) =>
    `scale Deployment "${name}" to ${replicas}, and note that it had ${replicasBefore} at first`,
  target: () => "workload",
} as const satisfies ActionRow<ScaleWorkload>;
