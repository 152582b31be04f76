/** Tells an AnalysisRun to end (docs/behaviour/rollout-analysis.md#runs-that-are-over). */
import { ANALYSIS_RUNS } from "../../../kube/client/resources.ts";
import type { ActionRow } from "./row.ts";

export interface TerminateAnalysisRun {
  readonly kind: "terminateAnalysisRun";
  readonly name: string;
  /** "": not known yet. */
  readonly uid: string;
}

export const terminateAnalysisRun = {
  effect: (world, { name }) => ({
    ...world,
    analysisRuns: (world.analysisRuns ?? []).map((run) => (run.name === name ? { ...run, terminated: true } : run)),
  }),
  // Without a version: its status changes all the time, and none of that matters here.
  requests: ({ name, uid }) => [
    {
      verb: "patch",
      resource: ANALYSIS_RUNS,
      name,
      body: { ...(uid === "" ? {} : { metadata: { uid } }), spec: { terminate: true } },
    },
  ],
  words: ({ name }) => `terminate AnalysisRun "${name}"`,
  target: ({ name }) => `AnalysisRun/${name}`,
} as const satisfies ActionRow<TerminateAnalysisRun>;
