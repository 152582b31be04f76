import { describe, expect, test } from "bun:test";
import { manualClock } from "../../../kube/clock/clock.ts";
import type { HttpQuestion } from "../provider.ts";
import { like, environmentOf, question, type Recorded, recordingServer, sender } from "./testing.ts";

const never = new AbortController().signal;
const ok = (): Response => new Response("{}");
const redirect = (status: number, location: string): Response => new Response(null, { status, headers: { location } });
/** Without what only says how it is carried. */
const own = ({ headers }: Recorded): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => !["connection", "accept-encoding", "host"].includes(name)),
  );

describe("a question", () => {
  test("is sent as it is: path, query, headers and body", async () => {
    using server = recordingServer(ok);
    const asked = question(`${server.url}/a%20b/c?q=up%7B%7D&x=1#fragment`, {
      method: "POST",
      headers: { "X-Scope-OrgID": "1", "Content-Type": "text/plain", "x-a": "first", "X-A": "last" },
      body: "käse",
    });
    expect(await sender()(asked, never, "prod")).toMatchObject({ kind: "answered", status: 200, body: "{}" });
    const [seen] = server.recorded;
    expect(seen).toMatchObject({ method: "POST", path: "/a%20b/c?q=up%7B%7D&x=1", body: "käse" });
    expect(seen?.headers["host"]).toBe(`127.0.0.1:${server.port}`);
    expect(seen === undefined ? {} : own(seen)).toEqual({
      accept: "*/*",
      "content-length": "5",
      "content-type": "text/plain",
      "user-agent": "sluice/1.2.3",
      "x-a": "last",
      "x-scope-orgid": "1",
    });
  });

  test("by name reaches the address of the name, and the server sees the name", async () => {
    using server = recordingServer(ok);
    const send = sender({ resolve: () => Promise.resolve(["127.0.0.1"]) });
    await send(question(`http://metrics.example:${server.port}/`), never, "prod");
    expect(server.recorded[0]?.headers["host"]).toBe(`metrics.example:${server.port}`);
  });

  test("tries the next address of a name when nothing listens at the first", async () => {
    using server = recordingServer(ok);
    const send = sender({ resolve: () => Promise.resolve(["127.0.0.9", "127.0.0.1"]) });
    expect(await send(question(`http://metrics.example:${server.port}/`), never, "prod")).toMatchObject({
      status: 200,
    });
  });

  test.each([
    [{ "x-a": "s3cret\r\nx-b: 1" }, "the value of the header x-a has characters that cannot be sent"],
    [{ "x-a": "s3cret€" }, "the value of the header x-a has characters that cannot be sent"],
    [{ "x a": "s3cret" }, "a header has a name that cannot be sent"],
  ])("with headers that cannot be sent is not sent, and shows no value of them", async (headers, message) => {
    expect(await sender()(question("http://127.0.0.1:1/", { headers }), never, "prod")).toEqual({
      kind: "failed",
      message,
    });
  });

  test("cannot set what says how it is carried", async () => {
    using server = recordingServer(ok);
    const headers = { Host: "other", "Content-Length": "1", "Transfer-Encoding": "chunked", Connection: "upgrade" };
    await sender()(question(server.url, { headers }), never, "prod");
    expect(server.recorded[0]?.headers).toMatchObject({ host: `127.0.0.1:${server.port}` });
    expect(Object.keys(server.recorded[0]?.headers ?? {})).not.toContain("transfer-encoding");
  });

  test.each(["", "metrics", "http://", "http://[fe80::1%25eth0]/"])("to %p is not sent", async (url) => {
    const answer = await sender()(question(url), never, "prod");
    expect(answer).toEqual({ kind: "failed", message: "no answer: the address of the metric is not one" });
  });

  test.each(["file:///etc/passwd", "ftp://h/", "data:,x"])("to %s is not sent, since it is not HTTP", async (url) => {
    expect(await sender()(question(url), never, "prod")).toMatchObject({
      kind: "failed",
      message: like("is not asked: use an address that begins with http:// or https://"),
    });
  });
});

describe("addresses that may not be reached", () => {
  const strict = (addresses: string[] = []) =>
    sender({ addresses: { allow: [], deny: [] }, resolve: () => Promise.resolve(addresses) });

  test.each([
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://0/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://①②⑦.0.0.1/",
    "http://user:password@127.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://0xa9fea9fe/",
    "http://[fd00:ec2::254]/",
  ])("are refused however they are written: %s", async (url) => {
    const answer = await strict()(question(url), never, "prod");
    expect(answer).toMatchObject({
      kind: "failed",
      message: like(/is not asked: it is .* \(see --analysis-allow-address\)$/),
    });
  });

  test.each([
    ["http://localhost/", ["127.0.0.1"]],
    ["http://localhost./", ["127.0.0.1"]],
    ["http://innocent.example/", ["10.0.0.1", "127.0.0.1"]],
    ["http://innocent.example/", ["169.254.169.254"]],
    ["http://innocent.example/", ["::ffff:169.254.169.254"]],
  ])("are refused by what their name leads to: %s is %p", async (url, addresses) => {
    expect(await strict(addresses)(question(url), never, "prod")).toMatchObject({
      kind: "failed",
      message: like("is not asked"),
    });
  });

  test("are not reached by a name that is something else the second time", async () => {
    using server = recordingServer(ok);
    let times = 0;
    const send = sender({
      addresses: { allow: ["127.0.0.1"], deny: ["127.0.0.2"] },
      resolve: () => Promise.resolve([times++ === 0 ? "127.0.0.1" : "127.0.0.2"]),
    });
    expect(await send(question(`http://rebound.example:${server.port}/`), never, "prod")).toMatchObject({
      status: 200,
    });
    expect(times).toBe(1);
  });

  test("are refused to redirects as well", async () => {
    using server = recordingServer(() => redirect(302, "http://169.254.169.254/latest/meta-data/iam?token=s3cret"));
    expect(await sender()(question(server.url), never, "prod")).toEqual({
      kind: "failed",
      refused: true,
      message: "169.254.169.254 is not asked: it is the metadata of a cloud (see --analysis-allow-address)",
    });
  });

  test.each([
    ["that the client has", { apiServers: ["https://kubernetes.default.svc"] }],
    ["of which pods are told", { environment: environmentOf({ KUBERNETES_SERVICE_HOST: "10.96.0.1" }) }],
  ])("are those of the API server %s, on its port", async (_, options) => {
    const resolve = () => Promise.resolve(["10.96.0.1"]);
    const send = sender({ ...options, addresses: { allow: [], deny: [] }, resolve });
    const refused = "is not asked: it is the API server (see --analysis-allow-address)";
    const messageOf = async (url: string): Promise<unknown> => send(question(url, { timeoutMs: 50 }), never, "prod");
    expect(await messageOf("https://10.96.0.1/api")).toMatchObject({ refused: true, message: `10.96.0.1 ${refused}` });
    expect(await messageOf("https://kubernetes.example/api")).toEqual({
      kind: "failed",
      refused: true,
      message: `kubernetes.example, which is 10.96.0.1, ${refused}`,
    });
    expect(JSON.stringify(await messageOf("http://10.96.0.1:9090/"))).not.toContain("API server");
    for (const range of ["10.0.0.0/8", "10.96.0.0/31", "0.0.0.0/0"]) {
      const wide = sender({ ...options, addresses: { allow: [range], deny: ["10.0.0.0/7"] }, resolve });
      const answer = await wide(question("https://10.96.0.1/api", { timeoutMs: 50 }), never, "prod");
      expect(answer).toMatchObject({ refused: true });
    }
    const allowing = sender({ ...options, addresses: { allow: ["10.96.0.1"], deny: [] }, resolve });
    const answer = await allowing(question("https://10.96.0.1/api", { timeoutMs: 50 }), never, "prod");
    expect(JSON.stringify(answer)).not.toContain("API server");
  });
});

describe("many requests of one namespace", () => {
  test("of which most hang let the others wait, who have their whole time when it is their turn", async () => {
    const [clock, waits] = [manualClock(), [] as number[]];
    const send = sender({
      clock,
      waited: (_, ms) => void waits.push(ms),
      resolve: () => Promise.resolve(["10.0.0.7"]),
      fetch: (_, { headers }) =>
        (headers as Record<string, string>)["host"] === "hangs" ? new Promise(() => undefined) : Promise.resolve(ok()),
    });
    const asked = (host: string, timeoutMs: number) => send(question(`http://${host}/`, { timeoutMs }), never, "prod");
    const hanging = Array.from({ length: 16 }, () => asked("hangs", 10_000));
    const others = [asked("answers", 4_000), asked("hangs", 4_000)];
    await clock.advance(14_000);
    const [well, ill] = await Promise.all(others);
    expect(well).toMatchObject({ kind: "answered", status: 200 });
    expect(ill).toEqual({ kind: "failed", message: "no answer from http://hangs within 4 s" });
    for (const { kind } of await Promise.all(hanging)) expect(kind).toBe("failed");
    expect(waits).toEqual([10_000, 10_000]);
  });

  test("that wait end when nobody waits for them any more", async () => {
    const stopped = new AbortController();
    const send = sender({
      clock: manualClock(),
      resolve: () => Promise.resolve(["10.0.0.7"]),
      fetch: () => new Promise(() => undefined),
    });
    const all = Array.from({ length: 17 }, () => send(question("http://hangs/"), stopped.signal, "prod"));
    stopped.abort();
    for (const answer of await Promise.all(all))
      expect(answer).toEqual({ kind: "failed", message: "no answer: the measurement was stopped" });
  });
});

describe("what a request is authorized by", () => {
  const echo = ({ headers }: Recorded): Response =>
    new Response(JSON.stringify(headers), { headers: { "x-sent": headers["authorization"] ?? "" } });

  test.each<[string, (url: string) => HttpQuestion]>([
    [
      "a password",
      (url) => question(url, { authentication: { kind: "basic", username: "u", password: "s3cret-canary" } }),
    ],
    ["a password in its address", (url) => question(url.replace("//", "//u:s3cret-canary@"))],
    ["a token", (url) => question(url, { headers: { Authorization: "Bearer czNjcmV0LWNhbmFyeQ" } })],
  ])("is not in its answer, whatever the server repeats: %s", async (_, asked) => {
    using server = recordingServer(echo);
    const answer = await sender()(asked(server.url), never, "prod");
    const sent = server.recorded[0]?.headers["authorization"]?.split(" ")[1] ?? "";
    expect(sent).not.toBe("");
    expect(JSON.stringify(answer)).not.toContain(sent);
    expect(answer).toMatchObject({ kind: "answered", body: like("*****"), headers: { "x-sent": like("*****") } });
  });
});

describe("redirects", () => {
  test.each([
    [301, "GET", ""],
    [302, "GET", ""],
    [303, "GET", ""],
    [307, "POST", "body"],
    [308, "POST", "body"],
  ])("of status %d are followed by %s, with all headers on the same host", async (status, method, body) => {
    using server = recordingServer(({ path }) => (path === "/a" ? redirect(status, "/b?x=1") : ok()));
    const headers = { Authorization: "Bearer s3cret", "X-Key": "k" };
    await sender()(question(`${server.url}/a`, { method: "POST", headers, body: "body" }), never, "prod");
    expect(server.recorded[1]).toMatchObject({ method, path: "/b?x=1", body });
    expect(server.recorded[1]?.headers).toMatchObject({ authorization: "Bearer s3cret", "x-key": "k" });
  });

  test("to another host leave keys and passwords behind", async () => {
    using other = recordingServer(ok);
    using server = recordingServer(() => redirect(302, `http://other.example:${other.port}/b`));
    const send = sender({ resolve: () => Promise.resolve(["127.0.0.1"]) });
    const headers = { Authorization: "Bearer s3cret", Cookie: "a=b", "DD-API-KEY": "k", Accept: "application/json" };
    const asked = question(`http://first.example:${server.port}/`, {
      headers,
      authentication: { kind: "basic", username: "u", password: "p" },
    });
    expect(await send(asked, never, "prod")).toMatchObject({ status: 200 });
    expect(other.recorded.map(own)).toEqual([{ accept: "application/json", "user-agent": "sluice/1.2.3" }]);
  });

  test("to another host do not take the body along", async () => {
    using server = recordingServer(() => redirect(307, "http://other.example/"));
    const send = sender({ resolve: () => Promise.resolve(["127.0.0.1"]) });
    const answer = await send(
      question(`http://first.example:${server.port}/`, { method: "POST", body: "b" }),
      never,
      "prod",
    );
    expect(answer).toMatchObject({
      kind: "failed",
      message: like("to another server: name that one"),
    });
  });

  test("in a circle end", async () => {
    using server = recordingServer(({ path }) => redirect(302, path === "/a" ? "/b" : "/a"));
    expect(await sender()(question(`${server.url}/a`), never, "prod")).toEqual({
      kind: "failed",
      message: `no answer from ${server.url}: it redirects more than 10 times`,
    });
    expect(server.recorded).toHaveLength(11);
  });

  test("without a place to go, or with none that can be read", async () => {
    using server = recordingServer(({ path }) =>
      path === "/none" ? new Response(null, { status: 302 }) : redirect(302, "http://["),
    );
    expect(await sender()(question(`${server.url}/none`), never, "prod")).toMatchObject({
      kind: "answered",
      status: 302,
    });
    expect(await sender()(question(`${server.url}/bad`), never, "prod")).toMatchObject({
      kind: "failed",
      message: like("redirects to what is no address"),
    });
  });
});
