/** How the Experiments of a Rollout are written (docs/behaviour/experiments.md#an-experiment-as-a-step). */
import { isAlreadyExists } from "../../../kube/client/apiError.ts";
import { objectPath } from "../../../kube/client/path.ts";
import { EXPERIMENTS, REPLICA_SETS } from "../../../kube/client/resources.ts";
import { equal } from "../../../kube/object/equality.ts";
import { isControlledBy } from "../../../kube/object/ownerReference.ts";
import type { Experiment } from "../../../schema/experiment.ts";
import type { ReplicaSet } from "../../../schema/kube.ts";
import type { ActionOf } from "../actions/action.ts";
import { actions } from "../actions/actions.ts";
import { outlineOf } from "../actions/createExperiment.ts";
import { hasEnded } from "../course/analysisKinds.ts";
import { deleteOwned, refusalText, terminateOwned, writeOwned } from "./ownedObjects.ts";
import type { Outcome, Run } from "./writer.ts";

/** One of that name that is ours, is the same and is not over is what we wanted. @throws {ApiError} */
export async function createExperiment(run: Run, action: ActionOf<"createExperiment">): Promise<Outcome | undefined> {
  const { name, manifest } = action;
  const copied = await copiedFrom(run, action);
  try {
    await writeOwned(run, actions.createExperiment.requests(action, copied), run.stores.experiments);
    return undefined;
  } catch (error) {
    if (!isAlreadyExists(error)) return { kind: "experimentRefused", name, message: refusalText(error) };
  }
  const { namespace } = run.rollout.metadata;
  const path = objectPath(EXPERIMENTS, { namespace, name });
  const live = await run.client.request<Experiment>({ method: "GET", path });
  run.stores.experiments.upsert(live);
  const isOver = hasEnded({ phase: live.status?.phase ?? "" }) || live.spec.terminate === true;
  const isOurs =
    isControlledBy(live, run.rollout) &&
    live.metadata.deletionTimestamp === undefined &&
    !isOver &&
    equal(outlineOf(live.spec), outlineOf(manifest.spec));
  return isOurs ? undefined : { kind: "experimentNameTaken", name };
}

/** The ReplicaSets that its templates come from, as they are now. */
async function copiedFrom(run: Run, { sources }: ActionOf<"createExperiment">): Promise<Map<string, ReplicaSet>> {
  const { namespace } = run.rollout.metadata;
  const names = [...new Set(sources.map(({ replicaSet }) => replicaSet))];
  const sets = names.map(async (name) => {
    const path = objectPath(REPLICA_SETS, { namespace, name });
    return [name, await run.client.request<ReplicaSet>({ method: "GET", path })] as const;
  });
  return new Map(await Promise.all(sets));
}

export const terminateExperiment = (run: Run, action: ActionOf<"terminateExperiment">): Promise<undefined> =>
  terminateOwned(run, actions.terminateExperiment.requests(action), run.stores.experiments, action);

export const deleteExperiment = (run: Run, action: ActionOf<"deleteExperiment">): Promise<undefined> =>
  deleteOwned(run, actions.deleteExperiment.requests(action), run.stores.experiments, action);
