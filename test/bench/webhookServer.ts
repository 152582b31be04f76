/** The webhook alone in a process of its own, for webhookBench.ts and webhookCluster.ts. They communicate over IPC. */
import { Hono } from "hono";
import { createLog } from "../../controller/process/log.ts";
import { systemClock } from "../../kube/clock/clock.ts";
import { admissionFindings, newViolations } from "../../controller/rules/admission/admissionFindings.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { type ServingCertificate, serveTls } from "../../webhook/http/server.ts";
import { loopbackCertificates } from "../../webhook/http/testing.ts";
import { createWebhook } from "../../webhook/http/webhook.ts";

/** Requests the durations. */
export type ToServer = "durations";
export type FromServer =
  | { readonly kind: "ready"; readonly port: number; readonly ca: string }
  /** Durations of the reviews since the last request, in ms, as the handler measures them. */
  | { readonly kind: "durations"; readonly ms: readonly number[] };

const send = (message: FromServer): void => void process.send?.(message);
let durationsMs: number[] = [];

/** Where it is set, the API server is asked for its second opinion. */
const kubeconfig = process.env["SLUICE_BENCH_KUBECONFIG"];

/** Where it is set, every review is allowed without being read: that is what any webhook costs. */
const empty = process.env["SLUICE_BENCH_EMPTY"] !== undefined;

function serveEmpty(certificate: ServingCertificate): { readonly port: number } {
  const app = new Hono();
  app.post("/validate", async (context) => {
    const startedMs = performance.now();
    const { request } = await context.req.json<{ request: { uid: string } }>();
    const response = { uid: request.uid, allowed: true };
    durationsMs.push(performance.now() - startedMs);
    return context.json({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response });
  });
  return serveTls({ port: 0, hostname: "127.0.0.1", certificate, clock: systemClock, fetch: app.fetch });
}

async function clientOf(path: string): Promise<KubeClient> {
  // Not loaded where the handler alone is measured.
  const [{ parseControllerOptions }, { loadCredentials }, { createClient }] = await Promise.all([
    import("../../cli/controller/options.ts"),
    import("../../kube/client/credentials.ts"),
    import("../../kube/client/transport.ts"),
  ]);
  const parsed = parseControllerOptions(["--kubeconfig", path], {});
  if (parsed.kind !== "run") throw new Error("The controller's flags have changed");
  const credentials = await loadCredentials(parsed.options.kube);
  return createClient({ credentials, version: "0.0.0-bench", clock: systemClock });
}

async function serveRules(certificate: ServingCertificate): Promise<{ readonly port: number }> {
  return createWebhook({
    rules: { findings: (object, kind) => admissionFindings(object, kind), newViolations },
    client: kubeconfig === undefined ? undefined : await clientOf(kubeconfig),
    certificate,
    reviewed: (_kind, _operation, _verdict, ms) => durationsMs.push(ms),
    log: createLog({ level: "warn", format: "text" }),
    clock: systemClock,
    port: 0,
    hostname: "127.0.0.1",
    overridden: () => undefined,
  });
}

async function main(): Promise<void> {
  const { ca, first } = await loopbackCertificates();
  const { port } = empty ? serveEmpty(first) : await serveRules(first);
  process.on("message", () => {
    send({ kind: "durations", ms: durationsMs });
    durationsMs = [];
  });
  send({ kind: "ready", port, ca });
}

// No top-level await: a binary compiled to bytecode does not support it.
void main();
