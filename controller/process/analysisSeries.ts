/**
 * The metrics of AnalysisRuns: the reference's gauges by name and label, read from the cache while they are printed, and
 * counters whose labels come from fixed lists and namespaces alone, since runs come and go without end.
 */
import { counterFamily, familyHead, histogramFamily, type Labels, sample } from "./exposition.ts";

/** The members of an AnalysisRun that are read. */
export interface ObservedRun {
  readonly metadata: { readonly namespace?: string | undefined; readonly name?: string | undefined };
  readonly spec: {
    readonly metrics?: readonly { readonly name: string; readonly provider: object }[] | null | undefined;
  };
  readonly status?:
    | {
        readonly phase: string;
        readonly metricResults?:
          | readonly { readonly name: string; readonly phase: string; readonly dryRun?: boolean | undefined }[]
          | undefined;
      }
    | undefined;
}

export interface AnalysisSeries {
  reconciled(key: string, durationMs: number, failed: boolean): void;
  measured(provider: string, phase: string): void;
  render(): Generator<string>;
}

const PHASES = ["Pending", "Error", "Failed", "Successful", "Running", "Inconclusive"];
const RECONCILE_BOUNDS = [0.01, 0.15, 0.25, 0.5, 1];
/** Of one run; nobody looks at more, and a run may have 500. */
const MOST_METRICS = 20;

/** Names of providers in the reference's metrics, where they differ from those of the API. */
const TYPES: Readonly<Record<string, string>> = {
  prometheus: "Prometheus",
  job: "Job",
  kayenta: "Kayenta",
  web: "Web",
  datadog: "Datadog",
  wavefront: "Wavefront",
  newRelic: "NewRelic",
  cloudWatch: "CloudWatch",
  graphite: "Graphite",
  influxdb: "Influxdb",
  plugin: "RPCPlugin",
};

export function analysisSeries(runs: () => Iterable<ObservedRun>): AnalysisSeries {
  const reconcile = histogramFamily(
    "analysis_run_reconcile",
    "Length of passes over AnalysisRuns in seconds.",
    ["namespace"],
    RECONCILE_BOUNDS,
  );
  const errors = counterFamily("analysis_run_reconcile_error", "Passes over AnalysisRuns that failed.", ["namespace"]);
  const measurements = counterFamily("sluice_measurements_total", "Measurements of analyses.", ["provider", "phase"]);
  return {
    reconciled(key, durationMs, failed) {
      const namespace = key.slice(0, Math.max(0, key.indexOf("/")));
      reconcile.observe([namespace], durationMs / 1_000);
      if (failed) errors.add([namespace]);
    },
    measured: (provider, phase) => measurements.add([typeOf(provider), phase]),
    *render() {
      yield* gauges(runs);
      yield* reconcile.render();
      yield* errors.render();
      yield* measurements.render();
    },
  };
}

const typeOf = (provider: string): string => TYPES[provider] ?? provider;

const phaseOf = ({ status }: ObservedRun): string => status?.phase ?? "";

function* gauges(runs: () => Iterable<ObservedRun>): Generator<string> {
  yield familyHead("analysis_run_info", "gauge", "An AnalysisRun, with its phase.");
  for (const run of runs()) yield sample("analysis_run_info", [...identity(run), ["phase", phaseOf(run)]], 1);
  yield familyHead("analysis_run_phase", "gauge", "Deprecated: use analysis_run_info.");
  for (const run of runs()) yield* phases("analysis_run_phase", identity(run), phaseOf(run));
  yield familyHead("analysis_run_metric_type", "gauge", "Where a metric of an AnalysisRun is measured.");
  for (const [labels] of metricsOf(runs())) yield sample("analysis_run_metric_type", labels, 1);
  yield familyHead("analysis_run_metric_phase", "gauge", "A metric of an AnalysisRun, with its phase.");
  for (const [labels, { phase, dryRun }] of metricsOf(runs()))
    yield* phases("analysis_run_metric_phase", [...labels, ["dry_run", String(dryRun)]], phase);
}

function* phases(name: string, labels: Labels, current: string): Generator<string> {
  const known = current === "" ? "Pending" : current;
  for (const phase of PHASES) yield sample(name, [...labels, ["phase", phase]], phase === known ? 1 : 0);
}

interface MetricState {
  readonly phase: string;
  readonly dryRun: boolean;
}

function* metricsOf(runs: Iterable<ObservedRun>): Generator<readonly [labels: Labels, state: MetricState]> {
  for (const run of runs) {
    for (const { name, provider } of (run.spec.metrics ?? []).slice(0, MOST_METRICS)) {
      const result = run.status?.metricResults?.find((each) => each.name === name);
      const type = typeOf(Object.keys(provider)[0] ?? "");
      const labels: Labels = [...identity(run), ["metric", name], ["type", type]];
      yield [labels, { phase: result?.phase ?? "", dryRun: result?.dryRun === true }];
    }
  }
}

function identity({ metadata }: ObservedRun): Labels {
  return [
    ["namespace", metadata.namespace ?? ""],
    ["name", metadata.name ?? ""],
  ];
}
