/** A sentence for each field of an Experiment. */
import {
  argumentSentences,
  conditionSentences,
  dryRunSentences,
  podTemplateSentences,
  retentionSentences,
  runMetadataSentences,
  selectorSentences,
} from "./sharedSentences.ts";
import { below, type Sentences } from "./sentences.ts";

const templateSentences: Sentences = {
  name: "Name of the template; its ReplicaSet is EXPERIMENT-NAME.",
  selector: "Which pods are the template's; it must select its own pods, and no others.",
  ...below("selector", selectorSentences),
  template: "The pods to run, as in a Deployment.",
  ...below("template", podTemplateSentences),
  replicas: "How many pods the template has. Default: 1.",
  minReadySeconds:
    "Seconds for which a pod must have been ready to count as available; less than progressDeadlineSeconds. Default: 0.",
  service: "Makes a Service for all ports of the template's containers, while its pods are available.",
  "service.name": "Name of that Service; one that is somebody else's is an error. By default that of the ReplicaSet.",
};

const analysisSentences: Sentences = {
  name: "Name of the analysis; its AnalysisRun is EXPERIMENT-NAME.",
  templateName:
    "The AnalysisTemplate, or ClusterAnalysisTemplate, that it is made of; one that is missing is waited for.",
  clusterScope: "True takes a ClusterAnalysisTemplate. Default: false.",
  args: "Values for the template's arguments; {{templates.NAME.podTemplateHash}}, {{templates.NAME.replicaset.name}}, {{experiment.availableAt}} and {{experiment.finishedAt}} may stand in them.",
  ...argumentSentences,
  "args.value":
    "The value, in which tags of the Experiment are replaced; it goes before a value of the template, but not before a Secret that it names.",
  "args.name": "The argument of the template that gets the value.",
  "args.valueFrom":
    "Has no effect in an Experiment, which passes on literal values alone; let the template read a Secret.",
  "args.valueFrom.secretKeyRef": "Has no effect in an Experiment; write it in the template's own argument.",
  "args.valueFrom.secretKeyRef.name": "Has no effect in an Experiment; write it in the template's own argument.",
  "args.valueFrom.secretKeyRef.key": "Has no effect in an Experiment; write it in the template's own argument.",
  "args.valueFrom.fieldRef":
    "Has no effect in an Experiment; a Rollout's step of the kind experiment can read the Rollout.",
  "args.valueFrom.fieldRef.fieldPath":
    "Has no effect in an Experiment; a Rollout's step of the kind experiment can read the Rollout.",
  requiredForCompletion:
    "True lets the Experiment end as Successful when this analysis, with all others that are required, has succeeded, and not before. Default: false.",
};

const templateStatusSentences: Sentences = {
  name: "Name of the entry of spec.templates.",
  replicas: "How many pods it has.",
  updatedReplicas: "How many pods of the present template it has.",
  readyReplicas: "How many of its pods are ready.",
  availableReplicas: "How many of its pods have been ready for minReadySeconds.",
  collisionCount: "How often the name of its ReplicaSet was taken by another object.",
  status: "Progressing, Running, Successful, Failed or Error.",
  message: "Why it is Failed or Error.",
  lastTransitionTime: "When its status or its counts last changed; progressDeadlineSeconds count from here.",
  serviceName: "The Service that was made for its pods.",
  podTemplateHash: "Hash of its pod template, which its pods have as a label.",
};

export const experimentSentences: Sentences = {
  spec: "Which pods run side by side, for how long, and what judges them.",
  ...below("spec", {
    templates: "The pods to run side by side, a ReplicaSet for each entry.",
    ...below("templates", templateSentences),
    duration:
      "How long the Experiment runs once all pods are available, such as 90s or 1h. By default until its required analyses have succeeded, or terminate.",
    progressDeadlineSeconds:
      "A template that lacks pods for so many seconds without progress is Failed, and the Experiment with it. Default: 600.",
    terminate: "True ends the Experiment; its pods go after scaleDownDelaySeconds. Default: false.",
    analyses: "AnalysisRuns that judge the pods; they begin once all templates are available.",
    ...below("analyses", analysisSentences),
    scaleDownDelaySeconds: "Seconds for which its pods go on after its end. Default: 30.",
    ...dryRunSentences,
    ...retentionSentences,
    ...runMetadataSentences,
    "analysisRunMetadata.labels": "Labels of the AnalysisRuns.",
  }),
  status: "What has become of the Experiment; the controller writes it.",
  ...below("status", {
    phase: "Pending, Running, Successful, Failed, Error or Inconclusive.",
    message: "Why the phase is what it is, or what is waited for.",
    templateStatuses: "The pods of each template, and how they do.",
    ...below("templateStatuses", templateStatusSentences),
    availableAt: "When all templates were available for the first time; duration counts from here.",
    conditions: "What holds of the Experiment, each with a reason.",
    "conditions.type": "Progressing, or InvalidSpec where the spec has to be mended first.",
    ...conditionSentences,
    analysisRuns: "The AnalysisRun of each analysis that has begun.",
    "analysisRuns.name": "Name of the entry of spec.analyses.",
    "analysisRuns.analysisRun": "Name of the AnalysisRun that was made for it, in the same namespace.",
    "analysisRuns.phase": "Phase of its AnalysisRun; one that is Failed, Error or Inconclusive ends the Experiment so.",
    "analysisRuns.message": "What the AnalysisRun says of its end.",
  }),
};
