/**
 * docs/metrics.md has every metric that the program prints, with its labels; alerts and the Grafana dashboard ask for
 * metrics that exist.
 */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parser } from "@prometheus-io/lezer-promql";
import { createExporter } from "../controller/tracing/exporter.ts";
import { tracingSettings } from "../controller/tracing/settings.ts";
import { manualClock } from "../kube/clock/clock.ts";
import { groups, ROLLOUT_ALERTS, SLUICE_ALERTS } from "../manifests/monitoring/alerts.ts";
import { SECTIONS } from "../manifests/monitoring/panels.ts";
import { createMetrics } from "../controller/process/metrics.ts";
import { createAudit } from "../webhook/audit/audit.ts";
import { createRisks } from "../webhook/audit/risks/risks.ts";
import { createWebhookMetrics } from "../webhook/http/webhookMetrics.ts";
import { anchorsOf } from "./docPages.ts";
import { testApi } from "./apiServer.ts";

const docs = join(import.meta.dir, "../docs");
const page = readFileSync(join(docs, "metrics.md"), "utf8");

interface Family {
  readonly type: string;
  readonly labels: readonly string[];
}

/** All that the page of a process shows after one of everything has happened. */
async function printed(): Promise<string> {
  const metrics = createMetrics({
    now: () => 0,
    version: "v0",
    commit: "c",
    rollouts: () => [{ metadata: { namespace: "shop", name: "web" }, spec: { strategy: { canary: {} } } }],
    analysisRuns: () => [
      {
        metadata: { namespace: "shop", name: "web-1" },
        spec: { metrics: [{ name: "errors", provider: { web: {} } }] },
      },
    ],
    analysisTemplates: () => [
      {
        metadata: { namespace: "shop", name: "errors" },
        spec: { metrics: [{ name: "errors", provider: { web: {} } }] },
      },
    ],
    experiments: () => [{ metadata: { namespace: "shop", name: "web-2" } }],
    isLeader: () => true,
    cacheObjects: () => [["rollouts", 1]],
    queues: () => [["Rollouts", { depth: 0, unfinishedMs: () => ({ sumMs: 0, longestMs: 0 }) }]],
  });
  metrics.reconciled("shop/web", 1, true);
  metrics.eventEmitted("shop/web", "Normal", "RolloutUpdated");
  const notification = { key: "shop/web", type: "Normal", reason: "RolloutCompleted", service: "slack", durationMs: 5 };
  for (const failed of [false, true]) metrics.notified({ ...notification, failed });
  metrics.apiRequest({ verb: "Get", kind: "services", namespace: "shop", name: "web", status: 200 });
  metrics.rolloutFinished("Promoted", 1, 0);
  metrics.watchStalled("services");
  metrics.relisted("services");
  metrics.eventLost("gone");
  metrics.runReconciled("shop/web-1", 1, true);
  metrics.experimentReconciled("shop/web-2", 1, true);
  metrics.measured("web", "Successful");
  metrics.requestWaited(1);
  const queue = metrics.queue("Rollouts");
  queue.added();
  queue.retried();
  queue.waitedMs(1);
  queue.workedMs(1);
  const webhook = createWebhookMetrics(() => 1);
  webhook.reviewed("Rollout", "CREATE", "allowed", 1);
  return [...metrics.render(), ...webhook.render(), ...(await audited()), ...(await traced())].join("");
}

/** What the exporter of traces prints once it has lost something. */
async function traced(): Promise<readonly string[]> {
  const settings = tracingSettings({ endpoint: "http://collector:4318", env: {}, version: "v0" });
  const post = async (): Promise<Response> => new Response("", { status: 400 });
  const clock = manualClock(0);
  const exporter = createExporter(settings, { clock, complaints: { report: () => {} }, version: "v0", post });
  exporter.add([{ traceId: "1", spanId: "2", name: "x", startMs: 0, endMs: 0, attributes: {} }]);
  await clock.advance(5_000);
  return [...exporter.render()];
}

/** What the audit prints once it has found something wrong. */
async function audited(): Promise<readonly string[]> {
  const { client, clock } = testApi({ installed: true });
  const ended = new AbortController();
  const audit = createAudit({
    client,
    clock,
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    findings: () => ["wrong"],
    cached: { Rollout: () => [{ metadata: { namespace: "shop", name: "web", uid: "1" } }] },
    record: () => {},
    instanceId: "",
    resyncMs: 1_000,
  });
  const running = audit.run(ended.signal);
  await clock.advance(100);
  ended.abort();
  await running;
  const risks = createRisks({
    client,
    clock,
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    rollouts: () => [],
    podSpecOf: () => undefined,
    templatesIn: () => ({ namespaced: new Map(), cluster: new Map() }),
    knock: async () => undefined,
    record: () => {},
    namespace: undefined,
    resyncMs: 1_000,
  });
  return [...audit.render(), ...risks.render()];
}

function familiesOf(text: string): ReadonlyMap<string, Family> {
  const families = new Map<string, Family>();
  for (const [, name = "", type = ""] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    const sample = new RegExp(`^${name}(?:_bucket|_sum|_count)?(?:\\{(.*)\\})? \\S+$`, "m").exec(text);
    const labels = [...(sample?.[1] ?? "").matchAll(/(\w+)="/g)].map(([, label = ""]) => label);
    families.set(name, { type, labels: labels.filter((label) => label !== "le") });
  }
  return families;
}

const families = familiesOf(await printed());

/** The rows of the page's tables of metrics. */
const rows = new Map(
  [...page.matchAll(/^\| `(\w+)` +\| (counter|gauge|histogram) +\| ([^|]*)\|/gm)].map(
    ([, name = "", type = "", labels = ""]) => [
      name,
      { type, labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = ""]) => label) },
    ],
  ),
);

const alerts = groups.flatMap(({ rules }) => rules);
const queries = SECTIONS.flatMap(({ panels }) => panels).flatMap((panel) =>
  panel.queries.map(({ expr }) => [panel.title, expr] as const),
);

const baseName = (name: string): string => name.replace(/_(bucket|sum|count)$/, "");

/** What an expression names: metrics, each with the labels that it matches; and whether it is well-formed. */
function readExpression(text: string) {
  const read = { isValid: true, metrics: [] as string[], labels: [] as string[] };
  parser.parse(text).iterate({
    enter({ type, from, to }) {
      if (type.isError) read.isValid = false;
      if (type.name === "Identifier") read.metrics.push(text.slice(from, to));
      if (type.name === "LabelName") read.labels.push(text.slice(from, to));
    },
  });
  return read;
}

describe("the page of metrics", () => {
  test("has every metric that is printed, with its type and labels, and no other", () => {
    const told: unknown = Object.fromEntries(rows);
    expect(told).toEqual(Object.fromEntries(families));
  });
});

/**
 * The reference's metrics and their labels. Runs and Experiments come and go without end: what counts them has no name here
 * (docs/metrics.md#how-many-series-there-are). Metrics of Go's runtime, and of notifications, are not the controller's.
 */
const REFERENCE: Readonly<Record<string, string>> = {
  rollout_info: "gauge namespace name strategy traffic_router phase",
  rollout_info_replicas_available: "gauge namespace name",
  rollout_info_replicas_unavailable: "gauge namespace name",
  rollout_info_replicas_desired: "gauge namespace name",
  rollout_info_replicas_updated: "gauge namespace name",
  rollout_phase: "gauge namespace name strategy phase",
  rollout_events_total: "counter namespace name type reason",
  rollout_reconcile: "histogram namespace name",
  rollout_reconcile_error: "counter namespace name",
  rollout_duration_seconds: "histogram status",
  rollout_progression_duration_seconds: "histogram status",
  rollout_manual_pause_duration_seconds: "histogram status",
  analysis_run_info: "gauge namespace name phase",
  analysis_run_phase: "gauge namespace name phase",
  analysis_run_metric_type: "gauge namespace name metric type",
  analysis_run_metric_phase: "gauge namespace name metric type dry_run phase",
  analysis_run_reconcile: "histogram namespace",
  analysis_run_reconcile_error: "counter namespace",
  analysis_template_info: "gauge namespace name",
  analysis_template_metric_info: "gauge namespace name type metric",
  experiment_info: "gauge namespace name phase",
  experiment_phase: "gauge namespace name phase",
  experiment_reconcile: "histogram namespace",
  experiment_reconcile_error: "counter namespace",
  controller_clientset_k8s_request_total: "counter kind namespace name verb status_code",
  argo_rollouts_controller_info: "gauge version",
  build_info: "gauge version goversion goarch commit",
  workqueue_adds_total: "counter name",
  workqueue_depth: "gauge name",
  workqueue_longest_running_processor_seconds: "gauge name",
  workqueue_queue_duration_seconds: "histogram name",
  workqueue_retries_total: "counter name",
  workqueue_unfinished_work_seconds: "gauge name",
  workqueue_work_duration_seconds: "histogram name",
};

test("every metric of the reference is printed, with its type and its labels", () => {
  const told = Object.keys(REFERENCE).map((name) => {
    const { type, labels } = families.get(name) ?? { type: "none", labels: [] };
    return [name, [type, ...labels.toSorted()].join(" ")];
  });
  const wanted = Object.entries(REFERENCE).map(([name, text]) => {
    const [type, ...labels] = text.split(" ");
    return [name, [type, ...labels.toSorted()].join(" ")];
  });
  expect(told).toEqual(wanted);
});

/** Grafana fills these in. */
const filled = (expr: string): string =>
  expr.replaceAll("$__rate_interval", "1m").replaceAll("$__range", "1h").replaceAll(/\$\w+/g, ".*");

describe("alerts and panels", () => {
  test.each([...alerts.map(({ alert, expr }) => [alert, expr] as const), ...queries])(
    "%s is an expression over metrics that exist",
    (_, given) => {
      const expr = filled(given);
      const { isValid, metrics, labels } = readExpression(expr);
      expect([expr, isValid]).toEqual([expr, true]);
      expect(metrics.filter((name) => !families.has(baseName(name)))).toEqual([]);
      const known = new Set([
        ...metrics.flatMap((name) => families.get(baseName(name))?.labels ?? []),
        "le",
        "instance",
      ]);
      expect(labels.filter((label) => !known.has(label))).toEqual([]);
    },
  );

  test("would be caught with an expression that does not end, or has a metric or label that nobody prints", () => {
    expect(readExpression("sum(rollout_info").isValid).toBe(false);
    expect(readExpression("rollout_inof == 1").metrics).toEqual(["rollout_inof"]);
    expect(readExpression('rollout_info{fase="Paused"}').labels).toEqual(["fase"]);
  });

  test("alerts stand in the page, each with what to read, which its link leads to, too", () => {
    const told = [...page.matchAll(/^\| `(\w+)` .*troubleshooting\.md#([\w-]+)/gm)];
    const rows = [...ROLLOUT_ALERTS, ...SLUICE_ALERTS].map(({ alert, runbook }) => [alert, runbook]);
    expect(told.map(([, name, anchor]) => [name, anchor])).toEqual(rows);
    const anchors = anchorsOf(readFileSync(join(docs, "troubleshooting.md"), "utf8"));
    expect(told.flatMap(([, , anchor = ""]) => (anchors.has(anchor) ? [] : anchor))).toEqual([]);
  });
});
