/** For the tests in this folder: an API server of a few lines, over HTTP or in memory. */
import { manualClock, systemClock } from "../clock/clock.ts";
import { patched } from "../object/mergePatch.ts";
import { type ApiError, refused } from "./apiError.ts";
import type { Credentials } from "./credentials.ts";
import { targetOf } from "./target.ts";
import { type ClientOptions, createClient, type KubeClient, type KubeRequest } from "./transport.ts";

export const credentialsFor = (server: string, more: Partial<Credentials> = {}): Credentials => ({
  server,
  namespace: "ns",
  source: "test",
  tls: () => undefined,
  headers: async () => ({ authorization: "Bearer t" }),
  refresh: () => {},
  ...more,
});

/** Serves `handle` on a free port and returns a client for it. `await using` stops it. */
export const serve = (
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

interface Kept {
  readonly metadata: { readonly name: string; readonly resourceVersion?: string };
}

/**
 * Objects by path, with resourceVersions and their preconditions. `before` may throw, to simulate a failure; `requests`
 * lists all requests as "VERB name".
 */
export const memoryApi = (before: (request: KubeRequest) => void = () => {}) => {
  const objects = new Map<string, Kept>();
  const requests: string[] = [];
  let version = 0;
  const fail = (request: KubeRequest, code: number, reason: string): ApiError =>
    refused(targetOf(request.method, request.path), code, status(code, reason, "refused"), null);
  const store = (path: string, object: Kept): Kept => {
    version += 1;
    const kept = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    objects.set(path, kept);
    return structuredClone(kept);
  };
  const answer = (request: KubeRequest): unknown => {
    const { method, path } = request;
    const body = structuredClone(request.body) as Kept;
    requests.push(`${method} ${method === "POST" ? body.metadata.name : path.split("/").at(-1)}`);
    before(request);
    if (method === "POST") {
      const at = `${path}/${body.metadata.name}`;
      if (objects.has(at)) throw fail(request, 409, "AlreadyExists");
      return store(at, body);
    }
    const held = objects.get(path);
    if (held === undefined) throw fail(request, 404, "NotFound");
    if (method === "GET") return structuredClone(held);
    const wanted = body.metadata?.resourceVersion;
    if (wanted !== undefined && wanted !== held.metadata.resourceVersion) throw fail(request, 409, "Conflict");
    return store(path, method === "PATCH" ? patched(held, body) : body);
  };
  const client: KubeClient = {
    server: "memory",
    namespace: "ns",
    request: async <T>(request: KubeRequest) => answer(request) as T,
    open: () => Promise.reject(new Error("no watches here")),
  };
  return { client, objects, requests, clock: manualClock(1_700_000_000_000) };
};
