/** Tells an AnalysisRun to end (docs/behaviour/rollout-analysis.md#runs-that-are-over). */
import { termination, type OnOwned, OWNED_RUN } from "./owned.ts";
import type { ActionRow } from "./row.ts";

export type TerminateAnalysisRun = OnOwned<"terminateAnalysisRun">;

export const terminateAnalysisRun = termination(OWNED_RUN) satisfies ActionRow<TerminateAnalysisRun>;
