/** Reads what a takeover in mode adopt is decided by, and carries out what is decided (docs/migration.md#mode-adopt). */
import { isAlreadyExists, isNotFound } from "../../kube/client/apiError.ts";
import { collectionPath, objectPath } from "../../kube/client/path.ts";
import { readIfThere } from "../../kube/client/readIfThere.ts";
import { DEPLOYMENTS, PODS, REPLICA_SETS, ROLLOUTS } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { matchesSelector } from "../../kube/object/selector.ts";
import { controllerOf } from "../../kube/object/ownerReference.ts";
import type { LabelSelector, ReplicaSet, Resource } from "../../schema/kube.ts";
import { type AdoptionAction, adoptionRequest } from "./actions/adoption.ts";
import { objectAt } from "./convert/objects.ts";
import type { Profile } from "./convert/profile.ts";
import type { AdoptionFacts, Stored } from "./decide/adopt.ts";
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
  const seen = { ...given, deployment, rollout, settled };
  // Before there is a Rollout nothing is taken over, and a Deployment that is being updated changes all the time.
  if (rollout === undefined) return { ...seen, replicaSets: [], pods: [], autoscalers: [] };
  const selector = objectAt(rollout, "spec", "selector") as LabelSelector;
  const matches = ({ metadata }: Stored): boolean => matchesSelector(selector, metadata.labels ?? {});
  const replicaSets = (await list(client, REPLICA_SETS, namespace)).filter(matches);
  const uids = new Set(replicaSets.map(({ metadata }) => metadata.uid));
  const pods = (await list(client, PODS, namespace)).filter((pod) => uids.has(controllerOf(pod)?.uid));
  return { ...seen, replicaSets, pods, autoscalers: await autoscalersOf(client, place, TIMEOUT_MS) };
}

/**
 * In order; the first that fails ends the pass. What is gone or there already is seen by the next. `taken`: called with each
 * ReplicaSet that now belongs to the Rollout: who drives that must know it, however late its watch is. @throws {ApiError}
 */
export async function carryOutAdoption(
  client: KubeClient,
  actions: readonly AdoptionAction[],
  taken: (replicaSet: ReplicaSet) => void,
): Promise<void> {
  for (const action of actions) {
    try {
      const request = { ...adoptionRequest(action), timeoutMs: TIMEOUT_MS };
      if (action.kind === "takeReplicaSet") taken(await client.request<ReplicaSet>(request));
      else await client.request(request);
    } catch (error) {
      const isDone = action.kind === "createHeldRollout" ? isAlreadyExists(error) : isNotFound(error);
      if (!isDone) throw error;
    }
  }
}
