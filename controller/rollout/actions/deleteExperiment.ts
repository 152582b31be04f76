/** Deletes an Experiment that is of no use any more (docs/behaviour/experiments.md#experiments-that-are-over). */
import { deletion, type OnOwned, OWNED_EXPERIMENT } from "./owned.ts";
import type { ActionRow } from "./row.ts";

export type DeleteExperiment = OnOwned<"deleteExperiment">;

export const deleteExperiment = deletion(OWNED_EXPERIMENT) satisfies ActionRow<DeleteExperiment>;
