import { describe, expect, test } from "bun:test";
import { decimal, integerDigits, roundedAway, timesPowerOfTwo, wholeNumber } from "./decimal.ts";

/** Pseudo-random digits, many of them noughts and nines. */
function* numbers(): Generator<string> {
  for (let round = 1; round < 2_000; round++) {
    const digits = String((BigInt(round) * 2_654_435_761n) ** BigInt(1 + (round % 40)));
    yield digits.replaceAll(/[123]/g, "0").replaceAll(/[78]/g, "9");
  }
}

describe("decimals by their digits", () => {
  test("round away from nought as numbers do", () => {
    for (const digits of numbers()) {
      for (const scale of [0, 1, 3, 30, 400]) {
        const unit = 10n ** BigInt(scale);
        const rounded = ((BigInt(digits) + unit - 1n) / unit) * unit;
        expect(wholeNumber(roundedAway(decimal(false, digits, 0), scale))).toBe(rounded);
      }
    }
  });

  test("double as numbers do", () => {
    for (const digits of numbers()) {
      expect(wholeNumber(timesPowerOfTwo(decimal(false, digits, 0), 60))).toBe(BigInt(digits) << 60n);
    }
  });

  test("have no noughts at their ends, and none at all when they are nought", () => {
    expect(decimal(true, "0012300", -1)).toEqual({ negative: true, digits: "123", exponent: 1 });
    expect(decimal(true, "000", 5)).toEqual({ negative: false, digits: "", exponent: 0 });
    expect([integerDigits(decimal(false, "125", -1)), integerDigits(decimal(false, "5", -3))]).toEqual([2, -2]);
  });
});
