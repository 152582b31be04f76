/** The Rollout: spec and status (docs/behaviour/objects.md). */
import * as v from "valibot";
import { AnalysisTemplateRef, DryRun, FieldRef, MeasurementRetention } from "./analysis.ts";
import { Condition, LabelsAndAnnotations, LabelSelector, ObjectMeta, PodTemplateSpec } from "./kube.ts";
import {
  about,
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
    valueFrom: object(optional({ podTemplateHashValue: about("Stable or Latest.", name), fieldRef: FieldRef })),
  }),
});
export type RolloutAnalysisArgument = v.InferOutput<typeof RolloutAnalysisArgument>;

/** An AnalysisRun that the Rollout starts: its templates and arguments. */
export const RolloutAnalysis = object(
  optional({
    templates: about("Merged into one AnalysisRun.", few(AnalysisTemplateRef, 250)),
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
  ...optional({ startingStep: about("Index of the step at which it starts.", notNegative) }),
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
  activeService: about("The Service that sends users to the promoted revision.", name),
  ...optional({
    previewService: about("The Service that shows the new revision before it is promoted.", name),
    previewReplicaCount: about("Size of the new revision until it is promoted; by default spec.replicas.", notNegative),
    autoPromotionEnabled: about("False waits for a promotion by hand. Default true.", boolean),
    autoPromotionSeconds: about("Promote this long after the new revision is ready.", notNegative),
    maxUnavailable: CountOrPercentage,
    scaleDownDelaySeconds: about("How long the old revision stays up after the cutover. Default 30.", notNegative),
    scaleDownDelayRevisionLimit: about("How many old revisions may stay up at once.", notNegative),
    abortScaleDownDelaySeconds: about(
      "How long the new revision stays up after an abort; 0 keeps it. Default 30.",
      notNegative,
    ),
    prePromotionAnalysis: about("Has to succeed before the cutover.", RolloutAnalysis),
    postPromotionAnalysis: about(
      "Judges the new revision after the cutover; a failure switches back.",
      RolloutAnalysis,
    ),
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
export const RolloutPause = object(
  optional({ duration: about("Seconds, or 5m; without it, until promoted.", Amount) }),
);
export type RolloutPause = v.InferOutput<typeof RolloutPause>;

export const RolloutExperimentTemplate = object({
  name,
  specRef: about("canary or stable: whose pod template.", name),
  ...optional({
    replicas: notNegative,
    metadata: LabelsAndAnnotations,
    selector: LabelSelector,
    weight: about("Share of traffic sent to it, in percent.", percentage),
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
    setWeight: about("Send this share of traffic to the canary, in percent.", int32),
    pause: about("Wait.", RolloutPause),
    experiment: about("Run an Experiment and wait for it.", RolloutExperiment),
    analysis: about("Run an AnalysisRun and wait for it.", RolloutAnalysis),
    setCanaryScale: about("Set the canary's size apart from its traffic.", SetCanaryScale),
    setHeaderRoute: about("Send requests with these headers to the canary.", SetHeaderRoute),
    setMirrorRoute: about("Send copies of these requests to the canary.", SetMirrorRoute),
    plugin: about("Run a step plugin and wait for it.", object({ name, ...optional({ config: opaque() }) })),
  }),
);
export type CanaryStep = v.InferOutput<typeof CanaryStep>;

export const CanaryStrategy = object(
  optional({
    canaryService: about("A Service that is pointed at the new revision.", name),
    stableService: about("A Service that is pointed at the stable revision.", name),
    steps: about("What to do, in this order, to bring a new revision out.", few(CanaryStep)),
    trafficRouting: about("Who splits the traffic; without it the replica counts do.", TrafficRouting),
    maxSurge: about("A number, or a share such as 25%.", CountOrPercentage),
    maxUnavailable: about("A number, or a share such as 25%.", CountOrPercentage),
    analysis: about("Runs beside the steps; a failure aborts the update.", BackgroundAnalysis),
    antiAffinity: AntiAffinity,
    canaryMetadata: LabelsAndAnnotations,
    stableMetadata: LabelsAndAnnotations,
    scaleDownDelaySeconds: notNegative,
    scaleDownDelayRevisionLimit: notNegative,
    abortScaleDownDelaySeconds: notNegative,
    dynamicStableScale: about("Shrink the stable revision while traffic moves to the canary.", boolean),
    pingPong: object({ pingService: name, pongService: name }),
    minPodsPerReplicaSet: notNegative,
    replicaProgressThreshold: object({ type: about("Percent or Pods.", name), value: notNegative }),
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
      blueGreen: about("Both revisions at full size; all users are switched at once.", BlueGreenStrategy),
      canary: about("The new revision takes over bit by bit.", CanaryStrategy),
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
    kind: about("Deployment, ReplicaSet or PodTemplate.", name),
    name,
    scaleDown: about("When the Deployment is scaled to zero: never, onsuccess or progressively.", name),
  }),
);
export type WorkloadRef = v.InferOutput<typeof WorkloadRef>;

export const RolloutSpec = object(
  optional({
    replicas: about("How many pods. Default 1.", int32),
    selector: marked(LabelSelector, {
      description: "Which pods belong to it; cannot be changed.",
      "x-kubernetes-validations": [{ rule: "self == oldSelf", message: ".spec.selector is immutable" }],
    }),
    template: about("The pods to run.", PodTemplateSpec),
    workloadRef: about("Take selector and template from this workload instead.", WorkloadRef),
    minReadySeconds: about("How long a pod has to be ready to count as available.", int32),
    rollbackWindow: about(
      "Going back to one of this many last revisions skips steps and analysis.",
      object(optional({ revisions: notNegative })),
    ),
    strategy: about("canary or blueGreen.", RolloutStrategy),
    revisionHistoryLimit: about("How many old ReplicaSets are kept. Default 10.", int32),
    paused: about("Stop here until it is false again.", boolean),
    progressDeadlineSeconds: about("Without progress for so long, it counts as failed. Default 600.", int32),
    progressDeadlineAbort: about("Abort the update when the deadline passes.", boolean),
    restartAt: about("Pods older than this are replaced.", Time),
    analysis: about(
      "How many finished runs are kept. Default 5 each.",
      object(optional({ successfulRunHistoryLimit: notNegative, unsuccessfulRunHistoryLimit: notNegative })),
    ),
  }),
);
export type RolloutSpec = v.InferOutput<typeof RolloutSpec>;

/** Reasons: InconclusiveAnalysisRun, InconclusiveExperiment, CanaryPauseStep, BlueGreenPause. */
export const PauseCondition = object({ reason: string, startTime: Time });
export type PauseCondition = v.InferOutput<typeof PauseCondition>;

export const RolloutCondition = object({
  ...Condition.entries,
  ...optional({ observedGeneration: about("Generation that it is about; of Ready only.", int64) }),
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
  operation: about("Run, Terminate or Abort.", string),
  ...optional({
    phase: about("Running, Successful, Failed or Error.", string),
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
    stablePingPong: about("ping or pong: the Service that is stable; absent means pong.", string),
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
    abort: about("True while the update is aborted.", boolean),
    abortedAt: Time,
    pauseConditions: about("Why it waits; set to null to let it go on.", list(PauseCondition)),
    controllerPause: boolean,
    currentPodHash: about("Hash of the newest revision.", string),
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
    stableRS: about("Hash of the last revision that was promoted.", string),
    restartedAt: Time,
    promoteFull: about("True skips all that is left of the update.", boolean),
    phase: about("Healthy, Progressing, Paused or Degraded.", string),
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
