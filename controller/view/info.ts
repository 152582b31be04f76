/**
 * What people are shown of a Rollout and of an Experiment, on the command line and in the dashboard: names and units
 * are those of the API of the reference's dashboard. Times are RFC 3339, weights are texts, numbers of pods are numbers.
 */
import type { AnalysisRunSpec, AnalysisRunStatus } from "../../schema/analysis.ts";
import type { CanaryStep } from "../../schema/rollout.ts";

export interface ObjectInfo {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  /** "": not known. */
  readonly creationTimestamp: string;
}

/** Of the object itself, not of those that belong to it. */
export interface WholeObjectInfo extends ObjectInfo {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly generation: number;
  readonly resourceVersion: string;
}

export interface PodInfo {
  readonly objectMeta: ObjectInfo;
  /** As `kubectl get pods` words it: `Running`, `CrashLoopBackOff`, `Init:0/1`. */
  readonly status: string;
  readonly icon: string;
  /** Containers: `1/2`. */
  readonly ready: string;
  readonly restarts: number;
}

export interface ReplicaSetInfo {
  readonly objectMeta: ObjectInfo;
  readonly status: string;
  readonly icon: string;
  /** 0: it has none. */
  readonly revision: number;
  readonly stable: boolean;
  readonly canary: boolean;
  readonly active: boolean;
  readonly preview: boolean;
  readonly ping: boolean;
  readonly pong: boolean;
  readonly replicas: number;
  readonly available: number;
  /** Of the Experiment that it belongs to; "": none. */
  readonly template: string;
  /** RFC 3339, as it was written; "": none. */
  readonly scaleDownDeadline: string;
  readonly images: readonly string[];
  readonly initContainerImages: readonly string[];
  readonly pods: readonly PodInfo[];
}

/** A measurement that was made by a Job; the Job itself may be gone. */
export interface JobInfo {
  readonly objectMeta: ObjectInfo;
  readonly status: string;
  readonly icon: string;
  readonly metricName: string;
  readonly startedAt: string;
}

/** Any other measurement. */
export interface NonJobInfo {
  readonly value: string;
  readonly status: string;
  readonly metricName: string;
  readonly startedAt: string;
}

export interface MetricInfo {
  readonly name: string;
  readonly successCondition: string;
  readonly count: number;
  readonly inconclusiveLimit: number;
  readonly failureLimit: number;
}

export interface AnalysisRunInfo {
  readonly objectMeta: ObjectInfo;
  readonly icon: string;
  readonly revision: number;
  readonly status: string;
  /** Measurements of all metrics together. */
  readonly successful: number;
  readonly failed: number;
  readonly inconclusive: number;
  readonly error: number;
  readonly jobs: readonly JobInfo[];
  readonly nonJobInfo: readonly NonJobInfo[];
  readonly metrics: readonly MetricInfo[];
  readonly specAndStatus: { readonly spec: AnalysisRunSpec; readonly status: AnalysisRunStatus | undefined };
}

export interface ExperimentInfo {
  readonly objectMeta: ObjectInfo;
  readonly icon: string;
  readonly revision: number;
  readonly status: string;
  readonly message: string;
  readonly replicaSets: readonly ReplicaSetInfo[];
  readonly analysisRuns: readonly AnalysisRunInfo[];
}

export interface ContainerInfo {
  readonly name: string;
  readonly image: string;
}

/** What the Rollout itself says, without those that belong to it. */
export interface RolloutSummary {
  readonly objectMeta: WholeObjectInfo;
  readonly status: string;
  readonly message: string;
  readonly icon: string;
  /** `Canary`, `BlueGreen`, or "". */
  readonly strategy: string;
  /** `1/4`; "": there are no steps, or none has begun. */
  readonly step: string;
  /** What the steps ask for; "" for blue-green. */
  readonly setWeight: string;
  readonly ready: number;
  readonly current: number;
  readonly desired: number;
  readonly updated: number;
  readonly available: number;
  /** `Never`, or the time as Go prints it. */
  readonly restartedAt: string;
  /** The one that the controller has seen, as text. */
  readonly generation: string;
  readonly steps: readonly CanaryStep[];
}

export interface RolloutInfo extends RolloutSummary {
  /** What is reached; "" for blue-green. */
  readonly actualWeight: string;
  readonly replicaSets: readonly ReplicaSetInfo[];
  readonly experiments: readonly ExperimentInfo[];
  readonly analysisRuns: readonly AnalysisRunInfo[];
  readonly containers: readonly ContainerInfo[];
  readonly initContainers: readonly ContainerInfo[];
}
