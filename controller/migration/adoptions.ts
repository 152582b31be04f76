/** Reads what a takeover in mode adopt is decided by, and carries out what is decided (docs/migration.md#mode-adopt). */
import { ApiError, isAlreadyExists, isNotFound } from "../../kube/client/apiError.ts";
import { collectionPath, objectPath } from "../../kube/client/path.ts";
import { readIfThere } from "../../kube/client/readIfThere.ts";
import { DEPLOYMENTS, PODS, REPLICA_SETS, ROLLOUTS } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { matchesSelector } from "../../kube/object/selector.ts";
import { controllerOf } from "../../kube/object/ownerReference.ts";
import type { LabelSelector, ReplicaSet, Resource } from "../../schema/kube.ts";
import { MANAGED_BY_ROLLOUT } from "../../schema/labels.ts";
import { type AdoptionAction, adoptionRequest, type Refused } from "./actions/adoption.ts";
import { objectAt } from "./convert/objects.ts";
import type { Profile } from "./convert/profile.ts";
import { type AdoptionFacts, isHeld, type Stored } from "./decide/adopt.ts";
import { autoscalersOf } from "./facts/autoscalers.ts";
import { deploymentFacts, type RawDeployment } from "./facts/caches.ts";

const TIMEOUT_MS = 5_000;

interface Place {
  readonly namespace: string;
  readonly name: string;
}

async function list(client: KubeClient, resource: Resource, namespace: string): Promise<readonly Stored[]> {
  const path = collectionPath(resource, namespace);
  const { items } = await client.request<{ readonly items?: readonly Stored[] }>({
    method: "GET",
    path,
    timeoutMs: TIMEOUT_MS,
  });
  return items ?? [];
}

/** `asks`: whether the Deployment, or its Namespace, asks for mode adopt. @throws {ApiError} */
export async function readAdoption(
  client: KubeClient,
  place: Place,
  given: { readonly asks: boolean; readonly profile: Profile; readonly instance: string },
): Promise<AdoptionFacts> {
  const { namespace } = place;
  // The Deployment last: gone, it does not come into what was read before.
  const rollout = await readIfThere<Stored>(client, objectPath(ROLLOUTS, place), { timeoutMs: TIMEOUT_MS });
  const deployment = await readIfThere<Stored & RawDeployment>(client, objectPath(DEPLOYMENTS, place), {
    timeoutMs: TIMEOUT_MS,
  });
  const settled = deployment !== undefined && deploymentFacts(deployment).settled;
  const seen = { ...given, deployment, rollout, settled, obstacles: [], pods: [], autoscalers: [] };
  // Before it is stamped nothing is taken over, and a Deployment that is being updated changes all the time.
  const isStamped = deployment?.metadata.annotations?.[MANAGED_BY_ROLLOUT] !== undefined;
  const isToBegin = given.asks && settled && isStamped;
  if (rollout === undefined ? !isToBegin : !isHeld(rollout)) return { ...seen, replicaSets: [] };
  const selector = objectAt(rollout ?? deployment, "spec", "selector") as LabelSelector;
  const matches = ({ metadata }: Stored): boolean => matchesSelector(selector, metadata.labels ?? {});
  const replicaSets = (await list(client, REPLICA_SETS, namespace)).filter(matches);
  if (rollout === undefined) return { ...seen, replicaSets };
  const uids = new Set(replicaSets.map(({ metadata }) => metadata.uid));
  const pods = (await list(client, PODS, namespace)).filter((pod) => uids.has(controllerOf(pod)?.uid));
  return { ...seen, replicaSets, pods, autoscalers: await autoscalersOf(client, place, TIMEOUT_MS) };
}

/**
 * In order; the first that fails ends the pass. What is gone or there already is seen by the next. `taken`: called with each
 * ReplicaSet that now belongs to the Rollout: who drives that must know it, however late its watch is.
 * @returns the autoscalers that somebody does not let us change: the pods do not wait for them
 * @throws {ApiError}
 */
export async function carryOutAdoption(
  client: KubeClient,
  actions: readonly AdoptionAction[],
  taken: (replicaSet: ReplicaSet) => void,
): Promise<readonly Refused[]> {
  const refused: Refused[] = [];
  for (const action of actions) {
    try {
      const request = { ...adoptionRequest(action), timeoutMs: TIMEOUT_MS };
      if (action.kind === "takeReplicaSet") taken(await client.request<ReplicaSet>(request));
      else await client.request(request);
    } catch (error) {
      if (action.kind === "retargetAutoscaler" && isRefusal(error)) {
        refused.push({ name: action.seen.name, why: error.message });
        continue;
      }
      const isDone = action.kind === "createHeldRollout" ? isAlreadyExists(error) : isNotFound(error);
      if (!isDone) throw error;
    }
  }
  return refused;
}

/** By rights, by another's admission, or as invalid: the same again would be answered so again. */
export const isRefusal = (error: unknown): error is ApiError =>
  error instanceof ApiError && [400, 403, 422].includes(error.status);
