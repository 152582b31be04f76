/** Deletes an AnalysisRun that is of no use any more (docs/behaviour/rollout-analysis.md#runs-that-are-over). */
import { ANALYSIS_RUNS } from "../../../kube/client/resources.ts";
import type { ActionRow } from "./row.ts";

export interface DeleteAnalysisRun {
  readonly kind: "deleteAnalysisRun";
  readonly name: string;
  /** "": not known yet. */
  readonly uid: string;
}

export const deleteAnalysisRun = {
  effect: (world, { name }) => ({
    ...world,
    analysisRuns: (world.analysisRuns ?? []).filter((run) => run.name !== name),
  }),
  requests: ({ name, uid }) => [
    {
      verb: "delete",
      resource: ANALYSIS_RUNS,
      name,
      body: { propagationPolicy: "Background", ...(uid === "" ? {} : { preconditions: { uid } }) },
    },
  ],
  words: ({ name }) => `delete AnalysisRun "${name}"`,
  target: ({ name }) => `AnalysisRun/${name}`,
} as const satisfies ActionRow<DeleteAnalysisRun>;
