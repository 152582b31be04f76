import { describe, expect, test } from "bun:test";
import { measure } from "./measuring/measure.ts";
import { askingOf, like, type Recorded, recordingServer, reaching, sender } from "./measuring/testing.ts";
import { prometheus } from "./prometheus.ts";

const NOW = 1_700_000_000_123;
const asking = (settings: object, environment: Readonly<Record<string, string>> = {}) => ({
  ...askingOf(settings, environment),
  now: NOW,
  time: (source: string) => (source === "bad" ? { problem: "it is bad" } : { ms: NOW - Number(source) }),
});
const measured = (settings: object, environment: Readonly<Record<string, string>> = {}) =>
  measure(reaching(sender()), prometheus, asking(settings, environment));

const success = (data: object, more: object = {}): Response => Response.json({ status: "success", data, ...more });
const vector = (...values: string[]): object => ({
  resultType: "vector",
  result: values.map((value) => ({ metric: { pod: "a" }, value: [1_700_000_000.1, value] })),
});

async function answering(answer: (request: Recorded) => Response, settings: object = {}) {
  using server = recordingServer(answer);
  const reading = await measured({ address: server.url, query: "up", ...settings });
  return { reading, recorded: server.recorded, url: server.url };
}

describe("an instant query", () => {
  test("is a form, with the time in seconds", async () => {
    const { recorded, reading } = await answering(() => success(vector("0.25")), {
      query: 'sum(rate(e{a="b c"}[5m]))*2',
    });
    expect(recorded).toHaveLength(1);
    expect(recorded[0]).toMatchObject({
      method: "POST",
      path: "/api/v1/query",
      body: "query=sum%28rate%28e%7Ba%3D%22b+c%22%7D%5B5m%5D%29%29%2A2&time=1700000000.123",
    });
    expect(recorded[0]?.headers["content-type"]).toBe("application/x-www-form-urlencoded");
    expect(reading).toEqual({ kind: "value", value: [0.25], text: "[0.25]" });
  });

  test.each([403, 405, 501])("goes by GET at a server that answers POST with %d", async (status) => {
    const { recorded, reading } = await answering(({ method }) =>
      method === "POST" ? new Response("", { status }) : success(vector("1")),
    );
    expect(recorded[1]).toMatchObject({ method: "GET", path: "/api/v1/query?query=up&time=1700000000.123", body: "" });
    expect(reading).toMatchObject({ value: [1] });
  });

  test("goes by GET only once", async () => {
    const { recorded, reading } = await answering(() => new Response("", { status: 403 }));
    expect(recorded).toHaveLength(2);
    expect(reading).toEqual({ kind: "error", message: "client_error: client error: 403" });
  });

  test.each([
    ["", "/api/v1/query"],
    ["/", "/api/v1/query"],
    ["/prometheus", "/prometheus/api/v1/query"],
    ["/a/b/", "/a/b/api/v1/query"],
    ["/p?tenant=x", "/p/api/v1/query?tenant=x"],
  ])("is asked below the path of the address: %p", async (end, path) => {
    using server = recordingServer(() => success(vector("1")));
    await measured({ address: server.url + end, query: "up" });
    expect(server.recorded[0]?.path).toBe(path);
  });

  test("has the metric's headers, the last of the same name, before what authenticates", async () => {
    const headers = [
      { key: "X-Scope-OrgID", value: "a" },
      { key: "x-scope-orgid", value: "b" },
      { key: "Authorization", value: "Bearer own" },
    ];
    const { recorded } = await answering(() => success(vector("1")), {
      headers,
      authentication: { basicAuth: { username: "u", password: "p" } },
    });
    expect(recorded[0]?.headers).toMatchObject({ "x-scope-orgid": "b", authorization: "Bearer own" });
  });
});

describe("a query over a range", () => {
  const rangeQuery = { start: "600000", end: "0", step: "1m30s" };

  test("has start, end and step in seconds, and gives all samples of all series", async () => {
    const data = {
      resultType: "matrix",
      result: [
        {
          metric: {},
          values: [
            [1, "1"],
            [2, "NaN"],
          ],
        },
        { metric: { a: "b" }, values: [[1, "3.5"]] },
      ],
    };
    const { recorded, reading } = await answering(() => success(data), { rangeQuery });
    expect(recorded[0]).toMatchObject({
      path: "/api/v1/query_range",
      body: "end=1700000000.123&query=up&start=1699999400.123&step=90",
    });
    expect(reading).toEqual({ kind: "value", value: [1, Number.NaN, 3.5], text: "[1,NaN,3.5]" });
  });

  test.each([
    [{ start: "bad" }, "failed to parse rangeQuery.start as time: it is bad"],
    [{ end: "bad" }, "failed to parse rangeQuery.end as time: it is bad"],
    [{ step: "5" }, 'failed to parse rangeQuery.step as duration: time: missing unit in duration "5"'],
    [{ step: undefined }, 'failed to parse rangeQuery.step as duration: time: invalid duration ""'],
  ])("that cannot be read is not sent: %p", async (part, message) => {
    const { recorded, reading } = await answering(() => success(vector("1")), {
      rangeQuery: { ...rangeQuery, ...part },
    });
    expect(reading).toEqual({ kind: "error", message });
    expect(recorded).toHaveLength(0);
  });
});

describe("an answer", () => {
  test.each<[what: string, data: object, value: unknown, text: string]>([
    ["a scalar", { resultType: "scalar", result: [1, "0.5"] }, 0.5, "0.5"],
    ["a scalar without a value", { resultType: "scalar", result: [1, "NaN"] }, Number.NaN, "NaN"],
    [
      "several series, in their order",
      vector("2", "1e21", "1e-7"),
      [2, 1e21, 1e-7],
      "[2,1000000000000000000000,0.0000001]",
    ],
    ["what has no number", vector("NaN", "+Inf", "-Inf"), [Number.NaN, Infinity, -Infinity], "[NaN,+Inf,-Inf]"],
    ["no series", vector(), [], "[]"],
    ["no series, said by null", { resultType: "vector", result: null }, [], "[]"],
    ["no series over a range", { resultType: "matrix", result: [] }, [], "[]"],
  ])("with %s is read", async (_, data, value, text) => {
    expect((await answering(() => success(data))).reading).toEqual({ kind: "value", value, text });
  });

  test("keeps warnings in the measurement", async () => {
    const { reading } = await answering(() => success(vector("1"), { warnings: ["partial", "late"] }));
    expect(reading).toMatchObject({ metadata: { warnings: '"partial", "late"' } });
  });

  test.each<[what: string, answer: () => Response, message: string]>([
    [
      "of a query that cannot be read",
      () => Response.json({ status: "error", errorType: "bad_data", error: "parse error" }, { status: 400 }),
      "bad_data: parse error",
    ],
    [
      "of a query that fails",
      () => Response.json({ status: "error", errorType: "execution", error: "too many" }, { status: 422 }),
      "execution: too many",
    ],
    [
      "of an error with success",
      () => Response.json({ status: "success", data: vector("1") }, { status: 422 }),
      "bad_response: inconsistent body for response code",
    ],
    [
      "of a server that fails",
      () => Response.json({ status: "error", errorType: "timeout", error: "x" }, { status: 503 }),
      "server_error: server error: 503",
    ],
    ["of another server", () => new Response("no", { status: 404 }), "client_error: client error: 404"],
    ["that leads nowhere", () => new Response("", { status: 304 }), "bad_response: bad response code 304"],
    ["that is HTML", () => new Response("<html>"), "bad_response: the answer is not the JSON of Prometheus"],
    [
      "that is empty",
      () => new Response(null, { status: 204 }),
      "bad_response: the answer is not the JSON of Prometheus",
    ],
    ["that is null", () => new Response("null"), "bad_response: the answer is not the JSON of Prometheus"],
    ["that is a list", () => new Response("[]"), "bad_response: the answer is not the JSON of Prometheus"],
    ["without status", () => new Response("{}"), "bad_response: inconsistent body for response code"],
    ["without data", () => Response.json({ status: "success" }), "Prometheus metric type not supported"],
    ["of a text", () => success({ resultType: "string", result: [1, "a"] }), "Prometheus metric type not supported"],
    ["of samples that are none", () => success(vector("many")), "bad_response: a sample is not a time and a number"],
    [
      "of samples that are nothing",
      () => success({ resultType: "vector", result: [null] }),
      "bad_response: a sample is not a time and a number",
    ],
    [
      "of histograms",
      () => success({ resultType: "vector", result: [{ metric: {}, histogram: [1, {}] }] }),
      "the query gives native histograms, which are no numbers: apply a function such as histogram_quantile to it",
    ],
    [
      "of histograms over a range",
      () => success({ resultType: "matrix", result: [{ metric: {}, histograms: [] }] }),
      "the query gives native histograms, which are no numbers: apply a function such as histogram_quantile to it",
    ],
    [
      "with a million series",
      () => success(vector(...Array<string>(30_000).fill("1"))),
      "longer than the 1048576 bytes that are read",
    ],
  ])("%s is an error", async (_, answer, message) => {
    expect((await answering(answer)).reading).toMatchObject({ kind: "error", message: like(message) });
  });
});

describe("settings", () => {
  test.each<[what: string, settings: object, message: string]>([
    ["without an address", {}, "prometheus address is not configured"],
    ["with an address without a host", { address: "prometheus:9090" }, "prometheus address is not is url format"],
    ["with an address without a scheme", { address: "prometheus" }, "prometheus address is not is url format"],
    [
      "with a user only",
      { address: "http://a", authentication: { basicAuth: { username: "u" } } },
      "missing mandatory parameter in metric for basic auth setup: password",
    ],
    [
      "with a password only",
      { address: "http://a", authentication: { basicAuth: { password: "p" } } },
      "missing mandatory parameter in metric for basic auth setup: username",
    ],
    [
      "with a part of OAuth2",
      { address: "http://a", authentication: { oauth2: { tokenUrl: "http://t", clientId: "c" } } },
      "missing mandatory parameter in metric for OAuth2 setup",
    ],
    ["with a negative timeout", { address: "http://a", timeout: -1 }, "prometheus timeout should not be negative"],
  ])("%s are an error", async (_, settings, message) => {
    expect(await measured(settings)).toEqual({ kind: "error", message });
  });

  test("take the address from the environment where they have none", async () => {
    using server = recordingServer(() => success(vector("1")));
    const environment = { ARGO_ROLLOUTS_PROMETHEUS_ADDRESS: server.url };
    expect(await measured({ query: "up" }, environment)).toMatchObject({ value: [1] });
    expect(await measured({ query: "up" }, { ARGO_ROLLOUTS_PROMETHEUS_ADDRESS: "prometheus" })).toEqual({
      kind: "error",
      message: "prometheus address is not is url format",
    });
  });

  const questionOf = (settings: object) => {
    const next = prometheus.measure.begin(asking({ query: "up", ...settings }));
    const [question] = next?.kind === "ask" ? next.questions : [];
    if (question?.to !== "address") throw new Error("nothing is asked");
    return question;
  };

  test.each([
    [undefined, 30_000],
    [0, 30_000],
    [5, 5_000],
  ])("give a timeout of %p seconds", (timeout, timeoutMs) => {
    expect(questionOf({ address: "http://a", ...(timeout !== undefined && { timeout }) }).timeoutMs).toBe(timeoutMs);
  });

  test("sign only for Amazon's Prometheus, and only when something is said for that", () => {
    const address = "https://aps-workspaces.eu-central-1.amazonaws.com/workspaces/ws-1";
    const sigv4 = { region: "eu-central-1" };
    expect(questionOf({ address, authentication: { sigv4 } })).toMatchObject({
      url: `${address}/api/v1/query`,
      authentication: { kind: "sigv4", service: "aps", region: "eu-central-1" },
    });
    expect(questionOf({ address, authentication: { sigv4: {} } }).authentication).toBeUndefined();
    expect(questionOf({ address: "http://a", authentication: { sigv4 } }).authentication).toBeUndefined();
  });

  test("pass on insecure and OAuth2", () => {
    const oauth2 = { tokenUrl: "http://t", clientId: "c", clientSecret: "s", scopes: ["a"] };
    expect(questionOf({ address: "https://a", insecure: true, authentication: { oauth2 } })).toMatchObject({
      insecure: true,
      authentication: { kind: "oauth2", ...oauth2 },
    });
  });

  test("give the query to the result's metadata", () => {
    expect(prometheus.measure.metadata?.({ query: "up" })).toEqual({ ResolvedPrometheusQuery: "up" });
    expect(prometheus.measure.metadata?.({})).toEqual({});
  });
});
