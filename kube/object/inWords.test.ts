import { expect, test } from "bun:test";
import { inWords } from "./inWords.ts";

test("a value is quoted on one line, without what a terminal would act on, and cut where it is long", () => {
  expect(inWords("careful")).toBe('"careful"');
  expect(inWords('a"b\n\u001b[31m')).toBe('"a\\"b\\n\\u001b[31m"');
  expect(inWords("x".repeat(200_000))).toBe(`"${"x".repeat(57)}..."`);
});
