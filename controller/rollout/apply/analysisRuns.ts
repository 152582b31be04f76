/** How the AnalysisRuns of a Rollout are written (docs/behaviour/rollout-analysis.md#the-run). */
import { isAlreadyExists } from "../../../kube/client/apiError.ts";
import { objectPath } from "../../../kube/client/path.ts";
import { ANALYSIS_RUNS } from "../../../kube/client/resources.ts";
import { isControlledBy } from "../../../kube/object/ownerReference.ts";
import type { AnalysisRun } from "../../../schema/analysis.ts";
import type { ActionOf } from "../actions/action.ts";
import { actions } from "../actions/actions.ts";
import { isSameRun } from "../course/analysis/begin.ts";
import { analysisRunFacts } from "../facts/runFacts.ts";
import { deleteOwned, refusalText, terminateOwned, writeOwned } from "./ownedObjects.ts";
import type { Outcome, Run } from "./writer.ts";

/** A run of that name that is ours, measures the same and is not over is what we wanted. @throws {ApiError} */
export async function createRun(run: Run, action: ActionOf<"createAnalysisRun">): Promise<Outcome | undefined> {
  const { name, manifest } = action;
  try {
    await writeOwned(run, actions.createAnalysisRun.requests(action), run.stores.analysisRuns);
    return undefined;
  } catch (error) {
    if (!isAlreadyExists(error)) return { kind: "runRefused", name, message: refusalText(error) };
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

export const terminateRun = (run: Run, action: ActionOf<"terminateAnalysisRun">): Promise<undefined> =>
  terminateOwned(run, actions.terminateAnalysisRun.requests(action), run.stores.analysisRuns, action);

export const deleteRun = (run: Run, action: ActionOf<"deleteAnalysisRun">): Promise<undefined> =>
  deleteOwned(run, actions.deleteAnalysisRun.requests(action), run.stores.analysisRuns, action);
