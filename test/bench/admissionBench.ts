/**
 * What admission adds to writes at a real API server at a steady rate, by the whole compiled controller: for Rollouts and for
 * Deployments, beside a webhook that answers every review at once; and which writes cost a review at all. Measures; judges
 * nothing.
 */
import { join } from "node:path";
import { engineOptions } from "../../controller/process/lean.ts";
import { MANAGED_BY_ROLLOUT, REPLICAS_WANTED } from "../../schema/labels.ts";
import { rolloutObject } from "../../webhook/http/testing.ts";
import { type Api, connect } from "../cluster/harness/api.ts";
import { type ControlPlane, startControlPlane } from "../cluster/harness/controlPlane.ts";
import { applyCrds } from "../cluster/harness/crds.ts";
import { freePort } from "../cluster/harness/ports.ts";
import { until } from "../cluster/harness/until.ts";
import { indexMemory } from "./indexMemory.ts";
import { quantile } from "./subject.ts";
import type { WebhookFigure } from "./webhookBench.ts";
import { compileServer, startServer } from "./webhookProcess.ts";

/** A namespace each. */
const modes = ["off", "empty", "sluice"] as const;
type Mode = (typeof modes)[number];

/** What is written: `other` is a Deployment that has nothing to do with Rollouts. */
const kinds = ["Rollout", "Deployment", "other"] as const;
type Kind = (typeof kinds)[number];

/** Of each kind in each namespace: a write seldom meets another of the same object, which the API server would try again. */
const OBJECTS = 25;

export interface AdmissionBench {
  /** Path of the compiled controller. */
  readonly program: string;
  /** Writes a second. */
  readonly rate: number;
  /** Of each kind in each mode, a run. */
  readonly seconds: number;
  readonly runs: number;
}

const pathOf = (kind: Kind, mode: Mode): string =>
  kind === "Rollout"
    ? `/apis/argoproj.io/v1alpha1/namespaces/bench-${mode}/rollouts`
    : `/apis/apps/v1/namespaces/bench-${mode}/deployments`;

const labels = { app: "other" };
const deployment = (name: string, annotations: Readonly<Record<string, string>>) => ({
  metadata: { name, annotations },
  spec: {
    replicas: 0,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: "web", image: "web:1" }] } },
  },
});

async function setUp(api: Api): Promise<void> {
  for (const mode of modes) {
    const namespace = `bench-${mode}`;
    await api.create("/api/v1/namespaces", { metadata: { name: namespace } });
    for (let n = 0; n < OBJECTS; n++) {
      const rollout = rolloutObject({ replicas: 0 }, { name: `rollout-${n}`, namespace, uid: undefined });
      await api.create(pathOf("Rollout", mode), rollout);
      const stamp = { [MANAGED_BY_ROLLOUT]: `deployment-${n}`, [REPLICAS_WANTED]: "3" };
      await api.create(pathOf("Deployment", mode), deployment(`deployment-${n}`, stamp));
      await api.create(pathOf("other", mode), deployment(`other-${n}`, {}));
    }
  }
}

/** One that reviews everything in its namespace, and answers at once. */
async function registerEmpty(api: Api, { port, ca }: { port: number; ca: string }): Promise<void> {
  const rule = (apiGroups: string[], apiVersions: string[], resources: string[]) => ({
    apiGroups,
    apiVersions,
    resources,
    operations: ["CREATE", "UPDATE"],
  });
  await api.create("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", {
    metadata: { name: "bench-empty" },
    webhooks: [
      {
        name: "bench.sluice.dev",
        clientConfig: { url: `https://127.0.0.1:${port}/validate`, caBundle: new TextEncoder().encode(ca).toBase64() },
        rules: [rule(["argoproj.io"], ["v1alpha1"], ["rollouts"]), rule(["apps"], ["v1"], ["deployments"])],
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "bench-empty" } },
        failurePolicy: "Fail",
        sideEffects: "None",
        timeoutSeconds: 2,
        admissionReviewVersions: ["v1"],
      },
    ],
  });
}

let writes = 0;

/** Every write changes the spec, and not the pod template: that would make a ReplicaSet, which costs more than all the rest. */
async function write(api: Api, kind: Kind, mode: Mode): Promise<void> {
  const name = `${kind.toLowerCase()}-${writes % OBJECTS}`;
  const spec = { progressDeadlineSeconds: 600 + (++writes % 100) };
  await api.patch(`${pathOf(kind, mode)}/${name}`, "merge", { spec });
}

/** On schedule, however late the answers are; ms from the time at which a write was due. */
async function atRate(api: Api, kind: Kind, mode: Mode, { rate, seconds }: AdmissionBench): Promise<number[]> {
  const latencies: number[] = [];
  const inFlight: Promise<void>[] = [];
  const start = performance.now();
  for (let next = 0; next < rate * seconds;) {
    for (; next < rate * seconds && start + (next * 1_000) / rate <= performance.now(); next++) {
      const due = start + (next * 1_000) / rate;
      // A write that loses against the one before it has been reviewed as well.
      const done = write(api, kind, mode).catch(() => {});
      inFlight.push(done.then(() => void latencies.push(performance.now() - due)));
    }
    await Bun.sleep(1);
  }
  await Promise.all(inFlight);
  return latencies;
}

/** How many reviews of this kind the controller has answered. */
async function reviews(metricsPort: number, kind: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  return text
    .split("\n")
    .filter((line) => line.startsWith("sluice_admission_reviews_total") && line.includes(`kind="${kind}"`))
    .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

interface Run {
  readonly p99: ReadonlyMap<string, number>;
  /** A write of `other`, by the mode "sluice". */
  readonly reviewsOfOthers: number;
  readonly reviewsOfOurs: number;
}

async function run(api: Api, metricsPort: number, bench: AdmissionBench, turn: number): Promise<Run> {
  const p99 = new Map<string, number>();
  const counted = { others: 0, ours: 0 };
  for (const kind of kinds) {
    for (const index of modes.keys()) {
      const mode = modes[(index + turn) % modes.length] ?? "off";
      const before = await reviews(metricsPort, "Deployment");
      p99.set(`${kind} ${mode}`, quantile(await atRate(api, kind, mode, bench), 0.99));
      const more = (await reviews(metricsPort, "Deployment")) - before;
      if (mode === "sluice" && kind === "other") counted.others += more;
      if (mode === "sluice" && kind === "Deployment") counted.ours += more;
    }
  }
  return { p99, reviewsOfOthers: counted.others, reviewsOfOurs: counted.ours };
}

/** Of the medians over the runs. */
function rows(runs: readonly Run[], { rate, seconds }: AdmissionBench): WebhookFigure[] {
  const median = (name: string): number =>
    quantile(
      runs.map(({ p99 }) => p99.get(name) ?? Number.NaN),
      0.5,
    );
  const latency = (kind: Kind, name: string, target: string): WebhookFigure => {
    const [off, empty, sluice] = [median(`${kind} off`), median(`${kind} empty`), median(`${kind} sluice`)];
    const [added, least] = [sluice - off, empty - off];
    const value = `p99 ${sluice.toFixed(1)} ms, added ${added.toFixed(1)} ms; an empty webhook adds ${least.toFixed(1)} ms: ${(sluice / empty).toFixed(2)} times its p99`;
    return { name, value, target };
  };
  const count = (of: (run: Run) => number): string =>
    `${runs.reduce((sum, one) => sum + of(one), 0)} of ${runs.length * rate * seconds} writes`;
  return [
    latency("Rollout", `a Rollout at ${rate} writes/s`, "≤ 5 ms added"),
    latency("Deployment", `a Deployment that migrated at ${rate} writes/s`, "≤ 2 ms added"),
    latency("other", `any other Deployment at ${rate} writes/s`, "≤ 2 ms added"),
    { name: "reviews of Deployments that migrated", value: count((one) => one.reviewsOfOurs), target: "all" },
    { name: "reviews of other Deployments", value: count((one) => one.reviewsOfOthers), target: "0" },
  ];
}

function startController(
  plane: ControlPlane,
  program: string,
  kubeconfig: string,
  metricsPort: number,
): Bun.Subprocess {
  const port = freePort();
  const log = Bun.file(join(plane.dir, "sluice.log"));
  const flags = [
    `--kubeconfig=${kubeconfig}`,
    "--namespaced",
    "--namespace=bench-sluice",
    `--metricsPort=${metricsPort}`,
    `--healthzPort=${freePort()}`,
    `--webhook-port=${port}`,
    `--webhook-url=https://127.0.0.1:${port}`,
    // The loop would act on the Deployment that is marked by hand.
    "--webhook-migration",
  ];
  return Bun.spawn([program, "controller", ...flags], {
    env: { ...Bun.env, ...engineOptions },
    stdio: ["ignore", log, log],
  });
}

export async function benchAdmission(bench: AdmissionBench): Promise<WebhookFigure[]> {
  const plane = await startControlPlane({ audit: false });
  const server = startServer(await compileServer(), { empty: true });
  let child: Bun.Subprocess | undefined;
  try {
    const api = await connect(await plane.identity("bench"), "sluice-bench");
    await applyCrds((args) => plane.kubectl(args), api);
    await api.create("/api/v1/namespaces", { metadata: { name: "argo-rollouts" } });
    await setUp(api);
    const ready = await server.ready;
    if (ready.kind !== "ready") throw new Error("The empty webhook did not start");
    await registerEmpty(api, ready);
    const metricsPort = freePort();
    child = startController(plane, bench.program, await plane.identity("sluice-controller"), metricsPort);
    await until("the controller reviews Deployments", async () => isReviewed(api, metricsPort), 60_000);
    await run(api, metricsPort, { ...bench, seconds: 2 }, 0);
    const runs: Run[] = [];
    for (let turn = 0; turn < bench.runs; turn++) runs.push(await run(api, metricsPort, bench, turn));
    return [...rows(runs, bench), ...indexMemory()];
  } finally {
    child?.kill();
    await server.stop();
    await plane.stop();
  }
}

async function isReviewed(api: Api, metricsPort: number): Promise<boolean> {
  await write(api, "Deployment", "sluice");
  return (await reviews(metricsPort, "Deployment").catch(() => 0)) > 0;
}
