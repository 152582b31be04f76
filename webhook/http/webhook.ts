/** The whole admission webhook: rules and a second opinion behind TLS. Import it lazily: it loads hono. */
import { createComplaints } from "../../controller/process/complaints.ts";
import type { Log } from "../../controller/process/log.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import { createApp } from "./app.ts";
import type { NamespaceMode } from "../migration/migrations.ts";
import type { Answer, Review } from "../review/review.ts";
import { createHandler, createIntake, createProbeHandler, type HandlerPorts, type Intake } from "./handler.ts";
import type { Reviewed } from "./webhookMetrics.ts";
import { createSecondOpinion, type OpinionClient } from "../review/secondOpinion.ts";
import { serveTls, type ServingCertificate } from "./server.ts";
import { createValidator, type Override, type Rules } from "../review/validate.ts";

export interface WebhookOptions {
  readonly rules: Rules;
  /** For the second opinion on pod templates; undefined: no second opinion. */
  readonly client: OpinionClient | undefined;
  readonly certificate: ServingCertificate;
  /** PEM: only clients with a certificate of these CAs are answered. Undefined: all clients, with fewer details. */
  readonly clientCa?: string | undefined;
  readonly reviewed: Reviewed;
  readonly log: Log;
  readonly clock: Clock;
  /** 0 takes a free port. */
  readonly port: number;
  /** All addresses by default. */
  readonly hostname?: string;
  /** Called when the break-glass annotation let this spec through, in a review that was not a dry run. */
  readonly overridden: (override: Override, spec: unknown) => void;
  /** What the migration of Deployments changes; undefined: it is switched off. */
  readonly migrate?: Migrate | undefined;
}

/** `mode`: what the object's Namespace says. */
export type Migrate = (review: Review, mode?: NamespaceMode) => Promise<Answer>;

export interface Webhook {
  readonly port: number;
  /** When the certificate that is served expires, in milliseconds since the epoch. */
  expiresAtMs(): number;
  /** Resolves once new connections get only this certificate; no review is lost. */
  swapCertificate(certificate: ServingCertificate): Promise<void>;
  /** Goes on answering, and leads its clients to other replicas: for the time before `stop`. */
  drain(): void;
  /** Answers the reviews in flight, then ends. */
  stop(graceMs?: number): Promise<void>;
}

/**
 * Starts to serve at once: `POST /validate` for reviews, `POST /mutate` for those of what migrates, `POST /probe` for the
 * keeper, `GET /healthz`.
 * @throws Error when the port cannot be taken or the certificate cannot be used
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
    migrate: options.migrate && handlersOf(options.migrate, { reviewed, clock, complaints }, intake),
    probe: createProbeHandler(clock, intake),
    failed: (error) =>
      complaints.report({ about: "webhook", level: "error", message: "Cannot answer a request", error }),
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

/** None of their failures keeps a Deployment from being written: the loop does the same, a little later. */
function handlersOf(migrate: Migrate, ports: Omit<HandlerPorts, "validate">, intake: Intake) {
  const tried = async (review: Review, mode: NamespaceMode | undefined): Promise<Answer> => {
    try {
      return await migrate(review, mode);
    } catch (error) {
      const { kind, namespace, name } = review;
      const message = "Cannot tell whether an object migrates";
      ports.complaints.report({
        about: "migrating",
        level: "error",
        message,
        error,
        fields: { kind, namespace, name },
      });
      return { verdict: "failed", causes: [], warnings: [] };
    }
  };
  return (mode: NamespaceMode | undefined) =>
    createHandler({ ...ports, refusesUnread: false, validate: (review) => tried(review, mode) }, intake);
}
