/** How the AnalysisRuns of a Rollout are written (docs/behaviour/rollout-analysis.md#the-run). */
import { ApiError, isAlreadyExists, isNotFound } from "../../../kube/client/apiError.ts";
import { objectPath } from "../../../kube/client/path.ts";
import { ANALYSIS_RUNS } from "../../../kube/client/resources.ts";
import { isControlledBy } from "../../../kube/object/ownerReference.ts";
import type { AnalysisRun } from "../../../schema/analysis.ts";
import type { ActionOf } from "../actions/action.ts";
import { actions } from "../actions/actions.ts";
import { isSameRun } from "../course/analysis/begin.ts";
import { analysisRunFacts } from "../facts/runFacts.ts";
import { kubeRequest } from "./kubeRequest.ts";
import { passingCause } from "./passing.ts";
import { type Outcome, type Run, send, write } from "./writer.ts";

/** What a Rollout writes is news to whoever drives AnalysisRuns: it begins, or ends. */
const newsIn = ({ stores }: Run) => ({ written: (raw: AnalysisRun): void => stores.analysisRuns.upsert(raw) });

/** A run of that name that is ours, measures the same and is not over is what we wanted. @throws {ApiError} */
export async function createRun(run: Run, action: ActionOf<"createAnalysisRun">): Promise<Outcome | undefined> {
  const { name, manifest } = action;
  try {
    for (const request of actions.createAnalysisRun.requests(action)) await write(run, request, newsIn(run));
    return undefined;
  } catch (error) {
    if (!isAlreadyExists(error)) return refusal(name, error);
  }
  const { namespace } = run.rollout.metadata;
  const live = await run.client.request<AnalysisRun>({
    method: "GET",
    path: objectPath(ANALYSIS_RUNS, { namespace, name }),
  });
  run.stores.analysisRuns.upsert(live);
  const isOurs = isControlledBy(live, run.rollout) && isSameRun(analysisRunFacts(live), manifest.spec);
  return isOurs ? undefined : { kind: "runNameTaken", name };
}

/** Refusals that the user can fix are reported in the status; all others are retried. */
function refusal(name: string, error: unknown): Outcome {
  if (!(error instanceof ApiError) || error.status === 401 || passingCause(error) !== undefined) throw error;
  const cause = error.cause as { message?: string } | undefined;
  return { kind: "runRefused", name, message: cause?.message ?? error.message };
}

/** One that is gone needs no end. @throws {ApiError} */
export async function terminateRun(run: Run, action: ActionOf<"terminateAnalysisRun">): Promise<undefined> {
  try {
    for (const request of actions.terminateAnalysisRun.requests(action)) await write(run, request, newsIn(run));
  } catch (error) {
    if (!isNotFound(error)) throw error;
    forget(run, action);
  }
}

/** @throws {ApiError} */
export async function deleteRun(run: Run, action: ActionOf<"deleteAnalysisRun">): Promise<undefined> {
  const { namespace } = run.rollout.metadata;
  try {
    for (const request of actions.deleteAnalysisRun.requests(action)) await send(run, kubeRequest(request, namespace));
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  forget(run, action);
}

const forget = ({ stores, rollout }: Run, { name, uid }: { readonly name: string; readonly uid: string }): void =>
  stores.analysisRuns.deleted(`${rollout.metadata.namespace}/${name}`, uid);
