/** What the reference's API shows, read once with the person's own rights. */
import { newShelves, ownedOn, readOnce, type Shelves, type Wanted } from "../../../controller/reading/shelves.ts";
import type { Owned } from "../../../controller/view/owned.ts";
import { Refused } from "../../../controller/acting/failure.ts";
import { isNotFound } from "../../../kube/client/apiError.ts";
import { rolloutInfo } from "../../../controller/view/rollout.ts";
import { objectPath } from "../../../kube/client/path.ts";
import { ROLLOUTS } from "../../../kube/client/resources.ts";
import type { KubeClient } from "../../../kube/client/transport.ts";
import { keyOf } from "../../../kube/runtime/cache.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { infoJson } from "./goJson.ts";

export interface Place {
  readonly namespace: string;
  readonly name: string;
}

/** All of a Rollout. */
export const fullInfo = (rollout: Rollout, owned: Owned): object => infoJson(rolloutInfo(rollout, owned));

/** Without Experiments and AnalysisRuns, as in a list. */
export const shortInfo = (rollout: Rollout, owned: Owned): object =>
  fullInfo(rollout, { ...owned, experiments: () => [], analysisRuns: () => [] });

/** @throws {ApiError | Refused} */
export async function readInfo(client: KubeClient, { namespace, name }: Place): Promise<object> {
  const path = objectPath(ROLLOUTS, { namespace, name });
  const rollout = await client.request<Rollout>({ method: "GET", path }).catch((error: unknown) => {
    // As its cache words it.
    throw isNotFound(error) ? new Refused(`rollout.argoproj.io "${name}" not found`) : error;
  });
  const shelves = newShelves();
  const wanted: readonly Wanted[] = [
    { shelf: "replicaSets", namespace },
    { shelf: "pods", namespace },
    { shelf: "experiments", namespace, isOptional: true },
    { shelf: "analysisRuns", namespace, isOptional: true },
  ];
  await readOnce(client, shelves, wanted);
  return fullInfo(rollout, ownedOn(shelves));
}

/** @throws {ApiError} */
export async function readList(client: KubeClient, namespace: string): Promise<object> {
  const shelves: Shelves = newShelves();
  await readOnce(client, shelves, [
    { shelf: "rollouts", namespace },
    { shelf: "replicaSets", namespace },
    { shelf: "pods", namespace },
  ]);
  const rollouts = [...shelves.rollouts.values()].toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const infos = rollouts.map((rollout) => shortInfo(rollout, ownedOn(shelves)));
  return infos.length === 0 ? {} : { rollouts: infos };
}
