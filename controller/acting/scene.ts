/** What a verb decides on, read from the cluster. */
import { type Cluster, pathIn } from "./cluster.ts";
import { ROLLOUT, type TargetKind } from "./targets.ts";
import { Refused } from "./failure.ts";
import { withTemplateOf } from "../rollout/verbs/verb.ts";
import { pagesOf } from "../../kube/client/pagedLists.ts";
import { collectionPath } from "../../kube/client/path.ts";
import { DEPLOYMENTS, POD_TEMPLATES, REPLICA_SETS } from "../../kube/client/resources.ts";
import type { Json } from "../../kube/object/json.ts";
import { controllerOf } from "../../kube/object/ownerReference.ts";
import { formatSelector } from "../../kube/object/selector.ts";
import type { ReplicaSet, Resource } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";

/** How much of it: nothing, the Rollout, also the pod template of its workload, also its ReplicaSets. */
export type Reads = "nothing" | "rollout" | "template" | "history";

export interface Scene {
  /** As it is stored; undefined when nothing was read. */
  readonly stored: Rollout | undefined;
  /** With the template of its workload. */
  readonly rollout: Rollout;
  /** Those that the Rollout controls. */
  readonly replicaSets: readonly ReplicaSet[];
}

const nobody: Rollout = { metadata: { name: "", namespace: "" }, spec: {} };

/** @throws {ApiError} */
export async function readScene(cluster: Cluster, kind: TargetKind, name: string, reads: Reads): Promise<Scene> {
  if (reads === "nothing" || kind !== ROLLOUT) return { stored: undefined, rollout: nobody, replicaSets: [] };
  const path = pathIn(cluster, kind.resource, name);
  const stored = await cluster.client.request<Rollout>({ method: "GET", path, signal: cluster.signal });
  if (reads === "rollout") return { stored, rollout: stored, replicaSets: [] };
  const replicaSets = reads === "history" ? await replicaSetsOf(cluster, stored) : [];
  return { stored, rollout: await filled(cluster, stored), replicaSets };
}

async function filled(cluster: Cluster, rollout: Rollout): Promise<Rollout> {
  const { workloadRef } = rollout.spec;
  if (workloadRef === undefined) return rollout;
  const path = pathIn(cluster, workloadResource(workloadRef.kind), workloadRef.name ?? "");
  return withTemplateOf(rollout, await cluster.client.request<Json>({ method: "GET", path, signal: cluster.signal }));
}

const WORKLOADS: Readonly<Record<string, Resource>> = {
  Deployment: DEPLOYMENTS,
  ReplicaSet: REPLICA_SETS,
  PodTemplate: POD_TEMPLATES,
};

/** @throws {Refused} for a kind that no Rollout takes its pods from */
export function workloadResource(kind = ""): Resource {
  const resource = WORKLOADS[kind];
  if (resource === undefined) throw new Refused(`workload of type ${kind} is not supported`);
  return resource;
}

async function replicaSetsOf({ client, signal }: Cluster, { metadata, spec }: Rollout): Promise<readonly ReplicaSet[]> {
  const path = collectionPath(REPLICA_SETS, metadata.namespace);
  const selector = formatSelector(spec.selector);
  // With a workload the selector is in there.
  const query = { labelSelector: selector === "<none>" ? undefined : selector };
  const found: ReplicaSet[] = [];
  for await (const { items } of pagesOf<ReplicaSet>({ client, path, query, signal }))
    found.push(...(items ?? []).filter((set) => controllerOf(set)?.uid === metadata.uid));
  return found;
}
