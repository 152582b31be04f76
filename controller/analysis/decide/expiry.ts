/** When a run that is over is deleted (docs/behaviour/analysis.md#time-to-live). */
import { instant } from "../../../kube/object/time.ts";
import type { AnalysisRunSpec, AnalysisRunStatus } from "../../../schema/analysis.ts";

/** ms since the epoch; undefined: never. A run whose spec was invalid has no time of completion. */
export function expiryOf(spec: AnalysisRunSpec, status: AnalysisRunStatus): number | undefined {
  const { secondsAfterSuccess, secondsAfterFailure, secondsAfterCompletion } = spec.ttlStrategy ?? {};
  const completedAt = instant(status.completedAt);
  const own =
    status.phase === "Successful" ? secondsAfterSuccess : status.phase === "Failed" ? secondsAfterFailure : undefined;
  const seconds = own ?? secondsAfterCompletion;
  return completedAt === undefined || seconds === undefined ? undefined : completedAt + (seconds + 1) * 1_000;
}
