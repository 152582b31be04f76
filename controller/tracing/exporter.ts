/**
 * Sends spans to a collector: in batches, beside everything else. Nobody waits for it: what finds no room in the queue,
 * or cannot be delivered for long, is dropped and counted (docs/tracing.md#when-the-collector-does-not-answer).
 */
import type { Clock } from "../../kube/clock/clock.ts";
import { deadline } from "../../kube/clock/deadline.ts";
import { pause } from "../../kube/clock/sleep.ts";
import { isObject } from "../../kube/object/json.ts";
import type { Complaints } from "../process/complaints.ts";
import { counterFamily, single } from "../process/exposition.ts";
import type { TracingSettings } from "./settings.ts";
import { exportRequest } from "./spans/otlpJson.ts";
import type { Span } from "./spans/span.ts";

export type Post = (url: string, init: BunFetchRequestInit) => Promise<Response>;

export interface ExporterPorts {
  readonly clock: Clock;
  readonly complaints: Pick<Complaints, "report">;
  readonly version: string;
  readonly post: Post;
  /** PEM of the CAs of the collector; undefined: the machine's. */
  readonly ca?: string | undefined;
  /** [0, 1). */
  readonly random?: () => number;
}

export interface Exporter {
  /** Never waits, and never throws. */
  add(spans: readonly Span[]): void;
  /** Sends what is left, for at most `ms`. */
  stop(ms: number): Promise<void>;
  render(): Generator<string>;
}

/** Spans that wait at most: about 2 MB. */
const ROOM = 4_096;
const BATCH = 512;
/** So that the spans of one pass, and of those beside it, travel together. */
const GATHER_MS = 1_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;
/** A server may ask for no more patience than that. */
const MOST_PATIENCE_MS = 300_000;
/** How long a batch is tried. */
const GIVE_UP_MS = 900_000;

export function createExporter(settings: TracingSettings, ports: ExporterPorts): Exporter {
  const { clock } = ports;
  const queue: Span[] = [];
  const dropped = counterFamily("sluice_trace_spans_dropped_total", "Spans that were not delivered.", ["why"]);
  // A counter that appears with its first value has not increased, as Prometheus sees it.
  for (const why of WHYS) dropped.add([why], 0);
  const counts = { sent: 0 };
  const stopping = new AbortController();
  let working: Promise<void> | undefined;
  const sending: Sending = {
    settings,
    ports,
    stopping: stopping.signal,
    sent: (count) => (counts.sent += count),
    drop: (why, count) => dropped.add([why], count),
  };
  const work = async (): Promise<void> => {
    await pause(clock, GATHER_MS, stopping.signal);
    while (queue.length > 0) await deliver(sending, queue.splice(0, BATCH));
    working = undefined;
  };
  return {
    add(spans) {
      const room = Math.max(0, ROOM - queue.length);
      if (spans.length > room) sending.drop("crowded", spans.length - room);
      queue.push(...spans.slice(0, room));
      if (queue.length > 0) working ??= work();
    },
    async stop(ms) {
      stopping.abort();
      const over = new AbortController();
      await Promise.race([working ?? Promise.resolve(), pause(clock, ms, over.signal)]);
      over.abort();
      if (queue.length > 0) sending.drop("stopped", queue.splice(0).length);
    },
    *render() {
      yield single("sluice_trace_spans_sent_total", "counter", "Spans that a collector took.", counts.sent);
      yield* dropped.render();
    },
  };
}

const WHYS = ["crowded", "refused", "unanswered", "stopped"] as const;
type Why = (typeof WHYS)[number];

interface Sending {
  readonly settings: TracingSettings;
  readonly ports: ExporterPorts;
  /** From then on nothing is tried twice. */
  readonly stopping: AbortSignal;
  sent(count: number): void;
  drop(why: Why, count: number): void;
}

/** Tries until it is delivered, refused for good, or too old. */
async function deliver(sending: Sending, spans: readonly Span[]): Promise<void> {
  const { settings, ports, stopping } = sending;
  const { clock, complaints, version, random = Math.random } = ports;
  const body = exportRequest({ resource: settings.resource, version }, spans);
  const sinceMs = clock.now();
  for (let attempt = 0; ; attempt += 1) {
    const outcome = await send(sending, body);
    if (outcome.kind === "taken") {
      sending.sent(spans.length - outcome.rejected);
      if (outcome.rejected > 0) sending.drop("refused", outcome.rejected);
    }
    if (outcome.problem !== undefined)
      complaints.report({ about: "traces", level: "warn", message: "Cannot send traces", error: outcome.problem });
    if (outcome.kind === "taken") return;
    if (outcome.kind === "refused") return sending.drop("refused", spans.length);
    if (stopping.aborted) return sending.drop("stopped", spans.length);
    if (clock.now() - sinceMs >= GIVE_UP_MS) return sending.drop("unanswered", spans.length);
    const backoffMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt) * (0.5 + random() / 2);
    await pause(clock, outcome.afterMs ?? backoffMs, stopping);
  }
}

type Outcome =
  | { readonly kind: "taken"; readonly rejected: number; readonly problem?: string | undefined }
  | { readonly kind: "refused"; readonly problem: string }
  /** `afterMs`: what the server asks for. */
  | { readonly kind: "later"; readonly problem: string; readonly afterMs?: number | undefined };

/** The answers after which a request is to be sent again (https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes). */
const RETRYABLE: readonly number[] = [429, 502, 503, 504];

async function send({ settings, ports }: Sending, body: string): Promise<Outcome> {
  const { clock, version, post, ca } = ports;
  const { url, headers, timeoutMs, isCompressed } = settings;
  const limit = deadline(clock, timeoutMs, new AbortController().signal);
  const where = `to ${new URL(url).origin}`;
  try {
    const answer = await post(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": `sluice/${version}`,
        ...(isCompressed ? { "content-encoding": "gzip" } : {}),
        ...headers,
      },
      body: isCompressed ? Bun.gzipSync(body) : body,
      redirect: "manual",
      signal: limit.signal,
      ...(ca === undefined ? {} : { tls: { ca } }),
    });
    const text = await answer.text();
    if (answer.ok) return { kind: "taken", ...partialSuccess(text, where) };
    const problem = `POST ${where} was answered with HTTP ${answer.status}`;
    if (!RETRYABLE.includes(answer.status)) return { kind: "refused", problem };
    return { kind: "later", problem, afterMs: retryAfter(answer.headers.get("retry-after"), clock.now()) };
  } catch (error) {
    const why = limit.signal.aborted ? `no answer within ${timeoutMs} ms` : error instanceof Error ? error.message : "";
    return { kind: "later", problem: `POST ${where} failed: ${why}` };
  } finally {
    limit.end();
  }
}

/** What a collector says that it did not take. */
function partialSuccess(text: string, where: string): { readonly rejected: number; readonly problem?: string } {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return { rejected: 0 };
  }
  const part = isObject(answer) && isObject(answer["partialSuccess"]) ? answer["partialSuccess"] : {};
  const rejected = Number(part["rejectedSpans"] ?? 0) || 0;
  if (rejected === 0) return { rejected };
  const why = typeof part["errorMessage"] === "string" ? part["errorMessage"] : "it does not say why";
  return { rejected, problem: `POST ${where}: ${rejected} spans were rejected: ${why}` };
}

/**
 * Seconds, or a date (https://www.rfc-editor.org/rfc/rfc9110#name-retry-after); at least a second, so that a server which
 * says 0 is not asked without end.
 */
function retryAfter(text: string | null, nowMs: number): number | undefined {
  if (text === null) return undefined;
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(MOST_PATIENCE_MS, Math.max(FIRST_RETRY_MS, ms));
}
