import { afterAll, describe, expect, test } from "bun:test";
import { systemClock } from "../../../kube/clock/clock.ts";
import { bodyLimits } from "./body.ts";
import { type HttpOptions, serveHttp } from "./http.ts";
import { createApiServer } from "../requests/inMemoryServer.ts";
import { at } from "../table/readFields.ts";

const running = new Set<{ stop(): Promise<void> }>();

afterAll(async () => {
  for (const one of running) await one.stop();
});

function bed(options: Partial<HttpOptions> = {}) {
  const server = createApiServer({ clock: systemClock });
  const http = serveHttp({ server, port: 0, ...options });
  running.add(http);
  const { port } = new URL(http.url);
  const ask = async (headers: Record<string, string>, init: RequestInit = {}, path = configMaps) => {
    const response = await fetch(http.url + path, { ...init, headers });
    const body: unknown = await response.json();
    return { status: response.status, body, reason: at(body, "reason"), message: String(at(body, "message")) };
  };
  const stored = () => server.core.list("configmaps", { namespace: "default" }).length;
  return { ask, port, stored };
}

const configMaps = "/api/v1/namespaces/default/configmaps";
const json = { "content-type": "application/json" };
const object = JSON.stringify({ metadata: { name: "a" } });
const post = { method: "POST", body: object };

/** Sends the request exactly as written, since fetch changes some headers. @returns the first line of the answer */
async function raw(port: string, text: string): Promise<string> {
  const answer = Promise.withResolvers<string>();
  let received = "";
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port: Number(port),
    socket: {
      data: (_, bytes) => {
        received += bytes.toString();
        if (received.includes("\r\n\r\n")) answer.resolve(received.split("\r\n")[0] ?? "");
      },
      close: () => answer.resolve(received.split("\r\n")[0] ?? ""),
    },
  });
  socket.write(text);
  const line = await answer.promise;
  socket.terminate();
  return line;
}

describe("a name that leads here", () => {
  test.each(["127.0.0.1", "localhost", "[::1]", "LOCALHOST"])("is %s, with our port", async (name) => {
    const { ask, port } = bed();
    expect((await ask({ host: `${name}:${port}` })).status).toBe(200);
  });

  test.each([
    ["evil.example", (port: string) => `evil.example:${port}`],
    ["one that only begins as ours", (port: string) => `localhost.evil.example:${port}`],
    ["one that ends as ours", (port: string) => `evil-127.0.0.1:${port}`],
    ["ours with another port", () => "localhost:1"],
    ["ours without a port", () => "localhost"],
    ["another address of this machine", (port: string) => `0.0.0.0:${port}`],
    ["two", (port: string) => `localhost:${port}, evil.example`],
  ])("is none of a web page's: %s", async (_, host) => {
    const { ask, port, stored } = bed();
    const read = await ask({ host: host(port) });
    expect([read.status, read.reason]).toEqual([403, "Forbidden"]);
    expect(read.message).toContain(`answers to 127.0.0.1:${port}, localhost:${port}, [::1]:${port} only`);
    expect(read.body).toMatchObject({ kind: "Status", apiVersion: "v1", status: "Failure", code: 403 });
    expect((await ask({ host: host(port), ...json }, post)).status).toBe(403);
    expect(stored()).toBe(0);
  });

  test("is told as a text where kubectl reads no Status: when it asks what kinds there are", async () => {
    const { port } = bed();
    for (const path of ["/api", "/apis", "/version"]) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { host: "evil.example" } });
      expect([response.status, response.headers.get("content-type")]).toEqual([403, "text/plain; charset=utf-8"]);
      expect(await response.text()).toContain('not to the Host "evil.example"');
    }
  });

  test("has to be there, and may not stand in the request line instead", async () => {
    const { port } = bed();
    expect(await raw(port, `GET ${configMaps} HTTP/1.0\r\n\r\n`)).toMatch(/ (400|403) /);
    expect(await raw(port, `GET http://localhost:${port}${configMaps} HTTP/1.1\r\nHost: evil.example\r\n\r\n`)).toMatch(
      / (400|403) /,
    );
    expect(await raw(port, `GET ${configMaps} HTTP/1.1\r\nHost: localhost:${port}\r\nHost: evil\r\n\r\n`)).toMatch(
      / (400|403) /,
    );
    expect(await raw(port, `GET ${configMaps} HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`)).toContain(" 200 ");
  });

  test("may be one that the user has allowed", async () => {
    const { ask, port } = bed({ hosts: ["host.docker.internal", "tunnel.example:9000", "fd00::1"] });
    expect((await ask({ host: `host.docker.internal:${port}` })).status).toBe(200);
    expect((await ask({ host: "tunnel.example:9000" })).status).toBe(200);
    expect((await ask({ host: `[fd00::1]:${port}` })).status).toBe(200);
    expect((await ask({ host: `tunnel.example:${port}` })).status).toBe(403);
  });
});

describe("a web page", () => {
  test.each([
    ["another site's", { origin: "https://evil.example" }],
    ["a file, or a frame without an origin", { origin: "null" }],
    ["of another port of this machine", { origin: "http://localhost:1" }],
    ["which the browser alone tells on", { "sec-fetch-site": "cross-site" }],
    ["of this machine, which the browser alone tells on", { "sec-fetch-site": "same-site" }],
  ])("is not answered, and changes nothing: %s", async (_, headers) => {
    const { ask, stored } = bed();
    for (const init of [{}, post, { method: "POST" }, { method: "DELETE" }]) {
      const { status, reason } = await ask({ ...json, ...headers }, init);
      expect([status, reason]).toEqual([403, "Forbidden"]);
    }
    expect((await ask(headers, { method: "OPTIONS" })).status).toBe(403);
    expect(stored()).toBe(0);
  });

  test("may be one of our own", async () => {
    const { ask, port } = bed();
    const own = { origin: `http://localhost:${port}`, "sec-fetch-site": "same-origin", ...json };
    expect((await ask(own, post)).status).toBe(201);
    expect((await ask({ "sec-fetch-site": "none" })).status).toBe(200);
  });

  test("opens no connection of another protocol", async () => {
    const { port } = bed();
    const upgrade =
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n";
    const from = `GET ${configMaps}?watch=1 HTTP/1.1\r\nHost: localhost:${port}\r\nOrigin: https://evil.example\r\n`;
    expect(await raw(port, `${from}${upgrade}\r\n`)).toContain(" 403 ");
  });
});

describe("the type of a body", () => {
  test.each([
    "text/plain",
    "text/plain;charset=UTF-8",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/octet-stream",
    "text/plain; x=application/json",
  ])("is none that a page may send without being asked first: %s", async (type) => {
    const { ask, stored } = bed();
    const { status, reason, body } = await ask({ "content-type": type }, post);
    expect([status, reason, at(body, "kind")]).toEqual([415, "UnsupportedMediaType", "Status"]);
    expect(stored()).toBe(0);
  });

  test.each([
    ["POST", "application/json", object],
    ["POST", "application/json; charset=utf-8", object],
    ["POST", "application/yaml", "metadata: {name: a}"],
    ["PATCH", "application/apply-patch+yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"],
    ["PATCH", "application/merge-patch+json", "{}"],
    ["PATCH", "application/json-patch+json", "[]"],
    ["PATCH", "application/strategic-merge-patch+json", "{}"],
  ])("is one that clients send: %s %s", async (method, type, body) => {
    const { ask } = bed();
    if (method === "PATCH") await ask(json, post);
    const path = method === "PATCH" ? `${configMaps}/a?fieldManager=m` : configMaps;
    expect((await ask({ "content-type": type }, { method, body }, path)).status).toBeOneOf([200, 201]);
  });

  test.each([{ "user-agent": "Mozilla/5.0 (X11)" }, { referer: "https://evil.example/" }])(
    "may be left out by programs, as in kubectl create --raw, and not by a browser: %j",
    async (browser) => {
      const { ask, stored } = bed();
      const untyped = { method: "POST", body: new TextEncoder().encode(object) };
      expect((await ask(browser, untyped)).status).toBe(415);
      expect(stored()).toBe(0);
      expect((await ask({ "user-agent": "kubectl/v1.36.3" }, untyped)).status).toBe(201);
    },
  );
});

describe("a body that", () => {
  const head = (port: string, more: string): string =>
    `POST ${configMaps} HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\n${more}\r\n`;

  test("is announced as far too large is refused before it comes", async () => {
    const { port } = bed();
    expect(await raw(port, head(port, `Content-Length: ${12 * 2 ** 20 + 1}\r\n`))).toContain(" 413 ");
    expect(await raw(port, head(port, "Content-Length: 999999999999\r\n"))).toContain(" 413 ");
  });

  test("turns out to be far too large is read no further", async () => {
    const { port } = bed({ limits: { ...bodyLimits, bytes: 1_000 } });
    const chunk = `${(1_001).toString(16)}\r\n${"x".repeat(1_001)}\r\n`;
    expect(await raw(port, head(port, "Transfer-Encoding: chunked\r\n") + chunk.repeat(4))).toContain(" 413 ");
  });

  test.each([1_001, 4_000])("is too large with %d bytes is let go of, and answered when it has come", async (bytes) => {
    // A body that is dropped does not count among those that are being read.
    const { ask } = bed({ limits: { ...bodyLimits, bytes: 1_000, bytesAtOnce: 1_000 } });
    const { status, reason } = await ask(json, { method: "POST", body: "x".repeat(bytes) });
    expect([status, reason]).toEqual([413, "RequestEntityTooLarge"]);
    expect((await ask(json, { method: "POST", body: object.padEnd(1_000) })).status).toBe(201);
  });

  test("does not come is not waited for", async () => {
    const { port } = bed({ limits: { ...bodyLimits, timeoutMs: 20 } });
    expect(await raw(port, `${head(port, "Content-Length: 100\r\n")}{"metadata`)).toContain(" 408 ");
  });

  test("is one too many at a time is refused with a time to come back, and the others go on", async () => {
    const { port, ask } = bed({ limits: { ...bodyLimits, bytesAtOnce: 1_500 } });
    const half = `${head(port, "Content-Length: 2000\r\n")}${"x".repeat(1_000)}`;
    const answers = [raw(port, half), raw(port, half)];
    expect(await Promise.race(answers)).toContain(" 429 ");
    expect((await ask(json, post)).status).toBe(201);
  });
});
