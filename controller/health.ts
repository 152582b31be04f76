/** `/healthz` and `/readyz` on one port, `/metrics` on another. */
import { metricsContentType } from "./metrics.ts";

export interface HealthOptions {
  /** TCP ports; 0 takes a free one. */
  readonly healthzPort: number;
  readonly metricsPort: number;
  /** What keeps the process from being ready, a sentence each; none when it is ready. */
  readonly notReady: () => readonly string[];
  readonly renderMetrics: () => Iterable<string>;
}

export interface HealthServers {
  readonly healthzPort: number;
  readonly metricsPort: number;
  /** Stops listening; requests in work are answered. */
  stop(): Promise<void>;
}

/**
 * Starts both servers.
 * @throws Error naming the port and its flag when it cannot be had
 */
export function serveHealth({ healthzPort, metricsPort, notReady, renderMetrics }: HealthOptions): HealthServers {
  const health = listen(healthzPort, "--healthzPort", {
    "/healthz": () => text(200, "ok"),
    "/readyz": () => {
      const problems = notReady();
      return problems.length === 0 ? text(200, "ok") : text(503, `${problems.join("\n")}\n`);
    },
  });
  try {
    const metrics = listen(metricsPort, "--metricsPort", { "/metrics": () => metricsPage(renderMetrics()) });
    return {
      healthzPort: health.port ?? healthzPort,
      metricsPort: metrics.port ?? metricsPort,
      stop: async () => void (await Promise.all([health.stop(), metrics.stop()])),
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
  /** When a request was last answered, and when one last failed for want of an answer. */
  readonly lastAnswerAtMs: number | undefined;
  readonly lastFailureAtMs: number | undefined;
}

/** A failing API server may come back within so long before we say that we are not ready. */
const forgivenMs = 10_000;

/**
 * The sentences for `notReady`: caches not synced, API server not reached recently. Silence alone is no failure: where
 * nothing changes and no Lease is renewed, nothing is asked.
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

function listen(port: number, flag: string, routes: Record<string, () => Response>): Bun.Server<undefined> {
  const start = (hostname: string): Bun.Server<undefined> =>
    Bun.serve({
      port,
      hostname,
      // Bun's 10 s would close the kept connections of probes and scrapers under them.
      idleTimeout: 255,
      routes: Object.fromEntries(Object.entries(routes).map(([path, answer]) => [path, { GET: answer, HEAD: answer }])),
      fetch: () => text(404, "not found\n"),
    });
  try {
    return start("::"); // IPv4 too, where the machine has both
  } catch {
    try {
      return start("0.0.0.0");
    } catch (error) {
      throw new Error(`Cannot listen on port ${port} (${flag}): is another process using it?`, { cause: error });
    }
  }
}

function text(status: number, body: string): Response {
  return new Response(body, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
}

/** Made in one go, since the cache must not change under it, and outside the JavaScript heap: it can be megabytes. */
function metricsPage(pieces: Iterable<string>): Response {
  const sink = new Bun.ArrayBufferSink();
  sink.start({ asUint8Array: true, highWaterMark: 64 * 1_024 });
  for (const piece of pieces) sink.write(piece);
  return new Response(sink.end(), { headers: { "content-type": metricsContentType } });
}
