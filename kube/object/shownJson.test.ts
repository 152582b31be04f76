import { expect, test } from "bun:test";
import { shownJson } from "./shownJson.ts";

test("what fits is shown as JSON shows it", () => {
  const values = [
    null,
    true,
    1.5,
    'a"b',
    [1, [2], { a: [] }],
    { a: { b: "c" }, "": 0, __proto: {} },
    [undefined],
    "é😀",
  ];
  for (const value of values) expect(shownJson(value, 1_000)).toBe(JSON.stringify(value));
  expect(shownJson(JSON.parse('{"__proto__":{"a":1}}'), 1_000)).toBe('{"__proto__":{"a":1}}');
  expect(shownJson(undefined, 1_000)).toBe("null");
});

test("of what does not fit the beginning is shown", () => {
  expect(shownJson({ a: "x".repeat(100), b: 1 }, 20)).toBe(`{"a":"${"x".repeat(14)}…`);
  expect(
    shownJson(
      Array.from({ length: 100 }, () => 7),
      10,
    ),
  ).toBe("[7,7,7,7,7…");
  expect(shownJson("\u0000".repeat(100), 100)).toHaveLength(101);
});

test("no more of a value is looked at than is shown", () => {
  let reads = 0;
  const list = Array.from({ length: 10_000 }, () => ({
    get member() {
      reads += 1;
      return 1;
    },
  }));
  expect(shownJson(list, 50).length).toBe(51);
  expect(reads).toBeLessThan(51);
});
