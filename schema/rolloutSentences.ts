/** A sentence for each field of a Rollout's spec, but for strategies, which have tables of their own. */
import { podTemplateSentences, selectorSentences } from "./sharedSentences.ts";
import { below, type Sentences } from "./sentences.ts";

export const rolloutSentences: Sentences = {
  spec: "What is to run, and how a new revision of it is brought out.",
  "spec.replicas":
    "How many pods serve when no update is under way; autoscalers write it. With workloadRef it is taken from the workload where absent. Default: 1.",
  "spec.selector":
    "Which pods are the Rollout's; it must select the labels of the template, and cannot be changed. Not needed with workloadRef.",
  ...below("spec.selector", selectorSentences),
  "spec.template":
    "The pods to run, as in a Deployment; each change makes a new revision, which the strategy brings out.",
  ...below("spec.template", podTemplateSentences),
  "spec.workloadRef":
    "Takes the pod template, and the selector if there is none here, from another object instead of spec.template.",
  "spec.workloadRef.apiVersion": "API version of the workload: apps/v1, or v1 for a PodTemplate.",
  "spec.workloadRef.kind":
    "Deployment, ReplicaSet or PodTemplate, which has no selector: the Rollout needs its own then.",
  "spec.workloadRef.name":
    "The workload, in the namespace of the Rollout; while it is missing the Rollout waits for it.",
  "spec.workloadRef.scaleDown":
    "What happens to the Deployment's own pods: never leaves them, onsuccess takes them once the Rollout is Healthy, progressively as the Rollout's become available. Default: never.",
  "spec.minReadySeconds":
    "Seconds for which a pod must have been ready to count as available; less than progressDeadlineSeconds. Default: 0.",
  "spec.rollbackWindow": "Lets a rollback to a recent revision skip steps, pauses and analyses.",
  "spec.rollbackWindow.revisions":
    "A rollback is fast where fewer ReplicaSets than this were created between its own and the stable one.",
  "spec.strategy": "How a new revision replaces the stable one: canary or blueGreen, exactly one of the two.",
  "spec.revisionHistoryLimit":
    "How many old ReplicaSets without pods are kept to go back to; the oldest are deleted first. Default: 10.",
  "spec.paused":
    "True holds steps, moves of pods and the promotion until it is false again; new sizes are followed, and an abort goes back all the same. Default: false.",
  "spec.progressDeadlineSeconds":
    "After so many seconds without progress the Rollout is Degraded; pauses and an abort do not count. More than minReadySeconds. Default: 600.",
  "spec.progressDeadlineAbort":
    "True also aborts the update when progressDeadlineSeconds have passed; otherwise it goes on trying. Default: false.",
  "spec.restartAt":
    "Pods that were created before this time are evicted and replaced, a few at a time, without a new revision; a time to come is waited for.",
  "spec.analysis": "How many AnalysisRuns and Experiments that are over are kept.",
  "spec.analysis.successfulRunHistoryLimit": "How many Successful ones are kept, the youngest. Default: 5.",
  "spec.analysis.unsuccessfulRunHistoryLimit":
    "How many that ended as Failed, Error or Inconclusive are kept, the youngest. Default: 5.",
};
