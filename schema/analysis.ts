/** AnalysisTemplate, ClusterAnalysisTemplate and AnalysisRun (docs/behaviour/objects.md#kinds). */
import * as v from "valibot";
import { JobSpec } from "./jobSpec.ts";
import { LabelsAndAnnotations, ObjectMeta } from "./kube.ts";
import {
  Amount,
  boolean,
  few,
  fewNamed,
  GoDuration,
  int32,
  int64,
  line,
  list,
  map,
  marked,
  name,
  notNegative,
  object,
  opaque,
  optional,
  passage,
  string,
  Time,
  within,
} from "./scalars.ts";

/** A template to use, or to include in another one. */
export const AnalysisTemplateRef = object(
  optional({
    templateName: name,
    clusterScope: boolean,
  }),
);
export type AnalysisTemplateRef = v.InferOutput<typeof AnalysisTemplateRef>;

export const FieldRef = object({ fieldPath: name });
export type FieldRef = v.InferOutput<typeof FieldRef>;

export const Argument = object({
  name,
  ...optional({
    value: line,
    valueFrom: object(optional({ secretKeyRef: object({ name, key: name }), fieldRef: FieldRef })),
  }),
});
export type Argument = v.InferOutput<typeof Argument>;

/** `metricName` is a regular expression, not anchored. Metrics that match are measured, but do not decide. */
export const DryRun = object({ metricName: line });
export type DryRun = v.InferOutput<typeof DryRun>;

/** How many measurements of the metrics that match are kept. */
export const MeasurementRetention = object({ metricName: line, limit: notNegative });
export type MeasurementRetention = v.InferOutput<typeof MeasurementRetention>;

/** How requests to a metric source are signed; none, one or several. */
export const Authentication = object(
  optional({
    sigv4: object(optional({ region: name, profile: name, roleArn: name })),
    oauth2: object(optional({ tokenUrl: line, clientId: name, clientSecret: line, scopes: few(name) })),
    basicAuth: object(optional({ username: name, password: line })),
  }),
);
export type Authentication = v.InferOutput<typeof Authentication>;

export const Header = object({ key: name, value: line });
export type Header = v.InferOutput<typeof Header>;

/** `timeout` in seconds. */
export const PrometheusMetric = object(
  optional({
    address: line,
    query: passage,
    authentication: Authentication,
    timeout: within(int64, 0),
    insecure: boolean,
    headers: few(Header),
    rangeQuery: object(optional({ start: line, end: line, step: GoDuration })),
  }),
);
export type PrometheusMetric = v.InferOutput<typeof PrometheusMetric>;

export const WebMetric = object({
  url: line,
  ...optional({
    method: name,
    headers: few(Header),
    body: passage,
    jsonBody: opaque(),
    timeoutSeconds: within(int64, 0),
    jsonPath: line,
    insecure: boolean,
    authentication: Authentication,
  }),
});
export type WebMetric = v.InferOutput<typeof WebMetric>;

const datadogAggregators = ["avg", "min", "max", "sum", "last", "percentile", "mean", "l2norm", "area"] as const;

export const DatadogMetric = object(
  optional({
    interval: marked(GoDuration, { default: "5m" }),
    query: passage,
    queries: fewNamed(passage),
    formula: passage,
    apiVersion: marked(v.picklist(["v1", "v2"]), { default: "v1" }),
    aggregator: v.picklist(datadogAggregators),
    secretRef: object(optional({ name, namespaced: boolean })),
    requestTimeout: marked(GoDuration, { default: "10s" }),
  }),
);
export type DatadogMetric = v.InferOutput<typeof DatadogMetric>;

export const WavefrontMetric = object(optional({ address: line, query: passage }));
export type WavefrontMetric = v.InferOutput<typeof WavefrontMetric>;

/** `timeout` in seconds. */
export const NewRelicMetric = object({ query: passage, ...optional({ profile: name, timeout: within(int64, 0) }) });
export type NewRelicMetric = v.InferOutput<typeof NewRelicMetric>;

export const JobMetric = object({
  spec: opaque(JobSpec),
  ...optional({ metadata: LabelsAndAnnotations }),
});
export type JobMetric = v.InferOutput<typeof JobMetric>;

export const GraphiteMetric = object(optional({ address: line, query: passage }));
export type GraphiteMetric = v.InferOutput<typeof GraphiteMetric>;

export const InfluxdbMetric = object(optional({ profile: name, query: passage }));
export type InfluxdbMetric = v.InferOutput<typeof InfluxdbMetric>;

export const SkyWalkingMetric = object(optional({ address: line, query: passage, interval: GoDuration }));
export type SkyWalkingMetric = v.InferOutput<typeof SkyWalkingMetric>;

export const CloudWatchQuery = object(
  optional({
    id: name,
    expression: passage,
    label: name,
    metricStat: object(
      optional({
        metric: object(
          optional({
            dimensions: few(object(optional({ name, value: line }))),
            metricName: name,
            namespace: name,
          }),
        ),
        period: within(Amount, 0),
        stat: name,
        unit: name,
      }),
    ),
    period: within(Amount, 0),
    returnData: boolean,
  }),
);
export type CloudWatchQuery = v.InferOutput<typeof CloudWatchQuery>;

export const CloudWatchMetric = object({
  metricDataQueries: few(CloudWatchQuery),
  ...optional({ interval: GoDuration }),
});
export type CloudWatchMetric = v.InferOutput<typeof CloudWatchMetric>;

export const KayentaScope = object({
  scope: line,
  region: name,
  step: within(int64, 0),
  ...optional({ start: line, end: line }),
});
export type KayentaScope = v.InferOutput<typeof KayentaScope>;

export const KayentaMetric = object({
  address: line,
  application: name,
  canaryConfigName: name,
  metricsAccountName: name,
  configurationAccountName: name,
  storageAccountName: name,
  threshold: object({ pass: within(int64, 0), marginal: within(int64, 0) }),
  scopes: few(object({ name, controlScope: KayentaScope, experimentScope: KayentaScope })),
  ...optional({ lookback: boolean }),
});
export type KayentaMetric = v.InferOutput<typeof KayentaMetric>;

/**
 * The providers and their settings, as spelled in the API. Each has a row in providers/metrics/providers.ts, which is
 * typed over this list: without its row a member here is a type error.
 */
const providers = {
  prometheus: PrometheusMetric,
  web: WebMetric,
  datadog: DatadogMetric,
  wavefront: WavefrontMetric,
  newRelic: NewRelicMetric,
  job: JobMetric,
  graphite: GraphiteMetric,
  influxdb: InfluxdbMetric,
  skywalking: SkyWalkingMetric,
  cloudWatch: CloudWatchMetric,
  kayenta: KayentaMetric,
  plugin: opaque(),
};
export type MetricProviderKind = keyof typeof providers;

/** Exactly one member is set; the rules check it. */
export const MetricProvider = object(optional(providers));
export type MetricProvider = v.InferOutput<typeof MetricProvider>;

/** Limits are int-or-string so that "{{args.x}}" is possible; a string that is not a number counts as 0. */
export const Metric = object({
  name,
  provider: MetricProvider,
  ...optional({
    interval: GoDuration,
    initialDelay: GoDuration,
    count: within(Amount, 0),
    successCondition: line,
    failureCondition: line,
    failureLimit: Amount,
    inconclusiveLimit: Amount,
    consecutiveErrorLimit: Amount,
    consecutiveSuccessLimit: Amount,
  }),
});
export type Metric = v.InferOutput<typeof Metric>;

const metrics = few(Metric, 500);
const modifiers = optional({
  dryRun: few(DryRun),
  measurementRetention: few(MeasurementRetention),
});
const args = few(Argument);

/** A template may consist of other templates only. */
export const AnalysisTemplateSpec = object({
  ...optional({ metrics, args }),
  ...modifiers,
  ...optional({ templates: few(AnalysisTemplateRef, 250) }),
});
export type AnalysisTemplateSpec = v.InferOutput<typeof AnalysisTemplateSpec>;

export const AnalysisTemplate = object({
  metadata: ObjectMeta,
  spec: AnalysisTemplateSpec,
  ...optional({ apiVersion: v.literal("argoproj.io/v1alpha1"), kind: v.literal("AnalysisTemplate") }),
});
export type AnalysisTemplate = v.InferOutput<typeof AnalysisTemplate>;

export const ClusterAnalysisTemplate = object({
  metadata: ObjectMeta,
  spec: AnalysisTemplateSpec,
  ...optional({ apiVersion: v.literal("argoproj.io/v1alpha1"), kind: v.literal("ClusterAnalysisTemplate") }),
});
export type ClusterAnalysisTemplate = v.InferOutput<typeof ClusterAnalysisTemplate>;

export const AnalysisRunSpec = object({
  metrics,
  ...optional({ args, terminate: boolean }),
  ...modifiers,
  ...optional({
    ttlStrategy: object(
      optional({
        secondsAfterCompletion: notNegative,
        secondsAfterFailure: notNegative,
        secondsAfterSuccess: notNegative,
      }),
    ),
  }),
});
export type AnalysisRunSpec = v.InferOutput<typeof AnalysisRunSpec>;

/** `value` is text, whatever type the source returned. */
export const Measurement = object({
  phase: string,
  ...optional({
    message: string,
    startedAt: Time,
    finishedAt: Time,
    value: string,
    metadata: map(string),
    resumeAt: Time,
  }),
});
export type Measurement = v.InferOutput<typeof Measurement>;

/** `count` leaves out measurements that ended in an error; those are in `error` and `consecutiveError` alone. */
export const MetricResult = object({
  name: string,
  phase: string,
  ...optional({
    measurements: list(Measurement),
    message: string,
    count: int32,
    successful: int32,
    failed: int32,
    inconclusive: int32,
    error: int32,
    consecutiveError: int32,
    consecutiveSuccess: int32,
    dryRun: boolean,
    metadata: map(string),
  }),
});
export type MetricResult = v.InferOutput<typeof MetricResult>;

/** `count`: metrics of this class, dry-run or not; the others: completed metrics by phase. */
export const RunSummary = object(
  optional({ count: int32, successful: int32, failed: int32, inconclusive: int32, error: int32 }),
);
export type RunSummary = v.InferOutput<typeof RunSummary>;

/** Written on the main resource: the kind has no status subresource (docs/behaviour/objects.md#kinds). */
export const AnalysisRunStatus = object({
  phase: string,
  ...optional({
    message: string,
    metricResults: list(MetricResult),
    startedAt: Time,
    runSummary: RunSummary,
    dryRunSummary: RunSummary,
    completedAt: Time,
  }),
});
export type AnalysisRunStatus = v.InferOutput<typeof AnalysisRunStatus>;

export const AnalysisRun = object({
  metadata: ObjectMeta,
  spec: AnalysisRunSpec,
  ...optional({
    apiVersion: v.literal("argoproj.io/v1alpha1"),
    kind: v.literal("AnalysisRun"),
    status: AnalysisRunStatus,
  }),
});
export type AnalysisRun = v.InferOutput<typeof AnalysisRun>;
