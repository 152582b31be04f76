/**
 * `bun run bench --analyses [--count 1000] [--minutes 10] [--against …]`: what running AnalysisRuns cost, on a real API
 * server, with a source of metrics in this process. Half of them measure by the web provider and half by Prometheus, each
 * with one metric every ten seconds, without end. Prints the memory twice a minute, and a table; judges nothing.
 */
import { type Api, connect } from "../cluster/harness/api.ts";
import { auditMark, isEvent, isLease, isObjectWrite, type Write, writesSince } from "../cluster/harness/auditLog.ts";
import { type ControlPlane, startControlPlane } from "../cluster/harness/controlPlane.ts";
import { applyCrds } from "../cluster/harness/crds.ts";
import { newNursery } from "../cluster/harness/processes.ts";
import { processUsage, type Usage } from "./processUsage.ts";
import { quantile, startSubject, type Subject } from "./subject.ts";

export interface AnalysisLoad {
  /** AnalysisRuns. */
  readonly count: number;
  /** From when all are created. */
  readonly minutes: number;
}

const INTERVAL_MS = 10_000;
const NAMESPACE = "bench-analyses";
const RUNS = `/apis/argoproj.io/v1alpha1/namespaces/${NAMESPACE}/analysisruns`;
/** Until each run has the ten measurements that it keeps, its status grows. */
const GROWING_MS = 11 * INTERVAL_MS;
const SAMPLE_MS = 30_000;
const MiB = 2 ** 20;

/** A source that answers at once, and notes when it is asked, by the name of the run. */
function startSource() {
  const asked = new Map<string, number[]>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch({ url }) {
      const { pathname } = new URL(url);
      const [, kind = "", name = ""] = pathname.split("/");
      asked.set(name, [...(asked.get(name) ?? []), performance.now()]);
      const sample = { metric: { service: name }, value: [Math.floor(Date.now() / 1_000), "0.9973"] };
      return Response.json(
        kind === "web"
          ? { data: { ok: true, successPercent: 99.73, requests: 18_231 } }
          : { status: "success", data: { resultType: "vector", result: [sample] } },
      );
    },
  });
  return { url: `http://127.0.0.1:${server.port}`, asked, stop: () => void server.stop(true) };
}

/** As of the reference's examples: arguments, conditions for both outcomes, a limit. */
const metricsOf = (name: string, index: number, source: string) => [
  {
    name: "success-rate",
    interval: `${INTERVAL_MS / 1_000}s`,
    failureLimit: 3,
    ...(index % 2 === 0
      ? {
          successCondition: "result.successPercent >= 95",
          provider: { web: { url: `${source}/web/${name}?service={{args.service}}`, jsonPath: "{$.data}" } },
        }
      : {
          successCondition: "result[0] >= 0.95",
          failureCondition: "result[0] < 0.8",
          provider: {
            prometheus: {
              address: `${source}/prometheus/${name}`,
              query:
                'sum(rate(requests_total{service="{{args.service}}",code!~"5.*"}[5m])) / sum(rate(requests_total{service="{{args.service}}"}[5m]))',
            },
          },
        }),
  },
];

/** Takes as long as an interval, so that they are not all due in the same moment. */
async function createAll(api: Api, count: number, source: string): Promise<void> {
  const startMs = performance.now();
  for (let index = 0; index < count; index++) {
    const name = `run-${String(index).padStart(5, "0")}`;
    const args = [{ name: "service", value: `${name}.shop.svc.cluster.local` }];
    const spec = { args, metrics: metricsOf(name, index, source) };
    await api.create(RUNS, { apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun", metadata: { name }, spec });
    await Bun.sleep(Math.max(0, startMs + ((index + 1) * INTERVAL_MS) / count - performance.now()));
  }
}

/** Each figure as a text. */
type Row = ReadonlyMap<string, string>;

interface Taken {
  readonly idle: Usage;
  readonly samples: readonly (Usage & { readonly atMs: number })[];
  readonly writes: readonly Write[];
  /** To the source, in the same time as the writes: from the beginning. */
  readonly questions: number;
  /** ms by which the time between two questions of a run differs from its interval. */
  readonly lateness: readonly number[];
  readonly running: number;
}

function rowOf({ idle, samples, writes, questions, lateness, running }: Taken): Row {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) throw new Error("Measured for too short a time");
  const cpu = (from: { cpuMs: number; atMs: number }, to: { cpuMs: number; atMs: number }): string =>
    ((100 * (to.cpuMs - from.cpuMs)) / (to.atMs - from.atMs)).toFixed(1);
  const half = samples[Math.floor(samples.length / 2)] ?? first;
  const over = ({ rss, anonymous }: Usage): string =>
    `${((rss - idle.rss) / MiB).toFixed(1)} (anonymous ${((anonymous - idle.anonymous) / MiB).toFixed(1)})`;
  const most = samples.reduce((best, each) => (each.rss > best.rss ? each : best), first);
  const written = writes.filter(isObjectWrite);
  return new Map([
    ["CPU, % of a core", cpu(first, last)],
    ["… in the first and the second half", `${cpu(first, half)}, ${cpu(half, last)}`],
    ["idle, no AnalysisRun: RSS, MB", (idle.rss / MiB).toFixed(1)],
    ["over idle, statuses full: MB", over(first)],
    ["over idle, half way: MB", over(half)],
    ["over idle, at the end: MB", over(last)],
    ["over idle, at most: MB", over(most)],
    ["measurements", `${questions}`],
    ["object writes a measurement", (written.length / questions).toFixed(3)],
    ["refused writes", `${written.filter(({ code }) => code >= 400).length}`],
    ["events", `${writes.filter(isEvent).length}`],
    ["lateness p50, ms", quantile(lateness, 0.5).toFixed(0)],
    ["lateness p99, ms", quantile(lateness, 0.99).toFixed(0)],
    ["lateness, most, ms", quantile(lateness, 1).toFixed(0)],
    ["runs still running", `${running}`],
  ]);
}

async function measure(
  plane: ControlPlane,
  api: Api,
  subject: Subject,
  { count, minutes }: AnalysisLoad,
  print: (text: string) => void,
): Promise<Row> {
  const nursery = newNursery();
  const source = startSource();
  const { user, child, healthy } = await startSubject(plane, nursery, subject);
  const sample = async (when: string): Promise<Usage> => {
    const usage = await processUsage(child.pid);
    const sizes = `RSS ${(usage.rss / MiB).toFixed(1)}, anonymous ${(usage.anonymous / MiB).toFixed(1)} MB`;
    print(`${subject.label}, ${when}: ${sizes}, CPU ${(usage.cpuMs / 1_000).toFixed(1)} s`);
    return usage;
  };
  const run = async (): Promise<Row> => {
    await healthy();
    await Bun.sleep(20_000);
    const idle = await sample("idle");
    const mark = auditMark(plane.auditLog);
    await createAll(api, count, source.url);
    const createdMs = performance.now();
    await Bun.sleep(GROWING_MS);
    const fromMs = performance.now();
    const samples: (Usage & { atMs: number })[] = [];
    while (performance.now() < createdMs + minutes * 60_000 || samples.length < 2) {
      if (samples.length > 0) await Bun.sleep(SAMPLE_MS);
      const atMs = performance.now();
      samples.push({ ...(await sample(`${Math.round((atMs - createdMs) / 1_000)} s`)), atMs });
    }
    const toMs = performance.now();
    const writes = (await writesSince(plane.auditLog, mark)).filter((write) => write.user === user && !isLease(write));
    const all = [...source.asked.values()];
    const questions = all.reduce((sum, { length }) => sum + length, 0);
    const times = all.map((each) => each.filter((at) => at >= fromMs && at <= toMs));
    const lateness = times.flatMap((each) => each.slice(1).map((at, index) => at - (each[index] ?? 0) - INTERVAL_MS));
    const { items } = await api.list<{ metadata: { name: string }; status?: { phase?: string } }>(RUNS);
    const running = items.filter(({ status }) => status?.phase === "Running").length;
    return rowOf({ idle, samples, writes, questions, lateness, running });
  };
  try {
    return await Promise.race([run(), nursery.failure, plane.failure]);
  } finally {
    await child.stop();
    source.stop();
    await nursery.release();
    await api.request("DELETE", RUNS);
  }
}

/** @returns a Markdown table with a column for each subject */
export async function benchAnalyses(
  subjects: readonly Subject[],
  load: AnalysisLoad,
  print: (text: string) => void,
): Promise<string> {
  const plane = await startControlPlane();
  try {
    const api = await connect(await plane.identity("bench"), "sluice-bench");
    await applyCrds((args) => plane.kubectl(args), api);
    for (const name of ["argo-rollouts", NAMESPACE]) await api.create("/api/v1/namespaces", { metadata: { name } });
    const rows: Row[] = [];
    for (const subject of subjects) rows.push(await measure(plane, api, subject, load, print));
    const head = `${load.count} AnalysisRuns every ${INTERVAL_MS / 1_000} s, ${load.minutes} min`;
    const names = [...(rows[0]?.keys() ?? [])];
    return [
      `| ${[head, ...subjects.map(({ label }) => label)].join(" | ")} |`,
      `| --- | ${subjects.map(() => "---:").join(" | ")} |`,
      ...names.map((name) => `| ${[name, ...rows.map((row) => row.get(name) ?? "")].join(" | ")} |`),
    ].join("\n");
  } finally {
    await plane.stop();
  }
}
