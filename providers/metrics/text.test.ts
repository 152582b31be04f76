import { describe, expect, test } from "bun:test";
import { jsonText, numbersText, numberText } from "./text.ts";

describe("a value is written as Go writes it", () => {
  test.each([
    [0.25, "0.25"],
    [1, "1"],
    [-0, "-0"],
    [1e21, "1000000000000000000000"],
    [1.5e300, `15${"0".repeat(299)}`],
    [1e-7, "0.0000001"],
    [-1.25e-9, "-0.00000000125"],
    [123456789012345680000, "123456789012345680000"],
    [Number.NaN, "NaN"],
    [Number.POSITIVE_INFINITY, "+Inf"],
    [Number.NEGATIVE_INFINITY, "-Inf"],
  ])("a number without an exponent: %p is %s", (value, text) => expect(numberText(value)).toBe(text));

  test("a list of numbers without blanks", () =>
    expect(numbersText([0.1, Number.NaN, 1e21])).toBe("[0.1,NaN,1000000000000000000000]"));

  test.each([
    [{ b: 1, a: [true, null] }, '{"a":[true,null],"b":1}'],
    [{ 10: 1, 9: 2 }, '{"10":1,"9":2}'],
    [{ é: 1, z: 2 }, '{"z":2,"é":1}'],
    ["<a>&\u2028", '"\\u003ca\\u003e\\u0026\\u2028"'],
    [1e-7, "1e-7"],
    [1e21, "1e+21"],
    [0.1, "0.1"],
    [null, "null"],
    ["", '""'],
    [[], "[]"],
    [[Number.NaN], "[NaN]"],
  ])("JSON: %p is %s", (value, text) => expect(jsonText(value)).toBe(text));
});
