/**
 * The Deployment that a Rollout replaces in a story: what people set, and how it is looked up. Stories leave out its
 * pods.
 */
import { REPLICAS_BEFORE } from "../../schema/labels.ts";
import type { Workload } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { ScaleWorkload } from "../../controller/rollout/actions/scaleWorkload.ts";

import { resolve, type Resolved } from "../../controller/rollout/facts/resolve.ts";
import { createWorkloadStores } from "../../controller/rollout/facts/workloadStores.ts";

export interface DeploymentOptions {
  readonly image: string;
  readonly replicas: number;
}

/** Named "web", with the selector app=web. */
export const deploymentOf = ({ image, replicas }: DeploymentOptions): Workload => ({
  metadata: {
    name: "web",
    namespace: "default",
    creationTimestamp: undefined,
    uid: "deployment-uid",
    resourceVersion: "1",
    generation: 1,
  },
  spec: {
    replicas,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image }] } },
  },
});

/** A write from outside: another image, another size, or the same again. */
export function changedDeployment(old: Workload, change: Partial<DeploymentOptions>): Workload {
  const { replicas = old.spec?.replicas ?? 1, image } = change;
  const template = image === undefined ? old.spec?.template : deploymentOf({ image, replicas }).spec?.template;
  const spec = { ...old.spec, replicas, ...(template === undefined ? {} : { template }) };
  const { metadata } = old;
  const isNew = JSON.stringify(spec) !== JSON.stringify(old.spec);
  const generation = (metadata.generation ?? 0) + (isNew ? 1 : 0);
  return {
    ...old,
    spec,
    metadata: { ...metadata, generation, resourceVersion: `${Number(metadata.resourceVersion) + 1}` },
  };
}

/** Scales it as the controller does. */
export function scaledDeployment(old: Workload, action: ScaleWorkload): Workload {
  if (old.metadata.resourceVersion !== action.resourceVersion)
    throw new Error("A Deployment is scaled by an old version of it");
  const { metadata, ...rest } = changedDeployment(old, { replicas: action.replicas });
  const annotations = { ...metadata.annotations, [REPLICAS_BEFORE]: String(action.replicasBefore) };
  return { ...rest, metadata: { ...metadata, annotations } };
}

/** The Rollout as the controller sees it. */
export function resolvedBy(deployment: Workload | undefined, rollout: Rollout): Resolved {
  const workloads = createWorkloadStores();
  const { objects, seen } = workloads.Deployment;
  if (deployment !== undefined) objects.upsert(deployment);
  seen.add(`default/${rollout.spec.workloadRef?.name ?? ""}`);
  return resolve(workloads, rollout);
}
