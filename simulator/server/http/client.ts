/**
 * A KubeClient for the server in the same process, as the controller's loop uses it: nothing is copied, and the only
 * waits are for microtasks and the clock. It returns the stored objects themselves, which must not be changed.
 */
import type { Clock } from "../../../kube/clock/clock.ts";
import { type ApiError, refused, unanswered } from "../../../kube/client/apiError.ts";
import { pause } from "../../../kube/clock/sleep.ts";
import { type Target, targetOf } from "../../../kube/client/target.ts";
import type { KubeClient, KubeRequest } from "../../../kube/client/transport.ts";
import type { ApiRequest, ApiResponse, ApiServer, WatchEvent } from "../../model/model.ts";

export interface InProcessOptions {
  readonly server: ApiServer;
  readonly clock: Clock;
  /** Names the manager of the fields that are written; without one no fields are tracked. */
  readonly userAgent?: string;
  /** The user named in admission reviews. */
  readonly user?: string;
}

type Answer = Extract<ApiResponse, { readonly kind: "answer" }>;

const defaultTimeoutMs = 10_000;

const queryOf = ({ query }: KubeRequest): Record<string, string> => {
  const texts: Record<string, string> = {};
  for (const name in query) {
    const value = query[name];
    if (value !== undefined) texts[name] = String(value);
  }
  return texts;
};

const isRefusal = ({ status }: Answer): boolean => status >= 400;

const refusalOf = (target: Target, { status, body, retryAfterSeconds }: Answer): ApiError =>
  refused(target, status, JSON.stringify(body), retryAfterSeconds === undefined ? null : String(retryAfterSeconds));

/** As in the transport over HTTP: 429, and server errors with a Retry-After, are tried again. */
const waitMs = ({ status, retryAfterSeconds }: Answer): number | undefined => {
  if (status === 429) return (retryAfterSeconds ?? 1) * 1_000;
  return status >= 500 && retryAfterSeconds !== undefined ? retryAfterSeconds * 1_000 : undefined;
};

const aborted = (target: Target, signal: AbortSignal): ApiError =>
  unanswered(target, "Aborted", "cancelled", signal.reason);

/** One object is sent to many watchers, one after the other: it is serialized once. */
const lineWriter = () => {
  const encoder = new TextEncoder();
  let last: WatchEvent["object"];
  let json = "";
  return ({ type, object }: WatchEvent): Uint8Array => {
    if (object !== last) {
      last = object;
      json = JSON.stringify(object);
    }
    return encoder.encode(`{"type":"${type}","object":${json}}\n`);
  };
};
const lineOf = lineWriter();

const streamOf = (
  watch: Extract<ApiResponse, { readonly kind: "watch" }>,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array> => {
  let stop = (): void => {};
  let abort = (): void => {};
  let isOpen = true;
  const close = (): void => {
    stop();
    signal?.removeEventListener("abort", abort);
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (event: WatchEvent): void => {
        if (isOpen) controller.enqueue(lineOf(event));
      };
      const end = (): void => {
        if (!isOpen) return;
        isOpen = false;
        controller.close();
      };
      abort = () => {
        close();
        end();
      };
      stop = watch.start(send, end);
      signal?.addEventListener("abort", abort, { once: true });
    },
    cancel() {
      isOpen = false;
      close();
    },
  });
};

/** Whether a member somewhere is undefined, which JSON leaves out. */
const hasUndefined = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null) return value === undefined;
  if (Array.isArray(value)) return value.some(hasUndefined);
  for (const name in value) if (hasUndefined((value as Readonly<Record<string, unknown>>)[name])) return true;
  return false;
};

/** The object as it would arrive over HTTP; the same object where that makes no difference. */
export const sent = (body: unknown): unknown =>
  hasUndefined(body) ? (JSON.parse(JSON.stringify(body)) as unknown) : body;

export const inProcessClient = (options: InProcessOptions): KubeClient => {
  const { server, clock, userAgent, user } = options;

  const ask = (request: KubeRequest): Promise<ApiResponse> => {
    const { method, path, body, contentType, accept } = request;
    const asked: ApiRequest = {
      method,
      path: decodeURIComponent(path),
      query: queryOf(request),
      ...(body === undefined ? undefined : { body: sent(body) }),
      ...(contentType === undefined ? undefined : { contentType }),
      ...(accept === undefined ? undefined : { accept }),
      ...(userAgent === undefined ? undefined : { userAgent }),
      ...(user === undefined ? undefined : { user }),
    };
    return server.handle(asked);
  };

  /** @throws {ApiError} */
  const answered = async (request: KubeRequest, target: Target): Promise<ApiResponse> => {
    const { signal, timeoutMs = defaultTimeoutMs } = request;
    const untilMs = clock.now() + timeoutMs;
    for (;;) {
      if (signal?.aborted === true) throw aborted(target, signal);
      const response = await ask(request);
      const warnings = response.kind === "answer" ? (response.warnings ?? []) : [];
      if (warnings.length > 0) request.warned?.(warnings);
      if (response.kind === "watch" || !isRefusal(response)) return response;
      const ms = request.retry === false ? undefined : waitMs(response);
      if (ms === undefined || clock.now() + ms >= untilMs) throw refusalOf(target, response);
      await pause(clock, ms, signal ?? new AbortController().signal);
    }
  };

  return {
    server: "in-process",
    namespace: "default",
    async request<T>(request: KubeRequest): Promise<T> {
      const target = targetOf(request.method, request.path);
      const response = await answered(request, target);
      if (response.kind === "answer") return response.body as T;
      throw unanswered(target, "Unreachable", "a watch is opened, not requested", undefined);
    },
    async open(request) {
      const target = targetOf(request.method, request.path, request.query?.["watch"] === true);
      const response = await answered(request, target);
      if (response.kind === "watch") return streamOf(response, request.signal);
      return new Blob([JSON.stringify(response.body)]).stream();
    },
  };
};
