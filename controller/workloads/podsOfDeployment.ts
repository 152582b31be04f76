/** Whether a Deployment that has been scaled up again has its pods: looked up, since what its status counts may be late. */
import { pagesOf } from "../../kube/client/pagedLists.ts";
import { collectionPath } from "../../kube/client/path.ts";
import { PODS, REPLICA_SETS } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { controllerOf } from "../../kube/object/ownerReference.ts";
import { formatSelector } from "../../kube/object/selector.ts";
import type { ReplicaSet, Resource } from "../../schema/kube.ts";
import type { WorkloadObject } from "../rollout/facts/workloadStores.ts";

interface Pod {
  readonly metadata: ReplicaSet["metadata"];
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const isReady = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined &&
  status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true;

/**
 * The status of a Deployment that was scaled down and up again within moments still counts the pods that are going
 * (docs/behaviour/workload-reference.md#when-the-rollout-is-deleted). @throws {ApiError}
 */
export async function hasItsPods(client: KubeClient, namespace: string, deployment: WorkloadObject): Promise<boolean> {
  const labelSelector = formatSelector(deployment.selector);
  const all = async <T>(resource: Resource): Promise<T[]> => {
    const found: T[] = [];
    for await (const { items } of pagesOf<T>({
      client,
      path: collectionPath(resource, namespace),
      query: { labelSelector },
    }))
      found.push(...(items ?? []));
    return found;
  };
  const sets = (await all<ReplicaSet>(REPLICA_SETS)).filter((set) => controllerOf(set)?.uid === deployment.uid);
  // Somebody else's controller makes its pods: its status is all that tells.
  if (sets.length === 0) return true;
  const isLate = ({ metadata, status }: ReplicaSet): boolean =>
    (status?.observedGeneration ?? 0) < (metadata.generation ?? 0);
  if (sets.some(isLate)) return false;
  const uids = new Set(sets.map(({ metadata }) => metadata.uid));
  const ready = (await all<Pod>(PODS)).filter((pod) => uids.has(controllerOf(pod)?.uid) && isReady(pod));
  return ready.length >= deployment.replicas;
}
