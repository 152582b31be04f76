import { describe, expect, test } from "bun:test";
import { datadog } from "./datadog.ts";
import { answered, askingFor, HOSTILE, NOW, played, questionOf, readingOf } from "./testing.ts";

const secrets = { "/datadog": { "api-key": "api-canary", "app-key": "app-canary" } };
const v1 = { query: "avg:errors{*}", apiVersion: "v1", interval: "5m" };
const v2 = { ...v1, apiVersion: "v2" };

const asking = (settings: object, more = {}) => askingFor(settings, { secrets, ...more });
const question = (settings: object, more = {}) => questionOf(datadog, asking(settings, more));
const reading = (settings: object, body: unknown, status = 200) =>
  readingOf(datadog, asking(settings), answered(body, status));
const message = (settings: object, more = {}) => {
  const { end } = played(datadog, asking(settings, more), []);
  return end.kind === "error" ? end.message : end.kind;
};

const headers = {
  "Content-Type": "application/json",
  "DD-API-KEY": "api-canary",
  "DD-APPLICATION-KEY": "app-canary",
};

describe("Datadog is asked", () => {
  test("by version 1 for the query since the interval, in seconds", () => {
    expect(question(v1)).toEqual({
      to: "address",
      method: "GET",
      url: "https://api.datadoghq.com/api/v1/query?from=1699999700&query=avg%3Aerrors%7B%2A%7D&to=1700000000",
      headers,
      timeoutMs: 10_000,
    });
  });

  test("by version 1 where none is written, over five minutes where no interval is", () => {
    expect(question({ query: v1.query })).toEqual(question(v1));
  });

  test("by version 2 for the last value of the query, in milliseconds", () => {
    const { body = "", ...rest } = question(v2) ?? {};
    expect(rest).toMatchObject({ method: "POST", url: "https://api.datadoghq.com/api/v2/query/scalar", headers });
    expect(JSON.parse(body)).toEqual({
      data: {
        attributes: {
          from: 1_699_999_700_000,
          to: NOW,
          queries: [{ aggregator: "last", data_source: "metrics", name: "query", query: "avg:errors{*}" }],
          formulas: [],
        },
        type: "scalar_request",
      },
    });
  });

  test("by version 2 for a formula of several queries, with their aggregator and timeout", () => {
    const settings = {
      apiVersion: "v2",
      interval: "90s",
      queries: { a: "sum:errors{*}", b: "sum:requests{*}" },
      formula: "a / b",
      aggregator: "avg",
      requestTimeout: "1m30s",
    };
    const { body = "", timeoutMs } = question(settings) ?? {};
    expect(timeoutMs).toBe(90_000);
    expect(JSON.parse(body)).toMatchObject({
      data: {
        attributes: {
          from: NOW - 90_000,
          queries: [
            { aggregator: "avg", data_source: "metrics", name: "a", query: "sum:errors{*}" },
            { aggregator: "avg", data_source: "metrics", name: "b", query: "sum:requests{*}" },
          ],
          formulas: [{ formula: "a / b" }],
        },
      },
    });
  });
});

describe("credentials for Datadog", () => {
  const keys = (secret: object) => ({ "api-key": "k1", "app-key": "k2", ...secret });
  const address = (settings: object, more: object) => question(settings, more)?.url.replace(/\?.*/, "");

  test("come from the environment, if all three variables are set", () => {
    const variables = { DD_ADDRESS: "https://api.eu", DD_API_KEY: "e1", DD_APP_KEY: "e2" };
    const { url, headers: sent } = question(v1, { variables }) ?? {};
    expect(url).toStartWith("https://api.eu/api/v1/query?");
    expect(sent).toMatchObject({ "DD-API-KEY": "e1", "DD-APPLICATION-KEY": "e2" });
    const { DD_ADDRESS: _, ...two } = variables;
    expect(question(v1, { variables: two })?.headers).toMatchObject({ "DD-API-KEY": "api-canary" });
  });

  test("come from a Secret that is named, and then from no other place", () => {
    const named = { ...v1, secretRef: { name: "mine" } };
    const variables = { DD_ADDRESS: "https://api.eu", DD_API_KEY: "e1", DD_APP_KEY: "e2" };
    const own = { "/mine": keys({ address: "https://dd.example/prefix" }), "shop/mine": keys({ address: "no" }) };
    expect(address(named, { secrets: own, variables })).toBe("https://dd.example/prefix/api/v1/query");
    expect(message(named, { variables })).toStartWith(
      "failed to find the credentials for datadog metrics provider: no Secret mine with api-key and app-key in the namespace of the controller",
    );
  });

  test("come from the namespace of the run, if the metric says so", () => {
    const named = { ...v1, secretRef: { name: "mine", namespaced: true } };
    expect(question(named, { secrets: { "shop/mine": keys({}) } })?.headers).toMatchObject({ "DD-API-KEY": "k1" });
    expect(datadog.measure.secrets?.(asking(named))).toEqual(
      ["address", "api-key", "app-key"].map((key) => ({ namespace: "shop", name: "mine", key })),
    );
    expect(message({ ...v1, secretRef: { namespaced: true } })).toBe(
      "secret name is required for namespaced credentials",
    );
  });

  test("are incomplete without one of the keys", () => {
    expect(message(v1, { secrets: { "/datadog": { "api-key": "k1" } } })).toBe(
      "failed to find the credentials for datadog metrics provider: no Secret datadog with api-key and app-key in the namespace of the controller, and DD_ADDRESS, DD_API_KEY and DD_APP_KEY are not all set",
    );
  });

  test("keep an address as it is written, or say where the one is that is none", () => {
    const at = (text: string) => ({ secrets: { "/datadog": keys({ address: text }) } });
    expect(address(v1, at("https://dd.example/"))).toBe("https://dd.example//api/v1/query");
    expect(message(v1, at("dd.example"))).toBe("the address of Datadog in the Secret datadog is not a URL");
  });
});

describe("settings of Datadog that are none", () => {
  const queries = { a: "x" };
  test.each([
    [{}, "Must have either a query or queries. Please review the Analysis Template."],
    [{ query: "x", queries }, "Cannot have both a query and queries. Please review the Analysis Template."],
    [{ queries }, "Query is empty. API Version v1 only supports using the query parameter in your Analysis Template."],
    [
      { apiVersion: "v2", query: "x", formula: "a" },
      "Formula are only valid when queries are set. Please review the Analysis Template.",
    ],
    [
      { apiVersion: "v2", queries: { a: "x", b: "y" } },
      "When multiple queries are provided you must include a formula.",
    ],
    [{ query: "x", aggregator: "avg" }, "Aggregator is not supported in v1. Please review the Analysis Template."],
    [
      { query: "x", requestTimeout: "5" },
      'Could not parse the request timeout: time: missing unit in duration "5". Please review the Analysis Template.',
    ],
    [
      { query: "x", requestTimeout: "0s" },
      "Request timeout must be a positive duration (e.g. 30s). Please review the Analysis Template.",
    ],
    [{ query: "x", interval: "" }, 'time: invalid duration ""'],
    [{ query: 5 }, "the settings of Datadog cannot be read: query is not string"],
  ])("%j", (settings, expected) => {
    expect(message(settings)).toBe(expected);
  });
});

describe("version 1 of Datadog answers with", () => {
  test.each([
    [
      "the last point of the first series",
      {
        series: [
          {
            pointlist: [
              [1, 0.1],
              [2, 0.25],
            ],
          },
          {},
        ],
      },
      0.25,
      "0.25",
    ],
    ["a large number", { series: [{ pointlist: [[1, 1e21]] }] }, 1e21, "1000000000000000000000"],
    ["no series", { series: [] }, null, "[]"],
    ["a series without points", { series: [{ pointlist: [] }] }, null, '[{"pointlist":[]}]'],
    ["a series of nothing", { series: [{}] }, null, '[{"pointlist":null}]'],
    ["an error in place of series", { error: "x" }, null, "null"],
    [
      "a point without a value",
      {
        series: [
          {
            pointlist: [
              [1, 0.5],
              [2, null],
            ],
          },
        ],
      },
      null,
      "null",
    ],
  ])("%s", (_, body, value, text) => {
    expect(reading(v1, body)).toEqual({ kind: "value", value, text });
  });

  test.each([
    ["a point of three", { series: [{ pointlist: [[1, 2, 3]] }] }, "Datapoint does not have 2 values"],
    [
      "a point that is a text",
      { series: [{ pointlist: [[1, "2"]] }] },
      "Could not parse JSON body: a point is no number in the answer of Datadog",
    ],
    [
      "series that are a text",
      { series: "x" },
      "Could not parse JSON body: series is no list in the answer of Datadog",
    ],
  ])("%s, which is an error", (_, body, expected) => {
    expect(reading(v1, body)).toEqual({ kind: "error", message: expected });
  });
});

describe("version 2 of Datadog answers with", () => {
  const columns = (...list: unknown[]) => ({ data: { attributes: { columns: list } } });
  const numbers = { name: "query", type: "number", values: [1, null, 2.5] };
  const pods = { name: "pod", type: "group", values: [["a"], ["b"], ["c"]] };
  const zones = { name: "zone", type: "group", values: [["x"], [], ["y", "<z>"]] };

  test.each([
    ["a number", columns({ name: "query", type: "number", values: [0.3, 9] }), 0.3, "0.3"],
    ["a column without a type", columns({ name: "query", values: [4] }), 4, "4"],
    ["no number", columns({ name: "query", type: "number", values: [null] }), null, "[]"],
    ["no column", columns(), null, "[]"],
    ["no columns", {}, null, "[]"],
    ["groups alone", columns(pods), null, "[]"],
  ])("%s", (_, body, value, text) => {
    expect(reading(v2, body)).toEqual({ kind: "value", value, text });
  });

  test("a number a group, without those that have none, and their names", () => {
    expect(reading(v2, columns(pods, zones, numbers))).toEqual({
      kind: "value",
      value: [1, 2.5],
      text: "[1,2.5]",
      metadata: { groups: '[{"name":"a,x","value":1},{"name":"c,y,\\u003cz\\u003e","value":2.5}]' },
    });
  });

  test("one group, which is a list as well", () => {
    const one = { name: "pod", type: "group", values: [["a"]] };
    expect(reading(v2, columns(one, { ...numbers, values: [7] }))).toMatchObject({ value: [7], text: "[7]" });
  });

  test("many groups, of which the lowest and the highest are named", () => {
    const values = Array.from({ length: 300 }, (_, index) => (index * 7) % 300);
    const names = { name: "host", type: "group", values: values.map((value) => [`h${value}`]) };
    const found = reading(v2, columns(names, { ...numbers, values }));
    if (found.kind !== "value") throw new Error("no value");
    const groups = JSON.parse(found.metadata?.["groups"] ?? "[]") as { readonly value: number }[];
    expect([found.value, found.metadata?.["groups_truncated"], groups.map(({ value }) => value)]).toEqual([
      values,
      "true",
      Array.from({ length: 100 }, (_, index) => (index < 50 ? index : 200 + index)),
    ]);
  });

  test.each([
    ["errors", { data: { errors: "bad query" } }, "There were errors in your query: bad query"],
    [
      "a text among numbers",
      columns({ ...numbers, values: ["x"] }),
      String.raw`could not parse numeric value "\"x\"" in column "query": it is no number`,
    ],
    ["a group without a name", columns({ ...pods, values: [] }, numbers), "could not parse group label at index 0"],
    [
      "a group named by a number",
      columns({ ...pods, values: [[1]] }, numbers),
      "could not parse group label at index 0",
    ],
    [
      "columns that are a text",
      { data: { attributes: { columns: "x" } } },
      "Could not parse JSON body: data.attributes.columns is no list of columns in the answer of Datadog",
    ],
  ])("%s, which is an error", (_, body, expected) => {
    expect(reading(v2, body)).toEqual({ kind: "error", message: expected });
  });
});

describe("what Datadog refuses is an error", () => {
  test.each([
    [403, "Forbidden", "received authentication error response code: 403 Forbidden"],
    [401, "", "received authentication error response code: 401 "],
    [429, "slow down", "received non 2xx response code: 429 slow down"],
    [204, "", "received non 2xx response code: 204 "],
  ])("%i", (status, body, expected) => {
    for (const settings of [v1, v2])
      expect(reading(settings, body, status)).toEqual({ kind: "error", message: expected });
  });

  test("without the keys that it repeats, and without all of a long page", () => {
    const found = reading(v1, `bad key api-canary of app-canary ${"x".repeat(5_000)}`, 403);
    expect(found.kind === "error" && found.message).toContain("403 bad key ***** of ***** xxx");
    expect(JSON.stringify(found).length).toBeLessThan(1_200);
  });

  test.each(HOSTILE)("%s", (_, body) => {
    for (const settings of [v1, v2]) expect(reading(settings, body).kind).toBe("error");
  });
});
