import { describe, expect, test } from "bun:test";
import { ANY_OF } from "../../../schema/labels.ts";
import { type DataWords, judgedReading } from "./reading.ts";
import { ended, metric, play } from "./testing.ts";

const prometheus = { conditions: { kind: "checked", results: ["numbers"] } } as const;
const judged = (value: unknown, words: DataWords, more: object = {}) =>
  judgedReading(
    { kind: "value", value, ...more },
    { successCondition: "len(result) == 0 || result[0] < 1" },
    prometheus,
    0,
    words,
  );

describe("a measurement without data", () => {
  test.each([
    ["error", "Error"],
    ["inconclusive", "Inconclusive"],
    ["success", "Successful"],
    ["failure", "Failed"],
  ] as const)("is, by the word %s, %s", (noData, phase) => {
    expect(judged([], { noData })).toEqual({ phase, message: "no data" });
    const said = judgedReading({ kind: "noData", message: "nothing there" }, {}, prometheus, 0, { noData });
    expect(said).toEqual({ phase, message: "nothing there" });
  });

  test("is judged by the conditions where nothing is said", () => {
    expect(judged([], {})).toMatchObject({ phase: "Successful", value: "[]" });
  });

  test.each([[[]], [[NaN]], [NaN], [null], [undefined], [[null]]])("is %p", (value) => {
    expect(judged(value, { noData: "inconclusive" }).phase).toBe("Inconclusive");
  });

  test.each([[[0]], [[0, NaN]]])("is not %p", (value) => {
    expect(judged(value, { noData: "failure" }).phase).toBe("Successful");
  });
});

describe("a minimum of samples", () => {
  test.each([
    [[0], {}, 2, "1 samples, and 2 are needed"],
    [[0, 0], {}, 2, undefined],
    [[0, NaN], {}, 2, "1 samples, and 2 are needed"],
    [[0], { samples: 99 }, 100, "99 samples, and 100 are needed"],
    [[0], { samples: 100 }, 100, undefined],
  ])("over %p with %j and %i: %p", (value, more, minSamples, message) => {
    const found = judged(value, { minSamples, noData: "inconclusive" }, more);
    expect(found.message).toBe(message as string);
    expect(found.phase).toBe(message === undefined ? "Successful" : "Inconclusive");
  });

  test("without a word for no data is an error", () => {
    expect(judged([0], { minSamples: 2 }).phase).toBe("Error");
  });
});

describe("a metric without any condition", () => {
  const row = { conditions: { kind: "checked", results: ["map"] }, usualCondition: "result.ok" } as const;
  test.each([
    [{}, false, "Failed"],
    [{}, true, "Successful"],
    [{ successCondition: "true" }, false, "Successful"],
    [{ failureCondition: "false" }, false, "Successful"],
  ])("%j is judged by the usual one of its provider: ok %p is %s", (conditions, ok, phase) => {
    expect(judgedReading({ kind: "value", value: { ok } }, conditions, row, 0).phase).toBe(phase as "Failed");
  });
});

describe("a group of which one success is enough", () => {
  const every = { interval: "10s", count: 2 };
  const group = (answers: Readonly<Record<string, string>>, anyOf = "a|b", more: object = {}) =>
    play({
      spec: { metrics: [metric({ name: "a" }), metric({ name: "b", ...every }), metric({ name: "c" })], ...more },
      annotations: { [ANY_OF]: anyOf },
      answers,
    });

  test.each([
    ["F", "SS", "S", "Successful"],
    ["S", "FF", "S", "Successful"],
    ["I", "SS", "S", "Successful"],
    ["F", "FF", "S", "Failed"],
    ["I", "FF", "S", "Failed"],
    ["F", "SS", "F", "Failed"],
    ["S", "SS", "F", "Failed"],
  ])("with %s, %s, and outside of it %s, ends %s", (a, b, c, phase) => {
    expect(ended(group({ a, b, c }))).toStartWith(phase);
  });

  test("waits for the others after a failure", () => {
    const { status, lines } = group({ a: "F", b: "SS", c: "S" });
    expect(lines.filter((line) => line.endsWith("begin b"))).toHaveLength(2);
    expect(status?.runSummary).toEqual({ count: 3, failed: 1, successful: 2 });
  });

  test.each([["a|nowhere"], ["a|x, b|c"]])("%s forgives nothing by a name that no metric has", (anyOf) => {
    expect(ended(group({ a: "F", b: "SS", c: "S" }, anyOf))).toStartWith("Failed");
  });

  test("is not forgiven by a dry run", () => {
    expect(ended(group({ a: "F", b: "SS", c: "S" }, "a|b", { dryRun: [{ metricName: "b" }] }))).toStartWith("Failed");
  });
});
