/** The Job of a measurement (docs/behaviour/providers.md#job). */
import { isObject, type Json } from "../../kube/object/json.ts";
import type { JobMetric } from "../../schema/analysis.ts";
import { ANALYSIS_RUN_KIND } from "../../schema/kinds.ts";
import type { Asking } from "./provider.ts";

export const RUN_UID = "analysisrun.argoproj.io/uid";
export const METRIC_NAME = "analysisrun.argoproj.io/metric-name";
const RUN_NAME = "analysisrun.argoproj.io/name";
const RUN_NAMESPACE = "analysisrun.argoproj.io/namespace";

/** The Job controller puts the name into a label of the pods. */
const LONGEST_NAME = 63;

/** `<uid of the run>.<metric>.<number of the measurement>`; a long name of a metric is cut. */
export function jobName({ run, metric, measured = 0 }: Asking): string {
  const end = `.${measured + 1}`;
  const room = LONGEST_NAME - run.uid.length - 1 - end.length;
  const part = metric.length <= room ? metric : metric.slice(0, Math.max(0, room)).replace(/[-.]+$/, "");
  return `${run.uid}.${part}${end}`;
}

/** Where Jobs of analyses run: beside their runs, or all in one namespace. */
export const jobNamespace = ({ run, environment }: Asking): string =>
  environment("ARGO_ROLLOUTS_ANALYSIS_JOB_NAMESPACE") || run.namespace;

/** Deleted with its run, where it is in the same namespace. */
export function jobOf({ spec, metadata = {} }: JobMetric, asking: Asking): object {
  const { run, metric } = asking;
  const namespace = jobNamespace(asking);
  const owner = {
    ...ANALYSIS_RUN_KIND,
    name: run.name,
    uid: run.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
  const template = spec.template as Json;
  const podMetadata = isObject(template["metadata"]) ? template["metadata"] : {};
  const podLabels = isObject(podMetadata["labels"]) ? podMetadata["labels"] : {};
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: jobName(asking),
      namespace,
      labels: { ...metadata.labels, [RUN_UID]: run.uid },
      annotations: {
        ...metadata.annotations,
        [RUN_NAME]: run.name,
        [RUN_NAMESPACE]: run.namespace,
        [METRIC_NAME]: metric,
      },
      ...(namespace === run.namespace ? { ownerReferences: [owner] } : {}),
    },
    spec: {
      ...spec,
      template: { ...template, metadata: { ...podMetadata, labels: { ...podLabels, [RUN_UID]: run.uid } } },
    },
  };
}
