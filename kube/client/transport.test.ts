import { describe, expect, test } from "bun:test";
import { manualClock, systemClock } from "../clock/clock.ts";
import { ApiError, isAlreadyExists, isConflict, isExpired, isNoAnswer, isNotFound } from "./apiError.ts";
import { collectionPath, objectPath } from "./path.ts";
import { ROLLOUTS } from "./resources.ts";
import { credentialsFor, scriptedServer, status } from "./testing.ts";
import { tokenBucket } from "./tokenBucket.ts";
import { createClient, type ObservedRequest } from "./transport.ts";

const patchStatus = {
  method: "PATCH",
  path: objectPath(ROLLOUTS, { namespace: "ns", name: "web", subresource: "status" }),
  contentType: "application/merge-patch+json",
  body: { status: { phase: "Healthy" } },
} as const;

const failureOf = async (promise: Promise<unknown>): Promise<ApiError> => {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiError)) throw new Error(`expected an ApiError, got ${String(error)}`);
  return error;
};

test("what the API server warns of is passed on, with an answer and with a refusal", async () => {
  await using api = scriptedServer(({ url }) => {
    const refused = new URL(url).search !== "";
    const headers = new Headers([
      ["Warning", '299 - "one"'],
      ["Warning", '299 - "two \\"quoted\\""'],
    ]);
    return Response.json(refused ? status(403, "Forbidden", "no") : {}, { status: refused ? 403 : 200, headers });
  });
  const told: string[] = [];
  const request = { ...patchStatus, warned: (warnings: readonly string[]) => void told.push(...warnings) };
  await api.client.request(request);
  await failureOf(api.client.request({ ...request, query: { refuse: true } }));
  expect(told).toEqual(["one", 'two "quoted"', "one", 'two "quoted"']);
});

test("a request carries method, query, body, content type, credentials and our name", async () => {
  await using api = scriptedServer(async (request) => {
    const names = ["authorization", "content-type", "user-agent", "accept"];
    const headers = Object.fromEntries(names.map((name) => [name, request.headers.get(name)]));
    const { pathname, search } = new URL(request.url);
    return Response.json({ method: request.method, pathname, search, headers, body: await request.json() });
  });
  const query = { fieldManager: "sluice", labelSelector: "a in (b,c)", unset: undefined, force: true };
  expect(await api.client.request<object>({ ...patchStatus, query })).toEqual({
    method: "PATCH",
    pathname: patchStatus.path,
    search: "?fieldManager=sluice&labelSelector=a+in+%28b%2Cc%29&force=true",
    headers: {
      authorization: "Bearer t",
      "content-type": "application/merge-patch+json",
      "user-agent": "sluice/0.0.0-test",
      accept: "application/json",
    },
    body: patchStatus.body,
  });
});

describe("a refusal", () => {
  test("says what was tried, on what, and why it failed", async () => {
    const details = { name: "web", kind: "rollouts" };
    await using api = scriptedServer(
      () => new Response(status(409, "Conflict", "object modified", { details }), { status: 409 }),
    );
    const error = await failureOf(api.client.request(patchStatus));
    expect(error.message).toBe('Cannot patch rollouts/status "ns/web": HTTP 409 Conflict: object modified');
    expect([error.status, error.reason, error.details?.name]).toEqual([409, "Conflict", "web"]);
    expect(error.cause).toMatchObject({ kind: "Status", message: "object modified" });
    expect([isConflict(error), isAlreadyExists(error), isNotFound(error), isExpired(error)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  test("by something that is no API server keeps a piece of what it said", async () => {
    await using api = scriptedServer(() => new Response(`<html>${"x".repeat(1_000)}`, { status: 502 }));
    const error = await failureOf(api.client.request(patchStatus));
    expect(error.message).toStartWith('Cannot patch rollouts/status "ns/web": HTTP 502 BadGateway: <html>xxx');
    expect(error.message.length).toBeLessThan(300);
  });
});

describe("no answer", () => {
  test("because nothing listens is said with the address", async () => {
    const client = createClient({
      credentials: credentialsFor("http://127.0.0.1:1"),
      version: "1",
      clock: systemClock,
    });
    const error = await failureOf(client.request(patchStatus));
    expect(error.message).toBe(
      'Cannot patch rollouts/status "ns/web": no answer from http://127.0.0.1:1: ECONNREFUSED: Unable to connect.',
    );
    expect([isNoAnswer(error), error.reason]).toEqual([true, "Unreachable"]);
  });

  test("is said without the password of the address", async () => {
    const credentials = credentialsFor("http://jane:s3cret@127.0.0.1:1");
    const client = createClient({ credentials, version: "1", clock: systemClock });
    const error = await failureOf(client.request(patchStatus));
    expect(error.message).toContain("no answer from http://*****@127.0.0.1:1: ECONNREFUSED");
  });

  test("in time is a Timeout", async () => {
    await using api = scriptedServer(() => new Promise<Response>(() => {}));
    const error = await failureOf(api.client.request({ ...patchStatus, timeoutMs: 50 }));
    expect(error.reason).toBe("Timeout");
    expect(error.message).toContain("within 50 ms");
  });

  test("after the header, in the middle of the body, is a Timeout too", async () => {
    await using api = scriptedServer(
      () => new Response(new ReadableStream({ start: (to) => to.enqueue('{"items":[') })),
    );
    expect((await failureOf(api.client.request({ ...patchStatus, timeoutMs: 50 }))).reason).toBe("Timeout");
  });

  test("because the caller gave up is Aborted", async () => {
    await using api = scriptedServer(() => new Promise<Response>(() => {}));
    const stop = new AbortController();
    const failed = failureOf(api.client.request({ ...patchStatus, signal: stop.signal }));
    setTimeout(() => stop.abort(), 20);
    expect((await failed).reason).toBe("Aborted");
  });

  test("to a read over a connection that broke is tried once more; a write is not", async () => {
    let open = 0;
    using server = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data(socket) {
          open += 1;
          if (open === 2) socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}");
          else socket.terminate();
        },
      },
    });
    const credentials = credentialsFor(`http://127.0.0.1:${server.port}`);
    const client = createClient({ credentials, version: "1", clock: systemClock });
    expect(await client.request<object>({ method: "GET", path: collectionPath(ROLLOUTS) })).toEqual({});
    expect(isNoAnswer(await failureOf(client.request(patchStatus)))).toBe(true);
    expect(open).toBe(3);
  });
});

describe("an overloaded server", () => {
  const busy = (code: number, headers: Record<string, string>) => (_: Request, nth: number) =>
    nth < 3 ? new Response(status(code, "TooManyRequests", "busy"), { status: code, headers }) : Response.json({ nth });

  test("is asked again after the time it named", async () => {
    const startedMs = performance.now();
    await using api = scriptedServer(busy(429, { "retry-after": "0.05" }));
    expect(await api.client.request<object>(patchStatus)).toEqual({ nth: 3 });
    expect(performance.now() - startedMs).toBeGreaterThan(95);
  });

  test("that is going down (503 with Retry-After) is asked again too", async () => {
    await using api = scriptedServer(busy(503, { "retry-after": "0.01" }));
    expect(await api.client.request<object>(patchStatus)).toEqual({ nth: 3 });
  });

  test("is not waited for beyond the request's own time", async () => {
    await using api = scriptedServer(busy(429, { "retry-after": "30" }));
    const error = await failureOf(api.client.request({ ...patchStatus, timeoutMs: 200 }));
    expect([error.status, error.retryAfterSeconds, api.requests]).toEqual([429, 30, 1]);
  });

  test("that says nothing of waiting is left to the caller's backoff", async () => {
    await using api = scriptedServer(() => new Response("", { status: 500 }));
    expect((await failureOf(api.client.request(patchStatus))).message).toEndWith("HTTP 500 InternalError");
    expect(api.requests).toBe(1);
  });
});

test("401 is answered once with fresh credentials", async () => {
  let token = "old";
  const credentials = (url: string) =>
    credentialsFor(url, { headers: async () => ({ authorization: token }), refresh: () => void (token = "new") });
  await using api = scriptedServer((request) =>
    request.headers.get("authorization") === "new" ? Response.json({}) : new Response("", { status: 401 }),
  );
  const client = createClient({ credentials: credentials(api.url), version: "1", clock: systemClock });
  expect(await client.request<object>(patchStatus)).toEqual({});
  expect(api.requests).toBe(2);
});

test("missing credentials are an error of that name, and nothing is sent", async () => {
  await using api = scriptedServer(() => Response.json({}));
  const headers = () => Promise.reject(new Error("log in again"));
  const client = createClient({ credentials: credentialsFor(api.url, { headers }), version: "1", clock: systemClock });
  const error = await failureOf(client.request(patchStatus));
  expect(error.message).toBe('Cannot patch rollouts/status "ns/web": log in again');
  expect([error.reason, api.requests]).toEqual(["Credentials", 0]);
});

test("the observer is told of every attempt with its target, status and time", async () => {
  const seen: ObservedRequest[] = [];
  await using api = scriptedServer((_, nth) => (nth === 1 ? new Response("", { status: 429 }) : Response.json({})), {
    observe: (request) => seen.push(request),
  });
  await api.client.request({ ...patchStatus, timeoutMs: 5_000 });
  expect(
    seen.map(({ status: code, verb, resource, subresource, namespace, name }) => [
      code,
      verb,
      resource,
      subresource,
      namespace,
      name,
    ]),
  ).toEqual([
    [429, "patch", "rollouts", "status", "ns", "web"],
    [200, "patch", "rollouts", "status", "ns", "web"],
  ]);
  expect(seen[1]?.durationMs).toBeGreaterThanOrEqual(0);
});

describe("the client-side limit", () => {
  test("lets a burst pass, then paces", () => {
    const clock = manualClock();
    const bucket = tokenBucket({ qps: 10, burst: 3, clock });
    expect([1, 2, 3, 4, 5].map(() => bucket.take())).toEqual([0, 0, 0, 100, 200]);
  });

  test("fills up again with time, to the burst and no further", async () => {
    const clock = manualClock();
    const bucket = tokenBucket({ qps: 10, burst: 2, clock });
    bucket.take();
    bucket.take();
    await clock.advance(60_000);
    expect([1, 2, 3].map(() => bucket.take())).toEqual([0, 0, 100]);
  });

  test("is not for what is urgent", async () => {
    await using api = scriptedServer(() => Response.json({}), { limit: { qps: 0.001, burst: 1 } });
    await api.client.request(patchStatus);
    await api.client.request({ ...patchStatus, urgent: true });
    expect((await failureOf(api.client.request({ ...patchStatus, timeoutMs: 30 }))).reason).toBe("Timeout");
    expect(api.requests).toBe(2);
  });
});

test("thousands of requests over one long-lived signal leave no listeners behind", async () => {
  await using api = scriptedServer(() => Response.json({}));
  const stop = new AbortController();
  let listening = 0;
  const { signal } = stop;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (type: string, listener: EventListener) => {
    listening += 1;
    add(type, listener);
  };
  signal.removeEventListener = (type: string, listener: EventListener) => {
    listening -= 1;
    remove(type, listener);
  };
  for (let i = 0; i < 200; i += 1) await api.client.request({ ...patchStatus, signal });
  expect(listening).toBe(0);
});
