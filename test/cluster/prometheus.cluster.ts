/**
 * A real Prometheus scrapes the controller on a real API server: every panel of the Grafana dashboard and every alert is
 * asked of it (docs/metrics.md). Debian's package `prometheus` has it; without it these stories are left out.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { groups } from "../../manifests/monitoring/alerts.ts";
import { type Panel, SECTIONS } from "../../manifests/monitoring/panels.ts";
import { startTraceCollector } from "../traceCollector.ts";
import { createTemplate } from "./harness/analysisStory.ts";
import { healthy, newWorld, pausedAt, type World } from "./harness/clusterWorld.ts";
import { otherController, ownController } from "./harness/controllerProcess.ts";
import { type StartedHarness, startHarness } from "./harness/harness.ts";
import { startMetricSource } from "./harness/metricSource.ts";
import { podsOf, rolloutOf } from "./harness/plainRollout.ts";
import { freePort } from "./harness/ports.ts";
import { type Child, newNursery } from "./harness/processes.ts";
import { until } from "./harness/until.ts";
import { promote, setImage } from "./harness/userActions.ts";

const binary = Bun.which("prometheus");
const isPlayed = binary !== null && otherController() === undefined;
const ours = test.skipIf(!isPlayed);

const collector = startTraceCollector();
const source = startMetricSource();
const folder = mkdtempSync(join(tmpdir(), "sluice-prometheus-"));
const nursery = newNursery();
let cluster: StartedHarness;
let url = "";

interface Answer<T> {
  readonly status: string;
  readonly error?: string;
  readonly data: T;
}

async function asked<T>(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<T> {
  const answer = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
  const { status, error, data } = (await answer.json()) as Answer<T>;
  if (status !== "success") throw new Error(`${path} ${JSON.stringify(parameters)}: ${error}`);
  return data;
}

interface Result {
  readonly result: readonly { readonly metric: Readonly<Record<string, string>>; readonly value: [number, string] }[];
}

/** Scrapes the controller each second; the rules are those of manifests/alerts.yaml, judged each second. */
function startPrometheus(target: string): Child {
  const port = freePort();
  url = `http://127.0.0.1:${port}`;
  const file = (name: string, contents: object): string => {
    writeFileSync(join(folder, name), JSON.stringify(contents));
    return join(folder, name);
  };
  const rules = file("rules.yaml", { groups });
  const config = file("prometheus.yaml", {
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: [rules],
    scrape_configs: [{ job_name: "sluice", static_configs: [{ targets: [new URL(target).host] }] }],
  });
  const flags = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  return nursery.spawn("prometheus", [binary ?? "", ...flags], { logFile: join(folder, "prometheus.log") });
}

beforeAll(async () => {
  if (!isPlayed) return;
  const command = `${ownController} --analysis-allow-address 127.0.0.0/8 --otlp-endpoint ${collector.url}`;
  cluster = await startHarness({ controller: command });
  startPrometheus(cluster.controllers()[0]?.metricsUrl ?? "");
}, 120_000);

afterAll(async () => {
  await nursery.release();
  await cluster?.stop();
  source.stop();
  await collector.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A release that measures, waits and is promoted, and an Experiment. */
async function release(world: World): Promise<void> {
  await createTemplate(world, "good", {
    metrics: [
      {
        name: "answers",
        count: 2,
        interval: "1s",
        successCondition: "result == 1",
        provider: { web: { url: `${source.url}/${world.namespace}/S`, jsonPath: "{$.v}" } },
      },
    ],
  });
  const templates = [{ templateName: "good" }];
  const experiment = { templates: [{ name: "one", specRef: "stable", replicas: 1 }], duration: "1s" };
  const steps = [{ setWeight: 50 }, { analysis: { templates } }, { experiment }, { pause: {} }];
  await world.create(rolloutOf("web", { canary: { steps } }, { replicas: 2, template: podsOf("web", "nginx:1") }));
  await world.settle("web", "Healthy", healthy);
  await Bun.sleep(2_000);
  await setImage(world, "web", "nginx:2");
  await world.settle("web", "pauses", pausedAt(3));
  await promote(world, "web");
  await world.settle("web", "Healthy", healthy);
  await Bun.sleep(3_000);
}

const filled = (expr: string, world: World): string =>
  expr
    .replaceAll("$__rate_interval", "2m")
    .replaceAll("$__range", "5m")
    .replaceAll("$namespace", world.namespace)
    .replaceAll("$rollout", "web");

/** The queries of panels that a controller without webhook and without trouble has answers for. */
const isAnswered = ({ needs }: Panel): boolean => needs === undefined || needs === "traces";

ours(
  "every panel's query is answered, and has series where what it shows is there",
  async () => {
    const world = await newWorld("prometheus", cluster);
    await release(world);
    const panels = SECTIONS.flatMap((section) => section.panels);
    const empty: string[] = [];
    for (const panel of panels) {
      const counts: number[] = [];
      for (const { expr } of panel.queries) {
        const { result } = await asked<Result>("query", { query: filled(expr, world) });
        counts.push(result.length);
      }
      if (isAnswered(panel) && !counts.some((count) => count > 0)) empty.push(`${panel.title}: ${counts.join(" ")}`);
    }
    expect(empty).toEqual([]);
    const [completed] = (
      await asked<Result>("query", { query: `rollout_info{namespace="${world.namespace}", phase="Completed"}` })
    ).result;
    expect(completed?.metric).toMatchObject({ name: "web", strategy: "canary" });
  },
  180_000,
);

interface RuleState {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly name: string;
      readonly health: string;
      readonly lastError?: string;
      readonly state: string;
    }[];
  }[];
}

ours("every alert is judged without an error, and none fires where all is well", async () => {
  const rules = async () => (await asked<RuleState>("rules")).groups.flatMap((group) => group.rules);
  await until("all are judged", async () => (await rules()).every(({ health }) => health !== "unknown"), 30_000);
  const judged = await rules();
  expect(judged.map(({ name, health }) => [name, health])).toEqual(
    groups.flatMap((group) => group.rules).map(({ alert }) => [alert, "ok"]),
  );
  expect(judged.filter(({ state }) => state === "firing")).toEqual([]);
});

ours(
  "an alert is on its way when a release is aborted by its analysis",
  async () => {
    const world = await newWorld("prometheus-failed", cluster);
    await createTemplate(world, "bad", {
      metrics: [
        {
          name: "answers",
          successCondition: "result == 1",
          provider: { web: { url: `${source.url}/${world.namespace}/F`, jsonPath: "{$.v}" } },
        },
      ],
    });
    const steps = [{ setWeight: 50 }, { analysis: { templates: [{ templateName: "bad" }] } }];
    await world.create(rolloutOf("web", { canary: { steps } }, { replicas: 2, template: podsOf("web", "nginx:1") }));
    await world.settle("web", "Healthy", healthy);
    await setImage(world, "web", "nginx:2");
    await world.waitFor("web", "is aborted", ({ status }) => status?.phase === "Degraded");
    const query = `ALERTS{alertname="RolloutAborted", namespace="${world.namespace}", alertstate="pending"}`;
    await until(
      "the alert is pending",
      async () => (await asked<Result>("query", { query })).result.length > 0,
      30_000,
    );
    const failing = SECTIONS.flatMap(({ panels }) => panels).find(
      ({ title }) => title === "Metrics that do not succeed",
    );
    const expr = filled(failing?.queries[0]?.expr ?? "", world);
    expect((await asked<Result>("query", { query: expr })).result).toMatchObject([
      { metric: { metric: "answers", phase: "Failed" } },
    ]);
  },
  120_000,
);
