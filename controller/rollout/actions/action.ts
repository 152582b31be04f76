/** All that a decision can ask for, one file for each kind; actions.ts has a row for each. */
import type { RolloutStatus } from "../../../schema/rollout.ts";
import type { FinishedDuration, RolloutEvent } from "../model/model.ts";
import type { AdoptReplicaSet } from "./adoptReplicaSet.ts";
import type { AskBalancer } from "./askBalancer.ts";
import type { CallStepPlugin } from "./callStepPlugin.ts";
import type { CreateAnalysisRun } from "./createAnalysisRun.ts";
import type { CreateExperiment } from "./createExperiment.ts";
import type { CreateReplicaSet } from "./createReplicaSet.ts";
import type { DeleteAnalysisRun } from "./deleteAnalysisRun.ts";
import type { DeleteExperiment } from "./deleteExperiment.ts";
import type { DeleteReplicaSet } from "./deleteReplicaSet.ts";
import type { EvictPods } from "./evictPods.ts";
import type { ReleaseReplicaSet } from "./releaseReplicaSet.ts";
import type { RouteTraffic } from "./routeTraffic.ts";
import type { ScaleWorkload } from "./scaleWorkload.ts";
import type { SetPodMetadata } from "./setPodMetadata.ts";
import type { SwitchService } from "./switchService.ts";
import type { TerminateAnalysisRun } from "./terminateAnalysisRun.ts";
import type { TerminateExperiment } from "./terminateExperiment.ts";
import type { UpdateReplicaSet } from "./updateReplicaSet.ts";
import type { UpdateRollout } from "./updateRollout.ts";

/** One idempotent change of the cluster. Names are deterministic, so that repeating it after a crash is harmless. */
export type Action =
  | CreateReplicaSet
  | UpdateReplicaSet
  | SetPodMetadata
  | EvictPods
  | DeleteReplicaSet
  | AdoptReplicaSet
  | ReleaseReplicaSet
  | SwitchService
  | RouteTraffic
  | CreateAnalysisRun
  | TerminateAnalysisRun
  | DeleteAnalysisRun
  | CallStepPlugin
  | AskBalancer
  | CreateExperiment
  | TerminateExperiment
  | DeleteExperiment
  | UpdateRollout
  | ScaleWorkload;

export type ActionOf<K extends Action["kind"]> = Extract<Action, { kind: K }>;

export interface Decision {
  readonly actions: readonly Action[];
  /** The whole new status, or undefined when it equals the stored one. */
  readonly status: RolloutStatus | undefined;
  readonly events: readonly RolloutEvent[];
  /** The next instant at which time alone changes the decision. */
  readonly wakeAt: number | undefined;
  /** There is more to do as soon as this status is stored. */
  readonly more: boolean;
  readonly finished: FinishedDuration | undefined;
}
