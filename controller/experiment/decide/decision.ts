/** What is decided about an Experiment: plain data, which experimentsRow.ts carries out. */
import type { AnalysisRun } from "../../../schema/analysis.ts";
import type { ExperimentStatus } from "../../../schema/experiment.ts";
import type { ReplicaSet, Service } from "../../../schema/kube.ts";
import type { EventReason } from "../../../schema/reasons.ts";

export type ExperimentAction =
  | { readonly kind: "createReplicaSet"; readonly name: string; readonly manifest: ReplicaSet }
  | {
      readonly kind: "updateReplicaSet";
      readonly name: string;
      readonly resourceVersion: string;
      readonly replicas?: number;
      /** null removes the key. */
      readonly annotations?: Readonly<Record<string, string | null>>;
    }
  | { readonly kind: "createService"; readonly name: string; readonly template: string; readonly manifest: Service }
  | { readonly kind: "deleteService"; readonly name: string; readonly uid: string }
  | { readonly kind: "createAnalysisRun"; readonly name: string; readonly manifest: AnalysisRun }
  | { readonly kind: "terminateAnalysisRun"; readonly name: string; readonly uid: string };

export interface ExperimentEvent {
  /** Whose event it is. */
  readonly on: "experiment" | "rollout";
  readonly type: "Normal" | "Warning";
  readonly reason: EventReason;
  readonly message: string;
  /** How many actions must have succeeded before it is true; `"status"`: also the status write. */
  readonly after: number | "status";
}

export interface ExperimentDecision {
  readonly actions: readonly ExperimentAction[];
  /** The whole new status; undefined: it stays. */
  readonly status: ExperimentStatus | undefined;
  readonly events: readonly ExperimentEvent[];
  /** The next instant at which time alone changes the decision, ms since the epoch. */
  readonly wakeAt: number | undefined;
}

export const nothing: ExperimentDecision = { actions: [], status: undefined, events: [], wakeAt: undefined };
