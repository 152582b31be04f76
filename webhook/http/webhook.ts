/** The admission webhook as a whole: rules and a second opinion behind TLS. Import it lazily: it brings hono. */
import { createComplaints } from "../../controller/process/complaints.ts";
import type { Log } from "../../controller/process/log.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import { createApp } from "./app.ts";
import { createHandler, createIntake, createProbeHandler } from "./handler.ts";
import type { Reviewed } from "./metrics.ts";
import { createSecondOpinion, type OpinionClient } from "../review/secondOpinion.ts";
import { serveTls, type ServingCertificate } from "./server.ts";
import { createValidator, type Override, type Rules } from "../review/validate.ts";

export interface WebhookOptions {
  readonly rules: Rules;
  /** For the second opinion on pod templates; undefined: none is asked for. */
  readonly client: OpinionClient | undefined;
  readonly certificate: ServingCertificate;
  /** PEM: only who has a certificate of these CAs is answered. Undefined: anybody, who then is told less. */
  readonly clientCa?: string | undefined;
  readonly reviewed: Reviewed;
  readonly log: Log;
  readonly clock: Clock;
  /** 0 takes a free one. */
  readonly port: number;
  /** All addresses by default. */
  readonly hostname?: string;
  /** Somebody used the break-glass annotation on this spec, in a review that was no dry run. */
  readonly overridden: (override: Override, spec: unknown) => void;
}

export interface Webhook {
  readonly port: number;
  /** When the certificate that is served expires, in milliseconds since the epoch. */
  expiresAtMs(): number;
  /** Resolves once new connections get only this certificate; no review is lost. */
  swapCertificate(certificate: ServingCertificate): Promise<void>;
  /** Answers on, and leads its clients elsewhere: for the time before `stop`. */
  drain(): void;
  /** Answers what is in work, then ends. */
  stop(graceMs?: number): Promise<void>;
}

/**
 * Starts to serve at once: `POST /validate` for reviews, `POST /probe` for the keeper, `GET /healthz`.
 * @throws Error when the port cannot be had or the certificate cannot be used
 */
export function createWebhook(options: WebhookOptions): Webhook {
  const { rules, client, certificate, clientCa, reviewed, log, clock, overridden } = options;
  const secondOpinion = client === undefined ? undefined : createSecondOpinion({ client, clock, log });
  const complaints = createComplaints({ log, clock });
  const validate = createValidator({
    rules,
    secondOpinion,
    clock,
    complaints,
    overridden,
    authenticated: clientCa !== undefined,
  });
  const intake = createIntake();
  const app = createApp({
    review: createHandler({ validate, reviewed, clock, complaints }, intake),
    probe: createProbeHandler(clock, intake),
    failed: (error) => complaints.tell({ about: "webhook", level: "error", message: "Cannot answer a request", error }),
  });
  const server = serveTls({
    port: options.port,
    ...(options.hostname === undefined ? {} : { hostname: options.hostname }),
    certificate,
    clientCa,
    clock,
    fetch: app.fetch,
  });
  return {
    port: server.port,
    expiresAtMs: () => server.certificate().notAfterMs,
    swapCertificate: server.swapCertificate,
    drain: server.drain,
    stop: server.stop,
  };
}
