/**
 * The metrics of AnalysisRuns: the reference's gauges by name and label, read from the cache while they are printed, and
 * counters whose labels come from fixed lists and namespaces alone, since runs come and go without end.
 */
import { at, items, keys, root, text } from "../../kube/validation/place.ts";
import { counterFamily, familyHead, histogramFamily, type Labels, sample } from "./exposition.ts";
import { identityOf, passSeries, phaseGauges, phaseSamples } from "./phaseSeries.ts";

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
  /** A request of a measurement has waited for its turn. */
  waited(ms: number): void;
  render(): Generator<string>;
}

/** The members of an analysis template that are read; of the cluster's the namespace is empty. */
export interface ObservedTemplate {
  readonly metadata: { readonly namespace?: string | undefined; readonly name?: string | undefined };
  readonly spec: unknown;
}

/** Of one run or template; nobody looks at more, and a run may have 500. */
export const MOST_METRICS = 20;

const WAIT_BOUNDS = [0.1, 1, 5, 10, 30, 60, 300];

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

export function analysisSeries(
  runs: () => Iterable<ObservedRun>,
  templates: () => Iterable<ObservedTemplate>,
): AnalysisSeries {
  const passes = passSeries("analysis_run", "AnalysisRuns");
  const measurements = counterFamily("sluice_measurements_total", "Measurements of analyses.", ["provider", "phase"]);
  const waits = histogramFamily(
    "sluice_measurement_wait_seconds",
    "How long requests of measurements waited for others of their namespace.",
    [],
    WAIT_BOUNDS,
  );
  return {
    reconciled: passes.reconciled,
    measured: (provider, phase) => measurements.add([typeOf(provider), phase]),
    waited: (ms) => waits.observe([], ms / 1_000),
    *render() {
      yield* gauges(runs);
      yield* templateGauges(templates);
      yield* passes.render();
      yield* measurements.render();
      yield* waits.render();
    },
  };
}

const typeOf = (provider: string): string => TYPES[provider] ?? provider;

function* gauges(runs: () => Iterable<ObservedRun>): Generator<string> {
  yield* phaseGauges("analysis_run", "An AnalysisRun", runs);
  yield familyHead("analysis_run_metric_type", "gauge", "Where a metric of an AnalysisRun is measured.");
  for (const [labels] of metricsOf(runs())) yield sample("analysis_run_metric_type", labels, 1);
  yield familyHead("analysis_run_metric_phase", "gauge", "A metric of an AnalysisRun, with its phase.");
  for (const [labels, { phase, dryRun }] of metricsOf(runs()))
    yield* phaseSamples("analysis_run_metric_phase", [...labels, ["dry_run", String(dryRun)]], phase);
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
      const labels: Labels = [...identityOf(run), ["metric", name], ["type", type]];
      yield [labels, { phase: result?.phase ?? "", dryRun: result?.dryRun === true }];
    }
  }
}

function* templateGauges(templates: () => Iterable<ObservedTemplate>): Generator<string> {
  yield familyHead("analysis_template_info", "gauge", "An analysis template that is held.");
  for (const template of templates()) yield sample("analysis_template_info", identityOf(template), 1);
  yield familyHead(
    "analysis_template_metric_info",
    "gauge",
    "A metric of an analysis template, and where it is measured.",
  );
  for (const template of templates()) {
    for (const metric of items(at(root(template.spec), "metrics")).slice(0, MOST_METRICS)) {
      const type = typeOf(keys(at(metric, "provider"))[0] ?? "");
      const labels: Labels = [...identityOf(template), ["type", type], ["metric", text(at(metric, "name"))]];
      yield sample("analysis_template_metric_info", labels, 1);
    }
  }
}
