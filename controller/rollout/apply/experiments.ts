/** How the Experiments of a Rollout are written (docs/behaviour/experiments.md#an-experiment-as-a-step). */
import { ApiError, isAlreadyExists, isNotFound } from "../../../kube/client/apiError.ts";
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
import { kubeRequest } from "./kubeRequest.ts";
import { passingCause } from "./passing.ts";
import { type Outcome, type Run, send, write } from "./writer.ts";

/** What a Rollout writes is news to whoever drives Experiments: it begins, or ends. */
const newsIn = ({ stores }: Run) => ({ written: (raw: Experiment): void => stores.experiments.upsert(raw) });

/** One of that name that is ours, is the same and is not over is what we wanted. @throws {ApiError} */
export async function createExperiment(run: Run, action: ActionOf<"createExperiment">): Promise<Outcome | undefined> {
  const { name, manifest } = action;
  const copied = await copiedFrom(run, action);
  try {
    for (const request of actions.createExperiment.requests(action, copied)) await write(run, request, newsIn(run));
    return undefined;
  } catch (error) {
    if (!isAlreadyExists(error)) return refusal(name, error);
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

/** Refusals that the user can fix are reported in the status; all others are retried. */
function refusal(name: string, error: unknown): Outcome {
  if (!(error instanceof ApiError) || error.status === 401 || passingCause(error) !== undefined) throw error;
  const cause = error.cause as { message?: string } | undefined;
  return { kind: "experimentRefused", name, message: cause?.message ?? error.message };
}

/** One that is gone needs no end. @throws {ApiError} */
export async function terminateExperiment(run: Run, action: ActionOf<"terminateExperiment">): Promise<undefined> {
  try {
    for (const request of actions.terminateExperiment.requests(action)) await write(run, request, newsIn(run));
  } catch (error) {
    if (!isNotFound(error)) throw error;
    forget(run, action);
  }
}

/** @throws {ApiError} */
export async function deleteExperiment(run: Run, action: ActionOf<"deleteExperiment">): Promise<undefined> {
  const { namespace } = run.rollout.metadata;
  try {
    for (const request of actions.deleteExperiment.requests(action)) await send(run, kubeRequest(request, namespace));
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  forget(run, action);
}

const forget = ({ stores, rollout }: Run, { name, uid }: { readonly name: string; readonly uid: string }): void =>
  stores.experiments.deleted(`${rollout.metadata.namespace}/${name}`, uid);
