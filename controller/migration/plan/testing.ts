/** A Deployment and what is beside it, for tests. */
import type { Json } from "../../../kube/object/json.ts";
import { CANARY } from "../convert/profile.ts";
import type { PlanFacts } from "./plan.ts";

export const labels = { app: "web", tier: "front" };

/** Whole, and available with 3 pods. */
export const deployment = (spec: object = {}, metadata: object = {}, status: object = {}): Json => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "shop", generation: 2, ...metadata },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels },
      spec: { containers: [{ name: "web", image: "web:1", resources: { requests: { cpu: "100m", memory: "64Mi" } } }] },
    },
    ...spec,
  },
  status: { observedGeneration: 2, replicas: 3, updatedReplicas: 3, availableReplicas: 3, ...status },
});

export const beside = (more: Partial<PlanFacts> = {}): PlanFacts => ({
  ownNamespace: "argo-rollouts",
  namespace: undefined,
  deployments: [],
  rollouts: [],
  quotas: [],
  services: undefined,
  profile: { kind: "found", profile: CANARY, from: "" },
  followers: [],
  pods: [],
  ...more,
});
