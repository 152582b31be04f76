/** `/healthz` and `/readyz` on one port, `/metrics` on another. */
import { metricsContentType } from "./metrics.ts";

export interface HealthOptions {
  /** TCP ports; 0 takes a free one. */
  readonly healthzPort: number;
  readonly metricsPort: number;
  /** IP addresses to listen on; undefined: all. */
  readonly healthAddress?: string | undefined;
  readonly metricsAddress?: string | undefined;
  /** What keeps the process from being ready, a sentence each; empty when it is ready. */
  readonly notReady: () => readonly string[];
  readonly renderMetrics: () => Iterable<string>;
  /** Called for a fault of ours, which is answered with 500 and nothing else. */
  readonly onError: (error: unknown) => void;
}

export interface HealthServers {
  readonly healthzPort: number;
  readonly metricsPort: number;
  /** Stops listening; requests in progress have a moment to be answered. */
  stop(): Promise<void>;
}

/**
 * Starts both servers.
 * @throws Error naming the port and its flag when the port is not available
 */
export function serveHealth(options: HealthOptions): HealthServers {
  const { healthzPort, metricsPort, healthAddress, metricsAddress, notReady, renderMetrics, onError } = options;
  const ready = (): Response => {
    const problems = notReady();
    return problems.length === 0 ? text(200, "ok") : text(503, `${problems.join("\n")}\n`);
  };
  const health = listen(
    { port: healthzPort, address: healthAddress, flag: "--healthzPort", addressFlag: "--health-bind-address" },
    { "/healthz": { GET: () => text(200, "ok"), HEAD: () => text(200, "ok") }, "/readyz": { GET: ready, HEAD: ready } },
    onError,
  );
  try {
    const metrics = listen(
      { port: metricsPort, address: metricsAddress, flag: "--metricsPort", addressFlag: "--metrics-bind-address" },
      { "/metrics": { GET: metricsPages(renderMetrics), HEAD: () => metricsResponse() } },
      onError,
    );
    return {
      healthzPort: health.port ?? healthzPort,
      metricsPort: metrics.port ?? metricsPort,
      stop: async () => void (await Promise.all([end(health), end(metrics)])),
    };
  } catch (error) {
    void health.stop(true);
    throw error;
  }
}

/** What the loop knows of its view of the cluster. Times in milliseconds since the epoch, undefined for never. */
export interface View {
  readonly nowMs: number;
  /** Kinds (plural) whose first list is not complete yet, or whose watch has lost the API server. */
  readonly unsynced: readonly string[];
  /** When a request was last answered, and when one last failed because there was no answer. */
  readonly lastAnswerAtMs: number | undefined;
  readonly lastFailureAtMs: number | undefined;
}

/** A failing API server may come back within this time before we report that we are not ready. */
const forgivenMs = 10_000;

/**
 * The sentences for `notReady`: caches not synced, API server not reached recently. Silence alone is no failure: where
 * nothing changes and no Lease is renewed, no request is made.
 */
export function notReadyReasons({ nowMs, unsynced, lastAnswerAtMs, lastFailureAtMs }: View): string[] {
  const reasons: string[] = [];
  if (unsynced.length > 0) reasons.push(`not synced: ${unsynced.join(", ")}`);
  if (lastAnswerAtMs === undefined) return [...reasons, "the API server has not answered yet"];
  const silentMs = nowMs - lastAnswerAtMs;
  const failing = lastFailureAtMs !== undefined && lastFailureAtMs > lastAnswerAtMs;
  if (failing && silentMs > forgivenMs) {
    reasons.push(`the API server has not answered for ${Math.round(silentMs / 1_000)} s`);
  }
  return reasons;
}

interface Place {
  readonly port: number;
  readonly address: string | undefined;
  readonly flag: string;
  readonly addressFlag: string;
}

/** Why it is not possible to listen there, as a sentence. */
export function portError({ port, address, flag, addressFlag }: Place, cause: unknown): Error {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (address === undefined) {
    const why = code === "EACCES" ? "permission denied" : "is another process using it?";
    return new Error(`Cannot listen on port ${port} (${flag}): ${why}`, { cause });
  }
  if (code === "EADDRNOTAVAIL") {
    return new Error(`Cannot listen on ${address} (${addressFlag}): this machine does not have that address`, {
      cause,
    });
  }
  return new Error(`Cannot listen on port ${port} of ${address} (${flag}): is another process using it?`, { cause });
}

/** No request here needs a body. */
const maxBodyBytes = 1_024;
/** Probes and scrapers keep connections for a minute; Bun's default of 10 s would close them during a request. */
const idleSeconds = 120;

type Routes = Record<string, { readonly GET: () => Response; readonly HEAD: () => Response }>;

/** The path of a URL as Bun gives it: its Host may be anything, even empty, so that `new URL` refuses some. */
const pathOf = (url: string): string => /^(?:\w+:\/\/[^/?#]*)?([^?#]*)/.exec(url)?.[1] ?? "";

function listen(place: Place, routes: Routes, onError: (error: unknown) => void): Bun.Server<undefined> {
  const start = (hostname: string): Bun.Server<undefined> =>
    Bun.serve({
      port: place.port,
      hostname,
      idleTimeout: idleSeconds,
      maxRequestBodySize: maxBodyBytes,
      fetch(request) {
        const route = routes[pathOf(request.url)];
        if (route === undefined || (request.method !== "GET" && request.method !== "HEAD")) {
          return text(404, "not found\n");
        }
        return route[request.method]();
      },
      // By default Bun prints a stack on stderr for each request, and answers with a page that shows our source.
      error(error) {
        onError(error);
        return text(500, "internal error: the log has it\n");
      },
    });
  let failure: unknown;
  // IPv6 accepts IPv4 too, where the machine has both.
  for (const hostname of place.address === undefined ? ["::", "0.0.0.0"] : [place.address]) {
    try {
      return start(hostname);
    } catch (error) {
      failure = error;
    }
  }
  throw portError(place, failure);
}

/** A client that does not fetch its answer, or keeps its connection open, must not keep the process alive. */
async function end(server: Bun.Server<undefined>): Promise<void> {
  await Promise.race([server.stop(), Bun.sleep(stopMs)]);
  await server.stop(true);
}

const stopMs = 200;

function text(status: number, body: string): Response {
  return new Response(body, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
}

/** Scrapes that are answered at the same time. A page can be megabytes, and is held until its reader has it. */
const maxReaders = 4;
const pieceBytes = 64 * 1_024;

const metricsResponse = (body?: ReadableStream<Uint8Array>): Response =>
  new Response(body, { headers: { "content-type": metricsContentType } });

/** Readers that do not go on reading are counted: each holds its page, and above the limit new ones are refused. */
function metricsPages(render: () => Iterable<string>): () => Response {
  let readers = 0;
  return () => {
    if (readers >= maxReaders) return text(503, `${maxReaders} scrapes are being answered: try again later\n`);
    readers += 1;
    const page = metricsPage(render());
    let at = 0;
    let reading = true;
    const done = (): void => {
      if (reading) readers -= 1;
      reading = false;
    };
    // The reader asks for the pieces one by one.
    const body = new ReadableStream<Uint8Array>({
      type: "bytes",
      pull(controller) {
        // A stream of bytes does not accept an empty piece.
        if (page.length > 0) controller.enqueue(page.slice(at, at + pieceBytes));
        at += pieceBytes;
        if (at < page.length) return;
        done();
        controller.close();
      },
      cancel: done,
    });
    return metricsResponse(body);
  };
}

/** Made in one go, since the cache must not change meanwhile, and outside the JavaScript heap. */
function metricsPage(pieces: Iterable<string>): Uint8Array {
  const sink = new Bun.ArrayBufferSink();
  sink.start({ asUint8Array: true, highWaterMark: pieceBytes });
  for (const piece of pieces) sink.write(piece);
  const page = sink.end();
  return page instanceof Uint8Array ? page : new Uint8Array(page);
}
