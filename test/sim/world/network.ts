/**
 * The way between a process and the API server: a KubeClient whose requests and watches take time and are subject
 * to faults. Its own errors, and its retries after 429 and 503, are those of the real transport
 * (kube/client/transport.ts).
 */
import { ApiError, refused, unanswered } from "../../../kube/client/apiError.ts";
import { pause } from "../../../kube/clock/sleep.ts";
import { targetOf } from "../../../kube/client/target.ts";
import type { KubeClient, KubeRequest } from "../../../kube/client/transport.ts";
import type { Clock } from "../../../kube/clock/clock.ts";
import { sent } from "../../../simulator/server/http/client.ts";
import type { ApiRequest, ApiResponse, ApiServer, WatchEvent } from "../../../simulator/model/model.ts";
import type { ProcessClock } from "./virtualClock.ts";
import type { Fate, Faults } from "./faults.ts";
import { resourceOf, type Past } from "./past.ts";

export interface Wire {
  readonly server: ApiServer;
  /** The world's time: requests under way continue while a process is frozen. */
  readonly clock: Clock;
  readonly past: Past;
}

export interface Line {
  /** Names the author of the writes to the world while the server carries them out. */
  readonly as: <T>(act: () => T) => T;
  readonly clock: ProcessClock;
  readonly faults: Faults;
  readonly onFate: (fate: Fate, request: KubeRequest) => void;
  /** Every request that reaches the server. */
  readonly onRequest: (request: KubeRequest) => void;
  /** Why a policy refuses a request; undefined: it does not. */
  readonly refusal: (request: KubeRequest) => string | undefined;
  /** Whether the process ends after the request that took effect just now, without receiving the response. */
  readonly crashesNow: () => boolean;
  readonly crash: (downMs: number) => void;
}

export interface Connection {
  readonly client: KubeClient;
  /** All watches end for the server; the process gets no notice of it. */
  cut(): void;
}

const defaultTimeoutMs = 10_000;

const apiRequest = ({ method, path, query, body, contentType, accept }: KubeRequest): ApiRequest => ({
  method,
  path: decodeURIComponent(path),
  query: Object.fromEntries(
    Object.entries(query ?? {}).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])),
  ),
  ...(body === undefined ? {} : { body: sent(body) }),
  ...(contentType === undefined ? {} : { contentType }),
  ...(accept === undefined ? {} : { accept }),
});

const status = (code: number, reason: string, message: string): string =>
  JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message });

const forbidden = (message: string): ApiResponse => ({
  kind: "answer",
  status: 403,
  body: { kind: "Status", apiVersion: "v1", status: "Failure", code: 403, reason: "Forbidden", message },
});

const refusals = { 429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable" } as const;

/** A response as it arrives: parsed anew, so that nothing is shared with the server. */
const received = (body: unknown): unknown => body;

export function connect(wire: Wire, line: Line): Connection {
  const { server, clock: world, past } = wire;
  const { clock, faults } = line;
  const open = new Set<() => void>();

  /** Carries a request to the server and its response back. @throws {ApiError} */
  const attempt = (request: KubeRequest, fate: Fate): Promise<unknown> => {
    const target = targetOf(request.method, request.path);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const timeoutMs = request.timeoutMs ?? defaultTimeoutMs;
    const late = (): void => reject(unanswered(target, "Timeout", `no answer within ${timeoutMs} ms`, undefined));
    const cancel = clock.after(timeoutMs, late);
    const settle = (act: () => void): void => {
      cancel();
      act();
    };
    const answer = (response: ApiResponse): void => {
      if (response.kind === "watch") return reject(new Error("A watch was not asked for"));
      const { status: code, body, retryAfterSeconds } = response;
      if (code < 300) return resolve(received(body));
      reject(
        refused(target, code, JSON.stringify(body), retryAfterSeconds === undefined ? null : `${retryAfterSeconds}`),
      );
    };
    const reach = (then: (response: ApiResponse) => void): void => {
      line.onRequest(request);
      const why = line.refusal(request);
      const handled =
        why === undefined ? line.as(() => server.handle(apiRequest(request))) : Promise.resolve(forbidden(why));
      void handled.then((response) => {
        if (request.method !== "GET" && line.crashesNow()) line.crash(50);
        then(response);
      });
    };
    const back = (ms: number) => (response: ApiResponse) => void clock.after(ms, () => settle(() => answer(response)));
    const broken = (): void => {
      clock.after(1, () => settle(() => reject(unanswered(target, "Unreachable", "the connection broke", undefined))));
    };
    const serve = (): void => {
      switch (fate.kind) {
        case "served":
          return reach(back(fate.backMs));
        case "overtaken":
          past.touch(request.path);
          return reach(back(1));
        case "unanswered":
          return reach(() => (fate.broken ? broken() : undefined));
        case "crash":
          return reach(() => line.crash(fate.downMs));
        case "freeze":
          return reach((response) => {
            clock.freeze(fate.ms, fate.asleep);
            back(1)(response);
          });
        case "refused": {
          const { status: code, retryAfterSeconds: seconds } = fate;
          const error = refused(
            target,
            code,
            status(code, refusals[code], "as the seed says"),
            seconds === undefined ? null : `${seconds}`,
          );
          return void clock.after(1, () => settle(() => reject(error)));
        }
        case "lost":
          return undefined;
        default:
          return fate satisfies never;
      }
    };
    world.after(fate.kind === "served" ? fate.thereMs : 1, serve);
    const { signal } = request;
    if (signal === undefined) return promise;
    const abort = (): void => settle(() => reject(aborted(request)));
    signal.addEventListener("abort", abort, { once: true });
    return promise.finally(() => signal.removeEventListener("abort", abort));
  };

  const listed = (request: KubeRequest): unknown => {
    const ageMs = faults.listAgeMs();
    return ageMs === 0 ? undefined : past.list(resourceOf(request.path), world.now() - ageMs);
  };

  const request = async (asked: KubeRequest): Promise<unknown> => {
    const untilMs = clock.now() + (asked.timeoutMs ?? defaultTimeoutMs);
    const { verb, resource } = targetOf(asked.method, asked.path);
    for (;;) {
      if (asked.signal?.aborted === true) throw aborted(asked);
      const old = verb === "list" && asked.query?.["limit"] !== undefined ? listed(asked) : undefined;
      if (old !== undefined) return old;
      const fate = faults.of({
        write: asked.method !== "GET",
        lease: resource === "leases",
        event: resource === "events",
      });
      line.onFate(fate, asked);
      try {
        return await attempt(asked, fate);
      } catch (error) {
        const delayMs = asked.retry === false ? undefined : retryDelayMs(error);
        if (delayMs === undefined || clock.now() + delayMs >= untilMs) throw error;
        await pause(clock, delayMs, asked.signal ?? never);
        // As in the transport: the process was frozen meanwhile.
        if (clock.now() >= untilMs) throw error;
      }
    }
  };

  return {
    client: {
      server: "simulated",
      namespace: "default",
      // As in the real client, nothing checks that a response is a T.
      request: async <T>(asked: KubeRequest) => (await request(asked)) as T,
      open: (asked) => watch(wire, line, asked, open),
    },
    cut() {
      for (const stop of open) stop();
      open.clear();
    },
  };
}

const never = new AbortController().signal;

const aborted = (request: KubeRequest): ApiError =>
  unanswered(targetOf(request.method, request.path), "Aborted", "cancelled", undefined);

const retryDelayMs = (error: unknown): number | undefined => {
  if (!(error instanceof ApiError)) return undefined;
  if (error.status === 429) return (error.retryAfterSeconds ?? 1) * 1_000;
  if (error.status >= 500 && error.retryAfterSeconds !== undefined) return error.retryAfterSeconds * 1_000;
  return undefined;
};

const encoder = new TextEncoder();
const lineOf = (event: WatchEvent): Uint8Array => encoder.encode(`${JSON.stringify(event)}\n`);
const expired: WatchEvent = {
  type: "ERROR",
  object: { kind: "Status", apiVersion: "v1", status: "Failure", code: 410, reason: "Expired", message: "too old" },
};

/** Opens a watch: events come in order, each after its delay, until the connection ends. */
async function watch(
  { server, clock: world }: Wire,
  line: Line,
  asked: KubeRequest,
  open: Set<() => void>,
): Promise<ReadableStream<Uint8Array>> {
  const { clock, faults } = line;
  const target = targetOf(asked.method, asked.path, true);
  line.onRequest(asked);
  await pause(clock, 1, asked.signal ?? never);
  const response = await server.handle(apiRequest(asked));
  await pause(clock, 1, asked.signal ?? never);
  if (response.kind === "answer") throw refused(target, response.status, JSON.stringify(response.body), null);
  if (asked.signal?.aborted === true) throw aborted(asked);
  let stop = (): void => {};
  return new ReadableStream<Uint8Array>({
    start(controller) {
      let quiet = false;
      let untilMs = 0;
      let last: WatchEvent | undefined;
      /** Delivers something no earlier than what came before. */
      const later = (ms: number, act: () => void): void => {
        untilMs = Math.max(untilMs, world.now() + ms);
        clock.after(untilMs - world.now(), () => {
          if (open.has(hangUp)) act();
        });
      };
      const close = (): void => {
        if (open.has(hangUp)) controller.close();
        hangUp();
      };
      const send = (event: WatchEvent, ms = 1): void => {
        const bytes = lineOf(event);
        later(ms, () => controller.enqueue(bytes));
      };
      const passOn = (event: WatchEvent): void => {
        if (quiet) return;
        if (event.type === "BOOKMARK" || event.type === "ERROR") return send(event);
        const fate = faults.ofEvent();
        const before = last;
        last = event;
        switch (fate.kind) {
          case "delivered":
            return send(event, fate.delayMs);
          case "twice":
            send(event);
            return send(event);
          case "stale":
            send(event);
            return before === undefined ? undefined : send(before);
          case "cut":
            quiet = true;
            return later(1, close);
          case "expired":
            quiet = true;
            send(expired);
            return later(1, close);
          case "dead":
            quiet = true;
            return undefined;
          default:
            return fate satisfies never;
        }
      };
      let endServing = (): void => {};
      const hangUp = (): void => {
        open.delete(hangUp);
        quiet = true;
        endServing();
      };
      stop = hangUp;
      open.add(hangUp);
      endServing = response.start(passOn, () => later(1, close));
      asked.signal?.addEventListener("abort", hangUp, { once: true });
    },
    cancel: () => stop(),
  });
}
