/** The Experiment (docs/behaviour/objects.md#kinds). */
import * as v from "valibot";
import { Argument, DryRun, MeasurementRetention } from "./analysis.ts";
import { Condition, LabelsAndAnnotations, LabelSelector, ObjectMeta, PodTemplateSpec } from "./kube.ts";
import { boolean, few, GoDuration, int32, list, name, notNegative, object, optional, string, Time } from "./scalars.ts";

export const ExperimentTemplate = object({
  name,
  selector: LabelSelector,
  template: PodTemplateSpec,
  ...optional({
    replicas: notNegative,
    minReadySeconds: notNegative,
    service: object(optional({ name })),
  }),
});
export type ExperimentTemplate = v.InferOutput<typeof ExperimentTemplate>;

export const ExperimentAnalysis = object({
  name,
  templateName: name,
  ...optional({
    clusterScope: boolean,
    args: few(Argument),
    requiredForCompletion: boolean,
  }),
});
export type ExperimentAnalysis = v.InferOutput<typeof ExperimentAnalysis>;

export const ExperimentSpec = object({
  templates: few(ExperimentTemplate, 250),
  ...optional({
    duration: GoDuration,
    progressDeadlineSeconds: notNegative,
    terminate: boolean,
    analyses: few(ExperimentAnalysis, 250),
    scaleDownDelaySeconds: notNegative,
    dryRun: few(DryRun),
    measurementRetention: few(MeasurementRetention),
    analysisRunMetadata: LabelsAndAnnotations,
  }),
});
export type ExperimentSpec = v.InferOutput<typeof ExperimentSpec>;

export const ExperimentTemplateStatus = object({
  name: string,
  replicas: int32,
  updatedReplicas: int32,
  readyReplicas: int32,
  availableReplicas: int32,
  ...optional({
    collisionCount: int32,
    status: string,
    message: string,
    lastTransitionTime: Time,
    serviceName: string,
    podTemplateHash: string,
  }),
});
export type ExperimentTemplateStatus = v.InferOutput<typeof ExperimentTemplateStatus>;

export const ExperimentAnalysisRunStatus = object({
  name: string,
  analysisRun: string,
  phase: string,
  ...optional({ message: string }),
});
export type ExperimentAnalysisRunStatus = v.InferOutput<typeof ExperimentAnalysisRunStatus>;

/** Written on the main resource: the kind has no status subresource (docs/behaviour/objects.md#kinds). */
export const ExperimentStatus = object(
  optional({
    phase: string,
    message: string,
    templateStatuses: list(ExperimentTemplateStatus),
    availableAt: Time,
    conditions: list(Condition),
    analysisRuns: list(ExperimentAnalysisRunStatus),
  }),
);
export type ExperimentStatus = v.InferOutput<typeof ExperimentStatus>;

export const Experiment = object({
  metadata: ObjectMeta,
  spec: ExperimentSpec,
  ...optional({
    apiVersion: v.literal("argoproj.io/v1alpha1"),
    kind: v.literal("Experiment"),
    status: ExperimentStatus,
  }),
});
export type Experiment = v.InferOutput<typeof Experiment>;
