import { describe, expect, test } from "bun:test";
import type { Socket } from "node:net";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { newAuthority } from "../../../test/cluster/harness/certificates.ts";
import type { HttpQuestion } from "../provider.ts";
import { like, question, rawServer, recordingServer, sender } from "./testing.ts";

const never = new AbortController().signal;
const head = (more: string): string => `HTTP/1.1 200 OK\r\n${more}\r\n`;

/** Sends for ever. */
const pour =
  (first: string, piece: string) =>
  (socket: Socket): void => {
    socket.write(first);
    const more = (): void => {
      if (socket.destroyed) return;
      socket.write(piece);
      setImmediate(more);
    };
    more();
  };

const hex = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
const kib64 = "x".repeat(65_536);

describe("a server that", () => {
  test.each<[does: string, talk: (socket: Socket) => void, says: RegExp, more: Partial<HttpQuestion>]>([
    ["takes the question and says nothing", () => undefined, /within 0.2 s$/, { timeoutMs: 200 }],
    [
      "stops in the middle of the headers",
      (socket) => socket.write("HTTP/1.1 200 OK\r\nX-A: b"),
      /within 0.2 s$/,
      { timeoutMs: 200 },
    ],
    [
      "stops in the middle of the body",
      (socket) => socket.write(`${head("Content-Length: 10\r\n")}abc`),
      /within 0.2 s$/,
      { timeoutMs: 200 },
    ],
    [
      "sends headers for ever",
      pour("HTTP/1.1 200 OK\r\n", `X-A: ${"b".repeat(1_000)}\r\n`),
      /^no answer from/,
      { timeoutMs: 2_000 },
    ],
    ["sends a body for ever", pour(head(""), kib64), /longer than the 1048576 bytes/, {}],
    [
      "sends chunks for ever",
      pour(head("Transfer-Encoding: chunked\r\n"), hex(kib64)),
      /longer than the 1048576 bytes/,
      {},
    ],
    [
      "announces more than is read",
      pour(head("Content-Length: 9999999999\r\n"), kib64),
      /longer than the 1048576 bytes/,
      {},
    ],
    ["closes at once", (socket) => socket.destroy(), /^no answer from .*closed/, {}],
    [
      "closes before the body is complete",
      (socket) => socket.end(`${head("Content-Length: 10\r\n")}abc`),
      /^no answer from/,
      {},
    ],
    [
      "announces less than no length",
      (socket) => socket.end(`${head("Content-Length: -5\r\n")}abc`),
      /^no answer from/,
      {},
    ],
    ["does not speak HTTP", (socket) => socket.end("220 mail.example ESMTP\r\n"), /^no answer from/, {}],
    [
      "sends a chunk without a size",
      (socket) => socket.end(`${head("Transfer-Encoding: chunked\r\n")}zz\r\nabc`),
      /^no answer from/,
      {},
    ],
    [
      "says that it compressed what it did not",
      (socket) => socket.end(`${head("Content-Encoding: gzip\r\nContent-Length: 3\r\n")}abc`),
      /could not be unpacked$/,
      {},
    ],
    [
      "compresses in an unknown way",
      (socket) => socket.end(`${head("Content-Encoding: x\r\nContent-Length: 3\r\n")}abc`),
      /not known here$/,
      {},
    ],
  ])("%s gives a failure in time", async (_, talk, says, more) => {
    using server = await rawServer(talk);
    const answer = await sender()(question(`${server.url}/path?token=s3cret`, more), never, "prod");
    expect(answer).toMatchObject({ kind: "failed", message: like(says) });
    expect(JSON.stringify(answer)).not.toMatch(/s3cret|path/);
  });

  test.each([
    ["gzip", gzipSync(Buffer.alloc(50_000_000))],
    ["br", brotliCompressSync(Buffer.alloc(5_000_000))],
  ])("hides a large answer in a small one by %s is cut off by what it really is", async (encoding, bytes) => {
    using server = recordingServer(() => new Response(bytes, { headers: { "content-encoding": encoding } }));
    const answer = await sender()(question(server.url), never, "prod");
    expect(answer).toMatchObject({ kind: "failed", message: like("longer than") });
  });

  test("compresses though it was not asked to is understood", async () => {
    using server = recordingServer(() => new Response(gzipSync("pong"), { headers: { "content-encoding": "gzip" } }));
    expect(await sender()(question(server.url), never, "prod")).toMatchObject({ status: 200, body: "pong" });
    expect(server.recorded[0]?.headers["accept-encoding"]).toBe("identity");
  });

  test("sends for ever is read up to the bytes that a question wants cut off", async () => {
    using server = await rawServer(pour(head(""), kib64));
    const answer = await sender()(question(server.url, { maxBytes: 10, cutsOff: true }), never, "prod");
    expect(answer).toMatchObject({ kind: "answered", body: "x".repeat(10) });
  });

  test("hangs is given up when the measurement is stopped", async () => {
    using server = await rawServer(() => undefined);
    const stop = new AbortController();
    const answer = sender()(question(server.url), stop.signal, "prod");
    stop.abort();
    expect(await answer).toEqual({ kind: "failed", message: "no answer: the measurement was stopped" });
  });

  test("does not exist is named, with what the machine says", async () => {
    using server = await rawServer(() => undefined);
    server[Symbol.dispose]();
    const answer = await sender()(question(`${server.url}/?key=s3cret`), never, "prod");
    expect(answer).toEqual({
      kind: "failed",
      message: `no answer from ${server.url}: nothing listens there (ECONNREFUSED)`,
    });
  });

  test.each([
    ["DNS_ENOTFOUND", "its name is not known (ENOTFOUND)"],
    ["DNS_ETIMEOUT", "its name could not be looked up (ETIMEOUT)"],
    ["DNS_EREFUSED", "its name could not be looked up (EREFUSED)"],
  ])("has no address (%s) is named, too", async (code, why) => {
    const resolve = () => Promise.reject(Object.assign(new Error("s3cret"), { code }));
    const answer = await sender({ resolve })(question("http://metrics.example/?key=s3cret"), never, "prod");
    expect(answer).toEqual({ kind: "failed", message: `no answer from http://metrics.example: ${why}` });
  });

  test("answers HTML, nothing or an error has answered: what that means is up to the provider", async () => {
    using server = recordingServer(({ path }) =>
      path === "/204" ? new Response(null, { status: 204 }) : new Response("<html>", { status: Number(path.slice(1)) }),
    );
    const send = sender();
    for (const [status, body] of [
      [200, "<html>"],
      [204, ""],
      [304, ""],
      [404, "<html>"],
      [503, "<html>"],
    ] as const)
      expect(await send(question(`${server.url}/${status}`), never, "prod")).toMatchObject({
        kind: "answered",
        status,
        body,
      });
  });
});

describe("servers that never answer", () => {
  test("hold up neither the requests of other namespaces nor those of the process", async () => {
    using hanging = await rawServer(() => undefined);
    using other = recordingServer(() => new Response("pong"));
    const send = sender();
    const stop = new AbortController();
    const stuck = Array.from({ length: 400 }, (_, index) =>
      send(question(hanging.url), stop.signal, index < 300 ? "hostile" : `hostile-${index % 10}`),
    );
    expect(await send(question(other.url), never, "prod")).toMatchObject({ body: "pong" });
    // A request that does not go by this sender, such as one to the API server.
    expect(await (await fetch(other.url)).text()).toBe("pong");
    stop.abort();
    expect(new Set((await Promise.all(stuck)).map(({ kind }) => kind))).toEqual(new Set(["failed"]));
    expect(await send(question(other.url), never, "hostile")).toMatchObject({ body: "pong" });
  });
});

describe("over TLS", () => {
  const authority = newAuthority();

  /** As a program that trusts the authority of the test. */
  const trusting = async () => {
    const { ca } = await authority;
    return (url: string, init: BunFetchRequestInit) =>
      fetch(url, { ...init, ...(init.tls !== undefined && { tls: { ...init.tls, ca } }) });
  };
  const server = async (...dns: string[]) =>
    recordingServer(({ headers }) => new Response(headers["host"]), await (await authority).server({ dns, ip: [] }));
  const resolve = () => Promise.resolve(["127.0.0.1"]);

  test("the server's certificate is compared with its name, though its address is what is connected to", async () => {
    using good = await server("metrics.example");
    const send = sender({ resolve, fetch: await trusting() });
    const at = (name: string) => question(`https://${name}:${good.port}/`);
    expect(await send(at("metrics.example"), never, "prod")).toMatchObject({ body: `metrics.example:${good.port}` });
    expect(await send(at("metrics.example."), never, "prod")).toMatchObject({ kind: "answered" });
    expect(await send(at("other.example"), never, "prod")).toEqual({
      kind: "failed",
      message: `no answer from https://other.example:${good.port}: its certificate is for another name (ERR_TLS_CERT_ALTNAME_INVALID)`,
    });
  });

  test("one that nobody known signed is refused, unless the question is insecure", async () => {
    using unknown = await server("metrics.example");
    const send = sender({ resolve });
    const at = question(`https://metrics.example:${unknown.port}/`);
    expect(await send({ ...at, insecure: true }, never, "prod")).toMatchObject({ kind: "answered" });
    expect(await send(at, never, "prod")).toMatchObject({
      kind: "failed",
      message: like("its certificate is signed by an authority that is not known here"),
    });
  });

  test("a server that speaks no TLS is a failure", async () => {
    using plain = recordingServer(() => new Response("pong"));
    const answer = await sender()(question(plain.url.replace("http:", "https:"), { timeoutMs: 2_000 }), never, "prod");
    expect(answer).toMatchObject({ kind: "failed", message: like(/^no answer from https:/) });
  });
});
