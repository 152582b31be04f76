/** Workloads, and what scales and protects their pods, as `kubectl get` shows them. */
import { humanDuration } from "../../../kube/object/humanDuration.ts";
import type { ApiObject } from "../../model/model.ts";
import { ageColumn, column, type Column, integer, nameColumn, wide } from "./column.ts";
import { at, conditionStatus, countAt, listAt, scalarAt, textAt } from "./readFields.ts";
import { listText, orNone, selectorText } from "./text.ts";

const containerColumns: readonly Column[] = [
  column("Containers", (object) => containersText(object, "name"), wide),
  column("Images", (object) => containersText(object, "image"), wide),
];

const containersText = (object: ApiObject, field: string): string =>
  listAt(object, "spec", "template", "spec", "containers")
    .map((container) => textAt(container, field))
    .join(",");

const selectorColumn = column("Selector", ({ spec }) => orNone(selectorText(at(spec, "selector"))), wide);

export const deploymentColumns: readonly Column[] = [
  nameColumn,
  column("Ready", ({ spec, status }) => `${countAt(status, "readyReplicas")}/${countAt(spec, "replicas")}`),
  column("Up-to-date", ({ status }) => countAt(status, "updatedReplicas")),
  column("Available", ({ status }) => countAt(status, "availableReplicas")),
  ageColumn,
  ...containerColumns,
  column("Selector", ({ spec }) => selectorText(at(spec, "selector")), wide),
];

export const replicaSetColumns: readonly Column[] = [
  nameColumn,
  column("Desired", ({ spec }) => countAt(spec, "replicas"), integer),
  column("Current", ({ status }) => countAt(status, "replicas"), integer),
  column("Ready", ({ status }) => countAt(status, "readyReplicas"), integer),
  ageColumn,
  ...containerColumns,
  selectorColumn,
];

/** The first of these that holds. */
function jobStatus(job: ApiObject): string {
  const is = (type: string): boolean => conditionStatus(job, type) === "True";
  if (is("Complete")) return "Complete";
  if (is("Failed")) return "Failed";
  if (job.metadata.deletionTimestamp !== undefined) return "Terminating";
  return ["Suspended", "FailureTarget", "SuccessCriteriaMet"].find(is) ?? "Running";
}

function completions({ spec, status }: ApiObject): string {
  const done = countAt(status, "succeeded");
  const wanted = scalarAt(spec, "completions");
  if (wanted !== undefined) return `${done}/${wanted}`;
  const parallelism = countAt(spec, "parallelism");
  return parallelism > 1 ? `${done}/1 of ${parallelism}` : `${done}/1`;
}

function jobDuration({ status }: ApiObject, nowMs: number): string {
  const start = Date.parse(textAt(status, "startTime"));
  if (Number.isNaN(start)) return "";
  const end = Date.parse(textAt(status, "completionTime"));
  return humanDuration((Number.isNaN(end) ? nowMs : end) - start);
}

export const jobColumns: readonly Column[] = [
  nameColumn,
  column("Status", jobStatus),
  column("Completions", completions),
  column("Duration", jobDuration),
  ageColumn,
  ...containerColumns,
  selectorColumn,
];

export const disruptionBudgetColumns: readonly Column[] = [
  nameColumn,
  column("Min Available", ({ spec }) => scalarAt(spec, "minAvailable") ?? "N/A"),
  column("Max Unavailable", ({ spec }) => scalarAt(spec, "maxUnavailable") ?? "N/A"),
  column("Allowed Disruptions", ({ status }) => countAt(status, "disruptionsAllowed"), integer),
  ageColumn,
];

/** "cpu: 12%/80%", "42/100 (avg)". */
function metricText(spec: unknown, status: unknown): string {
  const type = textAt(spec, "type");
  const field = `${type.slice(0, 1).toLowerCase()}${type.slice(1)}`;
  const target = at(spec, field, "target");
  const current = at(status, field, "current");
  const average = scalarAt(target, "averageValue");
  const now = (name: string): string => scalarAt(current, name) ?? "<unknown>";
  if (type === "Resource" || type === "ContainerResource") {
    const name = textAt(spec, field, "name");
    if (average !== undefined) return `${name}: ${now("averageValue")}/${average}`;
    const percent = (of: unknown): string | undefined => {
      const share = scalarAt(of, "averageUtilization");
      return share === undefined ? undefined : `${share}%`;
    };
    return `${name}: ${percent(current) ?? "<unknown>"}/${percent(target) ?? "<auto>"}`;
  }
  if (type === "Pods") return `${now("averageValue")}/${average ?? ""}`;
  if (type !== "Object" && type !== "External") return "<unknown type>";
  return average === undefined
    ? `${now("value")}/${scalarAt(target, "value") ?? ""}`
    : `${now("averageValue")}/${average} (avg)`;
}

const metricsShown = 2;

export const autoscalerColumns: readonly Column[] = [
  nameColumn,
  column(
    "Reference",
    ({ spec }) => `${textAt(spec, "scaleTargetRef", "kind")}/${textAt(spec, "scaleTargetRef", "name")}`,
  ),
  column("Targets", ({ spec, status }) =>
    listText(
      listAt(spec, "metrics").map((metric, index) => metricText(metric, at(status, "currentMetrics", index))),
      metricsShown,
      ", ",
    ),
  ),
  column("MinPods", ({ spec }) => scalarAt(spec, "minReplicas") ?? "<unset>"),
  column("MaxPods", ({ spec }) => countAt(spec, "maxReplicas")),
  column("Replicas", ({ status }) => countAt(status, "currentReplicas")),
  ageColumn,
];

export const scaleColumns: readonly Column[] = [
  column("Name", ({ metadata }) => metadata.name),
  column("Desired", ({ spec }) => countAt(spec, "replicas"), integer),
  column("Available", ({ status }) => countAt(status, "replicas"), integer),
  ageColumn,
];
