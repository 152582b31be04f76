/** What is decided about an AnalysisRun: plain data, which analysisRunsRow.ts carries out. */
import type { AnalysisRunStatus, Measurement } from "../../../schema/analysis.ts";
import type { EventReason } from "../../../schema/reasons.ts";
import type { FlightKind, MeasuringOutcome } from "../facts/measurements.ts";

export type RunAction =
  /** Beside the queue: nothing waits for it. `measurement`: the one that is still running. */
  | {
      readonly kind: "measure";
      readonly flight: FlightKind;
      readonly metric: MetricPlace;
      readonly measurement: Measurement | undefined;
      /** How many measurements came before it. */
      readonly measured: number;
    }
  /** Removes the traces of measurements that are kept no longer. */
  | { readonly kind: "collect"; readonly metric: MetricPlace; readonly measurements: readonly Measurement[] }
  /** Its time to live is over. */
  | { readonly kind: "deleteRun" };

export interface MetricPlace {
  readonly name: string;
  /** In `spec.metrics`. */
  readonly index: number;
  readonly intervalMs: number | undefined;
}

export interface RunEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: EventReason;
  readonly message: string;
}

export interface RunDecision {
  /** After the status, except `deleteRun`. */
  readonly actions: readonly RunAction[];
  /** Undefined: it stays. */
  readonly status: AnalysisRunStatus | undefined;
  /** Sent once the status is stored. */
  readonly events: readonly RunEvent[];
  /** The outcomes that are in the status, or that nobody waits for. */
  readonly taken: readonly MeasuringOutcome[];
  /** ms since the epoch; undefined: only a change, or an outcome, is a reason to look again. */
  readonly wakeAt: number | undefined;
}

export const nothing: RunDecision = {
  actions: [],
  status: undefined,
  events: [],
  taken: [],
  wakeAt: undefined,
};
