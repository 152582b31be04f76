import { expect, test } from "bun:test";
import { finalIndexOf, firstIndexOf, splitBy } from "./textSearch.ts";

/** Texts of two letters, in which long beginnings of the part occur again and again. */
function* pairs(): Generator<readonly [text: string, part: string]> {
  for (let round = 0; round < 3_000; round++) {
    const bits = (round * 2_654_435_761).toString(2).padStart(36, "0");
    const text = (bits + bits.slice(3, 20))
      .replaceAll("0", "a")
      .replaceAll("1", "b")
      .repeat(1 + (round % 3));
    const from = round % 19;
    const part = text.slice(from, from + 9 + (round % 7));
    yield [text, round % 4 === 0 ? `${part}c` : part];
  }
}

test("places are those that JavaScript finds", () => {
  for (const [text, part] of pairs()) {
    expect(firstIndexOf(text, part)).toBe(text.indexOf(part));
    expect(finalIndexOf(text, part)).toBe(text.lastIndexOf(part));
    expect(splitBy(text, part)).toEqual(text.split(part));
  }
});

test("a part that is longer than the text, and one that is empty", () => {
  expect(firstIndexOf("ab", "abababababab")).toBe(-1);
  expect(finalIndexOf("ab", "")).toBe(2);
  expect(firstIndexOf("", "")).toBe(0);
});
