/**
 * The contract between Sluice and plugins, which are services: one POST an operation, JSON both ways, version 1
 * (docs/plugins.md#the-contract). All kinds of plugins, metric providers, canary steps and traffic routers, are asked in
 * this way.
 */
import { isObject, type Json } from "../../kube/object/json.ts";
import { goDurationNs } from "../../kube/object/goDuration.ts";
import { decodedObject, excerpt, isOk, statusText } from "./conversation.ts";
import type { Answer, Ask, HttpQuestion, Next, Reading } from "./provider.ts";
import type { PluginService } from "./pluginService.ts";

const CONTRACT = "sluice.plugin/v1";

export type PluginOp = "run" | "resume" | "terminate" | "abort" | "gc" | "route";

/** What is asked of a plugin. */
export interface PluginCall {
  readonly kind: "metric" | "step" | "traffic";
  readonly op: PluginOp;
  readonly plugin: string;
  /** The same whenever the same operation is asked for again: after a failure, and by the next leader. */
  readonly idempotencyKey: string;
  /** What else stands in the body. */
  readonly about: Json;
}

const TIMEOUT_MS = 10_000;
/** In all; what passes by itself is tried again at once, and what takes longer is up to whoever asks. */
const TRIES = 3;
/** An answer becomes a part of a status. */
const MOST_BYTES = 262_144;

/** @param key the value of the service's signing key */
export function pluginQuestion(service: PluginService, call: PluginCall, key: string | undefined): HttpQuestion {
  const { kind, op, plugin, idempotencyKey, about } = call;
  return {
    to: "address",
    method: "POST",
    url: service.url,
    headers: {
      "content-type": "application/json",
      accept: "application/json",
      "idempotency-key": idempotencyKey,
    },
    body: JSON.stringify({ contract: CONTRACT, kind, op, plugin, idempotencyKey, ...about }),
    timeoutMs: TIMEOUT_MS,
    maxBytes: MOST_BYTES,
    ownAddress: true,
    ...(key === undefined ? {} : { authentication: { kind: "hmac", key } }),
  };
}

/** The question, and how often it has been asked. */
export const askPlugin = (question: HttpQuestion, tries = 1): Ask => ({
  kind: "ask",
  questions: [question],
  state: { question, tries },
  toleratesFailures: true,
});

const isAsked = (state: unknown): state is { readonly question: HttpQuestion; readonly tries: number } =>
  isObject(state) && typeof state["tries"] === "number" && isObject(state["question"]);

/** What `use` makes of the JSON that a plugin answers with; or the question once more, or why there is no answer. */
export function readPlugin(
  plugin: string,
  [answer]: readonly Answer[],
  state: unknown,
  use: (answer: Json) => Reading,
): Next {
  const again = isAsked(state) && state.tries < TRIES ? askPlugin(state.question, state.tries + 1) : undefined;
  if (answer === undefined) return failed(`plugin ${plugin} was not asked`);
  if (answer.kind === "failed") return again ?? failed(`plugin ${plugin}: ${answer.message}`);
  const { status, body } = answer;
  if (!isOk(status)) {
    if (again !== undefined && (status === 429 || status >= 500)) return again;
    const said = excerpt(body);
    const isProgram = status === 404 || status === 405;
    const help = isProgram ? "; its location has to be the address of a service, not of a program" : "";
    return failed(`plugin ${plugin} answered HTTP ${statusText(status)}${said === "" ? "" : `: ${said}`}${help}`);
  }
  const decoded = decodedObject(`plugin ${plugin}`, body);
  return "problem" in decoded ? failed(decoded.problem) : use(decoded.json);
}

const failed = (message: string): Reading => ({ kind: "error", message });

/**
 * How long from now a plugin wants to be left alone, ms: `resumeAt` is an RFC 3339 time or a duration such as "17s".
 * Undefined: it does not say, or says it in another way.
 */
export function resumeInMs({ resumeAt }: Json, now: number): number | undefined {
  if (typeof resumeAt !== "string") return undefined;
  const ns = goDurationNs(resumeAt);
  const ms = ns === undefined ? Date.parse(resumeAt) - now : Number(ns / 1_000_000n);
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
