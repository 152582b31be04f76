/** What a plan needs to know of a cluster: lists only, nothing is written. */
import type { ProfileMap } from "../../controller/migration/convert/findProfile.ts";
import { objectAt, textAt } from "../../controller/migration/convert/objects.ts";
import { ApiError, isNotFound } from "../../kube/client/apiError.ts";
import { pagesOf } from "../../kube/client/pagedLists.ts";
import { collectionPath, objectPath } from "../../kube/client/path.ts";
import {
  CONFIG_MAPS,
  DEPLOYMENTS,
  HORIZONTAL_POD_AUTOSCALERS,
  NAMESPACES,
  PODS,
  ROLLOUTS,
  SERVICES,
} from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { isList, type Json } from "../../kube/object/json.ts";
import type { Resource } from "../../schema/kube.ts";
import { PROFILES } from "../../schema/labels.ts";

export interface ClusterFacts {
  readonly deployments: readonly Json[];
  readonly rollouts: readonly Json[];
  readonly namespaces: readonly Json[];
  /** Undefined: not known. */
  readonly profileMaps: readonly ProfileMap[] | undefined;
  readonly quotas: readonly Json[];
  readonly pods: readonly Json[] | undefined;
  readonly followers: readonly Json[];
  /** What could not be read, and why: a sentence each. */
  readonly unread: readonly string[];
}

/** What goes on beside a Deployment. Where a kind is not installed there is none of it. */
const FOLLOWERS: readonly (readonly [kind: string, resource: Resource, everywhere?: true])[] = [
  ["HorizontalPodAutoscaler", HORIZONTAL_POD_AUTOSCALERS],
  ["VerticalPodAutoscaler", { group: "autoscaling.k8s.io", version: "v1", plural: "verticalpodautoscalers" }],
  ["ScaledObject", { group: "keda.sh", version: "v1alpha1", plural: "scaledobjects" }],
  ["PodDisruptionBudget", { group: "policy", version: "v1", plural: "poddisruptionbudgets" }],
  ["NetworkPolicy", { group: "networking.k8s.io", version: "v1", plural: "networkpolicies" }],
  ["Service", SERVICES],
  // These often stand in the namespace of the monitoring.
  ["PodMonitor", { group: "monitoring.coreos.com", version: "v1", plural: "podmonitors" }, true],
  ["ServiceMonitor", { group: "monitoring.coreos.com", version: "v1", plural: "servicemonitors" }, true],
];

const RESOURCE_QUOTAS: Resource = { group: "", version: "v1", plural: "resourcequotas" };

/**
 * @param namespace undefined: all
 * @throws {ApiError} when Deployments cannot be read
 */
export async function readCluster(
  client: KubeClient,
  namespace: string | undefined,
  ownNamespace: string,
): Promise<ClusterFacts> {
  const unread: string[] = [];
  const optional = async (read: Promise<readonly Json[]>): Promise<readonly Json[] | undefined> => {
    try {
      return await read;
    } catch (error) {
      // The kind is not installed, or not served (by `sluice dev`).
      if (isNotFound(error) || (error instanceof ApiError && error.status === 501)) return [];
      if (!(error instanceof ApiError)) throw error;
      unread.push(error.message);
      return undefined;
    }
  };
  const listed = (kind: string, resource: Resource, where = namespace) => optional(list(client, kind, resource, where));
  const labelled = (where: string | undefined) =>
    optional(list(client, "ConfigMap", CONFIG_MAPS, where, { labelSelector: `${PROFILES}=true` }));
  const deployments = await list(client, "Deployment", DEPLOYMENTS, namespace);
  const [rollouts, quotas, pods, namespaces, profiles, own, ...followers] = await Promise.all([
    listed("Rollout", ROLLOUTS),
    listed("ResourceQuota", RESOURCE_QUOTAS),
    optional(list(client, "Pod", PODS, namespace, {}, slimPod)),
    optional(readNamespaces(client, namespace)),
    labelled(namespace),
    namespace === undefined || namespace === ownNamespace ? [] : labelled(ownNamespace),
    ...FOLLOWERS.map(([kind, resource, everywhere]) =>
      optional(
        everywhere === true ? everywhereOr(client, kind, resource, namespace) : list(client, kind, resource, namespace),
      ),
    ),
  ]);
  return {
    deployments,
    rollouts: rollouts ?? [],
    quotas: quotas ?? [],
    pods,
    namespaces: namespaces ?? [],
    profileMaps: profiles === undefined || own === undefined ? undefined : [...profiles, ...own].map(profileMap),
    followers: followers.flatMap((each) => each ?? []),
    unread,
  };
}

async function readNamespaces(client: KubeClient, namespace: string | undefined): Promise<readonly Json[]> {
  if (namespace === undefined) return list(client, "Namespace", NAMESPACES, undefined);
  return [await client.request<Json>({ method: "GET", path: objectPath(NAMESPACES, { name: namespace }) })];
}

/** Who may not read a kind in all namespaces may do so in one. */
async function everywhereOr(
  client: KubeClient,
  kind: string,
  resource: Resource,
  namespace: string | undefined,
): Promise<readonly Json[]> {
  try {
    return await list(client, kind, resource, undefined);
  } catch (error) {
    if (namespace === undefined || !(error instanceof ApiError) || error.status !== 403) throw error;
    return list(client, kind, resource, namespace);
  }
}

/** Items of a list have no kind of their own. */
async function list(
  client: KubeClient,
  kind: string,
  resource: Resource,
  namespace: string | undefined,
  query: Readonly<Record<string, string>> = {},
  slim: (object: Json) => Json = (object) => object,
): Promise<readonly Json[]> {
  const { group, version } = resource;
  const apiVersion = group === "" ? version : `${group}/${version}`;
  const found: Json[] = [];
  for await (const { items } of pagesOf<Json>({ client, path: collectionPath(resource, namespace), query }))
    for (const item of items ?? []) found.push(slim({ apiVersion, kind, ...item }));
  return found;
}

/** As much as shows how long it took to become ready. */
function slimPod(pod: Json): Json {
  const { namespace, name, labels, creationTimestamp } = objectAt(pod, "metadata");
  const { conditions, containerStatuses } = objectAt(pod, "status");
  const counts = isList(containerStatuses)
    ? containerStatuses.map((each) => ({ restartCount: (each as Json)["restartCount"] }))
    : [];
  return {
    metadata: { namespace, name, labels, creationTimestamp },
    status: { conditions, containerStatuses: counts },
  };
}

const profileMap = (map: Json): ProfileMap => ({
  metadata: { name: textAt(map, "metadata", "name"), namespace: textAt(map, "metadata", "namespace") },
  data: objectAt(map, "data") as Readonly<Record<string, string>>,
});
