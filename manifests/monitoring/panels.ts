/**
 * What the Grafana dashboard shows: a row a panel. `$namespace` and `$rollout` are what is chosen above the panels; every
 * query is asked of a real Prometheus that scrapes a controller (test/cluster/prometheus.cluster.ts).
 */

export interface Query {
  readonly expr: string;
  /** By Grafana's template language; absent: all labels. */
  readonly legend?: string;
}

export interface Panel {
  readonly title: string;
  readonly says: string;
  readonly type: "stat" | "timeseries" | "table" | "bargauge";
  /** Grafana's name. */
  readonly unit: "short" | "s" | "bytes" | "reqps" | "ops" | "dateTimeFromNow";
  readonly queries: readonly Query[];
  /** Of 24 columns. */
  readonly width: 6 | 8 | 12;
  /** What has to be switched on, or to happen, before there is anything to show; absent: a controller that drives Rollouts. */
  readonly needs?: "webhook" | "traces" | "trouble";
}

export interface Section {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const OF = 'namespace=~"$namespace", name=~"$rollout"';
const IN = 'namespace=~"$namespace"';

/** With two replicas both tell of the same Rollouts: `max` makes one of them. */
const one = (family: string, by = "namespace, name", more = ""): string => `max by (${by}) (${family}{${OF}${more}})`;

const percentile = (share: number, family: string, by: string, window: string, of = ""): string =>
  `histogram_quantile(${share}, sum by (${by}) (rate(${family}_bucket${of}[${window}])))`;

const RELEASES: Section = {
  title: "Releases",
  panels: [
    {
      title: "Rollouts by phase",
      says: "How many Rollouts are in each phase. Timeout, Abort, Error and InvalidSpec want a person.",
      type: "stat",
      unit: "short",
      queries: [{ expr: `count by (phase) (${one("rollout_info", "namespace, name, phase")})`, legend: "{{phase}}" }],
      width: 12,
    },
    {
      title: "Updates that ended",
      says: "In the chosen time, by how they ended.",
      type: "bargauge",
      unit: "short",
      queries: [{ expr: "sum by (status) (increase(rollout_duration_seconds_count[$__range]))", legend: "{{status}}" }],
      width: 12,
    },
    {
      title: "Every Rollout",
      says: "Phase, strategy and router of each.",
      type: "table",
      unit: "short",
      queries: [{ expr: one("rollout_info", "namespace, name, strategy, traffic_router, phase") }],
      width: 12,
    },
    {
      title: "Length of updates",
      says: "From the beginning to the end, pauses included, and how long of that a person was waited for.",
      type: "timeseries",
      unit: "s",
      queries: [
        { expr: percentile(0.5, "rollout_duration_seconds", "le", "$__range"), legend: "half are shorter" },
        { expr: percentile(0.9, "rollout_duration_seconds", "le", "$__range"), legend: "nine of ten are shorter" },
        {
          expr: percentile(0.9, "rollout_manual_pause_duration_seconds", "le", "$__range"),
          legend: "waiting for a person (nine of ten)",
        },
      ],
      width: 12,
    },
    {
      title: "Pods",
      says: "Of the chosen Rollouts: wanted, available, and of the newest revision.",
      type: "timeseries",
      unit: "short",
      queries: [
        { expr: `sum(${one("rollout_info_replicas_desired")})`, legend: "wanted" },
        { expr: `sum(${one("rollout_info_replicas_available")})`, legend: "available" },
        { expr: `sum(${one("rollout_info_replicas_updated")})`, legend: "newest revision" },
      ],
      width: 12,
    },
    {
      title: "Events",
      says: "What happened to the chosen Rollouts, by reason (docs/reasons.md#of-events).",
      type: "timeseries",
      unit: "short",
      queries: [
        { expr: `sum by (reason) (increase(rollout_events_total{${OF}}[$__rate_interval]))`, legend: "{{reason}}" },
      ],
      width: 12,
    },
  ],
};

const ANALYSES: Section = {
  title: "Analyses and Experiments",
  panels: [
    {
      title: "AnalysisRuns by phase",
      says: "Those that are kept, which are few for each Rollout.",
      type: "timeseries",
      unit: "short",
      queries: [
        {
          expr: `count by (phase) (max by (namespace, name, phase) (analysis_run_info{${IN}}))`,
          legend: "{{phase}}",
        },
      ],
      width: 8,
    },
    {
      title: "Metrics that do not succeed",
      says: "Of runs that are kept, by the name of the metric.",
      type: "table",
      unit: "short",
      queries: [
        {
          expr:
            "count by (metric, phase) (max by (namespace, name, metric, phase) " +
            `(analysis_run_metric_phase{${IN}, dry_run="false", phase=~"Failed|Error|Inconclusive"}) == 1)`,
        },
      ],
      width: 8,
      needs: "trouble",
    },
    {
      title: "Experiments by phase",
      says: "Those that are kept.",
      type: "timeseries",
      unit: "short",
      queries: [
        { expr: `count by (phase) (max by (namespace, name, phase) (experiment_info{${IN}}))`, legend: "{{phase}}" },
      ],
      width: 8,
    },
    {
      title: "Measurements",
      says: "A second, by where they are taken and what they came to.",
      type: "timeseries",
      unit: "ops",
      queries: [
        {
          expr: "sum by (provider, phase) (rate(sluice_measurements_total[$__rate_interval]))",
          legend: "{{provider}} {{phase}}",
        },
      ],
      width: 12,
    },
    {
      title: "Measurements that wait for others",
      says: "How long those waited that had to: requests of one namespace take turns.",
      type: "timeseries",
      unit: "s",
      queries: [
        {
          expr: percentile(0.99, "sluice_measurement_wait_seconds", "le", "$__rate_interval"),
          legend: "99 of 100 are shorter",
        },
      ],
      width: 12,
      needs: "trouble",
    },
  ],
};

const CONTROLLER: Section = {
  title: "The controller",
  panels: [
    {
      title: "Leaders",
      says: "One, or nothing is reconciled.",
      type: "stat",
      unit: "short",
      queries: [{ expr: "sum(sluice_leader)", legend: "leaders" }],
      width: 6,
    },
    {
      title: "Objects in memory",
      says: "By kind, of one replica.",
      type: "timeseries",
      unit: "short",
      queries: [{ expr: "max by (kind) (sluice_cache_objects)", legend: "{{kind}}" }],
      width: 6,
    },
    {
      title: "Memory",
      says: "Of each replica; the shipped limit is 192 MiB.",
      type: "timeseries",
      unit: "bytes",
      queries: [{ expr: "process_resident_memory_bytes and on (instance) sluice_leader", legend: "{{instance}}" }],
      width: 6,
    },
    {
      title: "CPU",
      says: "Of each replica, in cores.",
      type: "timeseries",
      unit: "short",
      queries: [
        {
          expr: "rate(process_cpu_seconds_total[$__rate_interval]) and on (instance) sluice_leader",
          legend: "{{instance}}",
        },
      ],
      width: 6,
    },
    {
      title: "Passes over Rollouts",
      says: "How long one takes, and how many fail.",
      type: "timeseries",
      unit: "s",
      queries: [
        { expr: percentile(0.99, "rollout_reconcile", "le", "$__rate_interval"), legend: "99 of 100 are shorter" },
      ],
      width: 8,
    },
    {
      title: "Passes that fail",
      says: "A second, by Rollout: causes that pass by themselves are among them, as conflicts.",
      type: "timeseries",
      unit: "ops",
      queries: [
        {
          expr: `sum by (namespace, name) (rate(rollout_reconcile_error{${OF}}[$__rate_interval]))`,
          legend: "{{namespace}}/{{name}}",
        },
      ],
      width: 8,
      needs: "trouble",
    },
    {
      title: "Waiting in line",
      says: "How long an object waits for a pass.",
      type: "timeseries",
      unit: "s",
      queries: [
        {
          expr: percentile(0.99, "workqueue_queue_duration_seconds", "le, name", "$__rate_interval"),
          legend: "{{name}}",
        },
      ],
      width: 8,
    },
    {
      title: "Requests to the API server",
      says: "A second, by verb and answer; 0: there was none.",
      type: "timeseries",
      unit: "reqps",
      queries: [
        {
          expr: "sum by (verb, status_code) (rate(controller_clientset_k8s_request_total[$__rate_interval]))",
          legend: "{{verb}} {{status_code}}",
        },
      ],
      width: 12,
    },
    {
      title: "Watches opened anew, and events lost",
      says: "Complete lists read, watches that fell silent, and events that were not sent.",
      type: "timeseries",
      unit: "short",
      queries: [
        { expr: "sum by (kind) (increase(sluice_relists_total[$__rate_interval]))", legend: "lists of {{kind}}" },
        { expr: "sum by (kind) (increase(sluice_watch_stalls_total[$__rate_interval]))", legend: "silent {{kind}}" },
        { expr: "sum by (why) (increase(sluice_events_lost_total[$__rate_interval]))", legend: "events {{why}}" },
      ],
      width: 12,
    },
  ],
};

const BESIDE: Section = {
  title: "The webhook and traces",
  panels: [
    {
      title: "Reviews",
      says: "A second, by what was answered.",
      type: "timeseries",
      unit: "reqps",
      queries: [
        {
          expr: "sum by (kind, verdict) (rate(sluice_admission_reviews_total[$__rate_interval]))",
          legend: "{{kind}} {{verdict}}",
        },
      ],
      width: 8,
      needs: "webhook",
    },
    {
      title: "Length of reviews",
      says: "Whoever applies something waits for so long.",
      type: "timeseries",
      unit: "s",
      queries: [
        {
          expr: percentile(0.99, "sluice_admission_review_duration_seconds", "le, kind", "$__rate_interval"),
          legend: "{{kind}}",
        },
      ],
      width: 8,
      needs: "webhook",
    },
    {
      title: "Certificate of the webhook",
      says: "When it expires; it is renewed ten days before.",
      type: "stat",
      unit: "dateTimeFromNow",
      queries: [{ expr: "min(sluice_webhook_certificate_expiry_timestamp_seconds) * 1000", legend: "expires" }],
      width: 8,
      needs: "webhook",
    },
    {
      title: "Stored objects that would be refused today, and updates at risk",
      says: "What the audit has found (docs/behaviour/admission.md#what-the-audit-looks-for).",
      type: "timeseries",
      unit: "short",
      queries: [
        { expr: "max by (kind) (sluice_audit_violations)", legend: "invalid {{kind}}" },
        { expr: "max by (risk) (sluice_audit_risks)", legend: "risk: {{risk}}" },
      ],
      width: 12,
      needs: "webhook",
    },
    {
      title: "Spans of traces",
      says: "A second: delivered, and lost (docs/tracing.md#when-the-collector-does-not-answer).",
      type: "timeseries",
      unit: "ops",
      queries: [
        { expr: "sum(rate(sluice_trace_spans_sent_total[$__rate_interval]))", legend: "delivered" },
        { expr: "sum by (why) (rate(sluice_trace_spans_dropped_total[$__rate_interval]))", legend: "lost: {{why}}" },
      ],
      width: 12,
      needs: "traces",
    },
  ],
};

/** In the order in which they stand on the dashboard. */
export const SECTIONS: readonly Section[] = [RELEASES, ANALYSES, CONTROLLER, BESIDE];
