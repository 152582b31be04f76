/** Deletes an AnalysisRun that is of no use any more (docs/behaviour/rollout-analysis.md#runs-that-are-over). */
import { deletion, type OnOwned, OWNED_RUN } from "./owned.ts";
import type { ActionRow } from "./row.ts";

export type DeleteAnalysisRun = OnOwned<"deleteAnalysisRun">;

export const deleteAnalysisRun = deletion(OWNED_RUN) satisfies ActionRow<DeleteAnalysisRun>;
