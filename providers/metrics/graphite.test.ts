import { describe, expect, test } from "bun:test";
import { graphite } from "./graphite.ts";
import { answered, askingFor, HOSTILE, played, questionOf, readingOf } from "./testing.ts";

const settings = { address: "http://graphite", query: "target=errors&from=-5min" };
const reading = (body: unknown, status = 200) => readingOf(graphite, askingFor(settings), answered(body, status));
const url = (more: object) => questionOf(graphite, askingFor({ ...settings, ...more }))?.url;

describe("Graphite is asked", () => {
  test("by the parameters of the query, without the blanks in it", () => {
    expect(
      questionOf(graphite, askingFor({ ...settings, query: " target=summarize(stats.err, '5min')\n\t&from=-5min" })),
    ).toEqual({
      to: "address",
      method: "GET",
      url: "http://graphite/render?format=json&from=-5min&target=summarize%28stats.err%2C%275min%27%29",
      timeoutMs: 10_000,
    });
  });

  test.each([
    [{ address: "http://graphite/" }, "http://graphite/render?format=json&from=-5min&target=errors"],
    [
      { address: "http://graphite:8080/a/b/?x=1#y" },
      "http://graphite:8080/a/b/render?format=json&from=-5min&target=errors",
    ],
    [{ query: "target=a&target=b" }, "http://graphite/render?format=json&target=a&target=b"],
    [{ query: "errors" }, "http://graphite/render?errors=&format=json"],
    [{ query: "target=a&format=png" }, "http://graphite/render?format=json&target=a"],
    [{ query: "" }, "http://graphite/render?format=json"],
  ])("at its address, of which the path counts: %j", (more, expected) => {
    expect(url(more)).toBe(expected);
  });

  test.each([
    ["", "Graphite address  is not a valid URL"],
    ["graphite:80", "Graphite address graphite:80 is not a valid URL"],
    ["ftp://me:canary@graphite", "Graphite address ftp://*****@graphite is not a valid URL"],
  ])("not at %j", (address, expected) => {
    expect(played(graphite, askingFor({ ...settings, address }), []).end).toEqual({ kind: "error", message: expected });
  });
});

describe("Graphite answers with", () => {
  const target = (...datapoints: unknown[]) => [
    { target: "x", datapoints },
    { target: "y", datapoints: [[9, 1]] },
  ];

  test.each([
    [
      "the values of its first target, without what is missing",
      target([null, 1], [2.5, 2], ["1e3", "3"], [0.0078125, null]),
      [2.5, 1000, 0.0078125],
      "[2.500000,1000.000000,0.007812]",
    ],
    ["a target that measured nothing", target([null, 1], [null, 2]), [], "[]"],
  ])("%s", (_, body, value, text) => {
    expect(reading(body)).toEqual({ kind: "value", value, text });
  });

  test.each([
    ["no target", []],
    ["a target without points", [{ target: "x", datapoints: [] }]],
    ["a target of nothing", [{}]],
  ])("%s, which is no data", (_, body) => {
    expect(reading(body)).toEqual({ kind: "noData", message: "no values found" });
  });
});

describe("an error of Graphite", () => {
  test.each([
    ["no such function", 400, "error response: no such function"],
    [{ error: "x" }, 200, "there is no list of targets in the answer of Graphite"],
    [[{ datapoints: 1 }], 200, "the datapoints are no list in the answer of Graphite"],
    [[{ datapoints: [[1]] }], 200, "error unmarshaling data point: [1] in the answer of Graphite"],
    [[{ datapoints: [[true, 1]] }], 200, "error unmarshaling data point: [true,1] in the answer of Graphite"],
    [[{ datapoints: [["x", 1]] }], 200, 'error unmarshaling data point: ["x",1] in the answer of Graphite'],
    ['[{"datapoints":[[1e9999,1]]}]', 200, "error unmarshaling data point: [+Inf,1] in the answer of Graphite"],
  ])("%j with status %i", (body, status, expected) => {
    expect(reading(body, status)).toEqual({ kind: "error", message: expected });
  });

  test.each(HOSTILE)("%s", (_, body) => {
    expect(reading(body).kind).toBe("error");
  });

  test("does not show the password of its address", () => {
    const asking = askingFor({ ...settings, address: "http://me:canary@graphite" });
    expect(readingOf(graphite, asking, answered("me:canary?", 403))).toEqual({
      kind: "error",
      message: "error response: me:*****?",
    });
  });
});
