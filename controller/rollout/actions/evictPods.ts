/**
 * Asks for the eviction of pods, in this order, until so many have agreed to go; disruption budgets may say no
 * (docs/behaviour/restart.md).
 */
import { PODS } from "../../../kube/client/resources.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { ActionRow } from "./row.ts";

export interface EvictPods {
  readonly kind: "evictPods";
  readonly names: readonly string[];
  readonly most: number;
}

interface Needs {
  readonly rollout: Rollout;
}

export const evictPods = {
  // Pods are read anew for every decision that is about them.
  effect: (world) => world,
  /** One a pod; who sends them stops once enough have agreed. */
  requests: ({ names }, { rollout: { metadata } }) =>
    names.map((name) => ({
      verb: "create",
      resource: PODS,
      name,
      subresource: "eviction",
      body: { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace: metadata.namespace } },
    })),
  words: ({ names, most }) => `evict ${Math.min(most, names.length)} of the pods ${names.join(", ")}`,
  target: () => "pods",
} as const satisfies ActionRow<EvictPods, Needs>;
