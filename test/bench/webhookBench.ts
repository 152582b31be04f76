/**
 * `bun test/bench/webhookBench.ts [--seconds 20] [--rate 500] [--cluster]`: figures of the admission webhook. The
 * handler is in a process of its own, the load comes from this one over kept-alive TLS connections, as from the API
 * server; with --cluster also what the webhook adds to writes at a real API server.
 */
import { parseArgs } from "node:util";
import { BREAK_GLASS } from "../../schema/labels.ts";
import { reviewOf, rolloutObject } from "../../webhook/http/testing.ts";
import { processUsage } from "./processUsage.ts";
import { quantile } from "./subject.ts";
import { clusterFigures } from "./webhookCluster.ts";
import { compileServer, startServer } from "./webhookProcess.ts";

export interface WebhookFigure {
  readonly name: string;
  readonly value: string;
  readonly target: string;
}

/** The managedFields of an object: about as long as the object itself. */
function fieldsOf(value: unknown): unknown {
  if (Array.isArray(value))
    return Object.fromEntries(value.map((item, index) => [`k:{"name":"${index}"}`, fieldsOf(item)]));
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [`f:${name}`, fieldsOf(member)]));
}

const withManagedFields = (spec: Record<string, unknown>): Record<string, unknown> => {
  const object = rolloutObject(spec);
  const managed = [{ manager: "kubectl", operation: "Update", fieldsType: "FieldsV1", fieldsV1: fieldsOf(object) }];
  return rolloutObject(spec, { managedFields: managed });
};

/** Reviews of each kind, as JSON. */
function bodiesByKind() {
  const template = rolloutObject()["spec"] as { template: { spec: { containers: [Record<string, unknown>] } } };
  const changed = structuredClone(template.template);
  changed.spec.containers[0]["image"] = "registry.example.com/team/web:1.2.4";
  const update = (spec: Record<string, unknown>, annotations?: object) => {
    const object = withManagedFields(spec);
    const metadata = { ...(object["metadata"] as object), ...(annotations === undefined ? {} : { annotations }) };
    return reviewOf({ ...object, metadata }, { operation: "UPDATE", oldObject: withManagedFields({}) });
  };
  const wrong = { replicas: -1, minReadySeconds: -1, strategy: { canary: { steps: [{ setWeight: 101 }] } } };
  const reviews = {
    create: reviewOf(withManagedFields({})),
    "update of the template": update({ template: changed }),
    "update of the rest": update({ progressDeadlineSeconds: 700 }),
    refused: reviewOf(withManagedFields(wrong)),
    "let through with a warning": update(wrong, { [BREAK_GLASS]: "warn" }),
  };
  return Object.fromEntries(Object.entries(reviews).map(([kind, review]) => [kind, JSON.stringify(review)]));
}

/** Half updates of the template, a quarter new Rollouts, a quarter that is refused for three reasons. */
function bodies(): string[] {
  const { create = "", "update of the template": update = "", refused = "" } = bodiesByKind();
  return [update, create, update, refused];
}

interface Target {
  readonly url: string;
  readonly tls: { readonly ca: string };
  readonly bodies: readonly string[];
}

let sent = 0;
/** Reviews without an answer: a machine that is too busy causes some; they are printed beside the figures. */
let failed = 0;

async function review(target: Target): Promise<void> {
  await send(target).catch(() => failed++);
}

async function send({ url, tls, bodies }: Target): Promise<void> {
  const body = bodies[sent++ % bodies.length] ?? "";
  const response = await fetch(url, { method: "POST", tls, body, headers: { "content-type": "application/json" } });
  const { response: answer } = (await response.json()) as { response?: { allowed?: boolean } };
  if (answer?.allowed === undefined) throw new Error(`No answer to a review: HTTP ${response.status}`);
}

/** Sends on schedule, however late the answers are; latency is measured from the time at which a review was due. */
async function atRate(target: Target, perSecond: number, seconds: number): Promise<number[]> {
  const latencies: number[] = [];
  const inFlight: Promise<void>[] = [];
  const start = performance.now();
  const total = perSecond * seconds;
  for (let next = 0; next < total;) {
    const now = performance.now();
    for (; next < total && start + (next * 1_000) / perSecond <= now; next++) {
      const due = start + (next * 1_000) / perSecond;
      inFlight.push(review(target).then(() => void latencies.push(performance.now() - due)));
    }
    await Bun.sleep(1);
  }
  await Promise.all(inFlight);
  return latencies;
}

/** How many reviews it can answer over so many connections. */
async function flatOut(target: Target, connections: number, seconds: number): Promise<number> {
  const end = performance.now() + seconds * 1_000;
  let count = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() < end) {
      await review(target);
      count++;
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  return count;
}

/** About the costliest object that is still judged: each mount is looked up among all volumes. */
function heavyBody(): string {
  const { template } = rolloutObject()["spec"] as { template: { spec: { containers: [Record<string, unknown>] } } };
  const heavy = structuredClone(template) as typeof template & { spec: { volumes?: unknown } };
  const names = Array.from({ length: 900 }, (_, index) => `volume-${index}`);
  heavy.spec.volumes = names.map((name) => ({ name, configMap: { name } }));
  heavy.spec.containers[0]["volumeMounts"] = names.map((name) => ({ name, mountPath: `/${name}` }));
  return JSON.stringify(reviewOf(rolloutObject({ template: heavy })));
}

/** How long usual reviews wait while dozens of heavy ones arrive; ms. */
async function besideHeavy(target: Target): Promise<number[]> {
  const heavy = { ...target, bodies: [heavyBody()] };
  const delays: number[] = [];
  for (let round = 0; round < 5; round++) {
    const all = Array.from({ length: 12 }, () => review(heavy));
    for (let probe = 0; probe < 20; probe++) {
      const start = performance.now();
      await review(target);
      delays.push(performance.now() - start);
      await Bun.sleep(5);
    }
    await Promise.all(all);
  }
  return delays;
}

/** CPU time of the handler's process a review, one kind after the other. */
async function cpuByKind(target: Target, pid: number): Promise<WebhookFigure[]> {
  const figures: WebhookFigure[] = [];
  for (const [kind, body] of Object.entries(bodiesByKind())) {
    const before = await processUsage(pid);
    const count = await flatOut({ ...target, bodies: [body] }, 16, 2);
    const { cpuMs } = await processUsage(pid);
    const value = `${(((cpuMs - before.cpuMs) * 1_000) / count).toFixed(0)} µs`;
    figures.push({ name: `CPU a review: ${kind}`, value, target: "≤ 500 µs" });
  }
  return figures;
}

const ms = (values: readonly number[]): string =>
  `p50 ${quantile(values, 0.5).toFixed(2)} ms, p99 ${quantile(values, 0.99).toFixed(2)} ms, max ${Math.max(...values).toFixed(1)} ms`;

/** Measures the handler without the API server. */
async function handlerFigures(program: string, rate: number, seconds: number): Promise<WebhookFigure[]> {
  const server = startServer(program, { pinned: true });
  try {
    const ready = await server.ready;
    if (ready.kind !== "ready") throw new Error("The webhook did not start");
    const target = { url: `https://127.0.0.1:${ready.port}/validate`, tls: { ca: ready.ca }, bodies: bodies() };
    const idle = await processUsage(server.pid);
    // The first reviews are slower: the JIT compiler is at work.
    await atRate(target, rate, Math.max(10, seconds / 2));
    await server.durations();
    const latencies = await atRate(target, rate, seconds);
    const inside = await server.durations();
    const atRateUsage = await processUsage(server.pid);
    await flatOut(target, 8, 5);
    const beside = await besideHeavy(target);
    const before = await processUsage(server.pid);
    const started = performance.now();
    const count = await flatOut(target, 16, Math.max(5, seconds / 2));
    const elapsed = performance.now() - started;
    const after = await processUsage(server.pid);
    const kinds = await cpuByKind(target, server.pid);
    const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`;
    return [
      { name: `seen by the caller at ${rate}/s`, value: ms(latencies), target: "p99 ≤ 3 ms" },
      { name: `inside the handler at ${rate}/s`, value: ms(inside), target: "" },
      { name: "beside a dozen heavy ones", value: ms(beside), target: "≤ 50 ms" },
      { name: "most reviews", value: `${((count * 1_000) / elapsed).toFixed(0)}/s`, target: "≥ 2000/s" },
      {
        name: "reviews a CPU second",
        value: ((count * 1_000) / (after.cpuMs - before.cpuMs)).toFixed(0),
        target: "≥ 2000",
      },
      ...kinds,
      {
        name: "body",
        value: `${Math.round(target.bodies.join("").length / target.bodies.length / 1024)} kB`,
        target: "",
      },
      { name: "RSS idle", value: mebibytes(idle.rss), target: "" },
      { name: `RSS at ${rate}/s`, value: mebibytes(atRateUsage.rss), target: "≤ 80 MB" },
      { name: "RSS at most reviews", value: mebibytes(after.rss), target: "" },
      { name: "reviews without an answer", value: String(failed), target: "0" },
    ];
  } finally {
    await server.stop();
  }
}

export interface WebhookBench {
  /** Reviews a second. */
  readonly rate: number;
  readonly seconds: number;
  /** Measure at a real API server too. */
  readonly cluster: boolean;
}

/** Measures; judges nothing. */
export async function benchWebhook({ rate, seconds, cluster }: WebhookBench): Promise<WebhookFigure[]> {
  const program = await compileServer();
  const handler = await handlerFigures(program, rate, seconds);
  return cluster ? [...handler, ...(await clusterFigures(program, 300))] : handler;
}

/** A Markdown table. */
export function webhookTable(figures: readonly WebhookFigure[]): string {
  const rows = [{ name: "webhook", value: "figure", target: "target" }, ...figures];
  const width = (of: (row: WebhookFigure) => string): number => Math.max(...rows.map((row) => of(row).length));
  const [name, value, target] = [width((row) => row.name), width((row) => row.value), width((row) => row.target)];
  const lines = rows.map(
    (row) => `| ${row.name.padEnd(name)} | ${row.value.padEnd(value)} | ${row.target.padEnd(target)} |`,
  );
  const rule = `| ${"-".repeat(name)} | ${"-".repeat(value)} | ${"-".repeat(target)} |`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      rate: { type: "string", default: "500" },
      seconds: { type: "string", default: "20" },
      cluster: { type: "boolean", default: false },
    },
  });
  const asked = { rate: Number(values.rate), seconds: Number(values.seconds), cluster: values.cluster };
  console.log(webhookTable(await benchWebhook(asked)));
  process.exit(0);
}
