import { describe, expect, test } from "bun:test";
import { measure } from "./measuring/measure.ts";
import { askingOf, like, reaching, type Recorded, recordingServer, sender } from "./measuring/testing.ts";
import { web } from "./web.ts";

const measured = (settings: object) => measure(reaching(sender()), web, askingOf(settings));

async function answering(answer: (request: Recorded) => Response, settings: object = {}) {
  using server = recordingServer(answer);
  const reading = await measured({ url: `${server.url}/v1/health?svc=a`, ...settings });
  return { reading, recorded: server.recorded };
}
const body = {
  data: {
    ok: true,
    p: [1, 2],
    s: "a<b",
    n: null,
    list: [
      { name: "a", x: 1 },
      { name: "b", x: 2 },
    ],
  },
};
const json = (): Response => Response.json(body);

describe("a request", () => {
  test("is a GET with the path and the query of the url", async () => {
    const { recorded } = await answering(json);
    expect(recorded[0]).toMatchObject({ method: "GET", path: "/v1/health?svc=a", body: "" });
  });

  test("has the metric's headers, the last of the same name", async () => {
    const headers = [
      { key: "X-A", value: "1" },
      { key: "x-a", value: "2" },
      { key: "Authorization", value: "Bearer t" },
    ];
    const { recorded } = await answering(json, { headers });
    expect(recorded[0]?.headers).toMatchObject({ "x-a": "2", authorization: "Bearer t" });
  });

  test.each(["POST", "PUT"])("by %s has a text for a body", async (method) => {
    const { recorded } = await answering(json, { method, body: "a=b" });
    expect(recorded[0]).toMatchObject({ method, body: "a=b" });
    expect(recorded[0]?.headers["content-type"]).not.toBe("application/json");
  });

  test("by POST has JSON for a body, and says so", async () => {
    const jsonBody = { b: [1, "x"], a: { c: null } };
    const headers = [{ key: "Content-Type", value: "text/plain" }];
    const { recorded } = await answering(json, { method: "POST", jsonBody, headers });
    expect(JSON.parse(recorded[0]?.body ?? "")).toEqual(jsonBody);
    expect(recorded[0]?.headers["content-type"]).toBe("application/json");
  });

  test("by POST may have no body", async () => {
    const { recorded } = await answering(json, { method: "POST" });
    expect(recorded[0]).toMatchObject({ method: "POST", body: "" });
  });

  test("has a token by OAuth2, which counts more than a header", async () => {
    using tokens = recordingServer(() => Response.json({ access_token: "t1", token_type: "bearer" }));
    const { recorded } = await answering(json, {
      headers: [{ key: "Authorization", value: "Bearer own" }],
      authentication: { oauth2: { tokenUrl: tokens.url, clientId: "c", clientSecret: "s" } },
    });
    expect(recorded[0]?.headers["authorization"]).toBe("Bearer t1");
    expect(tokens.recorded).toHaveLength(1);
  });

  test.each<[what: string, settings: object, message: string]>([
    [
      "two bodies",
      { method: "POST", body: "a", jsonBody: {} },
      "use either Body or JSONBody; both cannot exists for WebMetric payload",
    ],
    ["a body for GET", { body: "a" }, "Body/JSONBody can only be used with POST or PUT WebMetric Method types"],
    [
      "JSON for GET",
      { method: "GET", jsonBody: {} },
      "Body/JSONBody can only be used with POST or PUT WebMetric Method types",
    ],
    ["another method", { method: "DELETE" }, "method of a web metric is none of GET, POST and PUT"],
    ["a path that cannot be read", { jsonPath: "{$.a" }, "jsonPath cannot be read: unclosed action"],
    [
      "a part of OAuth2",
      { authentication: { oauth2: { tokenUrl: "http://t" } } },
      "missing mandatory parameter in metric for OAuth2 setup",
    ],
  ])("with %s is not sent", async (_, settings, message) => {
    const { reading, recorded } = await answering(json, settings);
    expect(reading).toEqual({ kind: "error", message });
    expect(recorded).toHaveLength(0);
  });

  const questionOf = (settings: object) => {
    const next = web.measure.begin(askingOf({ url: "https://a", ...settings }));
    return next?.kind === "ask" ? next.questions[0] : undefined;
  };

  test.each([
    [{}, 10_000],
    [{ timeoutSeconds: 0 }, 10_000],
    [{ timeoutSeconds: -5 }, 10_000],
    [{ timeoutSeconds: 3 }, 3_000],
  ])("has a timeout: %p is %d ms", (settings, timeoutMs) => {
    expect(questionOf(settings)).toMatchObject({ timeoutMs, insecure: false });
  });

  test("may be insecure", () => expect(questionOf({ insecure: true })).toMatchObject({ insecure: true }));
});

describe("an answer", () => {
  test.each<[path: string | undefined, value: unknown, text: string]>([
    ["{$.data.ok}", true, "true"],
    ["{$.data.p}", [1, 2], "[1,2]"],
    ["{$.data.p[0]}", 1, "1"],
    ["{$.data.p[*]}", 1, "1"],
    ["{$.data.s}", "a<b", '"a\\u003cb"'],
    ["{$.data.n}", null, "null"],
    ['{$.data.list[?(@.name=="b")].x}', 2, "2"],
    ["{$.data.list[?(@.x>1)].name}", "b", '"b"'],
    ["{$.data.list[-1]}", { name: "b", x: 2 }, '{"name":"b","x":2}'],
    ["{..name}", "a", '"a"'],
    [
      undefined,
      body,
      '{"data":{"list":[{"name":"a","x":1},{"name":"b","x":2}],"n":null,"ok":true,"p":[1,2],"s":"a\\u003cb"}}',
    ],
    ["plain text", "plain text", '"plain text"'],
  ])("by the path %p gives a value", async (jsonPath, value, text) => {
    const { reading } = await answering(json, jsonPath === undefined ? {} : { jsonPath });
    expect(reading).toEqual({ kind: "value", value, text });
  });

  test.each([
    ["pong", "pong", "pong"],
    ["", "", ""],
    ["<html></html>", "<html></html>", "<html></html>"],
    ['"ok"', "ok", '"ok"'],
    ["123", 123, "123"],
    ["null", null, "null"],
    ["NaN", "NaN", "NaN"],
    ["\uFEFF1", "\uFEFF1", "\uFEFF1"],
  ])("that is %p gives a value without a path", async (text, value, shown) => {
    expect((await answering(() => new Response(text))).reading).toEqual({ kind: "value", value, text: shown });
  });

  test("that is no JSON is a text, whatever the path", async () => {
    const { reading } = await answering(() => new Response("pong"), { jsonPath: "{$.a}" });
    expect(reading).toEqual({ kind: "value", value: "pong", text: "pong" });
  });

  test("without a body is an empty text", async () => {
    const { reading } = await answering(() => new Response(null, { status: 204 }));
    expect(reading).toEqual({ kind: "value", value: "", text: "" });
  });

  test.each([304, 400, 404, 500, 503])("of status %d is an error", async (status) => {
    const { reading } = await answering(() => new Response(null, { status }));
    expect(reading).toEqual({ kind: "error", message: `received non 2xx response code: ${status}` });
  });

  test("that redirects is followed", async () => {
    const { reading } = await answering(({ path }) =>
      path === "/b" ? new Response("1") : new Response(null, { status: 302, headers: { location: "/b" } }),
    );
    expect(reading).toMatchObject({ value: 1 });
  });

  test.each([
    ["{$.nope}", "Could not find JSONPath in body: nope is not found"],
    ["{$.data.p[7]}", "Could not find JSONPath in body: array index out of bounds: index 7, length 2"],
    ["{$.data.list[?(@.x>9)]}", "result of web metric produced no value"],
  ])("in which %s finds nothing is an error", async (jsonPath, message) => {
    expect((await answering(json, { jsonPath })).reading).toEqual({ kind: "error", message });
  });

  test("that repeats what the metric authenticates by is shown without it", async () => {
    using tokens = recordingServer(() => Response.json({ access_token: "t1" }));
    const settings = {
      headers: [{ key: "Authorization", value: "Bearer t0p-s3cret" }],
      authentication: { oauth2: { tokenUrl: tokens.url, clientId: "c", clientSecret: "cl1ent-s3cret" } },
    };
    const { reading } = await answering(() => new Response("t0p-s3cret and cl1ent-s3cret"), settings);
    expect(reading).toMatchObject({ kind: "value", text: "***** and *****" });
  });

  test("that is nested without end is an error, not the end of the process", async () => {
    const deep = "[".repeat(200_000) + "]".repeat(200_000);
    const { reading } = await answering(() => new Response(deep), { jsonPath: "{..a}" });
    expect(["value", "error"]).toContain(reading.kind);
  });

  test("that is too long is an error", async () => {
    const { reading } = await answering(() => new Response(`"${"x".repeat(2 ** 20)}"`));
    expect(reading).toMatchObject({ kind: "error", message: like("longer than the 1048576 bytes that are read") });
  });
});
