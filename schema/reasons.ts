/**
 * The reasons of events, conditions, pauses and steps, each with one sentence; docs/reasons.md is made from them. The names
 * are those of Argo Rollouts: dashboards, notifications and people's alerts know them.
 */

interface EventReasonRow {
  /**
   * `always`: somebody may have to act on it, or waits for it: it is sent, in its own words, however many other events
   * the object has. `narration`: it describes progress, which the status shows as well: limited as client-go limits all
   * events, joined with others of the object when many wait (docs/behaviour/reconciling.md#events-of-a-burst), and the
   * first to be dropped when too many do. Warnings are always sent, listed or not.
   */
  readonly send: "always" | "narration";
  readonly means: string;
}

/** Reasons of events, with their treatment in a burst. One that is not listed is narration, unless it is a warning. */
export const eventReasons = {
  RolloutPaused: { send: "always", means: "The update waits: for a time, for a person, or for an analysis." },
  RolloutResumed: { send: "always", means: "A pause is over." },
  RolloutAborted: { send: "always", means: "The update is aborted; the stable version serves." },
  RolloutCompleted: { send: "always", means: "The new version is promoted: it is the stable one now." },
  RolloutDeleted: { send: "always", means: "The Rollout is gone." },
  ReplicaSetCreateError: { send: "always", means: "The new version's ReplicaSet is refused by the API server." },
  TrafficRoutingError: { send: "always", means: "A router cannot split the traffic as it should." },
  MalformedTemplate: { send: "always", means: "A part of the pod template is not a valid quantity, and is left out." },
  MetricFailed: { send: "always", means: "A metric of an analysis failed more often than it may." },
  MetricError: { send: "always", means: "A metric of an analysis could not be measured." },
  MetricSuccessful: { send: "narration", means: "A metric of an analysis has ended well." },
  MetricInconclusive: { send: "narration", means: "A metric of an analysis has found neither success nor failure." },
  InvalidSpec: { send: "always", means: "An object that was admitted without Sluice breaks its rules." },
  SurgeDoesNotFit: {
    send: "always",
    means: "The pods that an update starts beside the running ones find no room on the nodes or in a quota.",
  },
  MetricDoesNotAnswer: { send: "always", means: "The address of a metric that an update would ask does not answer." },
  NotificationFailed: { send: "always", means: "Somebody who is to be told of an event could not be reached." },
  NotificationsMisconfigured: {
    send: "always",
    means: "A part of the ConfigMap of notifications cannot be used; the others are in force.",
  },
  AdmissionOverridden: { send: "always", means: "Somebody let an object through against the rules." },
  MigrationStarted: { send: "always", means: "A Deployment begins to become a Rollout." },
  MigrationBlocked: {
    send: "always",
    means: "A Deployment that is to become a Rollout cannot, as long as this holds.",
  },
  MigrationFollowUp: {
    send: "always",
    means: "What goes on with the pods of a Deployment that becomes a Rollout, and what has to be changed for that.",
  },
  MigrationCompleted: { send: "always", means: "A Rollout has taken over the running pods of its Deployment." },
  MigrationReversing: { send: "always", means: "A Deployment gets its pods back; its Rollout goes after that." },
  MigrationReversed: { send: "always", means: "The Deployment has its pods back, and is a Deployment like others." },
  AnalysisRunPending: { send: "narration", means: "An analysis is about to begin." },
  AnalysisRunRunning: { send: "narration", means: "An analysis runs." },
  AnalysisRunSuccessful: { send: "always", means: "An analysis has found the new version good." },
  AnalysisRunFailed: { send: "always", means: "An analysis has found the new version bad." },
  AnalysisRunError: { send: "always", means: "An analysis could not be carried out." },
  AnalysisRunInconclusive: { send: "always", means: "An analysis has found neither success nor failure." },
  ReconciliationError: { send: "always", means: "The plugin of a step cannot be asked, by its configuration." },
  StepPluginTransition: { send: "narration", means: "What the plugin of a step does has begun, ended or failed." },
  AnalysisRunTerminating: { send: "narration", means: "An Experiment ends, and its analysis with it." },
  ExperimentCreated: { send: "narration", means: "A step has begun its Experiment." },
  ExperimentPending: { send: "narration", means: "An Experiment waits for its pods." },
  ExperimentRunning: { send: "narration", means: "All pods of an Experiment are available." },
  ExperimentSuccessful: { send: "always", means: "An Experiment has ended well." },
  ExperimentFailed: { send: "always", means: "An Experiment has failed, by its pods or by an analysis." },
  ExperimentError: { send: "always", means: "An Experiment could not be carried out." },
  ExperimentInconclusive: { send: "always", means: "An Experiment has found neither success nor failure." },
  TemplateProgressing: { send: "narration", means: "A template of an Experiment waits for its pods." },
  TemplateRunning: { send: "narration", means: "The pods of a template are available." },
  TemplateSuccessful: { send: "narration", means: "The pods of a template were available until the end." },
  TemplateFailed: { send: "always", means: "The pods of a template were not available in time." },
  TemplateError: { send: "always", means: "The ReplicaSet or the Service of a template could not be written." },
  RolloutNotCompleted: { send: "narration", means: "An update has begun." },
  RolloutUpdated: { send: "narration", means: "The Rollout has a new revision." },
  RolloutAddedToInformer: { send: "narration", means: "The controller has seen the Rollout for the first time." },
  NewReplicaSetCreated: { send: "narration", means: "The new version has its ReplicaSet." },
  ScalingReplicaSet: { send: "narration", means: "A ReplicaSet is scaled." },
  RolloutStepCompleted: { send: "narration", means: "A canary step is done." },
  SkipSteps: { send: "narration", means: "A rollback skips all steps." },
  SwitchService: { send: "narration", means: "A Service selects another version." },
  TrafficWeightUpdated: { send: "narration", means: "The weights of the routers changed." },
  PatchingALBIngress: {
    send: "narration",
    means: "The weights go into an Ingress of the AWS load balancer controller.",
  },
  CreatingCanaryIngress: { send: "narration", means: "An Ingress for the canary is made beside that of stable." },
  PatchingCanaryIngress: {
    send: "narration",
    means: "The canary's Ingress gets another weight, or what stable's has now.",
  },
  "Updated VirtualService": { send: "narration", means: "The routes of a VirtualService of Istio get other weights." },
  UpdatedDestinationRule: {
    send: "narration",
    means: "The subsets of a DestinationRule of Istio lead to other versions.",
  },
  VirtualServiceNotFound: { send: "always", means: "A VirtualService that a Rollout names is missing." },
  DestinationRuleNotFound: { send: "always", means: "A DestinationRule of Istio that a Rollout names is missing." },
  TraefikServiceUpdateError: { send: "always", means: "The weights could not be written into an object of Traefik's." },
  ApisixRouteUpdateError: { send: "always", means: "The weights or a header route could not be written for APISIX." },
  ApisixRouteCreateError: { send: "always", means: "A header route could not be made for APISIX." },
  ApisixRouteDeleteError: { send: "always", means: "A header route of APISIX could not be deleted." },
  CanaryMappingWeightUpdate: { send: "narration", means: "The canary's Mapping of Ambassador gets another weight." },
  AmbassadorMappingNotFound: { send: "always", means: "A Mapping that the Rollout names does not exist." },
  AmbassadorMappingConfigError: { send: "always", means: "A Mapping that the Rollout names has a weight of its own." },
  CanaryMappingCreationError: { send: "always", means: "The canary's Mapping could not be made." },
  CanaryMappingUpdateError: { send: "always", means: "The canary's Mapping could not be written." },
  CanaryMappingCleanupError: { send: "always", means: "The canary's Mapping could not be deleted." },
  VirtualRouterNotFound: { send: "always", means: "The VirtualRouter of a VirtualService does not exist." },
  VirtualNodeNotFound: { send: "always", means: "A VirtualNode that the Rollout names does not exist." },
  TargetGroupVerified: {
    send: "always",
    means: "A target group of AWS has the weight, or all the pods, that it is to have.",
  },
  TargetGroupUnverified: {
    send: "always",
    means: "A target group of AWS does not have the weight, or all the pods, that it is to have yet.",
  },
  TargetGroupVerifyError: { send: "always", means: "AWS could not be asked about a target group." },
  LoadBalancerNotFound: { send: "always", means: "AWS has no load balancer of the name that an Ingress has." },
  WeightVerifyError: { send: "always", means: "Whether the weights are in force could not be found out." },
  TrafficSplitCreated: { send: "narration", means: "The TrafficSplit of a mesh is made." },
} as const satisfies Readonly<Record<string, EventReasonRow>>;

export type EventReason = keyof typeof eventReasons;

interface ConditionReasonRow {
  /** The types of the conditions that have it. */
  readonly of: readonly string[];
  readonly means: string;
}

/** Reasons of a Rollout's conditions, except `ReplicaFailure`, whose reason is the one that its ReplicaSet gives. */
export const conditionReasons = {
  NewReplicaSetCreated: { of: ["Progressing"], means: "The new version has its ReplicaSet, without pods yet." },
  FoundNewReplicaSet: { of: ["Progressing"], means: "A ReplicaSet that is there already has the new version." },
  ReplicaSetUpdated: { of: ["Progressing"], means: "The update has come further: pods, a step or a Service moved." },
  NewReplicaSetAvailable: { of: ["Progressing"], means: "All pods of the Rollout are there and available." },
  ReplicaSetNotAvailable: { of: ["Progressing"], means: "A version that was promoted lost pods." },
  ReplicaSetCreateError: { of: ["Progressing"], means: "The new version's ReplicaSet is refused by the API server." },
  ProgressDeadlineExceeded: { of: ["Progressing"], means: "Nothing has moved for longer than the progress deadline." },
  RolloutPaused: {
    of: ["Progressing", "Paused", "Ready", "Reconciling"],
    means: "The update waits, or (if Paused is False) no longer waits.",
  },
  RolloutResumed: { of: ["Progressing"], means: "A pause is over." },
  RolloutAborted: { of: ["Progressing"], means: "The update is aborted; the stable version serves." },
  RolloutProgressing: {
    of: ["Ready", "Reconciling"],
    means: "The update goes on; the message says what it waits for.",
  },
  UpdateAborted: { of: ["Ready", "Stalled"], means: "The update is aborted; the stable version serves." },
  UpdateTimedOut: { of: ["Ready", "Stalled"], means: "Nothing has moved for longer than the progress deadline." },
  RolloutRetry: { of: ["Progressing"], means: "An update that was aborted begins again." },
  AvailableReason: { of: ["Available"], means: "Enough pods are available (True), or too few (False)." },
  RolloutHealthy: {
    of: ["Healthy", "Ready"],
    means: "The Rollout has all its pods (True), or no longer has them (False).",
  },
  RolloutCompleted: { of: ["Completed"], means: "The new version is the stable one (True), or not yet (False)." },
  TrafficRoutingError: {
    of: ["TrafficRoutingFailure"],
    means: "A router cannot split the traffic as it should; what depends on that waits.",
  },
  AnalysisTemplateMissing: {
    of: ["AnalysisFailure"],
    means: "A template that an analysis needs is not there yet; the analysis begins once it is.",
  },
  InvalidAnalysis: {
    of: ["AnalysisFailure"],
    means: "No AnalysisRun can be made of the templates and the values that the Rollout gives them.",
  },
  ReconciliationError: {
    of: ["StepPluginFailure"],
    means: "The plugin of a step cannot be asked, by its configuration.",
  },
  AnalysisRunCreateError: {
    of: ["AnalysisFailure"],
    means: "The API server refuses the AnalysisRun.",
  },
  InvalidExperiment: {
    of: ["AnalysisFailure"],
    means: "No Experiment can be made of the step and the values that the Rollout gives it.",
  },
  ExperimentCreateError: { of: ["AnalysisFailure"], means: "The API server refuses the Experiment." },
  ExperimentCompleted: { of: ["Progressing"], means: "An Experiment has ended well." },
  InvalidSpec: {
    of: ["InvalidSpec", "Ready", "Reconciling", "Stalled"],
    means: "The Rollout breaks a rule, and is left as it is until the rule is met.",
  },
} as const satisfies Readonly<Record<string, ConditionReasonRow>>;

export type ConditionReason = keyof typeof conditionReasons;

/** Reasons of `status.pauseConditions`, and so the message of a Rollout whose phase is Paused. */
export const pauseReasons = {
  CanaryPauseStep: "The canary is at a pause step.",
  BlueGreenPause: "The new version is up; its promotion waits for a time or for a person.",
  InconclusiveAnalysisRun: "An analysis has found neither success nor failure; a person decides.",
  InconclusiveExperiment: "An experiment has found neither success nor failure; a person decides.",
} as const satisfies Readonly<Record<string, string>>;

export type PauseReason = keyof typeof pauseReasons;

/** What the ReplicaSets lack of the sizes that a canary step asks for. */
const sizeReasons = {
  CanarySizeNotReached: "The new version does not have all the available pods that the step asks for.",
  StableSizeNotReached: "The stable version does not have the size that the step leaves to it.",
  OldPodsLeft: "Pods of an older version are still available.",
} as const satisfies Readonly<Record<string, string>>;

/** Why a canary step is not complete (docs/behaviour/canary.md#when-a-step-is-complete). */
export const stepReasons = {
  ...sizeReasons,
  WeightNotVerified: "The router does not send the step's share of the requests to the new version yet.",
  PauseBegins: "The pause begins now.",
  PauseNotOver: "The duration of the pause has not passed.",
  WaitsForPerson: "The pause has no duration: it is over when somebody resumes the Rollout.",
  ExperimentNotStarted: "The Experiment of the step has not begun yet.",
  ExperimentNotOver: "The Experiment of the step has not ended.",
  AnalysisNotStarted: "An analysis is to run and has not begun yet.",
  AnalysisNotOver: "The analysis of the step has not succeeded yet.",
  PluginNotStarted: "The plugin of the step has not been asked yet.",
  PluginNotOver: "The plugin of the step has not succeeded yet.",
  PausedByUser: "Somebody holds the Rollout by spec.paused.",
  NotDriven: "This version of Sluice does not drive steps of this kind yet.",
  UnknownKind: "The step is of no kind that this version of Sluice knows.",
} as const satisfies Readonly<Record<string, string>>;

/** Why a Rollout does not move, where no condition, pause or step has a reason for it: what `explain` says. */
export const gateReasons = {
  Done: "The version that is asked for serves with all its pods.",
  Moving: "Something is done about it at this moment.",
  NotReconciled: "Something is due, and no controller does it.",
  BeingDeleted: "It is being deleted, and somebody's finalizer keeps it.",
  PodsNotAvailable: "Pods are not available: of the new version, or of one that was promoted.",
  OldPodsToEnd: "The new version is promoted, and pods of an older one still run.",
  RestartNotDone: "Pods are replaced a few at a time, and some of the old ones are left.",
  ServiceNotSwitched: "The active Service does not select the new version yet.",
} as const satisfies Readonly<Record<string, string>>;

export type GateReason = keyof typeof gateReasons;
export type SizeReason = keyof typeof sizeReasons;
export type StepReason = keyof typeof stepReasons;

/** Whether an event must be sent, however many other events the object has. */
export const mustBeSent = ({ type, reason }: { readonly type: string; readonly reason: string }): boolean =>
  type === "Warning" || (Object.hasOwn(eventReasons, reason) && eventReasons[reason as EventReason].send === "always");
