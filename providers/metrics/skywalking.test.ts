import { describe, expect, test } from "bun:test";
import { skywalking } from "./skywalking.ts";
import { answered, askingFor, HOSTILE, played, questionOf, readingOf } from "./testing.ts";

const settings = {
  address: "http://oap:12800",
  query: "query($duration: Duration!) { x(duration: $duration) }",
  interval: "5m",
};
const now = Date.parse("2024-01-02T03:09:59Z");
const asking = (more: object = {}, variables = {}) => askingFor({ ...settings, ...more }, { now, variables });
const reading = (body: unknown, status = 200) => readingOf(skywalking, asking(), answered(body, status));

describe("SkyWalking is asked", () => {
  test("by the query, with the interval until now as its duration", () => {
    const { body = "", ...rest } = questionOf(skywalking, asking()) ?? {};
    expect(rest).toEqual({
      to: "address",
      method: "POST",
      url: "http://oap:12800/graphql",
      headers: {
        "Content-Type": "application/json; charset=utf-8",
        Accept: "application/json; charset=utf-8",
      },
      timeoutMs: 30_000,
    });
    expect(JSON.parse(body)).toEqual({
      query: settings.query,
      variables: { duration: { start: "2024-01-02 0304", end: "2024-01-02 0309", step: "MINUTE" } },
    });
  });

  test.each([
    [{}, "2024-01-02 0309"],
    [{ TZ: "Asia/Kolkata" }, "2024-01-02 0839"],
    [{ TZ: "America/New_York" }, "2024-01-01 2209"],
    [{ TZ: "Mars/Olympus" }, "2024-01-02 0309"],
  ])("in the time zone of the controller: %j", (variables, end) => {
    const { body = "{}" } = questionOf(skywalking, asking({}, variables)) ?? {};
    expect(JSON.parse(body)).toMatchObject({ variables: { duration: { end } } });
  });

  test.each([
    [{ interval: undefined }, 'time: invalid duration ""'],
    [{ interval: "5" }, 'time: missing unit in duration "5"'],
    [{ address: "" }, "SkyWalking address  is not a valid URL"],
    [{ address: "oap:12800" }, "SkyWalking address oap:12800 is not a valid URL"],
  ])("not with %j", (more, expected) => {
    expect(played(skywalking, asking(more), []).end).toEqual({ kind: "error", message: expected });
  });
});

describe("SkyWalking answers with", () => {
  test("data, which is the result", () => {
    expect(reading({ data: { b: { values: [{ value: 100 }] }, a: null } })).toEqual({
      kind: "value",
      value: { b: { values: [{ value: 100 }] }, a: null },
      text: '{"a":null,"b":{"values":[{"value":100}]}}',
    });
  });

  test.each([
    ["null", { data: null }],
    ["nothing", {}],
  ])("%s, which is no data", (_, body) => {
    expect(reading(body)).toEqual({ kind: "noData", message: "no results returned from SkyWalking query" });
  });
});

describe("an error of SkyWalking", () => {
  test.each([
    [{ data: null, errors: [{ message: "Validation error" }, { message: "more" }] }, 200, "graphql: Validation error"],
    [{ errors: [{}] }, 400, "graphql:"],
    ["gone", 503, "SkyWalking answered with HTTP 503: gone"],
    [{ data: 5 }, 200, "the data in the answer of SkyWalking is no object"],
  ])("%j with status %i", (body, status, expected) => {
    expect(reading(body, status)).toEqual({ kind: "error", message: expected });
  });

  test.each(HOSTILE)("%s", (_, body) => {
    expect(reading(body).kind).toBe("error");
  });
});
