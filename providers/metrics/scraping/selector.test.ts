import { describe, expect, test } from "bun:test";
import { parseSelector } from "./selector.ts";

const selects = (text: string, value: string): boolean | string => {
  const found = parseSelector(text);
  return "problem" in found ? found.problem : found.matchers.every(({ matches }) => matches(value));
};

describe("a series", () => {
  test.each([
    ['m{code="200"}', "200", true],
    ['m{code="200"}', "2001", false],
    ['m{code!="200"}', "500", true],
    ['m{code=~"5.."}', "503", true],
    ['m{code=~"5.."}', "50", false],
    ['m{code=~"5.."}', "5033", false],
    ['m{code=~"4..|5.."}', "404", true],
    ['m{code!~"2.*|3.*"}', "500", true],
    ['m{code=~"2.+"}', "2", false],
    ['m{code=~".*a.*b"}', "xaxbxb", true],
    ['m{code=~""}', "", true],
    ['m{code="a\\"b\\\\c\\nd"}', 'a"b\\c\nd', true],
    ['m{code=~"a\\\\.b"}', "a.b", true],
    ['m{code=~"a\\\\.b"}', "axb", false],
    ['  m { code = "1" , }', "1", true],
    ["m", "anything", true],
    ["m{}", "anything", true],
  ])("%s selects %j: %p", (text, value, expected) => {
    expect(selects(text, value)).toBe(expected);
  });

  test.each([
    [""],
    ["1m"],
    ["m{"],
    ["m{code}"],
    ['m{code="200}'],
    ['m{code=~"(a+)+$"}'],
    ['m{code=~"[0-9]"}'],
    ['m{code=~"a{2}"}'],
    ['m{code=~"\\\\d"}'],
    ["rate(m[5m])"],
    [`m{a="${"x".repeat(2_000)}"}`],
  ])("is not %s", (text) => {
    expect(parseSelector(text)).toHaveProperty("problem");
  });

  test("with many stars is matched in the time of few walks", () => {
    const text = `m{a=~"${".*a".repeat(200)}b"}`;
    expect(selects(text, "a".repeat(9_000))).toBe(false);
  });
});
