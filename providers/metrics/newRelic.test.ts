import { describe, expect, test } from "bun:test";
import { newRelic } from "./newRelic.ts";
import { answered, askingFor, HOSTILE, played, questionOf, readingOf } from "./testing.ts";

const account = { "personal-api-key": "key-canary", "account-id": "1234" };
const settings = { query: "FROM T SELECT 1" };

const asking = (more: object = {}, secret: object = account, at = "/newrelic") =>
  askingFor({ ...settings, ...more }, { secrets: { [at]: { ...secret } } });
const message = (more: object, secret: object = account): string => {
  const { end } = played(newRelic, asking(more, secret), []);
  return end.kind === "error" ? end.message : end.kind;
};
const reading = (body: unknown, status = 200) => readingOf(newRelic, asking(), answered(body, status));
const results = (...rows: unknown[]) => ({ data: { actor: { account: { nrql: { results: rows } } } } });

describe("New Relic is asked", () => {
  test("through NerdGraph, with the account and the key of the Secret", () => {
    const { body = "", ...rest } = questionOf(newRelic, asking()) ?? {};
    expect(rest).toEqual({
      to: "address",
      method: "POST",
      url: "https://api.newrelic.com/graphql",
      headers: { "Content-Type": "application/json", "Api-Key": "key-canary" },
      timeoutMs: 30_000,
    });
    const sent = JSON.parse(body) as { readonly query: string; readonly variables: unknown };
    expect(sent.variables).toEqual({ accountId: 1234, query: "FROM T SELECT 1", timeout: 5 });
    expect(sent.query).toBe(
      "query($query: Nrql!, $accountId: Int!, $timeout: Seconds!) { actor { account(id: $accountId) { nrql(query: $query, timeout: $timeout) { results } } } }",
    );
  });

  test.each([
    [{ region: "eu" }, "https://api.eu.newrelic.com/graphql"],
    [{ region: "EU" }, "https://api.eu.newrelic.com/graphql"],
    [{ region: "staging" }, "https://staging-api.newrelic.com/graphql"],
    [{ region: "jp" }, "https://api.jp.newrelic.com/graphql"],
    [{ region: "fedramp" }, "https://gov-api.newrelic.com/graphql"],
    [{ region: "us", "base-url-rest": "https://rest.example" }, "https://api.newrelic.com/graphql"],
    [{ region: "eu", "base-url-nerdgraph": "https://nr.example/graphql/" }, "https://nr.example/graphql"],
  ])("where the Secret says: %j", (more, url) => {
    expect(questionOf(newRelic, asking({}, { ...account, ...more }))?.url).toBe(url);
  });

  test("with a profile and a timeout of the metric's own", () => {
    const question = questionOf(newRelic, asking({ profile: "mine", timeout: 60 }, account, "/mine"));
    expect(question?.timeoutMs).toBe(85_000);
    expect(question?.body).toContain('"timeout":60');
    expect(newRelic.measure.secrets?.(asking({ profile: "mine" }))[0]).toEqual({
      namespace: undefined,
      name: "mine",
      key: "personal-api-key",
    });
  });

  test("and the resolved query stands in the result's metadata", () => {
    expect(newRelic.measure.metadata?.(settings)).toEqual({ ResolvedNewRelicQuery: "FROM T SELECT 1" });
  });
});

describe("New Relic is not asked", () => {
  const place = "the Secret newrelic in the namespace of the controller";
  test.each([
    [{}, {}, `account ID or personal API key not found: ${place} needs personal-api-key and account-id`],
    [
      {},
      { ...account, "account-id": "" },
      `account ID or personal API key not found: ${place} needs personal-api-key and account-id`,
    ],
    [{}, { ...account, "account-id": "x" }, `could not parse account ID: account-id of ${place} is not a whole number`],
    [
      {},
      { ...account, region: "mars" },
      `unknown region in ${place}: it is one of us, eu, jp, gov, fedramp, staging, local`,
    ],
    [{}, { ...account, "base-url-nerdgraph": "nr.example" }, `base-url-nerdgraph of ${place} is not a URL`],
    [{ timeout: -1 }, account, "timeout value needs to be a positive value"],
    [{ query: 1 }, account, "the settings of New Relic cannot be read: query is not string"],
  ])("with %j and %j", (more, secret, expected) => {
    expect(message(more, secret)).toBe(expected);
  });
});

describe("New Relic answers with", () => {
  test("one row, which is the result", () => {
    expect(reading(results({ successRate: 0.99, "average.x": null, at: 1e-7 }))).toEqual({
      kind: "value",
      value: { successRate: 0.99, "average.x": null, at: 1e-7 },
      text: '{"at":1e-7,"average.x":null,"successRate":0.99}',
    });
  });

  test("several rows, which are a list", () => {
    expect(reading(results({ b: 1, a: "<" }, null, {}))).toEqual({
      kind: "value",
      value: [{ b: 1, a: "<" }, {}, {}],
      text: String.raw`[{"a":"\u003c","b":1},{},{}]`,
    });
  });

  test.each([
    ["no row", results()],
    ["an empty row", results({})],
    ["nothing for a row", results(null)],
    ["no results", { data: { actor: { account: { nrql: null } } } }],
    ["nothing", {}],
  ])("%s, which is no data", (_, body) => {
    expect(reading(body)).toEqual({ kind: "noData", message: "no results returned from NRQL query" });
  });

  test("a warning of a deprecated field beside rows", () => {
    const errors = [{ message: "This field is deprecated! Use another." }];
    expect(reading({ ...results({ a: 1 }), errors })).toMatchObject({ kind: "value", value: { a: 1 } });
  });
});

describe("an error of New Relic", () => {
  test.each([
    [{ errors: [{ message: "NRQL Syntax Error" }, {}, { message: "more" }] }, 200, "NRQL Syntax Error, more"],
    [{ errors: [{ message: "Invalid key key-canary" }] }, 401, "401 response returned: Invalid key *****"],
    ["Bad Gateway", 502, "502 response returned"],
    [{}, 404, "resource not found"],
    [
      { data: { actor: { account: { nrql: { results: 5 } } } } },
      200,
      "the results in the answer of New Relic are no list",
    ],
    [results("x"), 200, "a result in the answer of New Relic is no object"],
  ])("%j with status %i", (body, status, expected) => {
    expect(reading(body, status)).toEqual({ kind: "error", message: expected });
  });

  test.each(HOSTILE)("%s", (_, body) => {
    expect(reading(body).kind).toBe("error");
  });

  test("is a row that no code could walk", () => {
    const deep = `{"data":{"actor":{"account":{"nrql":{"results":[{"a":${"[".repeat(5_000)}${"]".repeat(5_000)}}]}}}}}`;
    expect(reading(deep)).toEqual({
      kind: "error",
      message: "the answer of New Relic is nested deeper than 400 levels",
    });
  });
});
