/** What is read beside Deployments before one becomes a Rollout: lists only (docs/migration.md#what-is-checked-before). */
import { ApiError, isNotFound } from "../../../kube/client/apiError.ts";
import { pagesOf } from "../../../kube/client/pagedLists.ts";
import { collectionPath } from "../../../kube/client/path.ts";
import { DEPLOYMENTS, HORIZONTAL_POD_AUTOSCALERS, ROLLOUTS, SERVICES } from "../../../kube/client/resources.ts";
import type { KubeClient } from "../../../kube/client/transport.ts";
import type { Clock } from "../../../kube/clock/clock.ts";
import type { Json } from "../../../kube/object/json.ts";
import type { Resource } from "../../../schema/kube.ts";
import type { FoundProfile } from "../convert/findProfile.ts";
import { textAt } from "../convert/objects.ts";
import type { Mode } from "../convert/toRollout.ts";
import { obstaclesToBegin } from "../plan/beginning.ts";
import { type Follower, followersOf } from "../plan/followers.ts";
import type { Beside, Obstacle } from "../plan/obstacles.ts";

/** What goes on beside a Deployment. Where a kind is not installed there is none of it. */
const FOLLOWERS: readonly (readonly [kind: string, resource: Resource, everywhere?: true])[] = [
  ["HorizontalPodAutoscaler", HORIZONTAL_POD_AUTOSCALERS],
  ["VerticalPodAutoscaler", { group: "autoscaling.k8s.io", version: "v1", plural: "verticalpodautoscalers" }],
  ["ScaledObject", { group: "keda.sh", version: "v1alpha1", plural: "scaledobjects" }],
  ["PodDisruptionBudget", { group: "policy", version: "v1", plural: "poddisruptionbudgets" }],
  ["NetworkPolicy", { group: "networking.k8s.io", version: "v1", plural: "networkpolicies" }],
  // These often stand in the namespace of the monitoring.
  ["PodMonitor", { group: "monitoring.coreos.com", version: "v1", plural: "podmonitors" }, true],
  ["ServiceMonitor", { group: "monitoring.coreos.com", version: "v1", plural: "servicemonitors" }, true],
];

export const RESOURCE_QUOTAS: Resource = { group: "", version: "v1", plural: "resourcequotas" };

/** What becomes of a list that cannot be read: rethrows, or says what counts instead. */
export type Otherwise = (read: Promise<readonly Json[]>) => Promise<readonly Json[] | undefined>;

/** The kind is not installed, or not served (by `sluice dev`). */
export const isUnserved = (error: unknown): boolean =>
  isNotFound(error) || (error instanceof ApiError && error.status === 501);

/** Items of a list have no kind of their own, and get it here. @throws {ApiError} */
export async function listObjects(
  client: KubeClient,
  [kind, resource]: readonly [kind: string, resource: Resource],
  namespace: string | undefined,
  more: { readonly query?: Readonly<Record<string, string>>; readonly slim?: (object: Json) => Json } = {},
): Promise<readonly Json[]> {
  const { query = {}, slim = (object) => object } = more;
  const { group, version } = resource;
  const apiVersion = group === "" ? version : `${group}/${version}`;
  const found: Json[] = [];
  for await (const { items } of pagesOf<Json>({ client, path: collectionPath(resource, namespace), query }))
    for (const item of items ?? []) found.push(slim({ apiVersion, kind, ...item }));
  return found;
}

export const SERVICE = ["Service", SERVICES] as const;

/** Autoscalers, budgets, monitors and NetworkPolicies; Services are listed beside. @param namespace undefined: of all */
export async function listFollowers(
  client: KubeClient,
  namespace: string | undefined,
  otherwise: Otherwise,
): Promise<readonly Json[]> {
  const lists = FOLLOWERS.map(([kind, resource, everywhere]) =>
    otherwise(
      everywhere === true
        ? everywhereOr(client, [kind, resource], namespace)
        : listObjects(client, [kind, resource], namespace),
    ),
  );
  return (await Promise.all(lists)).flatMap((each) => each ?? []);
}

/** Who may not read a kind in all namespaces may do so in one. */
async function everywhereOr(
  client: KubeClient,
  of: readonly [kind: string, resource: Resource],
  namespace: string | undefined,
): Promise<readonly Json[]> {
  try {
    return await listObjects(client, of, undefined);
  } catch (error) {
    if (namespace === undefined || !(error instanceof ApiError) || error.status !== 403) throw error;
    return listObjects(client, of, namespace);
  }
}

export interface Surroundings extends Pick<Beside, "deployments" | "rollouts" | "quotas" | "services"> {
  readonly followers: readonly Json[];
}

/** @throws {ApiError} */
export type ReadSurroundings = (namespace: string) => Promise<Surroundings>;

/** The Deployments of a Namespace begin together, and one reading serves them. */
const KEPT_MS = 5_000;

/** Reads a namespace, at most once in some seconds. What we may not read counts as not there. */
export function surroundingsReader({ client, clock }: { client: KubeClient; clock: Clock }): ReadSurroundings {
  const recent = new Map<string, Promise<Surroundings>>();
  return (namespace) => {
    const known = recent.get(namespace);
    if (known !== undefined) return known;
    const read = readSurroundings(client, namespace);
    const forget = (): void => {
      if (recent.get(namespace) === read) recent.delete(namespace);
    };
    recent.set(namespace, read);
    read.catch(forget);
    clock.after(KEPT_MS, forget);
    return read;
  };
}

async function readSurroundings(client: KubeClient, namespace: string): Promise<Surroundings> {
  const [deployments, rollouts, quotas, services, followers] = await Promise.all([
    listObjects(client, ["Deployment", DEPLOYMENTS], namespace),
    listObjects(client, ["Rollout", ROLLOUTS], namespace),
    orUnknown(listObjects(client, ["ResourceQuota", RESOURCE_QUOTAS], namespace)),
    orUnknown(listObjects(client, SERVICE, namespace)),
    listFollowers(client, namespace, orUnknown),
  ]);
  return { deployments, rollouts, quotas: quotas ?? [], services, followers: [...followers, ...(services ?? [])] };
}

async function orUnknown(read: Promise<readonly Json[]>): Promise<readonly Json[] | undefined> {
  try {
    return await read;
  } catch (error) {
    if (isUnserved(error)) return [];
    if (error instanceof ApiError && error.status === 403) return undefined;
    throw error;
  }
}

export interface BesidePorts {
  readonly surroundings: ReadSurroundings;
  /** Sluice's own. */
  readonly ownNamespace?: string | undefined;
}

/** As it is read by its name, it has no kind. */
const typed = (whole: Json): Json => ({ ...whole, apiVersion: "apps/v1", kind: "Deployment" });

/** Of a Deployment that is about to begin. @throws {ApiError} */
export async function obstaclesFor(
  { surroundings, ownNamespace = "" }: BesidePorts,
  whole: Json,
  profile: FoundProfile,
  mode: Mode,
): Promise<readonly Obstacle[]> {
  const beside = await surroundings(textAt(whole, "metadata", "namespace"));
  return obstaclesToBegin(typed(whole), { ...beside, ownNamespace, profile }, mode);
}

/** @throws {ApiError} */
export async function followersFor({ surroundings }: BesidePorts, whole: Json): Promise<readonly Follower[]> {
  const beside = await surroundings(textAt(whole, "metadata", "namespace"));
  return followersOf(typed(whole), beside.followers);
}
