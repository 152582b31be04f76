/**
 * Every alert fires when it should and not when it should not, by promtool: Debian's package `prometheus` has it; without
 * it these tests are left out.
 */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { groups } from "../manifests/monitoring/alerts.ts";

const promtool = Bun.which("promtool");

/** Values a minute apart in promtool's notation: `1x90` is 1 for 90 minutes, `0+5x90` grows by 5. */
type Series = Readonly<Record<string, string>>;

interface Case {
  readonly fires: Series;
  readonly quiet: Series;
  /** When it is looked at. */
  readonly at: string;
  /** Of the alert that fires, beside its severity. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly summary: string;
}

const WEB = 'namespace="shop",name="web"';
const web = { namespace: "shop", name: "web" };
const phase = (name: string): string => `rollout_info{${WEB},strategy="canary",phase="${name}",instance="a"}`;
const both = (name: string): Series => ({
  [phase(name)]: "1x1600",
  [phase(name).replace('"a"', '"b"')]: "1x1600",
});
const healthy = both("Completed");

/** A histogram whose observations all fall between two bounds, ten a minute. */
const histogram = (family: string, labels: string, bounds: Readonly<Record<string, boolean>>): Series =>
  Object.fromEntries(
    Object.entries(bounds).map(([le, holds]) => [`${family}_bucket{${labels}le="${le}"}`, holds ? "0+10x90" : "0x90"]),
  );

const waits = (seconds: "1" | "10"): Series => ({
  ...histogram("workqueue_queue_duration_seconds", 'name="Rollouts",instance="a",', {
    "1": seconds === "1",
    "10": true,
    "+Inf": true,
  }),
  'sluice_leader{instance="a"}': "1x90",
});

const CASES: Readonly<Record<string, Case>> = {
  RolloutStuck: {
    fires: both("Timeout"),
    quiet: healthy,
    at: "6m",
    labels: web,
    summary: "shop/web has not moved for its progressDeadlineSeconds",
  },
  RolloutAborted: {
    fires: both("Abort"),
    quiet: both("Timeout"),
    at: "6m",
    labels: web,
    summary: "The update of shop/web was aborted",
  },
  RolloutInvalid: {
    fires: both("InvalidSpec"),
    quiet: both("Progressing"),
    at: "11m",
    labels: { ...web, phase: "InvalidSpec" },
    summary: "shop/web is not driven: InvalidSpec",
  },
  RolloutPausedForADay: {
    fires: both("Paused"),
    quiet: { [phase("Paused")]: "1x1400 _x200" },
    at: "25h",
    labels: web,
    summary: "The update of shop/web has waited for a day",
  },
  RolloutLacksPods: {
    fires: {
      [`rollout_info_replicas_available{${WEB}}`]: "3x90",
      [`rollout_info_replicas_desired{${WEB}}`]: "5x90",
    },
    quiet: {
      [`rollout_info_replicas_available{${WEB}}`]: "3x10 5x80",
      [`rollout_info_replicas_desired{${WEB}}`]: "5x90",
    },
    at: "20m",
    labels: web,
    summary: "shop/web has only 3 available pods",
  },
  RolloutTrafficCannotBeRouted: {
    fires: { [`rollout_events_total{${WEB},type="Warning",reason="TrafficRoutingError"}`]: "0+2x90" },
    quiet: { [`rollout_events_total{${WEB},type="Warning",reason="TrafficRoutingError"}`]: "2x90" },
    at: "20m",
    labels: web,
    summary: "The router of shop/web cannot follow",
  },
  AnalysesCannotMeasure: {
    fires: { 'sluice_measurements_total{provider="prometheus",phase="Error"}': "0+1x90" },
    quiet: {
      'sluice_measurements_total{provider="prometheus",phase="Error"}': "0x10 1x80",
      'sluice_measurements_total{provider="prometheus",phase="Failed"}': "0+9x90",
    },
    at: "20m",
    labels: { provider: "prometheus" },
    summary: "Measurements by prometheus fail again and again",
  },
  SluiceDoesNotLead: {
    fires: { 'sluice_leader{instance="a"}': "0x90", 'sluice_leader{instance="b"}': "0x90" },
    quiet: { 'sluice_leader{instance="a"}': "0x90", 'sluice_leader{instance="b"}': "1x90" },
    at: "5m",
    summary: "No Sluice controller holds the Lease: Rollouts stand still",
  },
  SluicePassesFail: {
    fires: { [`rollout_reconcile_error{${WEB}}`]: "0+3x90" },
    quiet: { [`rollout_reconcile_error{${WEB}}`]: "0x10 2x80" },
    at: "45m",
    labels: web,
    summary: "Passes over shop/web fail again and again",
  },
  SluiceIsBehind: {
    fires: waits("10"),
    quiet: waits("1"),
    at: "30m",
    summary: "Rollouts wait 9.91 s for the controller",
  },
  SluiceNearItsMemoryLimit: {
    fires: {
      'process_resident_memory_bytes{instance="a"}': "183500800x90",
      'sluice_leader{instance="a"}': "1x90",
    },
    quiet: {
      'process_resident_memory_bytes{instance="a"}': "83500800x90",
      'process_resident_memory_bytes{instance="other"}': "983500800x90",
      'sluice_leader{instance="a"}': "1x90",
    },
    at: "20m",
    labels: { instance: "a" },
    summary: "a uses 175MiB of its 192 MiB",
  },
  SluiceWatchesFallSilent: {
    fires: { 'sluice_watch_stalls_total{kind="services"}': "0+1x90" },
    quiet: { 'sluice_watch_stalls_total{kind="services"}': "0x10 1x80" },
    at: "40m",
    labels: { kind: "services" },
    summary: "Watches of services fall silent",
  },
  SluiceWebhookIsSlow: {
    fires: histogram("sluice_admission_review_duration_seconds", "", { "1": false, "2.5": true, "+Inf": true }),
    quiet: histogram("sluice_admission_review_duration_seconds", "", { "1": true, "2.5": true, "+Inf": true }),
    at: "30m",
    summary: "Reviews take 2.485 s",
  },
  SluiceWebhookCertificateExpires: {
    fires: { sluice_webhook_certificate_expiry_timestamp_seconds: "172800x90" },
    quiet: { sluice_webhook_certificate_expiry_timestamp_seconds: "1728000x90" },
    at: "80m",
    summary: "The webhook's certificate expires in 1d 22h 40m 0s",
  },
  SluiceStoredObjectsAreInvalid: {
    fires: { 'sluice_audit_violations{kind="Rollout"}': "2x90" },
    quiet: { 'sluice_audit_violations{kind="Rollout"}': "0x90" },
    at: "80m",
    labels: { kind: "Rollout" },
    summary: "2 stored objects of the kind Rollout would be refused today",
  },
  SluiceTracesAreLost: {
    fires: { 'sluice_trace_spans_dropped_total{why="unanswered"}': "0x31 20x80" },
    quiet: { 'sluice_trace_spans_dropped_total{why="unanswered"}': "20x90" },
    at: "40m",
    labels: { why: "unanswered" },
    summary: "20 spans of releases were not delivered (unanswered)",
  },
};

/** Runs promtool over these files. @returns what it says, "" where all is well */
async function checked(files: Readonly<Record<string, object>>, ...args: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-alerts-"));
  try {
    for (const [name, contents] of Object.entries(files)) writeFileSync(join(folder, name), JSON.stringify(contents));
    const child = Bun.spawn([promtool ?? "", ...args], { cwd: folder, stdout: "pipe", stderr: "pipe" });
    const said = (await new Response(child.stdout).text()) + (await new Response(child.stderr).text());
    return (await child.exited) === 0 ? "" : said;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const seriesOf = (series: Series): object[] =>
  Object.entries(series).map(([name, values]) => ({ series: name, values }));

const alerts = groups.flatMap(({ rules }) => rules);

test("there is a case for every alert, and no other", () => {
  expect(Object.keys(CASES)).toEqual(alerts.map(({ alert }) => alert));
});

describe.skipIf(promtool === null)("promtool says that an alert", () => {
  test("is well-formed, each of them", async () => {
    expect(await checked({ "rules.yaml": { groups } }, "check", "rules", "rules.yaml")).toBe("");
  });

  test.each(alerts.map((rule) => [rule.alert, rule] as const))(
    "%s fires when it should, and not otherwise",
    async (name, { labels, annotations }) => {
      const { fires, quiet, at, labels: own = {}, summary } = CASES[name] as Case;
      const expected = { exp_labels: { ...labels, ...own }, exp_annotations: { ...annotations, summary } };
      const cases = {
        rule_files: ["rules.yaml"],
        evaluation_interval: "1m",
        tests: [
          [fires, [expected]] as const,
          [quiet, []] as const,
          // Nothing is scraped: only that nobody leads is worth a word.
          [{ up: "1x90" }, name === "SluiceDoesNotLead" ? [expected] : []] as const,
        ].map(([series, expectedAlerts]) => ({
          interval: "1m",
          input_series: seriesOf(series),
          alert_rule_test: [{ eval_time: at, alertname: name, exp_alerts: expectedAlerts }],
        })),
      };
      expect(await checked({ "rules.yaml": { groups }, "cases.yaml": cases }, "test", "rules", "cases.yaml")).toBe("");
    },
    30_000,
  );
});
