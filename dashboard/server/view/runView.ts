/** An AnalysisRun as pages show it. Pure. */
import { runStanding } from "../../../controller/analysis/explain/standing.ts";
import type { MetricStanding } from "../../../controller/rollout/explain/evidence.ts";
import { explainRun } from "../../../controller/rollout/explain/explainRun.ts";
import type { AnalysisRunInfo } from "../../../controller/view/info.ts";
import { isObject } from "../../../kube/object/json.ts";
import { controllerOf } from "../../../kube/object/ownerReference.ts";
import { timestamp } from "../../../kube/object/time.ts";
import type { AnalysisRun, Measurement, Metric, MetricResult } from "../../../schema/analysis.ts";
import { ROLLOUT_TYPE, STEP_INDEX } from "../../../schema/labels.ts";
import type { May, MeasurementView, MetricView, RunView } from "../../model.ts";
import { conditionLines, numbersIn } from "./conditionLines.ts";

/** `Rollout/web`; "": nobody's. */
export const ownerText = (object: Parameters<typeof controllerOf>[0]): string => {
  const owner = controllerOf(object);
  return owner === undefined ? "" : `${owner.kind}/${owner.name}`;
};

const ROLES: Readonly<Record<string, string>> = {
  Background: "background",
  PrePromotion: "pre-promotion",
  PostPromotion: "post-promotion",
};

/** `step 2`, counted from 1 as people do. */
export function roleOf({ metadata: { labels = {} } }: AnalysisRun): string {
  const type = labels[ROLLOUT_TYPE] ?? "";
  if (type !== "Step") return ROLES[type] ?? "";
  const index = labels[STEP_INDEX];
  return index === undefined || !/^\d+$/.test(index) ? "step" : `step ${Number(index) + 1}`;
}

/** Of a run that takes no argument from a Secret the value, of others only where it comes from. */
const argsOf = ({ spec }: AnalysisRun): RunView["args"] =>
  (spec.args ?? []).map(({ name, value, valueFrom }) => ({
    name,
    value: valueFrom?.secretKeyRef !== undefined ? "from a Secret" : (value ?? ""),
  }));

export function runView(run: AnalysisRun, info: AnalysisRunInfo, now: number, may: May = {}): RunView {
  const standing = runStanding(run);
  const { namespace, name } = run.metadata;
  const explanation = explainRun(standing, namespace, now);
  const results = new Map((run.status?.metricResults ?? []).map((result) => [result.name, result]));
  const specs = new Map((run.spec.metrics ?? []).map((metric) => [metric.name, metric]));
  const { specAndStatus: _, ...shown } = info;
  return {
    namespace,
    name,
    revision: info.revision,
    phase: info.status,
    icon: info.icon,
    message: run.status?.message ?? "",
    role: roleOf(run),
    owner: ownerText(run),
    startedAt: run.status?.startedAt ?? "",
    completedAt: run.status?.completedAt ?? "",
    args: argsOf(run),
    metrics: standing.metrics.map((metric) => metricView(metric, specs.get(metric.name), results.get(metric.name))),
    sentence: explanation.sentence,
    explanation,
    info: shown,
    may,
  };
}

function metricView(metric: MetricStanding, spec: Metric | undefined, result: MetricResult | undefined): MetricView {
  const { successCondition = "", failureCondition = "" } = metric;
  const [provider, settings] = Object.entries(spec?.provider ?? {})[0] ?? ["", undefined];
  return {
    name: metric.name,
    provider,
    query: queryOf(settings),
    phase: metric.phase,
    dryRun: metric.dryRun,
    message: result?.message ?? "",
    successCondition,
    failureCondition,
    lines: [...conditionLines("success", successCondition), ...conditionLines("failure", failureCondition)],
    interval: spec?.interval ?? "",
    ...(metric.count === undefined ? {} : { count: metric.count }),
    taken: metric.taken,
    successful: result?.successful ?? 0,
    failed: metric.failed,
    failureLimit: metric.failureLimit,
    inconclusive: metric.inconclusive,
    inconclusiveLimit: metric.inconclusiveLimit,
    errors: result?.error ?? 0,
    consecutiveErrors: metric.errors,
    errorLimit: metric.errorLimit,
    ...(metric.nextAt === undefined ? {} : { nextAt: timestamp(metric.nextAt) }),
    measurements: (result?.measurements ?? []).map(measurementView),
  };
}

/** As the template wrote it: arguments in it are names, so that no value of a Secret is among them. */
function queryOf(settings: unknown): string {
  if (!isObject(settings)) return "";
  const { query, url } = settings;
  return typeof query === "string" ? query : typeof url === "string" ? url : "";
}

const measurementView = (measurement: Measurement): MeasurementView => {
  const { startedAt = "", finishedAt = "", phase, value = "", message = "", metadata = {} } = measurement;
  return { startedAt, finishedAt, phase, value, numbers: numbersIn(value), message, metadata };
};
