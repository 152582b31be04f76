/**
 * For tests of what is on the wire: a server whose answers the test writes itself, byte by byte, and so wrong ones, late
 * ones and none. What needs an API server that answers as Kubernetes does takes test/apiServer.ts.
 */
import { systemClock } from "../clock/clock.ts";
import type { Credentials } from "./credentials.ts";
import { type ClientOptions, createClient } from "./transport.ts";

export const credentialsFor = (server: string, more: Partial<Credentials> = {}): Credentials => ({
  server,
  namespace: "ns",
  source: "test",
  tls: () => undefined,
  headers: async () => ({ authorization: "Bearer t" }),
  refresh: () => {},
  ...more,
});

/** Serves the answers of `handle` on a free port and returns a client for it. `await using` stops it. */
export const scriptedServer = (
  handle: (request: Request, nth: number) => Response | Promise<Response>,
  options: Partial<ClientOptions> = {},
) => {
  let count = 0;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    error: () => new Response("", { status: 500 }),
    fetch: (request) => {
      count += 1;
      return handle(request, count);
    },
  });
  const credentials = options.credentials ?? credentialsFor(`http://127.0.0.1:${server.port}`);
  return {
    client: createClient({ version: "0.0.0-test", clock: systemClock, ...options, credentials }),
    url: `http://127.0.0.1:${server.port}`,
    get requests() {
      return count;
    },
    [Symbol.asyncDispose]: async () => {
      await server.stop(true);
    },
  };
};

/** The API server's Status object. */
export const status = (code: number, reason: string, message: string, more: object = {}): string =>
  JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message, ...more });
