/**
 * What is known about one Rollout's world, and what is reported about it; what a decision asks for is in actions/.
 * Everything is plain readonly data. Times are milliseconds since the epoch unless a name says otherwise.
 */
import type { ConditionReason, EventReason } from "../../../schema/reasons.ts";
import type { RouterEvent, Traffic, Verification } from "../../../providers/traffic/router.ts";
import type { AnalysisRunSpec } from "../../../schema/analysis.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { Answered } from "../../../providers/traffic/elb/inquiry.ts";
import type { StepPluginFacts } from "./stepPlugins.ts";
import type { Templates } from "../../rules/analysis/templateCollection.ts";

export type Annotations = Readonly<Record<string, string>>;

/** What deciding needs to know of a ReplicaSet; the pod template itself is reduced to a digest. */
export interface ReplicaSetFacts {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Annotations;
  /** uid of the controlling owner, "" when there is none. */
  readonly controllerUid: string;
  /** Formatted `spec.selector`, as kubectl prints it. */
  readonly selector: string;
  readonly createdAt: number;
  readonly deleting: boolean;
  /** True once the ReplicaSet controller has seen the latest spec. */
  readonly observed: boolean;
  readonly minReadySeconds: number;
  /** `spec.replicas`: the wanted size. */
  readonly replicas: number;
  readonly status: ReplicaCounts;
  readonly failure?: ReplicaSetFailure;
  /** Of the template without what was injected into it. */
  readonly templateDigest: string;
  /** The hash whose nodes its pods keep away from, where such a term was injected. */
  readonly antiAffinity?: string;
}

export interface ReplicaCounts {
  readonly replicas: number;
  readonly readyReplicas: number;
  readonly availableReplicas: number;
}

/** A ReplicaSet's own ReplicaFailure condition. */
export interface ReplicaSetFailure {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
}

export interface ServiceFacts {
  readonly name: string;
  readonly resourceVersion: string;
  readonly selector: Readonly<Record<string, string>>;
  /** Of type ExternalName: a name in DNS, which has no pods whatever it selects. */
  readonly external?: true;
  readonly annotations: Annotations;
  /** Of one that an Experiment has made: its own uid, and which Experiment and template it is for. */
  readonly uid?: string;
  readonly experiment?: { readonly uid: string; readonly template: string };
}

/** What `workloadRef` names. Its template and selector have been put into the snapshot's Rollout. */
export interface WorkloadFacts {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Counts changes of its spec; 0 for a kind that does not count them. */
  readonly generation: number;
  readonly replicas: number;
  readonly deleting: boolean;
  /** All the pods that it wants are available. */
  readonly available: boolean;
  /** How many replicas it had before we scaled it down; undefined: we have not done so. */
  readonly before: number | undefined;
  /** Only of a Deployment that has become a Rollout, and stays the place to change it (docs/migration.md). */
  readonly migrated?: {
    /** The size that we gave it last; another is its owner's word. Undefined: we gave it none yet. */
    readonly left: number | undefined;
    /** What its owner has asked for last, and the webhook or the controller has noted. */
    readonly wanted: number | undefined;
    /** It is paused, by us. */
    readonly paused: boolean;
  };
  /**
   * The size that this process gave it last, and when. Only limits how often that is repeated; a new process starts
   * without it.
   */
  readonly lastScaled?: { readonly replicas: number; readonly at: number };
}

/** What deciding needs to know of an AnalysisRun that the Rollout controls. */
export interface AnalysisRunFacts {
  readonly name: string;
  /** "" until the API server has stored it. */
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: number;
  readonly deleting: boolean;
  /** "" until it has been looked at for the first time. */
  readonly phase: string;
  readonly message: string;
  /** `spec.terminate`: it is to end, whatever it has found so far. */
  readonly terminated: boolean;
  /** At least one of its metrics has been measured, or is being measured. */
  readonly measured: boolean;
  /** Of the templates that it was made of; undefined: not known. */
  readonly generations: string | undefined;
  readonly spec: AnalysisRunSpec;
}

/** What deciding needs to know of an Experiment that the Rollout controls. */
export interface ExperimentFacts extends Pick<
  AnalysisRunFacts,
  "name" | "uid" | "labels" | "createdAt" | "deleting" | "phase" | "message" | "terminated"
> {
  /** Of its status; "" where a template has no Service. */
  readonly templates: readonly {
    readonly name: string;
    readonly serviceName: string;
    readonly podTemplateHash: string;
  }[];
  /** Its spec without the pods. */
  readonly outline: object;
}

/** What an analysis is for, as in the label of the run and in the events about it. */
export type AnalysisKind = "Step" | "Background" | "PrePromotion" | "PostPromotion";

/** Why a run that is wanted cannot begin; it begins by itself once that is over. */
export interface AnalysisFault {
  readonly reason: ConditionReason &
    (
      | "AnalysisTemplateMissing"
      | "InvalidAnalysis"
      | "AnalysisRunCreateError"
      | "InvalidExperiment"
      | "ExperimentCreateError"
    );
  /** One sentence that begins with the place in the Rollout. */
  readonly message: string;
}

/** The templates that analyses may use, as the cluster holds them now. */
export interface KnownTemplates extends Templates {
  /** The generation of one that exists; undefined: not known. */
  readonly generationOf: (template: { readonly cluster: boolean; readonly name: string }) => number | undefined;
}

/** A pod of one of the ReplicaSets. */
export interface PodFacts {
  readonly name: string;
  readonly setUid: string;
  readonly createdAt: number;
  readonly deleting: boolean;
  /** Since when it is ready; undefined while it is not. */
  readonly readySince: number | undefined;
}

/** Why a pod is not ready, from its own status. */
export interface PodWait {
  /**
   * Kubernetes' reason: `ImagePullBackOff`, `CrashLoopBackOff`, `Unschedulable`, …; `NotReady` while it runs;
   * `Restarted` when it is ready now.
   */
  readonly reason: string;
  /** The container that the pod waits for. */
  readonly container?: string;
  readonly image?: string;
  /** How the container last ended, with the runtime's reason (`Error`, `OOMKilled`). */
  readonly exit?: { readonly code: number; readonly reason: string };
  readonly restarts?: number;
  /** The message of the scheduler or the runtime. */
  readonly message?: string;
}

/** What the pods of the new ReplicaSet showed when they were read, because nothing had moved for too long. */
export interface PodCheck {
  readonly at: number;
  readonly setUid: string;
  /** How many there were, ready or not. */
  readonly pods: number;
  /** For each pod that was not ready; when all were, for each that had crashed before. */
  readonly waits: readonly PodWait[];
  /** Why they could not be read. */
  readonly failure?: string;
}

/** Whether the objects of all routers match some traffic. */
export type RoutingState =
  /** They match it. `verification`: absent where no router verifies. */
  | { readonly kind: "settled"; readonly verification?: Verification }
  /** At least one object has to be written. */
  | { readonly kind: "open"; readonly verification?: Verification }
  /**
   * Some router has not confirmed the traffic yet: what is waited for, in one sentence. `open`: an object has to be
   * written, or a router to be asked. `dueAt`, ms since the epoch: when it is asked again.
   */
  | { readonly kind: "pending"; readonly message: string; readonly open: boolean; readonly dueAt?: number }
  /** Some router cannot follow: why, in one sentence. `open`: other objects still have to be written. */
  | {
      readonly kind: "fault";
      readonly message: string;
      readonly open: boolean;
      /** The router's own report on it. */
      readonly events: readonly RouterEvent[];
    };

/** The part of a snapshot that the effects of actions change while a decision is made. */
export interface World {
  readonly rollout: Rollout;
  /** ReplicaSets under the Rollout's control, oldest first. */
  readonly replicaSets: readonly ReplicaSetFacts[];
  readonly services: ReadonlyMap<string, ServiceFacts>;
  /** AnalysisRuns under the Rollout's control, in no particular order; absent: there are none. */
  readonly analysisRuns?: readonly AnalysisRunFacts[];
  /** Experiments under the Rollout's control, in no particular order; absent: there are none. */
  readonly experiments?: readonly ExperimentFacts[];
  /** The traffic that this decision has asked for, if it has. */
  readonly traffic?: Traffic;
  /** The key of the call of a step plugin that is in flight. */
  readonly stepPluginCall?: string;
  /** The key of what is being asked about load balancers. */
  readonly inquiry?: string;
}

/** What load balancers have answered (docs/behaviour/traffic.md#alb-verification). */
export interface BalancerFacts {
  readonly answers: readonly Answered[];
  /** The Service of a canary whose pods must be registered before those of earlier versions go. */
  readonly registered: (rollout: Rollout) => string | undefined;
}

/** Everything that a decision about one Rollout depends on, gathered at one instant. */
export interface Snapshot extends World {
  /** Pod-template hash of the desired template (docs/behaviour/hashes-and-names.md#pod-template-hash). */
  readonly podHash: string;
  /** Hash of the canary steps (docs/behaviour/hashes-and-names.md#step-hash). */
  readonly stepHash: string;
  readonly templateDigest: string;
  /**
   * Why the Rollout must not be driven, in one sentence that starts with a field path; undefined when it is valid.
   */
  readonly invalid: string | undefined;
  /** It is invalid because of another object, which may still come or change: a Service, an Ingress, the workload. */
  readonly invalidByOthers?: true;
  /** Conditions for generic tools are asked for (docs/behaviour/kstatus.md). */
  readonly kstatus?: true;
  /** ReplicaSets that match the selector and have no controller: to be adopted. */
  readonly orphans: readonly ReplicaSetFacts[];
  /** ReplicaSets that we control and that no longer match the selector: to be released. */
  readonly strays: readonly ReplicaSetFacts[];
  /**
   * The name of the new ReplicaSet is taken by a ReplicaSet that is not ours
   * (docs/behaviour/hashes-and-names.md#collisions).
   */
  readonly collision?: string;
  /**
   * Whether the objects of the routers match some traffic at this instant; undefined without a router. A function and
   * not a list, since each router has objects of its own.
   */
  readonly routing?: (traffic: Traffic, status?: Rollout["status"]) => RoutingState;
  /** Absent: nobody asks load balancers. */
  readonly balancers?: BalancerFacts;
  /** Undefined without `workloadRef`, and where the Rollout is invalid because the workload is missing. */
  readonly workload?: WorkloadFacts;
  /** Pods, read only while a restart is due. */
  readonly pods?: readonly PodFacts[];
  /** Present only once the progress deadline has passed. */
  readonly podCheck?: PodCheck;
  /** Paths in the template whose values are not quantities, each with its value: the pods run without them. */
  readonly dropped?: readonly string[];
  /** Present where the Rollout names an analysis template. */
  readonly templates?: KnownTemplates;
  /** Present where the Rollout has, or its status names, a step plugin. */
  readonly stepPlugins?: StepPluginFacts;
  /** Names that AnalysisRuns have which this Rollout cannot use. */
  readonly runNamesTaken?: readonly string[];
  /** The API server refused to create an AnalysisRun. */
  readonly runFailure?: { readonly name: string; readonly message: string };
  /** The same of Experiments. */
  readonly experimentNamesTaken?: readonly string[];
  readonly experimentFailure?: { readonly name: string; readonly message: string };
  /** The API server refused to create the new ReplicaSet. */
  readonly createFailure?: { readonly name: string; readonly message: string };
}

/** Labels and annotations to set on, or with null to remove from, a ReplicaSet's template and its pods. */
export interface PodMetadataChange {
  readonly labels: Readonly<Record<string, string | null>>;
  readonly annotations: Readonly<Record<string, string | null>>;
  /** What is injected from now on, for the annotation that records it. */
  readonly record: string | null;
  /**
   * The values of the template's own annotations that others stand for from now on, for the annotation that keeps them;
   * absent: it stays as it is.
   */
  readonly kept?: string | null;
}

/** A Kubernetes event on the Rollout (docs/behaviour/reconciling.md#events). */
export interface RolloutEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: EventReason;
  readonly message: string;
  /** How many actions must have succeeded before it is true; `"status"`: also the status write. */
  readonly after: number | "status";
}

/** A finished rollout's times for the duration histograms (docs/behaviour/conditions-and-phases.md#duration). */
export interface FinishedDuration {
  readonly status: string;
  readonly totalSeconds: number;
  readonly manualPauseSeconds: number;
}
