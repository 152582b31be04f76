/**
 * TLS on Bun.serve, with a certificate that can be changed under load (docs/behaviour/admission.md#a-new-certificate
 * explains why it works like this).
 */
import type { Clock } from "../../kube/clock/clock.ts";
import { type Connections, watchConnections } from "./connections.ts";
import { ownSockets, peerOf } from "./sockets.ts";
import { steerTo } from "./steering.ts";

/** What is served. PEM texts; never log the key. */
export interface ServingCertificate {
  /** The certificate, followed by any intermediate ones. */
  readonly pem: string;
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly notAfterMs: number;
}

export interface ServerOptions {
  /** 0 takes a free port. */
  readonly port: number;
  /** All addresses by default. */
  readonly hostname?: string;
  readonly certificate: ServingCertificate;
  /**
   * PEM: a client without a certificate of one of these CAs is refused in the handshake. Undefined: no client
   * certificate is requested.
   */
  readonly clientCa?: string | undefined;
  readonly clock: Clock;
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** How long the server with the old certificate asks its clients to reconnect; see `drains`. */
  readonly drainMs?: Partial<typeof drains>;
}

export interface TlsServer {
  readonly port: number;
  /** The certificate that new connections get, or are about to get. */
  certificate(): ServingCertificate;
  /**
   * Resolves once new connections get only this certificate; reviews in flight are answered. Swaps run one at a time.
   */
  swapCertificate(certificate: ServingCertificate): Promise<void>;
  /**
   * Before we end: requests from now on are answered with a request to reconnect, which leads to the remaining
   * replicas.
   */
  drain(): void;
  /** Takes no more connections and resolves when all reviews in flight are answered, or after `graceMs` (3 s). */
  stop(graceMs?: number): Promise<void>;
}

/** For how many milliseconds an old server goes on. */
const drains = {
  /**
   * When it gets no new connections: longer than the API server keeps idle ones (90 s), so that none is closed under a
   * review.
   */
  steered: 100_000,
  /** When it still gets its share of the new connections, with the old certificate. */
  shared: 2_000,
};
const defaultGraceMs = 3_000;

interface Listener {
  readonly server: Bun.Server<undefined>;
  draining: boolean;
  /** Cancels the timer that ends it, once it drains. */
  cancel?: () => void;
}

/**
 * Starts to listen.
 * @throws Error naming the port when it cannot be taken, or when the certificate cannot be used
 */
export function serveTls(options: ServerOptions): TlsServer {
  const { clock } = options;
  const drainMs = { ...drains, ...options.drainMs };
  let served = options.certificate;
  const asked: Pick<Connections, "asked"> = { asked: (peer) => connections.asked(peer) };
  let current = listen(options, options.port, served, asked);
  const port = current.server.port ?? options.port;
  const sockets = ownSockets();
  sockets?.bound(port);
  const connections = watchConnections({ port, sockets, clock });
  // In the kernel's order, by which steering selects.
  const listeners = [current];
  let swapping: Promise<void> = Promise.resolve();
  let stopped = false;

  const steer = (): boolean => steerTo(port, listeners.indexOf(current));
  const retire = (old: Listener): void => {
    const index = listeners.indexOf(old);
    if (index < 0) return;
    void end(old, clock, defaultGraceMs);
    const last = listeners.pop();
    if (last !== undefined && last !== old) listeners[index] = last;
    steer();
  };
  const swap = async (certificate: ServingCertificate): Promise<void> => {
    if (stopped) return;
    const next = listen(options, port, certificate, connections);
    sockets?.bound(port);
    listeners.push(next);
    const old = current;
    current = next;
    served = certificate;
    // Ending a listener closes its idle connections, and a review on its way on one of them would be lost. So for a
    // while it answers with `Connection: close`: the API server then opens a new connection, which reaches the new
    // server.
    old.draining = true;
    if (steer()) {
      old.cancel = clock.after(drainMs.steered, () => retire(old));
      return;
    }
    await new Promise<void>((resolve) => clock.after(drainMs.shared, resolve));
    retire(old);
  };
  return {
    port,
    certificate: () => served,
    swapCertificate(certificate) {
      const swapped = swapping.then(() => swap(certificate));
      swapping = swapped.catch(() => undefined);
      return swapped;
    },
    drain() {
      for (const listener of listeners) listener.draining = true;
    },
    async stop(graceMs = defaultGraceMs) {
      stopped = true;
      connections.stop();
      for (const { cancel } of listeners) cancel?.();
      await Promise.all(listeners.splice(0).map((listener) => end(listener, clock, graceMs)));
    },
  };
}

async function end({ server }: Listener, clock: Clock, graceMs: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const cancel = clock.after(graceMs, late.resolve);
  await Promise.race([server.stop(), late.promise]);
  cancel();
  await server.stop(true);
}

function listen(
  options: ServerOptions,
  port: number,
  certificate: ServingCertificate,
  { asked }: Pick<Connections, "asked">,
): Listener {
  const { clientCa } = options;
  const listener: Omit<Listener, "server"> = { draining: false };
  const start = (hostname: string): Bun.Server<undefined> =>
    Bun.serve({
      port,
      hostname,
      reusePort: true,
      // Bun's default of 10 s would close connections that the API server keeps for its next review.
      idleTimeout: 255,
      // Bun would answer without a message; the handler returns one with its limit, and reads no more than that.
      maxRequestBodySize: 2 ** 31,
      tls: {
        cert: certificate.pem,
        key: certificate.key,
        ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
      },
      fetch: async (request, server) => {
        const from = server.requestIP(request);
        if (from !== null) asked(peerOf(from.address, from.port));
        const response = await options.fetch(request);
        if (listener.draining) response.headers.set("connection", "close");
        return response;
      },
      error: () => new Response("internal error\n", { status: 500 }),
    });
  const hostnames = options.hostname === undefined ? ["::", "0.0.0.0"] : [options.hostname];
  let failure: unknown;
  for (const hostname of hostnames) {
    try {
      return Object.assign(listener, { server: start(hostname) });
    } catch (error) {
      failure = error;
    }
  }
  throw new Error(`Cannot serve admission reviews on port ${port}`, { cause: failure });
}
