import { describe, expect, test } from "bun:test";
import { canonicalQuantity, isQuantity, quantityValue } from "./quantity.ts";

const cases: readonly [text: string, canonical: string][] = [
  ["1000m", "1"],
  ["0.5", "500m"],
  ["1024Mi", "1Gi"],
  ["1000Mi", "1000Mi"],
  ["1e3", "1e3"],
  ["1500m", "1500m"],
  ["0", "0"],
  ["1k", "1k"],
  ["1000k", "1M"],
  ["0.001", "1m"],
];

for (const [text, canonical] of cases) {
  test(`the quantity ${text} is written ${canonical}`, () => expect(canonicalQuantity(text)).toBe(canonical));
}

const MANY = 100_000;
const zeros = "0".repeat(MANY);
const nines = "9".repeat(MANY);

/** The answers of resource.ParseQuantity, recorded because it takes seconds for some of them. */
const long: readonly [sentence: string, text: string, canonical: string | undefined][] = [
  ["many zeros, of which no suffix can say how many", `1${zeros}`, "10"],
  ["many nines", nines, nines],
  ["more than an int64, with a binary suffix", `${nines}Ki`, "9223372036854775807"],
  ["zeros in front, which stay", `${zeros}1`, `${zeros}1`],
  ["less than can be said", `0.${zeros}1`, "1n"],
  ["a little less than two", `1.${nines}`, "2"],
  ["a little more than one", `1.${zeros}1Gi`, "1073741824000000001n"],
  ["a great exponent", "1e4096", "10e4095"],
  ["a greater one", "1e100000", "10e99999"],
  ["a small one", "1e-10000", "1e-9"],
  ["zeros and no number", `${zeros}x`, undefined],
  ["letters without end", `1${"E".repeat(MANY)}`, undefined],
  ["an exponent without end", `1e${nines}`, undefined],
  ["a suffix alone that is too large for an int64", "Ei", undefined],
];

describe("a long quantity is to us what it is to Kubernetes:", () => {
  test.each(long.map(([sentence, text, canonical]) => ({ sentence, text, canonical })))(
    "$sentence",
    ({ text, canonical }) => {
      expect(isQuantity(text)).toBe(canonical !== undefined);
      expect(canonicalQuantity(text)).toBe(canonical ?? text);
    },
  );

  test("its value is the same for the same amount", () => {
    expect(quantityValue(`1${zeros}`, false)).toBe(`1e${MANY}`);
    expect(quantityValue(`0.${nines}`, true)).toBe("1e0");
    expect(quantityValue(`0.${zeros}1`, true)).toBe("1e-3");
  });
});
