/** Tells an Experiment to end (docs/behaviour/experiments.md#experiments-that-are-over). */
import { termination, type OnOwned, OWNED_EXPERIMENT } from "./owned.ts";
import type { ActionRow } from "./row.ts";

export type TerminateExperiment = OnOwned<"terminateExperiment">;

export const terminateExperiment = termination(OWNED_EXPERIMENT) satisfies ActionRow<TerminateExperiment>;
