/** A sentence for each field of the two strategies, but for steps and routers. */
import {
  dryRunSentences,
  metadataSentences,
  retentionSentences,
  rolloutArgumentSentences,
  runMetadataSentences,
  templateRefSentences,
} from "./sharedSentences.ts";
import { below, type Sentences } from "./sentences.ts";

/** Below an analysis of a Rollout. */
export const rolloutAnalysisSentences: Sentences = {
  templates: "The templates whose metrics make up one AnalysisRun; one that is missing is waited for.",
  ...templateRefSentences,
  args: "Values for the arguments that the templates declare.",
  ...rolloutArgumentSentences,
  ...dryRunSentences,
  ...retentionSentences,
  ...runMetadataSentences,
};

const analysisAt = (place: string, sentence: string): Sentences =>
  below(place, { "": sentence, ...rolloutAnalysisSentences });

const metadataAt = (place: string, sentence: string, whose: string): Sentences =>
  below(place, { "": sentence, ...metadataSentences(whose) });

const antiAffinitySentences: Sentences = {
  antiAffinity:
    "Keeps the pods of a new revision off the nodes that have pods of the stable one; preferred or required, not both.",
  "antiAffinity.preferredDuringSchedulingIgnoredDuringExecution":
    "The scheduler avoids such nodes where it can, and uses them where it must.",
  "antiAffinity.preferredDuringSchedulingIgnoredDuringExecution.weight":
    "How much that counts beside the other preferences of the pod, from 1 to 100.",
  "antiAffinity.requiredDuringSchedulingIgnoredDuringExecution":
    "The scheduler never uses such nodes: pods wait where there is no other, so have nodes to spare.",
};

const blueGreenSentences: Sentences = {
  "": "Brings the new revision up at full size beside the old one, then switches a Service to it at once.",
  activeService:
    "The Service that users reach; it is switched to the new revision when all its pods are available and nothing pauses the update.",
  previewService:
    "A Service that selects the new revision from the beginning of an update, to try it before users get it; another one than activeService.",
  previewReplicaCount:
    "How many pods the new revision has until the pause before the switch is over; then it grows to all. By default it has all from the start.",
  autoPromotionEnabled:
    "False lets the update wait before the switch until somebody promotes it, whatever autoPromotionSeconds says. Default: true.",
  autoPromotionSeconds:
    "Seconds to wait before the switch, from when the new pods are available and prePromotionAnalysis has succeeded; 0 does not wait. Default: 0.",
  maxUnavailable:
    "How many pods a restart, or old revisions that go, may let be missing at once: a number, or a percentage of spec.replicas, rounded down. Default: 25%.",
  scaleDownDelaySeconds:
    "Seconds for which the old revision keeps its pods after the switch, so that going back is immediate; 0 takes them at once. Default: 30.",
  scaleDownDelayRevisionLimit:
    "How many old revisions may keep pods for their delay at once, the youngest first; at most revisionHistoryLimit. By default any number.",
  abortScaleDownDelaySeconds:
    "Seconds for which the new revision keeps its pods after an abort; 0 keeps them until the next update. Default: 30.",
  ...analysisAt(
    "prePromotionAnalysis",
    "Judges the new revision before the switch, once all its pods (or those of previewReplicaCount) are available; a failure aborts the update.",
  ),
  ...analysisAt(
    "postPromotionAnalysis",
    "Judges the new revision after the switch, while the old one keeps its pods; a failure switches back.",
  ),
  ...antiAffinitySentences,
  ...metadataAt(
    "activeMetadata",
    "Labels and annotations that pods have only while the active Service leads to their revision.",
    "pods of the active revision",
  ),
  ...metadataAt(
    "previewMetadata",
    "Labels and annotations that pods have only while their revision waits for the switch.",
    "pods of the preview",
  ),
};

const canarySentences: Sentences = {
  "": "Gives the new revision a growing part of the requests, step by step, and aborts where it is not good.",
  canaryService:
    "A Service whose selector is pointed at the new revision's pods during an update; most routers need it.",
  stableService:
    "A Service whose selector is pointed at the stable revision's pods; most routers need it, and it must not be canaryService.",
  steps:
    "What is done, in this order, to bring a new revision out; without steps a canary is a rolling update. A first deployment skips them.",
  trafficRouting:
    "Which routers divide the requests; without it the canary's part of the requests is its part of the pods.",
  maxSurge:
    "How many pods more than spec.replicas a canary without a router may have: a number, or a percentage, rounded up; not 0 together with maxUnavailable. Default: 25%.",
  maxUnavailable:
    "How many pods may be missing while a canary without a router moves, and during restarts: a number, or a percentage of spec.replicas, rounded down. Default: 25%.",
  ...analysisAt(
    "analysis",
    "Runs in the background beside the steps until the update is over; a failure aborts the update, an inconclusive end pauses it.",
  ),
  "analysis.startingStep":
    "Index, counted from 0, of the step at which the background analysis begins. By default it begins with the update.",
  ...antiAffinitySentences,
  ...metadataAt(
    "canaryMetadata",
    "Labels and annotations that pods have only while their revision is the canary; the pod template's hash does not count them.",
    "the canary's pods",
  ),
  ...metadataAt(
    "stableMetadata",
    "Labels and annotations that pods have only while their revision is the stable one.",
    "the stable revision's pods",
  ),
  scaleDownDelaySeconds:
    "Seconds for which the old revision keeps its pods after the promotion; only with trafficRouting, and not with dynamicStableScale. Default: 30.",
  scaleDownDelayRevisionLimit:
    "How many old revisions may keep pods for their delay at once, the youngest first. By default any number.",
  abortScaleDownDelaySeconds:
    "Seconds for which a canary with a router keeps its pods after an abort, from when stable has all requests; with 0 the abort takes none, only its weight of 0 does, unless setCanaryScale sizes it. With dynamicStableScale they go with their traffic unless this is set. Default: 30.",
  dynamicStableScale:
    "True lets the stable revision shrink as requests move to the canary, instead of keeping all pods until the promotion; only with trafficRouting. Default: false.",
  pingPong:
    "Two Services that take turns at being the canary's and the stable one's, in place of canaryService and stableService, so that no Service changes its pods at the promotion; with ALB (and rootService), Istio, the Gateway API and plugins.",
  "pingPong.pingService": "The first of the two Services; it is the canary's in the first update.",
  "pingPong.pongService": "The second of the two Services; it is stable's at first.",
  minPodsPerReplicaSet:
    "How many pods a canary with a router has at least, as soon as it has any; never more than spec.replicas. Default: 0.",
  replicaProgressThreshold:
    "Completes steps and the promotion with fewer available pods than they ask for. By default all are waited for.",
  "replicaProgressThreshold.type": "Percent of the pods that the step asks for, or Pods, a number of them.",
  "replicaProgressThreshold.value": "How many percent or pods must be available.",
};

export const strategySentences: Sentences = {
  ...below("spec.strategy.blueGreen", blueGreenSentences),
  ...below("spec.strategy.canary", canarySentences),
};
