/** What a plan needs to know of a cluster: lists only, nothing is written. */
import type { ProfileMap } from "../../controller/migration/convert/findProfile.ts";
import { objectAt, textAt } from "../../controller/migration/convert/objects.ts";
import {
  isUnserved,
  listFollowers,
  listObjects,
  RESOURCE_QUOTAS,
  SERVICE,
} from "../../controller/migration/facts/beside.ts";
import { ApiError } from "../../kube/client/apiError.ts";
import { objectPath } from "../../kube/client/path.ts";
import { CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, PODS, ROLLOUTS } from "../../kube/client/resources.ts";
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
  readonly services: readonly Json[] | undefined;
  readonly followers: readonly Json[];
  /** What could not be read, and why: a sentence each. */
  readonly unread: readonly string[];
}

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
      if (isUnserved(error)) return [];
      if (!(error instanceof ApiError)) throw error;
      unread.push(error.message);
      return undefined;
    }
  };
  const listed = (kind: string, resource: Resource) => optional(listObjects(client, [kind, resource], namespace));
  const query = { labelSelector: `${PROFILES}=true` };
  const labelled = (where: string | undefined) =>
    optional(listObjects(client, ["ConfigMap", CONFIG_MAPS], where, { query }));
  const deployments = await listObjects(client, ["Deployment", DEPLOYMENTS], namespace);
  const [rollouts, quotas, pods, namespaces, profiles, own, services, followers] = await Promise.all([
    listed("Rollout", ROLLOUTS),
    listed("ResourceQuota", RESOURCE_QUOTAS),
    optional(listObjects(client, ["Pod", PODS], namespace, { slim: slimPod })),
    optional(readNamespaces(client, namespace)),
    labelled(namespace),
    namespace === undefined || namespace === ownNamespace ? [] : labelled(ownNamespace),
    optional(listObjects(client, SERVICE, namespace)),
    listFollowers(client, namespace, optional),
  ]);
  return {
    deployments,
    rollouts: rollouts ?? [],
    quotas: quotas ?? [],
    pods,
    namespaces: namespaces ?? [],
    profileMaps: profiles === undefined || own === undefined ? undefined : [...profiles, ...own].map(profileMap),
    services,
    followers: [...followers, ...(services ?? [])],
    unread,
  };
}

async function readNamespaces(client: KubeClient, namespace: string | undefined): Promise<readonly Json[]> {
  if (namespace === undefined) return listObjects(client, ["Namespace", NAMESPACES], undefined);
  return [await client.request<Json>({ method: "GET", path: objectPath(NAMESPACES, { name: namespace }) })];
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
