/** Sentences for shapes that stand in several places of the five kinds. */
import { below, type Sentences } from "./sentences.ts";

/** Below a label selector. */
export const selectorSentences: Sentences = {
  matchLabels: "Labels that a pod must have, each with exactly this value.",
  matchExpressions: "Further requirements on labels; all of them must hold, those of matchLabels too.",
  "matchExpressions.key": "The label that is looked at.",
  "matchExpressions.operator": "How the label is compared: In, NotIn, Exists or DoesNotExist.",
  "matchExpressions.values": "What the label is compared with: at least one for In and NotIn, none for the others.",
};

/** @param whose in a sentence: "the canary's pods" */
export const metadataSentences = (whose: string): Sentences => ({
  labels: `Labels that ${whose} get.`,
  annotations: `Annotations that ${whose} get.`,
});

/** A pod template, to its top. */
export const podTemplateSentences: Sentences = {
  metadata: "Labels and annotations of the pods; other metadata is dropped, since it would change the revision's hash.",
  "metadata.labels": "Labels of the pods; the selector has to select them.",
  "metadata.annotations": "Annotations of the pods; another value makes another revision.",
  spec: "The pod spec as in a Deployment, restartPolicy Always; fields of newer versions of Kubernetes are kept.",
};

/** Below one match of a header, a path or a method. */
const stringMatchSentences: Sentences = {
  exact: "The whole value, to the letter.",
  prefix: "What the value begins with; ALB cannot do that.",
  regex: "A regular expression in the router's own language; ALB cannot do that.",
};

export const matchAt = (place: string, sentence: string): Sentences =>
  below(place, { "": sentence, ...stringMatchSentences });

/** An argument that a Rollout gives to an analysis. */
export const rolloutArgumentSentences: Sentences = {
  "args.name": "The argument of the templates that gets the value; one that no template declares is left out.",
  "args.value":
    "The value as it is; it goes before a value of the templates, but not before a Secret that one of them names.",
  "args.valueFrom": "Takes the value from the Rollout instead, at the moment at which the run is made.",
  "args.valueFrom.podTemplateHashValue":
    "The pod template hash of a revision: Latest for the new one, Stable for the stable one.",
  "args.valueFrom.fieldRef": "Takes the value of a field of the Rollout.",
  "args.valueFrom.fieldRef.fieldPath":
    "The field: metadata.name, .namespace, .uid, metadata.labels['KEY'], metadata.annotations['KEY'], or any text, number or boolean of the spec; a label that is missing is empty text, another field that is missing makes no run.",
};

/** An argument of a template, a run or an Experiment's analysis. */
export const argumentSentences: Sentences = {
  "args.name": "The name by which metrics use it: {{args.NAME}} in any text of a metric.",
  "args.value": "The value; in a template it is a default, which the Rollout or Experiment may replace.",
  "args.valueFrom": "Where the value comes from instead.",
  "args.valueFrom.secretKeyRef":
    "A key of a Secret in the namespace of the run, read at each measurement and never shown in status, events or logs.",
  "args.valueFrom.secretKeyRef.name": "The Secret; a run whose Secret is missing ends with Error.",
  "args.valueFrom.secretKeyRef.key": "The key in the Secret that holds the value.",
  "args.valueFrom.fieldRef":
    "Has no effect here: only arguments in a Rollout's own analysis may come from fields of the Rollout.",
  "args.valueFrom.fieldRef.fieldPath": "Has no effect here; write it in the argument of the Rollout instead.",
};

export const dryRunSentences: Sentences = {
  dryRun: "Metrics that are measured and judged like the others, and decide nothing.",
  "dryRun.metricName":
    "Regular expression (RE2) that may match anywhere in a metric's name; .* is all of them, and one that matches no metric ends the run with Error.",
};

export const retentionSentences: Sentences = {
  measurementRetention: "How many measurements of a metric the status keeps, where ten are too many or too few.",
  "measurementRetention.metricName":
    "Regular expression (RE2) that may match anywhere in a metric's name; the last entry that matches counts.",
  "measurementRetention.limit":
    "How many of the latest measurements are kept; the Jobs of those that are dropped are deleted with them.",
};

export const runMetadataSentences: Sentences = {
  analysisRunMetadata: "Labels and annotations of the AnalysisRuns that are made from this.",
  ...below("analysisRunMetadata", {
    labels: "Labels of the AnalysisRuns; those by which the Rollout selects its pods go before them.",
    annotations: "Annotations of the AnalysisRuns; sluice.dev/no-data and its like replace those of the templates.",
  }),
};

/** Which templates make a run, in a Rollout or in a template. */
export const templateRefSentences: Sentences = {
  "templates.templateName": "Name of an AnalysisTemplate in the namespace, or of a ClusterAnalysisTemplate.",
  "templates.clusterScope": "True takes a ClusterAnalysisTemplate of that name. Default: false.",
};

export const conditionSentences: Sentences = {
  "conditions.status": "True, False or Unknown.",
  "conditions.reason": "One word for programs; docs/reasons.md says what each means.",
  "conditions.message": "The reason in words, for people.",
  "conditions.lastUpdateTime": "When status or reason were last written.",
  "conditions.lastTransitionTime": "When the status last became another one.",
};
