/**
 * The AnalysisRuns that the loop holds: whole until they are over, since their status is what they decide by. Their
 * Rollouts and Experiments find them by the index "owner".
 */
import { controllerOf } from "../../../kube/object/ownerReference.ts";
import type { StoreOptions } from "../../../kube/runtime/cache.ts";
import { heldBack, tooLarge, tooLong } from "../../../kube/validation/size.ts";
import type { AnalysisRun } from "../../../schema/analysis.ts";
import { endedRun } from "./endedRun.ts";

/** The kind under which room is taken for objects. */
export const ANALYSIS_RUN = "AnalysisRun";

export interface HoldingPorts {
  /** Without what nothing here reads. */
  readonly slim: (metadata: AnalysisRun["metadata"]) => AnalysisRun["metadata"];
  readonly isOver: (phase: string | undefined) => boolean;
  /** Takes room for a run, unless it is `tooMuch` anyway. @returns why it is not to be held */
  readonly whyNot: (run: AnalysisRun, tooMuch: string | undefined) => string | undefined;
}

/** Of a run that is too large, or finds no room, only its metadata and its phase are held. */
export const runStoreOptions = ({
  slim,
  isOver,
  whyNot,
}: HoldingPorts): Omit<StoreOptions<AnalysisRun, AnalysisRun, "owner">, "isPartial"> => ({
  transform(raw) {
    const whole = { ...raw, metadata: slim(raw.metadata) };
    const tooMuch = tooLarge(raw.spec) ?? tooLong([whole.metadata, raw.status], "its metadata and status have");
    const { status } = raw;
    const run = tooMuch === undefined && status && isOver(status.phase) ? endedRun(whole, status) : whole;
    const why = whyNot(run, tooMuch);
    if (why === undefined) return run;
    const { phase, startedAt, completedAt } = status ?? { phase: "" };
    return heldBack({ ...run, spec: { metrics: [] }, status: { phase, startedAt, completedAt } }, why);
  },
  indices: {
    owner(run) {
      const uid = controllerOf(run)?.uid;
      return uid === undefined ? [] : [uid];
    },
  },
});
