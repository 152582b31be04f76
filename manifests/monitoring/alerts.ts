/**
 * The alerts: a row each, in the order of docs/metrics.md#alerts. They become a PrometheusRule; each says what to read. That
 * they fire when they should, and not when they should not, is tried by promtool (test/alerts.test.ts).
 */
import { name, selector, source, tag } from "../text/manifestNames.ts";
import { header, type Manifest, yaml } from "../text/render.ts";

export interface AlertRow {
  readonly alert: string;
  readonly expr: string;
  /** How long the expression has to hold; absent: it fires at once. */
  readonly for?: string;
  readonly severity: "info" | "warning" | "critical";
  readonly summary: string;
  /** The heading of docs/troubleshooting.md that tells what to do. */
  readonly runbook: string;
}

/** About Rollouts: for those whose releases they are. */
export const ROLLOUT_ALERTS: readonly AlertRow[] = [
  {
    alert: "RolloutStuck",
    expr: 'max by (namespace, name) (rollout_info{phase="Timeout"}) == 1',
    for: "5m",
    severity: "warning",
    summary: "{{ $labels.namespace }}/{{ $labels.name }} has not moved for its progressDeadlineSeconds",
    runbook: "it-is-degraded",
  },
  {
    alert: "RolloutAborted",
    expr: 'max by (namespace, name) (rollout_info{phase="Abort"}) == 1',
    for: "5m",
    severity: "warning",
    summary: "The update of {{ $labels.namespace }}/{{ $labels.name }} was aborted",
    runbook: "it-is-degraded",
  },
  {
    alert: "RolloutInvalid",
    expr: 'max by (namespace, name, phase) (rollout_info{phase=~"InvalidSpec|Error"}) == 1',
    for: "10m",
    severity: "warning",
    summary: "{{ $labels.namespace }}/{{ $labels.name }} is not driven: {{ $labels.phase }}",
    runbook: "it-says-invalidspec",
  },
  {
    alert: "RolloutPausedForADay",
    expr: 'max by (namespace, name) (rollout_info{phase="Paused"}) == 1',
    for: "24h",
    severity: "info",
    summary: "The update of {{ $labels.namespace }}/{{ $labels.name }} has waited for a day",
    runbook: "it-is-paused-and-nobody-knows-why",
  },
  {
    alert: "RolloutLacksPods",
    expr: "max by (namespace, name) (rollout_info_replicas_available) < max by (namespace, name) (rollout_info_replicas_desired)",
    for: "15m",
    severity: "warning",
    summary: "{{ $labels.namespace }}/{{ $labels.name }} has only {{ $value }} available pods",
    runbook: "it-stays-progressing",
  },
  {
    alert: "RolloutTrafficCannotBeRouted",
    expr: 'sum by (namespace, name) (rate(rollout_events_total{reason="TrafficRoutingError"}[10m])) > 0',
    for: "5m",
    severity: "warning",
    summary: "The router of {{ $labels.namespace }}/{{ $labels.name }} cannot follow",
    runbook: "weights-do-not-change",
  },
  {
    alert: "AnalysesCannotMeasure",
    expr: 'sum by (provider) (increase(sluice_measurements_total{phase="Error"}[15m])) > 3',
    severity: "warning",
    summary: "Measurements by {{ $labels.provider }} fail again and again",
    runbook: "it-is-degraded",
  },
];

/** About the controller and its webhook: for those who run it. */
export const SLUICE_ALERTS: readonly AlertRow[] = [
  {
    alert: "SluiceDoesNotLead",
    expr: "(sum(sluice_leader) or vector(0)) < 1",
    for: "2m",
    severity: "critical",
    summary: "No Sluice controller holds the Lease: Rollouts stand still",
    runbook: "the-controller-is-not-ready-or-restarts",
  },
  {
    alert: "SluicePassesFail",
    expr: "sum by (namespace, name) (rate(rollout_reconcile_error[15m])) > 0.01",
    for: "15m",
    severity: "warning",
    summary: "Passes over {{ $labels.namespace }}/{{ $labels.name }} fail again and again",
    runbook: "the-controller-is-not-ready-or-restarts",
  },
  {
    alert: "SluiceIsBehind",
    expr: 'histogram_quantile(0.99, sum by (le) (rate(workqueue_queue_duration_seconds_bucket{name="Rollouts"}[5m]) * on (instance) group_left () sluice_leader)) > 5',
    for: "10m",
    severity: "warning",
    summary: "Rollouts wait {{ $value }} s for the controller",
    runbook: "the-controller-is-not-ready-or-restarts",
  },
  {
    alert: "SluiceNearItsMemoryLimit",
    expr: "(process_resident_memory_bytes and on (instance) sluice_leader) > 170 * 1024 * 1024",
    for: "10m",
    severity: "warning",
    summary: "{{ $labels.instance }} uses {{ $value | humanize1024 }}B of its 192 MiB",
    runbook: "the-controller-is-not-ready-or-restarts",
  },
  {
    alert: "SluiceWatchesFallSilent",
    expr: "sum by (kind) (increase(sluice_watch_stalls_total[30m])) > 3",
    severity: "info",
    summary: "Watches of {{ $labels.kind }} fall silent",
    runbook: "the-controller-is-not-ready-or-restarts",
  },
  {
    alert: "SluiceWebhookIsSlow",
    expr: "histogram_quantile(0.99, sum by (le) (rate(sluice_admission_review_duration_seconds_bucket[5m]))) > 1",
    for: "10m",
    severity: "warning",
    summary: "Reviews take {{ $value }} s",
    runbook: "kubectl-apply-says-that-the-webhook-cannot-be-reached",
  },
  {
    alert: "SluiceWebhookCertificateExpires",
    expr: "sluice_webhook_certificate_expiry_timestamp_seconds - time() < 7 * 86400",
    for: "1h",
    severity: "critical",
    summary: "The webhook's certificate expires in {{ $value | humanizeDuration }}",
    runbook: "kubectl-apply-says-that-the-webhook-cannot-be-reached",
  },
  {
    alert: "SluiceStoredObjectsAreInvalid",
    expr: "sum by (kind) (sluice_audit_violations) > 0",
    for: "1h",
    severity: "info",
    summary: "{{ $value }} stored objects of the kind {{ $labels.kind }} would be refused today",
    runbook: "it-says-invalidspec",
  },
  {
    alert: "SluiceTracesAreLost",
    expr: "sum by (why) (increase(sluice_trace_spans_dropped_total[30m])) > 0",
    severity: "info",
    summary: "{{ $value }} spans of releases were not delivered ({{ $labels.why }})",
    runbook: "the-controller-is-not-ready-or-restarts",
  },
];

const ruleOf = ({ alert, expr, for: lasting, severity, summary, runbook }: AlertRow) => ({
  alert,
  expr,
  ...(lasting === undefined ? {} : { for: lasting }),
  labels: { severity },
  annotations: {
    summary,
    runbook_url: `${source}/blob/${tag}/docs/troubleshooting.md#${runbook}`,
  },
});

/** The groups of rules, as Prometheus itself reads them, too. */
export const groups = [
  { name: "rollouts", rules: ROLLOUT_ALERTS.map(ruleOf) },
  { name: "sluice", rules: SLUICE_ALERTS.map(ruleOf) },
];

/** For the Prometheus Operator: what to scrape, and the alerts. */
const monitoring: readonly Manifest[] = [
  {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "ServiceMonitor",
    metadata: { name },
    spec: {
      selector: { matchLabels: { ...selector, "app.kubernetes.io/component": "controller" } },
      endpoints: [{ port: "metrics" }],
    },
  },
  {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: { name },
    spec: { groups },
  },
];

/** manifests/alerts.yaml; docs/metrics.md says how to use it. */
export const alertsFile = `${header}# For the Prometheus Operator: scrapes Sluice, and alerts.\n${monitoring.map(yaml).join("---\n")}`;
