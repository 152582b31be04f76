/** The Rollout: spec and status (docs/behaviour/objects.md). */
import * as v from "valibot";
import { AnalysisTemplateRef, DryRun, FieldRef, MeasurementRetention } from "./analysis.ts";
import { Condition, LabelsAndAnnotations, LabelSelector, ObjectMeta, PodTemplateSpec } from "./kube.ts";
import {
  Amount,
  boolean,
  CountOrPercentage,
  few,
  fewNamed,
  GoDuration,
  int32,
  int64,
  line,
  list,
  marked,
  name,
  notNegative,
  object,
  opaque,
  optional,
  percentage,
  string,
  Time,
} from "./scalars.ts";
import { TrafficRouting } from "./trafficRouting.ts";

export const RolloutAnalysisArgument = object({
  name,
  ...optional({
    value: line,
    valueFrom: object(optional({ podTemplateHashValue: name, fieldRef: FieldRef })),
  }),
});
export type RolloutAnalysisArgument = v.InferOutput<typeof RolloutAnalysisArgument>;

/** An AnalysisRun that the Rollout starts: its templates and arguments. */
export const RolloutAnalysis = object(
  optional({
    templates: few(AnalysisTemplateRef, 250),
    args: few(RolloutAnalysisArgument),
    dryRun: few(DryRun),
    measurementRetention: few(MeasurementRetention),
    analysisRunMetadata: LabelsAndAnnotations,
  }),
);
export type RolloutAnalysis = v.InferOutput<typeof RolloutAnalysis>;

/** Runs beside the steps, from a given step on. */
export const BackgroundAnalysis = object({
  ...RolloutAnalysis.entries,
  ...optional({ startingStep: notNegative }),
});
export type BackgroundAnalysis = v.InferOutput<typeof BackgroundAnalysis>;

/** One of the two members is set. */
export const AntiAffinity = object(
  optional({
    preferredDuringSchedulingIgnoredDuringExecution: object({ weight: int32 }),
    requiredDuringSchedulingIgnoredDuringExecution: object({}),
  }),
);
export type AntiAffinity = v.InferOutput<typeof AntiAffinity>;

export const BlueGreenStrategy = object({
  activeService: name,
  ...optional({
    previewService: name,
    previewReplicaCount: notNegative,
    autoPromotionEnabled: boolean,
    autoPromotionSeconds: notNegative,
    maxUnavailable: CountOrPercentage,
    scaleDownDelaySeconds: notNegative,
    scaleDownDelayRevisionLimit: notNegative,
    abortScaleDownDelaySeconds: notNegative,
    prePromotionAnalysis: RolloutAnalysis,
    postPromotionAnalysis: RolloutAnalysis,
    antiAffinity: AntiAffinity,
    activeMetadata: LabelsAndAnnotations,
    previewMetadata: LabelsAndAnnotations,
  }),
});
export type BlueGreenStrategy = v.InferOutput<typeof BlueGreenStrategy>;

/** One of the three members is set. */
export const StringMatch = object(optional({ exact: line, prefix: line, regex: line }));
export type StringMatch = v.InferOutput<typeof StringMatch>;

/** An integer, or a string of one: seconds; another string: a Go duration; absent: until somebody promotes by hand. */
export const RolloutPause = object(optional({ duration: Amount }));
export type RolloutPause = v.InferOutput<typeof RolloutPause>;

export const RolloutExperimentTemplate = object({
  name,
  specRef: name,
  ...optional({
    replicas: notNegative,
    metadata: LabelsAndAnnotations,
    selector: LabelSelector,
    weight: percentage,
    service: object(optional({ name })),
  }),
});
export type RolloutExperimentTemplate = v.InferOutput<typeof RolloutExperimentTemplate>;

export const RolloutExperimentAnalysis = object({
  name,
  templateName: name,
  ...optional({ clusterScope: boolean, args: few(RolloutAnalysisArgument), requiredForCompletion: boolean }),
});
export type RolloutExperimentAnalysis = v.InferOutput<typeof RolloutExperimentAnalysis>;

export const RolloutExperiment = object({
  templates: few(RolloutExperimentTemplate, 250),
  ...optional({
    duration: GoDuration,
    analyses: few(RolloutExperimentAnalysis, 250),
    dryRun: few(DryRun),
    analysisRunMetadata: LabelsAndAnnotations,
    scaleDownDelaySeconds: notNegative,
  }),
});
export type RolloutExperiment = v.InferOutput<typeof RolloutExperiment>;

export const SetCanaryScale = object(
  optional({ weight: notNegative, replicas: notNegative, matchTrafficWeight: boolean }),
);
export type SetCanaryScale = v.InferOutput<typeof SetCanaryScale>;

/** Without a match the route is removed. */
export const SetHeaderRoute = object(
  optional({ name, match: few(object({ headerName: name, headerValue: StringMatch })) }),
);
export type SetHeaderRoute = v.InferOutput<typeof SetHeaderRoute>;

/** Without a match the route is removed. */
export const SetMirrorRoute = object({
  name,
  ...optional({
    match: few(object(optional({ method: StringMatch, path: StringMatch, headers: fewNamed(StringMatch) }))),
    percentage,
  }),
});
export type SetMirrorRoute = v.InferOutput<typeof SetMirrorRoute>;

/** Exactly one member is set; the rules check it, the API server stores any. */
export const CanaryStep = object(
  optional({
    setWeight: int32,
    pause: RolloutPause,
    experiment: RolloutExperiment,
    analysis: RolloutAnalysis,
    setCanaryScale: SetCanaryScale,
    setHeaderRoute: SetHeaderRoute,
    setMirrorRoute: SetMirrorRoute,
    plugin: object({ name, ...optional({ config: opaque() }) }),
  }),
);
export type CanaryStep = v.InferOutput<typeof CanaryStep>;

export const CanaryStrategy = object(
  optional({
    canaryService: name,
    stableService: name,
    steps: few(CanaryStep),
    trafficRouting: TrafficRouting,
    maxSurge: CountOrPercentage,
    maxUnavailable: CountOrPercentage,
    analysis: BackgroundAnalysis,
    antiAffinity: AntiAffinity,
    canaryMetadata: LabelsAndAnnotations,
    stableMetadata: LabelsAndAnnotations,
    scaleDownDelaySeconds: notNegative,
    scaleDownDelayRevisionLimit: notNegative,
    abortScaleDownDelaySeconds: notNegative,
    dynamicStableScale: boolean,
    pingPong: object({ pingService: name, pongService: name }),
    minPodsPerReplicaSet: notNegative,
    replicaProgressThreshold: object({ type: name, value: notNegative }),
  }),
);
export type CanaryStrategy = v.InferOutput<typeof CanaryStrategy>;

/**
 * Exactly one member. The reference stores a Rollout with both or neither and then holds it with InvalidSpec; here the
 * API server refuses it. Objects stored before the rule existed stay valid: since Kubernetes 1.30 a violation in a part
 * that an update does not change is forgiven (CRD validation ratcheting), and scaling, pausing, undoing and deleting do
 * not change the strategy. That is also why an absent strategy is not refused here: that rule would apply to the whole
 * spec.
 */
export const RolloutStrategy = marked(
  object(
    optional({
      blueGreen: BlueGreenStrategy,
      canary: CanaryStrategy,
    }),
  ),
  {
    "x-kubernetes-validations": [
      {
        rule: "has(self.canary) != has(self.blueGreen)",
        message: ".spec.strategy must have exactly one of canary and blueGreen",
      },
    ],
  },
);
export type RolloutStrategy = v.InferOutput<typeof RolloutStrategy>;

export const WorkloadRef = object(
  optional({
    apiVersion: name,
    kind: name,
    name,
    scaleDown: name,
  }),
);
export type WorkloadRef = v.InferOutput<typeof WorkloadRef>;

export const RolloutSpec = object(
  optional({
    replicas: int32,
    selector: marked(LabelSelector, {
      "x-kubernetes-validations": [{ rule: "self == oldSelf", message: ".spec.selector is immutable" }],
    }),
    template: PodTemplateSpec,
    workloadRef: WorkloadRef,
    minReadySeconds: int32,
    rollbackWindow: object(optional({ revisions: notNegative })),
    strategy: RolloutStrategy,
    revisionHistoryLimit: int32,
    paused: boolean,
    progressDeadlineSeconds: int32,
    progressDeadlineAbort: boolean,
    restartAt: Time,
    analysis: object(optional({ successfulRunHistoryLimit: notNegative, unsuccessfulRunHistoryLimit: notNegative })),
  }),
);
export type RolloutSpec = v.InferOutput<typeof RolloutSpec>;

/** Reasons: InconclusiveAnalysisRun, InconclusiveExperiment, CanaryPauseStep, BlueGreenPause. */
export const PauseCondition = object({ reason: string, startTime: Time });
export type PauseCondition = v.InferOutput<typeof PauseCondition>;

export const RolloutCondition = object({
  ...Condition.entries,
  ...optional({ observedGeneration: int64 }),
});
export type RolloutCondition = v.InferOutput<typeof RolloutCondition>;

/** What the status keeps of an AnalysisRun; `status` is its phase. */
export const RolloutAnalysisRunStatus = object({ name: string, status: string, ...optional({ message: string }) });
export type RolloutAnalysisRunStatus = v.InferOutput<typeof RolloutAnalysisRunStatus>;

export const WeightDestination = object({
  weight: int32,
  ...optional({ serviceName: string, podTemplateHash: string }),
});
export type WeightDestination = v.InferOutput<typeof WeightDestination>;

/** `verified` absent: not checked; false: checked, and not there yet. */
export const TrafficWeights = object({
  canary: WeightDestination,
  stable: WeightDestination,
  ...optional({ additional: list(WeightDestination), verified: boolean }),
});
export type TrafficWeights = v.InferOutput<typeof TrafficWeights>;

export const StepPluginStatus = object({
  index: int32,
  name: string,
  operation: string,
  ...optional({
    phase: string,
    message: string,
    startedAt: Time,
    updatedAt: Time,
    finishedAt: Time,
    backoff: string,
    executions: int32,
    disabled: boolean,
    status: opaque(),
  }),
});
export type StepPluginStatus = v.InferOutput<typeof StepPluginStatus>;

export const CanaryStatus = object(
  optional({
    currentStepAnalysisRunStatus: RolloutAnalysisRunStatus,
    currentBackgroundAnalysisRunStatus: RolloutAnalysisRunStatus,
    currentExperiment: string,
    weights: TrafficWeights,
    stablePingPong: string,
    stepPluginStatuses: list(StepPluginStatus),
  }),
);
export type CanaryStatus = v.InferOutput<typeof CanaryStatus>;

export const BlueGreenStatus = object(
  optional({
    previewSelector: string,
    activeSelector: string,
    scaleUpPreviewCheckPoint: boolean,
    prePromotionAnalysisRunStatus: RolloutAnalysisRunStatus,
    postPromotionAnalysisRunStatus: RolloutAnalysisRunStatus,
  }),
);
export type BlueGreenStatus = v.InferOutput<typeof BlueGreenStatus>;

const awsResource = object({ name: string, arn: string, ...optional({ fullName: string }) });

/** Filled only while weights at AWS load balancers are verified. */
export const AlbStatus = object(
  optional({
    ingress: string,
    loadBalancer: awsResource,
    canaryTargetGroup: awsResource,
    stableTargetGroup: awsResource,
  }),
);
export type AlbStatus = v.InferOutput<typeof AlbStatus>;

/** How long the update took (docs/behaviour/conditions-and-phases.md#duration). */
export const RolloutDuration = object(
  optional({
    rolloutStartedAt: Time,
    manualPauseStartedAt: Time,
    totalManualPauseDurationSeconds: int64,
    finishedAt: Time,
    completionStatus: string,
  }),
);
export type RolloutDuration = v.InferOutput<typeof RolloutDuration>;

/**
 * `observedGeneration` is a string, and `HPAReplicas` is spelt so: both as in the reference
 * (docs/behaviour/objects.md#fields-with-odd-names).
 */
export const RolloutStatus = object(
  optional({
    abort: boolean,
    abortedAt: Time,
    pauseConditions: list(PauseCondition),
    controllerPause: boolean,
    currentPodHash: string,
    currentStepHash: string,
    currentStepIndex: int32,
    replicas: int32,
    updatedReplicas: int32,
    readyReplicas: int32,
    availableReplicas: int32,
    collisionCount: int32,
    observedGeneration: string,
    conditions: list(RolloutCondition),
    canary: CanaryStatus,
    blueGreen: BlueGreenStatus,
    HPAReplicas: int32,
    selector: string,
    stableRS: string,
    restartedAt: Time,
    promoteFull: boolean,
    phase: string,
    message: string,
    workloadObservedGeneration: string,
    alb: AlbStatus,
    albs: list(AlbStatus),
    duration: RolloutDuration,
  }),
);
export type RolloutStatus = v.InferOutput<typeof RolloutStatus>;

export const Rollout = object({
  metadata: ObjectMeta,
  spec: RolloutSpec,
  ...optional({
    apiVersion: v.literal("argoproj.io/v1alpha1"),
    kind: v.literal("Rollout"),
    status: RolloutStatus,
  }),
});
export type Rollout = v.InferOutput<typeof Rollout>;
