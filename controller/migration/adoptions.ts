/** Reads what a takeover in mode adopt is decided by, and carries out what is decided (docs/migration.md#mode-adopt). */
import { isAlreadyExists, isNotFound } from "../../kube/client/apiError.ts";
import { type ApiPath, collectionPath, objectPath } from "../../kube/client/path.ts";
import { DEPLOYMENTS, HORIZONTAL_POD_AUTOSCALERS, PODS, REPLICA_SETS, ROLLOUTS } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { matchesSelector } from "../../kube/object/selector.ts";
import { controllerOf } from "../../kube/object/ownerReference.ts";
import type { LabelSelector, Resource } from "../../schema/kube.ts";
import { type AdoptionAction, adoptionRequest } from "./actions/adoption.ts";
import { objectAt } from "./convert/objects.ts";
import type { Profile } from "./convert/profile.ts";
import type { AdoptionFacts, Stored } from "./decide/adopt.ts";

const TIMEOUT_MS = 5_000;

interface Place {
  readonly namespace: string;
  readonly name: string;
}

async function read(client: KubeClient, path: ApiPath): Promise<Stored | undefined> {
  try {
    return await client.request<Stored>({ method: "GET", path, timeoutMs: TIMEOUT_MS });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
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
  const { namespace, name } = place;
  // The Deployment last: gone, it does not come into what was read before.
  const rollout = await read(client, objectPath(ROLLOUTS, place));
  const deployment = await read(client, objectPath(DEPLOYMENTS, place));
  const selector = objectAt(rollout ?? deployment, "spec", "selector") as LabelSelector;
  const matches = ({ metadata }: Stored): boolean => matchesSelector(selector, metadata.labels ?? {});
  const replicaSets = (await list(client, REPLICA_SETS, namespace)).filter(matches);
  const uids = new Set(replicaSets.map(({ metadata }) => metadata.uid));
  const pods = (await list(client, PODS, namespace)).filter((pod) => uids.has(controllerOf(pod)?.uid));
  const autoscalers = (await list(client, HORIZONTAL_POD_AUTOSCALERS, namespace)).filter((hpa) => {
    const target = objectAt(hpa, "spec", "scaleTargetRef");
    return target["kind"] === "Deployment" && target["name"] === name;
  });
  return { ...given, deployment, rollout, replicaSets, pods, autoscalers, settled: isSettled(deployment) };
}

function isSettled(deployment: Stored | undefined): boolean {
  const { replicas: wanted = 1 } = objectAt(deployment, "spec");
  const {
    observedGeneration = 0,
    updatedReplicas = 0,
    availableReplicas = 0,
    replicas = 0,
  } = objectAt(deployment, "status");
  const isSeen = Number(observedGeneration) >= (deployment?.metadata.generation ?? 0);
  return isSeen && [updatedReplicas, availableReplicas, replicas].every((count) => count === wanted);
}

/** In order; the first that fails ends the pass. What is gone or there already is seen by the next. @throws {ApiError} */
export async function carryOutAdoption(client: KubeClient, actions: readonly AdoptionAction[]): Promise<void> {
  for (const action of actions) {
    try {
      await client.request({ ...adoptionRequest(action), timeoutMs: TIMEOUT_MS });
    } catch (error) {
      const isDone = action.kind === "createHeldRollout" ? isAlreadyExists(error) : isNotFound(error);
      if (!isDone) throw error;
    }
  }
}
