import { describe, expect, test } from "bun:test";
import type { AddressRules } from "../metrics/measuring/wire/addresses.ts";
import type { Answer } from "../metrics/provider.ts";
import { makeAuthority, makeServing } from "../../webhook/certificates/x509.ts";
import { createSendHttp } from "./http.ts";
import { startRecorder } from "./testing.ts";

const never = new AbortController().signal;
const here: AddressRules = { allow: ["127.0.0.1/32"], deny: [] };

const whyOf = (answer: Answer): string => (answer.kind === "failed" ? answer.message : "answered");

const sender = (addresses: AddressRules = here, environment: Readonly<Record<string, string>> = {}) =>
  createSendHttp({
    version: "1.2.3",
    addresses,
    apiServers: ["https://10.0.0.1:6443"],
    environment: (name) => environment[name],
    readText: () => Promise.resolve(undefined),
  });

describe("a request of a service", () => {
  test("is sent by GET with a body, too, over TLS as well", async () => {
    const validity = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 };
    const serving = await makeServing(await makeAuthority(validity), ["127.0.0.1"], validity);
    let taken = "";
    const server = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      tls: { key: serving.key, cert: serving.pem },
      socket: {
        data(socket, chunk) {
          taken += chunk.toString();
          if (taken.endsWith("hello")) socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        },
      },
    });
    const url = `https://127.0.0.1:${server.port}/x`;
    const answer = await sender()({ method: "GET", url, body: "hello", insecure: true }, never);
    expect(answer).toMatchObject({ kind: "answered", status: 200, body: "ok" });
    expect(taken.toLowerCase()).toContain("user-agent: sluice/1.2.3\r\n");
    expect(taken.toLowerCase()).not.toContain("content-type");
    const checked = await sender()({ method: "GET", url, body: "hello" }, never);
    expect(whyOf(checked)).toContain("its certificate is signed by");
    server.stop(true);
  });

  test.each([
    ["http://127.0.0.1/", "this machine"],
    ["http://[::ffff:127.0.0.1]/", "this machine"],
    ["http://169.254.169.254/latest", "the metadata of a cloud"],
    ["https://10.0.0.1:6443/api", "the API server"],
  ])("is not sent to %s", async (url, what) => {
    const answer = await sender({ allow: [], deny: [] })({ method: "POST", url, body: "x" }, never);
    expect(answer).toMatchObject({ kind: "failed", refused: true });
    expect(whyOf(answer)).toContain(what);
  });

  test.each([
    ["its address is not one", { url: "nowhere" }],
    ["its method is none of HTTP", { method: "GE T" }],
    ["has characters that cannot be sent", { headers: { "x-a": "a\r\nb: c" } }],
    ["file: is not asked", { url: "file:///etc/passwd" }],
  ])("is not sent when %s", async (why, more) => {
    const answer = await sender()({ method: "POST", url: "http://127.0.0.1:1/", ...more }, never);
    expect(whyOf(answer)).toContain(why);
  });

  test("of which the answer never comes ends when it is stopped", async () => {
    const stop = new AbortController();
    const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => stop.abort() } });
    const url = `http://127.0.0.1:${silent.port}/`;
    for (const method of ["GET", "POST"]) {
      const answer = await sender()({ method, url, body: "x" }, stop.signal);
      expect(answer).toEqual({ kind: "failed", message: "no answer: it was stopped" });
    }
    silent.stop(true);
  });

  test("of which the answer does not come in time ends, too", async () => {
    const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const url = `http://127.0.0.1:${silent.port}/secret`;
    const answer = await sender()({ method: "POST", url, body: "x", timeoutMs: 1 }, never);
    expect(answer).toEqual({ kind: "failed", message: `no answer from 127.0.0.1:${silent.port} within 0.001 s` });
    silent.stop(true);
  });

  test("reads no more of an answer than a mebibyte, though it never ends", async () => {
    const endless = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () =>
        new Response(
          new ReadableStream({
            pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(120)),
          }),
        ),
    });
    for (const method of ["POST", "GET", "PURGE"]) {
      const answer = await sender()({ method, url: `http://127.0.0.1:${endless.port}/`, body: "x" }, never);
      expect(answer.kind === "answered" && answer.body.length).toBe(2 ** 20);
    }
    await endless.stop(true);
  });

  test("carries neither its body nor a header of its own to another server", async () => {
    const recorder = await startRecorder(() => [
      { at: "/moved", status: 307, headers: { location: "https://other.example/x" }, body: "" },
      { at: "/found", status: 302, headers: { location: "https://other.example/x" }, body: "" },
    ]);
    const headers = { "x-key": "k", authorization: "Bearer t", "content-type": "text/plain" };
    const to = (path: string) =>
      recorder.http({ method: "POST", url: `https://hooks.example${path}`, headers, body: "b" }, never);
    expect(await to("/moved")).toEqual({
      kind: "failed",
      message: "https://hooks.example redirects what was sent to it to another server: name that one",
    });
    expect(await to("/found")).toMatchObject({ kind: "answered", status: 200 });
    recorder.stop();
    expect(recorder.asked.at(-1)).toEqual({ method: "GET", url: "https://other.example/x", headers: {} });
  });

  test("is signed for AWS by the keys of its settings, or by those of the controller", async () => {
    const signatures: string[] = [];
    const http = createSendHttp({
      version: "0",
      addresses: here,
      apiServers: [],
      environment: (name) => ({ AWS_ACCESS_KEY_ID: "OWN", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "st" })[name],
      readText: () => Promise.resolve(undefined),
      resolve: () => Promise.resolve(["127.0.0.1"]),
      fetch: (_, { headers }) => {
        const sent = headers as Record<string, string>;
        signatures.push(`${/Credential=(\w+)/.exec(sent["authorization"] ?? "")?.[1]} ${sent["x-amz-security-token"]}`);
        return Promise.resolve(new Response("{}"));
      },
    });
    const request = { method: "POST", url: "https://sqs.eu-central-1.amazonaws.com/", body: "{}" };
    const aws = { service: "sqs", region: "eu-central-1" };
    await http({ ...request, aws: { ...aws, keys: { id: "GIVEN", secret: "x" } } }, never);
    await http({ ...request, aws: { ...aws, keys: undefined } }, never);
    expect(signatures).toEqual(["GIVEN undefined", "OWN st"]);
  });
});
