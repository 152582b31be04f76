import { describe, expect, test } from "bun:test";
import { RE2JS, RE2JSException } from "re2js";
import { weigh } from "./weigh.ts";
import { seededBelow } from "../../test/seeded.ts";

const WORDS = (
  "a b | * + ? ( ) . ^ $ \\ [ ] { } - , 1 2 \u00e9 \u{1f600} (?: (?i) (?i: (?P<n> (?<m> {2} {3,} {0} {0,4} {02} {10} {1,25} {1000} " +
  "[a-c] [^]a] [[:alpha:]] [] [(] [\\]] \\d \\pL \\p{Greek} \\b \\( \\Q \\E (a|b) (?:ab|cd|e) (?:a*) (?:) (?:x{3}y){4} a**"
).split(" ");

function instructions(pattern: string): number | undefined {
  try {
    return RE2JS.compile(pattern).programSize();
  } catch (error) {
    if (error instanceof RE2JSException) return undefined;
    throw error;
  }
}

describe("the weight of a pattern", () => {
  test("is never less than what it compiles to, for words in any order", () => {
    const pick = seededBelow(3);
    let compiled = 0;
    for (let round = 0; round < 6_000; round++) {
      const pattern = Array.from({ length: 1 + pick(8) }, () => WORDS[pick(WORDS.length)] ?? "").join("");
      const { size, nameless } = weigh(pattern);
      // Some weigh so much that they are never compiled.
      const real = size > 20_000 ? undefined : instructions(nameless);
      if (real === undefined) continue;
      compiled++;
      expect(size, pattern).toBeGreaterThanOrEqual(real);
    }
    expect(compiled).toBeGreaterThan(1_500);
  });

  test("is near to it for what people write", () => {
    const patterns = ["^(error|latency)-p9[59]$", String.raw`^([a-z0-9]{1,63}\.){1,3}[a-z]{2,6}$`, "(?i)success-rate"];
    for (const pattern of patterns) expect(weigh(pattern).size).toBeLessThan(3 * (instructions(pattern) ?? 0));
  });

  test("grows with the pattern and no faster, whatever is not closed", () => {
    for (const opening of ["[", "[a", "(", "(?P<", "{1", String.raw`\x{1`, String.raw`\p{L`, String.raw`\Q`, "(?i"]) {
      const [short, long] = [weigh(opening.repeat(500)), weigh(opening.repeat(1_000))];
      expect(long.size, opening).toBeLessThan(2 * short.size + 10);
      expect(long.steps, opening).toBeLessThan(2 * short.steps + 10);
    }
  });

  test("of repetitions that multiply to more than a thousand is none: they are refused", () => {
    const nested = `${"(?:".repeat(4)}${"){1000}".repeat(4)}.`;
    expect(weigh(nested).size).toBe(0);
    expect(instructions(nested)).toBeUndefined();
    expect(weigh("((a{10}){10}){10}").size).toBeGreaterThan(1_000);
  });
});
