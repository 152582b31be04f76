/** What an explanation is made of, besides the snapshot on which the controller itself would decide. */
import type { PodCheck, Snapshot } from "../model/model.ts";

/** How one metric of an AnalysisRun stands. Times are ms since the epoch. */
export interface MetricStanding {
  readonly name: string;
  /** "" before its first measurement. */
  readonly phase: string;
  readonly dryRun: boolean;
  readonly successCondition?: string | undefined;
  readonly failureCondition?: string | undefined;
  /** Undefined: nothing was measured yet. */
  readonly last: MeasurementStanding | undefined;
  /** Measurements so far, and how many there are to be; `count` undefined: without end. */
  readonly taken: number;
  readonly count: number | undefined;
  readonly failed: number;
  /** More than this fail it; negative: never. */
  readonly failureLimit: number;
  readonly inconclusive: number;
  readonly inconclusiveLimit: number;
  /** In a row. */
  readonly errors: number;
  readonly errorLimit: number;
  /** Undefined: it is not measured any more. */
  readonly nextAt: number | undefined;
}

export interface MeasurementStanding {
  readonly value: string;
  readonly phase: string;
  readonly message: string;
  /** Undefined: it is still going on. */
  readonly endedAt: number | undefined;
}

export interface RunStanding {
  readonly name: string;
  readonly phase: string;
  readonly message: string;
  readonly startedAt: number | undefined;
  readonly metrics: readonly MetricStanding[];
}

/** Whether a controller is at work. */
export type Drivers =
  | { readonly kind: "unknown" }
  /** Who holds the Lease. */
  | { readonly kind: "working"; readonly holder: string }
  /** Why there is none: a clause. */
  | { readonly kind: "gone"; readonly why: string };

export interface Evidence {
  readonly snapshot: Snapshot;
  /** ms since the epoch. */
  readonly now: number;
  /** What the pods of ReplicaSets show that lack some, by the uid of the ReplicaSet. */
  readonly checks: ReadonlyMap<string, PodCheck>;
  /** By name. */
  readonly runs: ReadonlyMap<string, RunStanding>;
  /** How the Experiments of the Rollout stand, by name: a clause behind "which". */
  readonly experiments: ReadonlyMap<string, string>;
  /** PodDisruptionBudgets around its pods that allow none to be evicted. */
  readonly exhausted: readonly string[];
  /** Of the controller that is to drive it; "": of the one without. */
  readonly instance: string;
  readonly drivers: Drivers;
  /** What is due was due a few seconds ago as well. */
  readonly isLate: boolean;
}
