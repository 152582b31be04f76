/**
 * What admission adds to writes at a real API server at a steady rate, by the whole compiled controller, beside a webhook
 * that answers every review at once and beside none: for what is validated, let through with a warning, migrated, and
 * not reviewed at all. Writes of the three take turns, so that what else the machine does meets them alike. Measures;
 * judges nothing.
 */
import { join } from "node:path";
import { engineOptions } from "../../controller/process/lean.ts";
import { type Api, connect } from "../cluster/harness/api.ts";
import { type ControlPlane, startControlPlane } from "../cluster/harness/controlPlane.ts";
import { applyCrds } from "../cluster/harness/crds.ts";
import { freePort } from "../cluster/harness/ports.ts";
import { until } from "../cluster/harness/until.ts";
import { admissionTable, type Measured, modes } from "./admissionTable.ts";
import { type AdmissionWrite, admissionWrites, setUpWrites } from "./admissionWrites.ts";
import { processUsage } from "./processUsage.ts";
import { compileServer, startServer } from "./webhookProcess.ts";

interface AdmissionBench {
  /** Path of the compiled controller. */
  readonly program: string;
  /** Writes a second, with each of the three. */
  readonly rate: number;
  /** Of each kind of write, a run. */
  readonly seconds: number;
  readonly runs: number;
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
        rules: [
          rule(["argoproj.io"], ["v1alpha1"], ["rollouts", "rollouts/*"]),
          rule(["apps"], ["v1"], ["deployments", "deployments/*"]),
          rule(["autoscaling"], ["v2"], ["horizontalpodautoscalers"]),
        ],
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespaceOf("empty") } },
        failurePolicy: "Fail",
        sideEffects: "None",
        timeoutSeconds: 2,
        admissionReviewVersions: ["v1"],
      },
    ],
  });
}

const namespaceOf = (mode: (typeof modes)[number]): string => `bench-${mode}`;

let sent = 0;

/** On schedule, however late the answers are; ms from the time at which a write was due. */
async function atRate(api: Api, write: AdmissionWrite, rate: number, seconds: number): Promise<Measured["latencies"]> {
  const latencies = { off: [] as number[], empty: [] as number[], sluice: [] as number[] };
  const inFlight: Promise<void>[] = [];
  const everyMs = 1_000 / (rate * modes.length);
  const total = rate * seconds * modes.length;
  const start = performance.now();
  for (let next = 0; next < total;) {
    for (; next < total && start + next * everyMs <= performance.now(); next++) {
      const due = start + next * everyMs;
      // None is always first.
      const mode = modes[(next + Math.floor(next / modes.length)) % modes.length] ?? "off";
      // What is refused has been reviewed as well.
      const done = write.send(api, namespaceOf(mode), ++sent).catch(() => undefined);
      inFlight.push(done.then(() => void latencies[mode].push(performance.now() - due)));
    }
    await Bun.sleep(1);
  }
  await Promise.all(inFlight);
  return latencies;
}

interface Subject {
  readonly pid: number;
  readonly emptyPid: number;
  readonly metricsPort: number;
}

/** Reviews that the controller has answered, and requests about ReplicaSets that it has sent: the dry runs. */
async function counts({ pid, emptyPid, metricsPort }: Subject) {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const lines = text.split("\n");
  const total = (name: string, label: string): number =>
    lines
      .filter((line) => line.startsWith(name) && line.includes(label))
      .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  return {
    reviews: total("sluice_admission_reviews_total{", ""),
    dryRuns: total("controller_clientset_k8s_request_total{", 'kind="replicasets"'),
    cpuMs: (await processUsage(pid)).cpuMs,
    emptyCpuMs: (await processUsage(emptyPid)).cpuMs,
  };
}

async function measure(api: Api, subject: Subject, write: AdmissionWrite, { rate, seconds }: AdmissionBench) {
  const before = await counts(subject);
  const latencies = await atRate(api, write, rate, seconds);
  const after = await counts(subject);
  const measured: Measured = {
    latencies,
    writes: latencies.sluice.length,
    reviews: after.reviews - before.reviews,
    dryRuns: after.dryRuns - before.dryRuns,
    cpuMs: after.cpuMs - before.cpuMs,
    emptyCpuMs: after.emptyCpuMs - before.emptyCpuMs,
  };
  return measured;
}

async function startController(plane: ControlPlane, program: string) {
  const [port, metricsPort] = [freePort(), freePort()];
  const log = Bun.file(join(plane.dir, "sluice.log"));
  const flags = [
    `--kubeconfig=${await plane.identity("sluice-controller")}`,
    "--namespaced",
    `--namespace=${namespaceOf("sluice")}`,
    `--metricsPort=${metricsPort}`,
    `--healthzPort=${freePort()}`,
    `--webhook-port=${port}`,
    `--webhook-url=https://127.0.0.1:${port}`,
    // The loop would act on the Deployment that is marked by hand.
    "--webhook-migration",
  ];
  const child = Bun.spawn([program, "controller", ...flags], {
    env: { ...Bun.env, ...engineOptions },
    stdio: ["ignore", log, log],
  });
  return { pid: child.pid, metricsPort, stop: () => child.kill() };
}

/** Not before the API server calls us for all that we review: it uses a configuration a moment after it was stored. */
async function isReviewing(api: Api, subject: Subject, write: AdmissionWrite): Promise<boolean> {
  const before = await counts(subject).catch(() => undefined);
  await write.send(api, namespaceOf("sluice"), ++sent).catch(() => undefined);
  return before !== undefined && (await counts(subject)).reviews > before.reviews;
}

/** Markdown. */
export async function benchAdmission(bench: AdmissionBench): Promise<string> {
  const plane = await startControlPlane({ audit: false });
  const server = startServer(await compileServer(), { empty: true });
  let controller: Awaited<ReturnType<typeof startController>> | undefined;
  try {
    const api = await connect(await plane.identity("bench"), "sluice-bench");
    await applyCrds((args) => plane.kubectl(args), api);
    await api.create("/api/v1/namespaces", { metadata: { name: "argo-rollouts" } });
    for (const mode of modes) await setUpWrites(api, namespaceOf(mode));
    const ready = await server.ready;
    if (ready.kind !== "ready") throw new Error("The empty webhook did not start");
    await registerEmpty(api, ready);
    controller = await startController(plane, bench.program);
    const subject: Subject = { ...controller, emptyPid: server.pid };
    const reviewed = admissionWrites.filter(({ mode }) => mode !== "not reviewed");
    for (const write of reviewed)
      await until(`the controller reviews "${write.what}"`, () => isReviewing(api, subject, write), 60_000);
    // The first reviews are slower: the compiler is at work.
    for (const write of admissionWrites)
      await measure(api, subject, write, { ...bench, rate: 2 * bench.rate, seconds: 1 });
    const results = new Map<AdmissionWrite, Measured[]>(admissionWrites.map((write) => [write, []]));
    for (let run = 0; run < bench.runs; run++)
      for (const [write, runs] of results) runs.push(await measure(api, subject, write, bench));
    return admissionTable(results);
  } finally {
    controller?.stop();
    await server.stop();
    await plane.stop();
  }
}
