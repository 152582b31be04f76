/** What the AnalysisRuns and Experiments of a simulated update came to: they are told of as they change. */
import { isCompleted } from "../../controller/analysis/decide/phase.ts";
import type { AnalysisRun } from "../../schema/analysis.ts";
import type { ApiCore, ApiObject } from "../model/model.ts";
import { ASSUMED } from "./simulatedMetrics.ts";

export interface Measured {
  /** ms since the update began. */
  readonly atMs: number;
  readonly phase: string;
  readonly value?: string;
  readonly message?: string;
}

export interface MetricOutcome {
  readonly name: string;
  readonly phase: string;
  readonly message?: string;
  /** Those that the run keeps. */
  readonly measurements: readonly Measured[];
}

export interface Analysis {
  readonly name: string;
  readonly kind: "AnalysisRun" | "Experiment";
  readonly phase: string;
  readonly message?: string;
  /** ms since the update began. */
  readonly fromMs: number;
  /** Undefined: it was not over. */
  readonly toMs: number | undefined;
  readonly metrics: readonly MetricOutcome[];
}

export interface Analyses {
  /** In the order in which they began. */
  readonly all: () => readonly Analysis[];
  /** Metrics that were measured without a word of the scenario. */
  readonly assumed: () => readonly string[];
  stop(): void;
}

/** @param ended called once for each that is over */
export function followAnalyses(core: ApiCore, beganMs: number, ended: (analysis: Analysis) => void): Analyses {
  const known = new Map<string, Analysis>();
  const assumed = new Set<string>();
  const stop = core.onChange(({ resource, object, type }) => {
    const kind =
      resource === "analysisruns.argoproj.io"
        ? "AnalysisRun"
        : resource === "experiments.argoproj.io"
          ? "Experiment"
          : undefined;
    if (kind === undefined || type === "DELETED") return;
    const before = known.get(object.metadata.uid);
    const now = analysisOf(kind, object, beganMs, before, core.clock.now() - beganMs);
    known.set(object.metadata.uid, now);
    for (const { name, measurements } of now.metrics)
      if (measurements.some(({ message }) => message === ASSUMED)) assumed.add(name);
    if (isCompleted(now.phase) && before?.phase !== now.phase) ended(now);
  });
  return { all: () => [...known.values()], assumed: () => [...assumed], stop };
}

type Metrics = NonNullable<NonNullable<AnalysisRun["status"]>["metricResults"]>;

function analysisOf(
  kind: Analysis["kind"],
  { metadata, status }: ApiObject,
  beganMs: number,
  before: Analysis | undefined,
  nowMs: number,
): Analysis {
  const {
    phase = "",
    message,
    metricResults = [],
  } = (status ?? {}) as {
    readonly phase?: string;
    readonly message?: string;
    readonly metricResults?: Metrics;
  };
  return {
    name: metadata.name,
    kind,
    phase,
    ...(message !== undefined && message !== "" && { message }),
    fromMs: before?.fromMs ?? nowMs,
    toMs: before?.toMs ?? (isCompleted(phase) ? nowMs : undefined),
    metrics: metricResults.map((result) => ({
      name: result.name,
      phase: result.phase,
      ...(result.message !== undefined && result.message !== "" && { message: result.message }),
      measurements: (result.measurements ?? []).map((one) => ({
        atMs: Math.max(0, Date.parse(one.startedAt ?? "") - beganMs) || 0,
        phase: one.phase,
        ...(one.value !== undefined && one.value !== "" && { value: one.value }),
        ...(one.message !== undefined && one.message !== "" && { message: one.message }),
      })),
    })),
  };
}
