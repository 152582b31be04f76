/** A sentence for each field of a Rollout's status. */
import { conditionSentences } from "./sharedSentences.ts";
import { below, type Sentences } from "./sentences.ts";

const runAt = (place: string, which: string): Sentences =>
  below(place, {
    "": `The AnalysisRun ${which}.`,
    name: "Name of the AnalysisRun, in the namespace of the Rollout.",
    status: "Its phase: Pending, Running, Successful, Failed, Error or Inconclusive.",
    message: "What the AnalysisRun says of its end.",
  });

const destinationAt = (place: string, who: string): Sentences =>
  below(place, {
    "": `What ${who} was to get.`,
    weight: `The weight of ${who}: percent, or parts of maxTrafficWeight.`,
    serviceName: `The Service by which ${who} is reached.`,
    podTemplateHash: `The pod template hash of ${who}.`,
  });

const canarySentences: Sentences = {
  canary: "What is particular to a canary; empty for blue-green.",
  ...below("canary", {
    ...runAt("currentStepAnalysisRunStatus", "that the current step waits for; absent after the update"),
    ...runAt("currentBackgroundAnalysisRunStatus", "that runs in the background; absent after the update"),
    currentExperiment: "Name of the Experiment of the current step, while the step lasts.",
    weights: "What the routers were asked for last.",
    ...below("weights", {
      ...destinationAt("canary", "the new revision"),
      ...destinationAt("stable", "the stable revision"),
      ...destinationAt("additional", "each template of a running Experiment that has a weight"),
      verified:
        "False while a router that can tell has not taken the weights over, true once it has; absent where none can tell.",
    }),
    stablePingPong: "Which Service of pingPong is stable's now: ping or pong. By default pong.",
    stepPluginStatuses: "What the plugins of steps have done in this update, an entry for each operation of each step.",
    ...below("stepPluginStatuses", {
      index: "Index of the step, counted from 0.",
      name: "Name of the plugin, as the step writes it.",
      operation: "Run for the step itself, Terminate where it was cut short, Abort where it is reverted.",
      phase: "Running, Successful, Failed or Error; absent until the plugin has answered.",
      message: "What the plugin says of its phase.",
      startedAt: "When the operation began.",
      updatedAt: "When the plugin last answered.",
      finishedAt: "When the operation ended.",
      backoff: "How long after updatedAt the plugin is asked again, as a duration such as 30s.",
      executions: "How often the plugin was asked, as far as it is known what came of it.",
      disabled: "True where an administrator has disabled the plugin: the step counts as done.",
      status: "What the plugin wants to be told the next time; it has a form of its own.",
    }),
  }),
};

const blueGreenSentences: Sentences = {
  blueGreen: "What is particular to blue-green; empty for a canary.",
  ...below("blueGreen", {
    previewSelector: "The pod template hash that the preview Service selects.",
    activeSelector: "The pod template hash that the active Service selects: what users get.",
    scaleUpPreviewCheckPoint:
      "True once the new revision has passed the pause at the size of previewReplicaCount, and grows to all its pods.",
    ...runAt("prePromotionAnalysisRunStatus", "before the switch; it stays here after the update"),
    ...runAt("postPromotionAnalysisRunStatus", "after the switch; it stays here after the update"),
  }),
};

const awsAt = (place: string, what: string): Sentences =>
  below(place, {
    "": `${what} at AWS; its texts are empty where it is not found.`,
    name: `Name of ${what[0]?.toLowerCase()}${what.slice(1)}.`,
    arn: "Its ARN, by which AWS names it among all resources.",
    fullName: "The end of its ARN, by which CloudWatch's metrics name it.",
  });

const balancerSentences: Sentences = {
  ingress: "The Ingress that the load balancer serves.",
  ...awsAt("loadBalancer", "The load balancer"),
  ...awsAt("canaryTargetGroup", "The canary Service's target group"),
  ...awsAt("stableTargetGroup", "The stable Service's target group"),
};

const durationSentences: Sentences = {
  "": "How long the last update took, or takes.",
  rolloutStartedAt: "When the update began.",
  manualPauseStartedAt: "Since when the update waits for a person; absent while it does not.",
  totalManualPauseDurationSeconds: "For how many seconds the update has waited for a person so far, ended pauses only.",
  finishedAt: "When the update ended; absent while it goes on.",
  completionStatus:
    "How the update ended: Promoted, FastPromoted, Aborted, Superseded by a newer revision, RolledBack or FastRolledBack.",
};

export const rolloutStatusSentences: Sentences = {
  status: "Where the Rollout stands; the controller writes it, and numbers that are 0 may be absent.",
  ...below("status", {
    abort: "True while the update is aborted and users are on stable; abort sets it, retry sets it to false.",
    abortedAt: "When the update was aborted first.",
    pauseConditions: "What pauses the update; promote sets it to null, which lets the update go on.",
    "pauseConditions.reason": "CanaryPauseStep, BlueGreenPause, InconclusiveAnalysisRun or InconclusiveExperiment.",
    "pauseConditions.startTime": "Since when this pauses the update; a pause with a duration counts from here.",
    controllerPause:
      "True where Sluice has begun a pause; with no pauseConditions left it means that somebody has resumed it.",
    currentPodHash: "Hash of the pod template as it is now: that of the new revision.",
    currentStepHash:
      "Hash of the canary's steps; another one in the middle of an update begins it again at the first step.",
    currentStepIndex: "How many of the canary's steps are done, so the index of the current one, counted from 0.",
    replicas: "How many pods there are, of all revisions.",
    updatedReplicas: "How many pods of the new revision there are.",
    readyReplicas: "How many pods are ready: of all revisions, in blue-green of the active one.",
    availableReplicas:
      "How many pods have been ready for minReadySeconds: of all revisions, in blue-green of the active one.",
    collisionCount: "How often the name of a ReplicaSet was taken by another object; it enters the hash.",
    observedGeneration: "The metadata.generation that this status is about, as text.",
    conditions: "What holds of the Rollout, each with a reason: Available, Progressing, Paused, Healthy and others.",
    ...conditionSentences,
    "conditions.type":
      "What the condition is about: Available, Progressing, Paused, Healthy, Completed, InvalidSpec, ReplicaFailure, AnalysisFailure, TrafficRoutingFailure.",
    "conditions.observedGeneration":
      "The metadata.generation that the condition is about; written for tools that ask by kstatus, with Ready only.",
    ...canarySentences,
    ...blueGreenSentences,
    HPAReplicas: "How many pods autoscalers are told of; never more than spec.replicas.",
    selector: "The pods that autoscalers look at, as the text of a label selector.",
    stableRS: "Hash of the stable revision: the last one that was promoted.",
    restartedAt: "The spec.restartAt whose restart is done.",
    promoteFull:
      "True skips what is left of the update, steps, pauses and an abort, but waits for pods; promote --full sets it.",
    phase: "Healthy, Progressing, Paused or Degraded, in one word for people and tools.",
    message: "Why the phase is what it is; absent when Healthy.",
    workloadObservedGeneration: "The metadata.generation of the workloadRef's object that was seen last, as text.",
    alb: "The load balancer of alb.ingress, with --aws-verify-target-group.",
    ...below("alb", balancerSentences),
    albs: "The load balancers of alb.ingresses, with --aws-verify-target-group.",
    ...below("albs", balancerSentences),
    ...below("duration", durationSentences),
  }),
};
