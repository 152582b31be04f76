/** The webhook alone in a process of its own, without the API server's second opinion, for webhook.ts. Speaks over IPC. */
import { createLog } from "../../controller/log.ts";
import { systemClock } from "../../controller/loop/clock.ts";
import { admissionFindings, newViolations } from "../../controller/rules/admission.ts";
import { loopbackCertificates } from "../../webhook/testing.ts";
import { createWebhook } from "../../webhook/webhook.ts";

export type ToServer = "durations";
export type FromServer =
  | { readonly kind: "ready"; readonly port: number; readonly ca: string }
  /** Of the reviews since the last question, in ms, as the handler sees them. */
  | { readonly kind: "durations"; readonly ms: readonly number[] };

const tell = (message: FromServer): void => void process.send?.(message);
let durationsMs: number[] = [];

async function main(): Promise<void> {
  const { ca, first } = await loopbackCertificates();
  const webhook = createWebhook({
    rules: { findings: (object, kind) => admissionFindings(object, kind), newViolations },
    client: undefined,
    certificate: first,
    reviewed: (_kind, _operation, _verdict, ms) => durationsMs.push(ms),
    log: createLog({ level: "warn", format: "text" }),
    clock: systemClock,
    port: 0,
    hostname: "127.0.0.1",
    overridden: () => undefined,
  });
  process.on("message", (_: ToServer) => {
    tell({ kind: "durations", ms: durationsMs });
    durationsMs = [];
  });
  tell({ kind: "ready", port: webhook.port, ca });
}

// No top-level await: a binary compiled to bytecode has none.
void main();
