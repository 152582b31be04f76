import { describe, expect, test } from "bun:test";
import { conditionLines, numbersIn } from "./conditionLines.ts";

describe("bounds in a condition", () => {
  test.each([
    ["result[0] >= 0.95", [["0", ">=", 0.95]]],
    ["result < 5", [["value", "<", 5]]],
    ["0.5 > result[0]", [["0", "<", 0.5]]],
    [
      "result.p99 <= 300 && result.errors == 0",
      [
        ["p99", "<=", 300],
        ["errors", "==", 0],
      ],
    ],
    [
      "result[0] > -1 || asFloat(result) > 2",
      [
        ["0", ">", -1],
        ["value", ">", 2],
      ],
    ],
    ["len(result) == 0 || result[0] >= 1", [["0", ">=", 1]]],
    ["all(result, # > 1)", []],
    ["result >", []],
    ["", []],
  ])("%s", (condition, expected) => {
    expect(conditionLines("success", condition).map(({ name, op, value }) => [name, op, value])).toEqual(
      expected as [string, "<", number][],
    );
  });
});

describe("numbers of a measurement", () => {
  test.each([
    ["0.97", { value: 0.97 }],
    ["[0.97, 3]", { 0: 0.97, 1: 3 }],
    ['{"p99": 12, "of": {"errors": 1}, "name": "x"}', { p99: 12, "of.errors": 1 }],
    ["NaN", {}],
    ['"text"', {}],
    ["", {}],
  ])("%s", (text, expected) => {
    expect(numbersIn(text)).toEqual(expected as Record<string, number>);
  });

  test("of which only some are taken, however many there are", () => {
    expect(Object.keys(numbersIn(JSON.stringify(Array.from({ length: 1_000 }, () => 1))))).toHaveLength(20);
  });
});
