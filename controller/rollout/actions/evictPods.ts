/**
 * Asks for the eviction of pods, in this order, until so many evictions were accepted; disruption budgets may refuse
 * them (docs/behaviour/restart.md).
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
  // Pods are read again for every decision about them.
  effect: (world) => world,
  /** One for each pod; the sender stops once enough were accepted. */
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
