import type { Clock } from "../clock/clock.ts";
import { readAll, readJson, TooLongError } from "./answer.ts";
import { ApiError, refused, unanswered } from "./apiError.ts";
import type { Credentials } from "./credentials.ts";
import type { ApiPath } from "./path.ts";
import { shownServer, textOf } from "./errorText.ts";
import { pause } from "../clock/sleep.ts";
import { type Method, type Target, targetOf } from "./target.ts";
import { tokenBucket } from "./tokenBucket.ts";
import { warningsIn } from "./warningHeader.ts";

export interface KubeRequest {
  readonly method: Method;
  /** Built from parts (path.ts): no text from an object reaches a URL unescaped. */
  readonly path: ApiPath;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** "application/json" by default; patches: "application/merge-patch+json", "application/json-patch+json", … */
  readonly contentType?: string;
  /** "application/json" by default. */
  readonly accept?: string;
  /** For everything together, waiting for the client-side limit and retries included. 10 s by default. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** false: the first answer is final. An eviction's 429, for example, is a refusal by a disruption budget. */
  readonly retry?: boolean;
  /** Skips the client-side limit: Lease renewals must not queue behind a thousand writes. */
  readonly urgent?: boolean;
  /** The most bytes of the body to read; no limit by default. The body is requested uncompressed, as it may expand. */
  readonly mostBytes?: number;
  /** With `mostBytes`: called with the length of the body that was read. */
  readonly received?: (bytes: number) => void;
  /** Called with the texts of the answer's Warning headers, whatever its status is, if there are any. */
  readonly warned?: (warnings: readonly string[]) => void;
}

/** One request as it went over the wire; `status` 0: no answer. */
export interface ObservedRequest extends Target {
  readonly status: number;
  readonly durationMs: number;
}

export interface KubeClient {
  readonly server: string;
  readonly namespace: string;
  /**
   * The parsed answer (nothing checks that it is a T: parse where it matters).
   * 429, and 5xx with Retry-After, are retried while `timeoutMs` lasts; a GET whose connection broke is retried once.
   * @throws {ApiError}
   */
  request<T>(request: KubeRequest): Promise<T>;
  /**
   * The answer's body as a stream, for watches: `timeoutMs` counts until the first byte of the header, then it may be
   * silent for ever; `signal` (not a shared one: its listener stays) or cancelling the reader ends it.
   * @throws {ApiError}
   */
  open(request: KubeRequest): Promise<ReadableStream<Uint8Array>>;
}

export interface ClientOptions {
  readonly credentials: Credentials;
  /** Becomes the user agent `sluice/<version>`. */
  readonly version: string;
  readonly clock: Clock;
  /** Client-side limit (--qps, --burst); none by default: the API server limits us by 429, after which we wait. */
  readonly limit?: { readonly qps: number; readonly burst: number };
  readonly observe?: (request: ObservedRequest) => void;
  /** For the simulator and tests. */
  readonly fetch?: (url: string, init: BunFetchRequestInit) => Promise<Response>;
}

const defaultTimeoutMs = 10_000;
const maxAttempts = 10;

/** One AbortSignal for each request: `AbortSignal.any` on a long-lived signal piles up dependents until collected. */
const deadline = (clock: Clock, timeoutMs: number, outer: AbortSignal | undefined) => {
  const controller = new AbortController();
  let timedOut = false;
  const cancelTimer = clock.after(timeoutMs, () => {
    timedOut = true;
    controller.abort();
  });
  const abort = (): void => controller.abort(outer?.reason);
  if (outer?.aborted === true) abort();
  else outer?.addEventListener("abort", abort, { once: true });
  return {
    signal: controller.signal,
    get timedOut() {
      return timedOut;
    },
    /** From here on only the outer signal counts. */
    stopTimer: cancelTimer,
    end(): void {
      cancelTimer();
      outer?.removeEventListener("abort", abort);
    },
  };
};
type Deadline = ReturnType<typeof deadline>;

const urlOf = (server: string, { path, query }: KubeRequest): string => {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) search.append(name, String(value));
  }
  return search.size === 0 ? server + path : `${server}${path}?${search.toString()}`;
};

/** One attempt, up to the header of the answer. */
const attempt = async (client: ClientOptions, request: KubeRequest, target: Target, limit: Deadline) => {
  const { credentials, clock, observe } = client;
  const url = urlOf(credentials.server, request);
  const sending = await init(client, request, target, limit.signal);
  const startedMs = clock.now();
  const report = (status: number): void => observe?.({ ...target, status, durationMs: clock.now() - startedMs });
  const response = await (client.fetch ?? fetch)(url, sending).catch((error: unknown) => {
    report(0);
    throw error;
  });
  report(response.status);
  const warnings = request.warned === undefined ? [] : warningsIn(response.headers.get("warning"));
  if (warnings.length > 0) request.warned?.(warnings);
  if (response.ok) return response;
  throw refused(target, response.status, await response.text(), response.headers.get("retry-after"));
};

const init = async (client: ClientOptions, request: KubeRequest, target: Target, signal: AbortSignal) => {
  const authorization = await client.credentials.headers().catch((error: unknown) => {
    throw unanswered(target, "Credentials", textOf(error), error);
  });
  const tls = client.credentials.tls(); // after headers(): an exec plugin may bring a certificate
  const headers: Record<string, string> = {
    "user-agent": `sluice/${client.version}`,
    accept: request.accept ?? "application/json",
    ...(request.mostBytes !== undefined && { "accept-encoding": "identity" }),
    ...authorization,
  };
  if (request.body !== undefined) headers["content-type"] = request.contentType ?? "application/json";
  const init: BunFetchRequestInit = {
    method: request.method,
    headers,
    signal,
    // Bun gives up on a silent connection by itself (360 s); the time limit here is ours.
    timeout: false,
    redirect: "error",
    ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
    ...(tls !== undefined && { tls }),
    ...(client.credentials.proxy !== undefined && { proxy: client.credentials.proxy }),
  };
  return init;
};

const readAnswer = async <T>(clock: Clock, { mostBytes, received }: KubeRequest, response: Response): Promise<T> => {
  if (mostBytes === undefined) return (await readAll(response, clock.giveWay)) as T;
  const { json, bytes } = await readJson(response, mostBytes, clock.giveWay);
  received?.(bytes);
  return json as T;
};

/** Any error of a request as an ApiError. */
const failure = (client: ClientOptions, request: KubeRequest, target: Target, limit: Deadline, error: unknown) => {
  if (error instanceof ApiError) return error;
  if (error instanceof TooLongError) return unanswered(target, "TooLarge", error.message, error);
  const server = shownServer(client.credentials.server);
  if (limit.timedOut) {
    const why = `no answer from ${server} within ${request.timeoutMs ?? defaultTimeoutMs} ms`;
    return unanswered(target, "Timeout", why, error);
  }
  if (limit.signal.aborted) return unanswered(target, "Aborted", "cancelled", error);
  return unanswered(target, "Unreachable", `no answer from ${server}: ${textOf(error)}`, error);
};

/** How long to wait before a retry, in ms; undefined: no retry. */
const retryDelayMs = (error: ApiError, method: Method, attempts: number): number | undefined => {
  if (attempts >= maxAttempts) return undefined;
  if (error.status === 429) return (error.retryAfterSeconds ?? 1) * 1_000;
  if (error.status >= 500 && error.retryAfterSeconds !== undefined) return error.retryAfterSeconds * 1_000;
  // Retried once with fresh credentials.
  if (error.status === 401 && attempts === 1) return 0;
  // The server closed a pooled connection just then; only reads are certainly harmless to repeat.
  if (error.reason === "Unreachable" && method === "GET" && attempts === 1) return 0;
  return undefined;
};

/** A client for one API server. It holds no resources but fetch's pooled connections. */
export const createClient = (options: ClientOptions): KubeClient => {
  const { credentials, clock } = options;
  const bucket = options.limit === undefined ? undefined : tokenBucket({ ...options.limit, clock });

  const send = async <R>(
    request: KubeRequest,
    target: Target,
    limit: Deadline,
    finish: (response: Response) => Promise<R>,
  ): Promise<R> => {
    const untilMs = clock.now() + (request.timeoutMs ?? defaultTimeoutMs);
    for (let attempts = 1; ; attempts += 1) {
      let delayMs: number | undefined;
      let refusal: ApiError | undefined;
      try {
        const turnMs = request.urgent === true ? 0 : (bucket?.take() ?? 0);
        if (turnMs > 0) await pause(clock, turnMs, limit.signal);
        return await finish(await attempt(options, request, target, limit));
      } catch (cause) {
        const error = failure(options, request, target, limit, cause);
        delayMs =
          limit.signal.aborted || request.retry === false ? undefined : retryDelayMs(error, request.method, attempts);
        if (delayMs === undefined || clock.now() + delayMs >= untilMs) throw error;
        if (error.status === 401) credentials.refresh();
        refusal = error;
      }
      // When the deadline or the caller cuts this wait short, the next attempt fails at once with the right error.
      if (delayMs > 0) await pause(clock, delayMs, limit.signal);
      // The process was frozen meanwhile: whatever allowed the request, a Lease for example, may be over.
      if (!limit.signal.aborted && clock.now() >= untilMs) throw refusal;
    }
  };

  return {
    server: credentials.server,
    namespace: credentials.namespace,
    async request<T>(request: KubeRequest): Promise<T> {
      const limit = deadline(clock, request.timeoutMs ?? defaultTimeoutMs, request.signal);
      const target = targetOf(request.method, request.path);
      try {
        return await send(request, target, limit, (response) => readAnswer<T>(clock, request, response));
      } finally {
        limit.end();
      }
    },
    async open(request) {
      const limit = deadline(clock, request.timeoutMs ?? defaultTimeoutMs, request.signal);
      const target = targetOf(request.method, request.path, request.query?.["watch"] === true);
      try {
        return await send(request, target, limit, async (response) => {
          // A 204 or an empty body is a stream that has ended.
          return response.body ?? new Blob([]).stream();
        });
      } catch (error) {
        limit.end();
        throw error;
      } finally {
        limit.stopTimer();
      }
    },
  };
};
