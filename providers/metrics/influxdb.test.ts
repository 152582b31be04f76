import { describe, expect, test } from "bun:test";
import { influxdb } from "./influxdb.ts";
import { answered, askingFor, HOSTILE, played, questionOf, readingOf } from "./testing.ts";

const server = { address: "http://influxdb:8086", authToken: "token-canary", org: "my org" };
const settings = { query: 'from(bucket:"b") |> last()' };
const asking = (more: object = {}, secret: object = server, at = "/influxdb") =>
  askingFor({ ...settings, ...more }, { secrets: { [at]: { ...secret } } });
const reading = (body: unknown, status = 200, headers = {}) =>
  readingOf(influxdb, asking(), answered(body, status, headers));

describe("InfluxDB is asked", () => {
  test("by Flux, for annotated CSV, with the organization and token of the Secret", () => {
    const { body = "", ...rest } = questionOf(influxdb, asking()) ?? {};
    expect(rest).toEqual({
      to: "address",
      method: "POST",
      url: "http://influxdb:8086/api/v2/query?org=my+org",
      headers: {
        Authorization: "Token token-canary",
        "Content-Type": "application/json",
        Accept: "application/csv",
      },
      timeoutMs: 30_000,
    });
    expect(JSON.parse(body)).toEqual({
      query: settings.query,
      type: "flux",
      dialect: { annotations: ["datatype", "group", "default"], delimiter: ",", header: true },
    });
  });

  test("where the profile of the metric says", () => {
    const secret = { ...server, address: "https://eu.example/influx/" };
    expect(questionOf(influxdb, asking({ profile: "mine" }, secret, "/mine"))?.url).toBe(
      "https://eu.example/influx/api/v2/query?org=my+org",
    );
  });

  const place = "the Secret influxdb in the namespace of the controller";
  test.each([
    [{ ...server, org: "" }, `authToken, org, or address not found: ${place} needs all three`],
    [{}, `authToken, org, or address not found: ${place} needs all three`],
    [{ ...server, address: "influxdb" }, `the address in ${place} is not a URL such as http://influxdb:8086`],
  ])("not with %j", (secret, expected) => {
    expect(played(influxdb, asking({}, secret), []).end).toEqual({ kind: "error", message: expected });
  });
});

const csv = (...lines: string[]): string => `${lines.join("\r\n")}\r\n\r\n`;
const head = (type: string) => [
  `#datatype,string,long,${type},string`,
  "#group,false,false,false,true",
  "#default,_result,,,",
  ",result,table,_value,_field",
];

describe("InfluxDB answers with", () => {
  test("the values of all records of all tables", () => {
    const body = csv(...head("double"), ",,0,1.5,a", ",,0,2,a", "", ...head("long"), ",,1,-7,b");
    expect(reading(body)).toEqual({ kind: "value", value: [1.5, 2, -7], text: "[1.5 2 -7]" });
  });

  test.each([
    ["double", "NaN", Number.NaN, "NaN"],
    ["double", "+Inf", Infinity, "+Inf"],
    ["double", "1234567", 1_234_567, "1.234567e+06"],
    ["double", "", null, "<nil>"],
    ["unsignedLong", "18446744073709551615", 2 ** 64, "18446744073709551615"],
    ["string", '"a ""b"", c"', 'a "b", c', 'a "b", c'],
    ["boolean", "false", false, "false"],
    ["boolean", "true", true, "true"],
    ["dateTime:RFC3339", "2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z", "2024-01-02 03:04:05 +0000 UTC"],
    [
      "dateTime:RFC3339Nano",
      "2024-01-02T03:04:05.120Z",
      "2024-01-02T03:04:05.120Z",
      "2024-01-02 03:04:05.12 +0000 UTC",
    ],
  ])("a %s %s", (type, cell, value, text) => {
    expect(reading(csv(...head(type), `,,0,${cell},x`))).toEqual({ kind: "value", value: [value], text: `[${text}]` });
  });

  test("the default of the column, and lines that end as they do elsewhere", () => {
    const body = ["#datatype,string,double", "#group,true,false", "#default,,4", ",_field,_value", ",x,"].join("\n");
    expect(reading(body)).toEqual({ kind: "value", value: [4], text: "[4]" });
  });

  test("records that have no value", () => {
    expect(reading(csv("#datatype,string,string", ",a,b", ",1,2"))).toEqual({
      kind: "value",
      value: [null],
      text: "[<nil>]",
    });
  });

  test.each([
    ["no record", csv(...head("double"))],
    ["nothing", csv("")],
  ])("%s, which is no data", (_, body) => {
    expect(reading(body)).toEqual({ kind: "noData", message: "no results returned from flux query" });
  });
});

describe("an error of InfluxDB", () => {
  test.each([
    [{ code: "invalid", message: "compilation failed" }, 400, {}, "invalid: compilation failed"],
    [{ code: "unauthorized", message: "not token-canary" }, 401, {}, "unauthorized: not *****"],
    ["no route", 502, {}, "502 Bad Gateway: no route"],
    [{}, 429, { "x-influxdb-error": "slow down" }, "429 Too Many Requests: slow down"],
    ["", 503, {}, "Unexpected status code 503 Service Unavailable"],
  ])("%j with status %i", (body, status, headers, expected) => {
    expect(reading(body, status, headers)).toEqual({ kind: "error", message: expected });
  });

  const errors = ["#datatype,string,string", "#group,true,true", "#default,,", ",error,reference"];
  test.each([
    ["in place of a table", csv(...errors, ",failed to execute,897"), "failed to execute,897"],
    ["after half of the records", csv(...head("double"), ",,0,1,a", "", ...errors, ",out of memory,"), "out of memory"],
    ["without annotations", csv(",result,_value", ",,1"), "parsing error, annotations not found"],
    ["without types", csv("#group,false", ",_value", ",1"), "parsing error, datatype annotation not found"],
    [
      "in a row that is cut off",
      [...head("double"), ",,0"].join("\n"),
      "parsing error, row has different number of columns than the table: 2 vs 4",
    ],
    [
      "in a text that is cut off",
      [...head("string"), ',,0,"abc'].join("\n"),
      "parsing error, a quoted text does not end well",
    ],
    ["in a quote", csv(...head("string"), ',,0,a"b,x'), "parsing error, a quoted text does not end well"],
    ["in a number", csv(...head("double"), ",,0,abc,x"), "_value is no double"],
    ["in a number beyond all", csv(...head("double"), ",,0,1e999,x"), "_value is no double"],
    ["in a time", csv(...head("dateTime:RFC3339"), ",,0,today,x"), "_value is no dateTime:RFC3339"],
    ["in a type", csv(...head("vector"), ",,0,1,x"), "_value has unknown data type vector"],
    [
      "in a type with a name of all objects",
      csv(...head("constructor"), ",,0,1,x"),
      "_value has unknown data type constructor",
    ],
    ["in a row that is no row", csv(...head("double"), "x,,0,1,x"), "parsing error, a row begins with x"],
  ])("%s", (_, body, expected) => {
    expect(reading(body)).toEqual({ kind: "error", message: `${expected}, in the answer of InfluxDB` });
  });

  test.each(HOSTILE)("%s is no value", (what, body) => {
    expect(reading(body).kind).toBe(what === "nothing" ? "noData" : "error");
  });

  test("of a million rows does not take long", () => {
    const body = `${head("long").join("\n")}\n${",,0,1,a\n".repeat(100_000)}`;
    expect(reading(body)).toMatchObject({ kind: "value" });
  });
});
