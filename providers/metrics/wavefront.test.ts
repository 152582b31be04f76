import { describe, expect, test } from "bun:test";
import { answered, askingFor, HOSTILE, NOW, played, questionOf, readingOf } from "./testing.ts";
import { wavefront } from "./wavefront.ts";

const settings = { address: "example.wavefront.com", query: "ts(errors)" };
const asking = (more: object = {}, now = NOW) =>
  askingFor(
    { ...settings, ...more },
    { now, secrets: { "/wavefront-api-tokens": { "example.wavefront.com": "token-canary" } } },
  );
const reading = (body: unknown, status = 200, now = NOW) =>
  readingOf(wavefront, asking({}, now), answered(body, status));
const second = NOW / 1000;

describe("Wavefront", () => {
  test("is asked for the points nearest to the second that it is now", () => {
    expect(questionOf(wavefront, asking({}, NOW + 999))).toEqual({
      to: "address",
      method: "GET",
      url: "https://example.wavefront.com/api/v2/chart/api?autoEvents=false&e=1700000000000&g=s&i=true&includeObsoleteMetrics=false&listmode=false&p=1&q=ts%28errors%29&s=1700000000000&strict=false",
      headers: { Authorization: "Bearer token-canary", Accept: "application/json" },
      timeoutMs: 30_000,
    });
  });

  test.each([
    [{ address: "other.wavefront.com" }, "has no key other.wavefront.com"],
    [{ address: "" }, "has no key for a metric without an address"],
  ])("is not asked without a token for its address: %j", (more, end) => {
    const found = played(wavefront, asking(more), []).end;
    expect(found).toEqual({
      kind: "error",
      message: `API token not found: the Secret wavefront-api-tokens in the namespace of the controller ${end}`,
    });
  });
});

describe("Wavefront answers with", () => {
  test("one series: the value nearest to now, and how far away it is", () => {
    const data = [
      [second - 60, 1],
      [second - 3.5, 0.954],
      [second + 4, 2],
    ];
    expect(reading({ timeseries: [{ label: "x", data }], warnings: "careful" }, 200, NOW + 900)).toEqual({
      kind: "value",
      value: 0.954,
      text: "0.95",
      metadata: { warnings: "careful", timestamps: "1699999996", drift: "-3" },
    });
  });

  test("several series: a list", () => {
    const timeseries = [{ data: [[second, 0.955]] }, { data: [[second + 2, 1]] }, { data: [[second, 0.125]] }];
    expect(reading({ timeseries })).toEqual({
      kind: "value",
      value: [0.955, 1, 0.125],
      text: "[0.95,1.00,0.12]",
      metadata: { timestamps: "[1700000000,1700000002,1700000000]", drift: "[0,2,0]" },
    });
  });

  test("a series without points, which counts as 0", () => {
    expect(reading({ timeseries: [{ data: [] }] })).toEqual({
      kind: "value",
      value: 0,
      text: "0.00",
      metadata: { timestamps: "0", drift: "-9223372036854775808" },
    });
  });

  test("no series, which is no data", () => {
    expect(reading({ warnings: "careful" })).toEqual({
      kind: "noData",
      message: "No TimeSeries found in response from Wavefront",
      metadata: { warnings: "careful" },
    });
  });

  test("the reason why there are none", () => {
    expect(reading({ errorType: "QuerySyntaxError", errorMessage: "no viable alternative" })).toMatchObject({
      kind: "error",
      message: "No TimeSeries found in response from Wavefront: no viable alternative",
    });
  });
});

describe("an error of Wavefront", () => {
  test.each([
    ["who is token-canary?", 401, "server returned 401 Unauthorized\nwho is *****?"],
    ["", 503, "server returned 503 Service Unavailable"],
    [{ timeseries: "x" }, 200, "timeseries is no list in the answer of Wavefront"],
    [
      { timeseries: [{ data: [[second]] }] },
      200,
      "a series in the answer of Wavefront has points that are no pairs of a time and a number",
    ],
    [
      { timeseries: [{ data: [[second, null]] }] },
      200,
      "a series in the answer of Wavefront has points that are no pairs of a time and a number",
    ],
  ])("%j with status %i", (body, status, expected) => {
    expect(reading(body, status)).toEqual({ kind: "error", message: expected });
  });

  test.each(HOSTILE)("%s", (_, body) => {
    expect(reading(body).kind).toBe("error");
  });
});
